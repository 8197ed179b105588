// Command merge_schema writes src/kyverno/patch/internal/merge_schema.cpp: which lists of which kinds merge by a key, as the
// strategic merge of sigs.k8s.io/kustomize/kyaml knows them. README.md says how.
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

//go:embed head.txt
var head string

//go:embed tail.txt
var tail string

// A row of a type: a list that merges, or an object that holds such a list somewhere.
type field struct {
	name  string
	shape string // Map, List, Set
	of    *shape
	keys  []string
}

// Types of the same rows are one shape.
type shape struct {
	name string
	rows []field
}

// What a shape is called that many types share, by the type that comes first; others have the type's own name.
var shared = map[string]string{
	"MutatingWebhookConfiguration": "WebhookConfiguration",
	"ControllerRevision":           "PlainKind",
	"DaemonSetSpec":                "PodTemplateHolder",
	"DaemonSetStatus":              "ConditionedStatus",
	"DaemonSet":                    "PodTemplateKind",
	"Namespace":                    "ConditionedKind",
}

type walker struct {
	out    *bufio.Writer
	shapes map[string]*shape // by their rows
	types  map[string]*shape // by their definition; nil: nothing in it merges
	busy   map[string]bool
	keys   []string
	text   strings.Builder
}

func resolve(schema spec.Schema) (spec.Schema, string) {
	name := ""
	for schema.Ref.String() != "" {
		name = schema.Ref.String()
		to, err := openapi.Resolve(&schema.Ref, openapi.Schema())
		if err != nil {
			panic(err)
		}
		schema = *to
	}
	return schema, name
}

func (w *walker) walk(schema spec.Schema, name string) *shape {
	if known, ok := w.types[name]; ok {
		return known
	}
	if w.busy[name] {
		return nil // a type inside itself: custom resource definitions
	}
	w.busy[name] = true
	var rows []field
	names := make([]string, 0, len(schema.Properties))
	for property := range schema.Properties {
		names = append(names, property)
	}
	sort.Strings(names)
	for _, property := range names {
		if row, ok := w.row(property, schema.Properties[property]); ok {
			rows = append(rows, row)
		}
	}
	w.busy[name] = false
	w.types[name] = w.shape(rows, name[strings.LastIndex(name, ".")+1:])
	return w.types[name]
}

func (w *walker) row(name string, property spec.Schema) (field, bool) {
	schema, of := resolve(property)
	strategy, keys := (&openapi.ResourceSchema{Schema: &schema}).PatchStrategyAndKeyList()
	merges := slices.Contains(strings.Split(strategy, ","), "merge")
	if len(schema.Type) != 1 || schema.Type[0] != "array" {
		if of == "" {
			return field{}, false
		}
		below := w.walk(schema, of)
		return field{name: name, shape: "Map", of: below}, below != nil
	}
	if !merges {
		return field{}, false
	}
	if len(keys) == 0 {
		return field{name: name, shape: "Set"}, true
	}
	element, elementOf := resolve(*schema.Items.Schema)
	row := field{name: name, shape: "List", keys: keys}
	if elementOf != "" {
		row.of = w.walk(element, elementOf)
	}
	return row, true
}

func (w *walker) shape(rows []field, name string) *shape {
	if len(rows) == 0 {
		return nil
	}
	id := fmt.Sprint(rows)
	if known, ok := w.shapes[id]; ok {
		return known
	}
	if other, ok := shared[name]; ok {
		name = other
	}
	made := &shape{name: name, rows: rows}
	w.shapes[id] = made
	w.print(made)
	return made
}

func keyName(keys []string) string {
	out := "k"
	for _, key := range keys {
		out += strings.ToUpper(key[:1]) + key[1:]
	}
	return out + "Keys"
}

func (w *walker) print(made *shape) {
	fmt.Fprintf(&w.text, "constexpr MergeField k%sFields[] = {\n", made.name)
	for _, row := range made.rows {
		keys, of := "{}", "ClosedType"
		if len(row.keys) > 0 {
			keys = keyName(row.keys)
			definition := fmt.Sprintf("constexpr std::string_view %s[] = {\"%s\"};\n", keys, strings.Join(row.keys, "\", \""))
			if !slices.Contains(w.keys, definition) {
				w.keys = append(w.keys, definition)
			}
		}
		if row.of != nil {
			of = row.of.name
		}
		fmt.Fprintf(&w.text, "    {.name = \"%s\", .shape = MergeShape::%s, .type = &k%s, .keys = %s},\n",
			row.name, row.shape, of, keys)
	}
	fmt.Fprintf(&w.text, "};\nconstexpr MergeType k%s{k%sFields};\n\n", made.name, made.name)
}

func main() {
	w := &walker{shapes: map[string]*shape{}, types: map[string]*shape{}, busy: map[string]bool{}}
	definitions := openapi.Schema().Definitions
	names := make([]string, 0, len(definitions))
	for name := range definitions {
		names = append(names, name)
	}
	sort.Strings(names)
	var kinds []string
	for _, name := range names {
		schema := definitions[name]
		of, ok := schema.Extensions["x-kubernetes-group-version-kind"].([]any)
		if !ok {
			continue
		}
		made := w.walk(schema, "#/definitions/"+name)
		if made == nil {
			continue
		}
		for _, one := range of {
			kind := one.(map[string]any)
			version := kind["version"].(string)
			if group := kind["group"].(string); group != "" {
				version = group + "/" + version
			}
			kinds = append(kinds, fmt.Sprintf("    {\"%s\", \"%s\", &k%s},\n", version, kind["kind"], made.name))
		}
	}
	sort.Strings(kinds)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprint(out, head)
	fmt.Fprint(out, strings.Join(w.keys, ""), "\n", w.text.String())
	fmt.Fprintf(out, "struct Kind {\n  std::string_view api_version;\n  std::string_view kind;\n  const MergeType* type;\n};\n")
	fmt.Fprint(out, "\n// Sorted by both names.\nconstexpr Kind kKinds[] = {\n")
	fmt.Fprint(out, strings.Join(slices.Compact(kinds), ""), "};\n", tail)
}
