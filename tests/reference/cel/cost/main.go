// Writes what the API server's own CEL says about the expressions of a file, one line each: the
// static cost with sizes and without, then every cost and value that it had at run time. tests/reference/cel/run
// hands the lines to cost_compare, which compares them with ours.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	apiservercel "k8s.io/apiserver/pkg/cel"
	"k8s.io/apiserver/pkg/cel/common"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
	"k8s.io/apiserver/pkg/cel/openapi"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

type variable struct {
	Name  string
	Type  string
	Value json.RawMessage
}

type data struct {
	Variables []variable
	Sizes     map[string][2]uint64
	Schema    spec.Schema
	Self      json.RawMessage
}

// sizes answers from the table, and for paths of self from its schema, as
// apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go does.
type sizes struct {
	table map[string][2]uint64
}

func (s sizes) EstimateSize(element checker.AstNode) *checker.SizeEstimate {
	if size, ok := s.table[strings.Join(element.Path(), ".")]; ok && len(element.Path()) > 0 {
		return &checker.SizeEstimate{Min: size[0], Max: size[1]}
	}
	return nil
}

func (s sizes) EstimateCallCost(string, string, *checker.AstNode, []checker.AstNode) *checker.CallEstimate {
	return nil
}

// allowing decides what its question names as the verb.
type allowing struct{}

func (allowing) Authorize(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	switch a.GetVerb() {
	case "allow":
		return authorizer.DecisionAllow, "because", nil
	case "deny":
		return authorizer.DecisionDeny, "no", nil
	case "fail":
		return authorizer.DecisionNoOpinion, "", fmt.Errorf("no answer")
	}
	return authorizer.DecisionNoOpinion, "", nil
}

type requestResource struct{}

func (requestResource) GetName() string      { return "web" }
func (requestResource) GetNamespace() string { return "shop" }
func (requestResource) GetResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
}
func (requestResource) GetSubresource() string { return "scale" }

func main() {
	dataFile := flag.String("data", "data.json", "variables, sizes, schema")
	expressionFile := flag.String("expressions", "expressions.txt", "one expression a line")
	flag.Parse()
	if err := run(*dataFile, *expressionFile); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dataFile, expressionFile string) error {
	raw, err := os.ReadFile(dataFile)
	if err != nil {
		return err
	}
	var d data
	if err := json.Unmarshal(raw, &d); err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()

	for name, limit := range map[string]int64{
		"PerCallLimit":                           celconfig.PerCallLimit,
		"RuntimeCELCostBudget":                   celconfig.RuntimeCELCostBudget,
		"RuntimeCELCostBudgetMatchConditions":    celconfig.RuntimeCELCostBudgetMatchConditions,
		"MaxRequestSizeBytes":                    celconfig.MaxRequestSizeBytes,
		"MaxEvaluatedMessageExpressionSizeBytes": celconfig.MaxEvaluatedMessageExpressionSizeBytes,
		"MaxFormatSize":                          apiservercel.MaxFormatSize,
		"MaxNameFormatRegexSize":                 apiservercel.MaxNameFormatRegexSize,
	} {
		fmt.Fprintf(out, "L\t%s\t%d\n", name, limit)
	}

	root := openapi.SchemaDeclType(&d.Schema, false).MaybeAssignTypeName("Self")
	table := d.Sizes
	fmt.Fprintf(out, "V\tself\t%s\n", root.CelType())
	describe(out, table, root, "self", map[string]bool{})

	options := []cel.EnvOption{
		library.JSONPatch(), // of MutatingAdmissionPolicy
		cel.Variable("self", root.CelType()),
		cel.Variable("authorizer", library.AuthorizerType),
		cel.Variable("authorizer.requestResource", library.ResourceCheckType),
	}
	bindings := map[string]any{
		"authorizer":                 library.NewAuthorizerVal(&user.DefaultInfo{Name: "someone"}, allowing{}),
		"authorizer.requestResource": library.NewResourceAuthorizerVal(&user.DefaultInfo{Name: "someone"}, allowing{}, requestResource{}),
	}
	var self any
	if self, err = plain(d.Self); err != nil {
		return err
	}
	bindings["self"] = common.UnstructuredToVal(self, &openapi.Schema{Schema: &d.Schema})
	for _, v := range d.Variables {
		t, rest := parseType(v.Type)
		if rest != "" {
			return fmt.Errorf("%s: %s", v.Name, v.Type)
		}
		options = append(options, cel.Variable(v.Name, t))
		value, err := plain(v.Value)
		if err != nil {
			return err
		}
		switch v.Type {
		case "uint":
			value = uint64(value.(int64))
		case "bytes":
			value = []byte(value.(string))
		}
		bindings[v.Name] = value
	}

	set, err := environment.MustBaseEnvSet(version.MajorMinor(1, 36)).Extend(environment.VersionedOptions{
		IntroducedVersion: version.MajorMinor(1, 0),
		EnvOptions:        options,
		DeclTypes:         []*apiservercel.DeclType{root},
	})
	if err != nil {
		return err
	}
	paths := make([]string, 0, len(table))
	for path := range table {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		fmt.Fprintf(out, "S\t%s\t%d\t%d\n", path, table[path][0], table[path][1])
	}

	in, err := os.ReadFile(expressionFile)
	if err != nil {
		return err
	}
	for _, expression := range strings.Split(string(in), "\n") {
		if expression == "" || strings.HasPrefix(expression, "#") {
			continue
		}
		expression = strings.ReplaceAll(expression, `\t`, "\t")
		stored := judge(set.StoredExpressionsEnv(), expression, sizes{table}, bindings)
		if fresh := judge(set.NewExpressionsEnv(), expression, sizes{table}, bindings); fresh != stored {
			return fmt.Errorf("stored and new expressions differ: %s\n%s\n%s", expression, stored, fresh)
		}
		fmt.Fprintf(out, "E\t%s\t%s\n", escape(expression), stored)
	}
	return nil
}

// describe writes the fields of the schema's types and notes the sizes of its paths.
func describe(out *bufio.Writer, table map[string][2]uint64, t *apiservercel.DeclType, path string, seen map[string]bool) {
	table[path] = [2]uint64{0, uint64(t.MaxElements)}
	if t.IsList() {
		describe(out, table, t.ElemType, path+".@items", seen)
		// A path may say @values of what a schema calls items, and the other way round.
		describe(out, table, t.ElemType, path+".@values", seen)
		return
	}
	if t.IsMap() {
		describe(out, table, t.KeyType, path+".@keys", seen)
		describe(out, table, t.ElemType, path+".@values", seen)
		describe(out, table, t.ElemType, path+".@items", seen)
		return
	}
	names := make([]string, 0, len(t.Fields))
	for name := range t.Fields {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if !seen[t.TypeName()] {
			fmt.Fprintf(out, "F\t%s\t%s\t%s\n", t.TypeName(), name, t.Fields[name].Type.CelType())
		}
		describe(out, table, t.Fields[name].Type, path+"."+name, seen)
	}
	seen[t.TypeName()] = true
}

func judge(env *cel.Env, expression string, estimator checker.CostEstimator, bindings map[string]any) string {
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return "refused\t" + escape(issues.Err().Error())
	}
	bounded, err := env.EstimateCost(ast, &library.CostEstimator{SizeEstimator: estimator})
	if err != nil {
		return "no estimate\t" + escape(err.Error())
	}
	unbounded, err := env.EstimateCost(ast, &library.CostEstimator{})
	if err != nil {
		return "no estimate\t" + escape(err.Error())
	}
	program, err := env.Program(ast)
	if err != nil {
		return "no program\t" + escape(err.Error())
	}
	// Go walks maps in any order, and loops may end early: every outcome counts.
	outcomes := map[string]bool{}
	for range 200 {
		value, details, err := program.Eval(bindings)
		text := ""
		if err != nil {
			text = "!" + err.Error()
		} else {
			text = show(value)
		}
		outcomes[fmt.Sprintf("%d\t%s", *details.ActualCost(), escape(text))] = true
	}
	sorted := make([]string, 0, len(outcomes))
	for outcome := range outcomes {
		sorted = append(sorted, outcome)
	}
	sort.Strings(sorted)
	return fmt.Sprintf("judged\t%d\t%d\t%d\t%d\t%s", bounded.Min, bounded.Max, unbounded.Min, unbounded.Max, strings.Join(sorted, "\t"))
}

// plain reads JSON as the API server does: whole numbers are int64.
func plain(raw json.RawMessage) (any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return numbers(value), nil
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
	}
	return value
}

func parseType(text string) (*cel.Type, string) {
	end := strings.IndexAny(text, "(,)")
	if end < 0 {
		end = len(text)
	}
	name, rest := text[:end], text[end:]
	var params []*cel.Type
	if strings.HasPrefix(rest, "(") {
		for !strings.HasPrefix(rest, ")") {
			var t *cel.Type
			t, rest = parseType(strings.TrimLeft(rest, "(, "))
			params = append(params, t)
		}
		rest = rest[1:]
	}
	switch name {
	case "list":
		return cel.ListType(params[0]), rest
	case "map":
		return cel.MapType(params[0], params[1]), rest
	}
	plain := map[string]*cel.Type{"string": cel.StringType, "int": cel.IntType, "uint": cel.UintType, "double": cel.DoubleType,
		"bool": cel.BoolType, "bytes": cel.BytesType, "dyn": cel.DynType}
	return plain[name], rest
}

func escape(text string) string {
	return strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`).Replace(text)
}

// show writes a value so that both sides can: exact, maps sorted by what their keys show.
func show(value ref.Val) string {
	switch v := value.(type) {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(bool(v))
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Uint:
		return strconv.FormatUint(uint64(v), 10) + "u"
	case types.Double:
		return fmt.Sprintf("double(%.17g)", float64(v))
	case types.String:
		return strconv.Itoa(len(v)) + ":" + string(v)
	case types.Bytes:
		return "x" + hex.EncodeToString([]byte(v))
	case types.Timestamp:
		return fmt.Sprintf("timestamp(%d.%09d)", v.Unix(), v.Nanosecond())
	case types.Duration:
		return fmt.Sprintf("duration(%d)", v.Nanoseconds())
	case *types.Optional:
		if !v.HasValue() {
			return "none"
		}
		return "some(" + show(v.GetValue()) + ")"
	case ref.Type:
		return "type(" + v.TypeName() + ")"
	case traits.Lister:
		var items []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			items = append(items, show(it.Next()))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case traits.Mapper:
		var items []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			items = append(items, show(key)+"="+show(v.Get(key)))
		}
		sort.Strings(items)
		return "{" + strings.Join(items, ", ") + "}"
	}
	return "a " + value.Type().TypeName()
}
