package main

import (
	"encoding/json"
	"math/rand"
	"strings"
)

type generator struct{ *rand.Rand }

func (g *generator) pick(from ...string) string { return from[g.Intn(len(from))] }

func quote(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

var words = []string{
	"", "a", "b", "ab", "abc", "nginx", "nginx:latest", "docker.io/nginx", "true", "false", "null", "*", "?", "?*", "a*", "*a",
	"a?c", "*:*", "!*:latest", "é", "a|b", "a & b", "ab|", "0", "1", "-1", "5", "10", "010", "+5", "5.0", "1.5", "1e3", "1E3", "0x10",
	"1_000", "inf", "NaN", "1Gi", "1024Mi", "512Mi", "1.5Gi", "100m", "0.1", "1k", "1000", "1000000", "1h", "60m", "90s", "1h30m", "1.5h",
	"-30s", "1d", "500ms", "10-20", "1Mi-1Gi", "10!-20", "-5-5", "1-1", "1.0.0", "1.2.3", "1.2.3-rc1", "v1.2.3", "2.0.0", " a ",
	"[\"a\",\"b\"]", "[\"1\",\"*\"]", "[1,2]", "[]", "{}", "[null]", "[\"a\"", "\"a\"", "[\"\\u00e9\"]", "1e-3", "1e+06", "9223372036854775807",
	"9223372036854775808", "1e400", "5 ", "12345678901234567890", "2s-10s", "1h!-2h", "!", "<", ">", ">=", "!!a", "><",
}

var numbers = []string{
	"0", "1", "-1", "5", "10", "15", "20", "1000", "1000000", "60", "3600", "0.0", "1.0", "1.5", "5.0", "0.1", "1e3", "-2.5", "1e21", "1e20",
	"123456789.0", "0.00001", "9223372036854775807", "9223372036854775808", "1e-7", "1048576", "1073741824", "1e300", "0.0000001", "100000.0", "1000000.0", "-0.0",
}

func (g *generator) word() string {
	switch g.Intn(12) {
	case 0:
		var out strings.Builder
		for range g.Intn(5) {
			out.WriteString(g.pick("a", "b", "*", "?", "1", "-", "!", "|", "&", " ", ".", "M", "i", "s", "é", ">", "<", "="))
		}
		return out.String()
	default:
		return words[g.Intn(len(words))]
	}
}

func (g *generator) scalar() string {
	switch g.Intn(10) {
	case 0:
		return "null"
	case 1:
		return g.pick("true", "false")
	case 2, 3, 4:
		return numbers[g.Intn(len(numbers))]
	default:
		return quote(g.word())
	}
}

func (g *generator) scalarValue() string {
	switch g.Intn(20) {
	case 0:
		return g.pick("{}", "[]", `{"a":1}`, `["a"]`)
	default:
		return g.scalar()
	}
}

func (g *generator) patternText() string {
	var out strings.Builder
	for i := range 1 + g.Intn(3)*g.Intn(2) {
		if i > 0 {
			out.WriteString(g.pick("|", " | ", "&", " & "))
		}
		out.WriteString(g.pick("", "", "", "!", ">", "<", ">=", "<=", "> ", "<= ", "! ", "=", " "))
		out.WriteString(g.word())
	}
	return out.String()
}

func (g *generator) scalarPattern() string {
	switch g.Intn(10) {
	case 0:
		return g.pick("{}", "[]", "[1]", `{"a":1}`, "null")
	case 1, 2, 3:
		return g.scalar()
	default:
		return quote(g.patternText())
	}
}

// A value as a tree, so that patterns can be made that nearly match it.
type tree struct {
	keys  []string // of a map
	items []tree   // of a map or a list
	leaf  string   // JSON, of everything else
	kind  byte     // 'm', 'l', 's'
}

func (t tree) json() string {
	var out strings.Builder
	switch t.kind {
	case 'm':
		out.WriteByte('{')
		for i, item := range t.items {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(quote(t.keys[i]) + ":" + item.json())
		}
		out.WriteByte('}')
	case 'l':
		out.WriteByte('[')
		for i, item := range t.items {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(item.json())
		}
		out.WriteByte(']')
	default:
		out.WriteString(t.leaf)
	}
	return out.String()
}

func (g *generator) smallLeaf() string {
	return g.pick("1", "2", "0", `"a"`, `"b"`, `"ab"`, `"1Gi"`, "true", "false", "null", "1.5")
}

func (g *generator) node(depth int) tree {
	roll := g.Intn(10)
	switch {
	case depth == 0 || roll < 3:
		return tree{kind: 's', leaf: g.smallLeaf()}
	case roll < 7:
		return g.mapping(depth, "a", "b", "c", "d")
	default:
		out := tree{kind: 'l'}
		same := g.Intn(3) > 0
		for range g.Intn(4) {
			if same {
				out.items = append(out.items, g.mapping(depth-1, "a", "b", "c"))
			} else {
				out.items = append(out.items, g.node(depth-1))
			}
		}
		return out
	}
}

func (g *generator) mapping(depth int, names ...string) tree {
	out := tree{kind: 'm'}
	for _, name := range names {
		if g.Intn(3) > 0 {
			out.keys = append(out.keys, name)
			out.items = append(out.items, g.node(max(depth-1, 0)))
		}
	}
	if g.Intn(12) == 0 {
		g.addMetadata(&out)
	}
	return out
}

func (g *generator) addMetadata(out *tree) {
	metadata := tree{kind: 'm'}
	for _, name := range []string{"a", "name"} {
		if g.Intn(3) > 0 {
			metadata.keys = append(metadata.keys, name)
			metadata.items = append(metadata.items, tree{kind: 's', leaf: g.smallLeaf()})
		}
	}
	for _, tag := range []string{"labels", "annotations"} {
		if g.Intn(3) > 0 {
			metadata.keys = append(metadata.keys, tag)
			metadata.items = append(metadata.items, g.labels())
		}
	}
	out.keys = append(out.keys, "metadata")
	out.items = append(out.items, metadata)
}

func (g *generator) labels() tree {
	out := tree{kind: 'm'}
	for _, name := range []string{"app", "tier", "x.io/y"} {
		if g.Intn(2) == 0 {
			out.keys = append(out.keys, name)
			out.items = append(out.items, tree{kind: 's', leaf: g.pick(`"a"`, `"b"`, "1", `"ab"`)})
		}
	}
	return out
}

func (g *generator) tree() tree {
	out := g.mapping(4, "a", "b", "c")
	if len(out.keys) == 0 || out.keys[len(out.keys)-1] != "metadata" {
		if g.Intn(3) == 0 {
			g.addMetadata(&out)
		}
	}
	return out
}

func (g *generator) leafPattern(leaf string) string {
	switch g.Intn(8) {
	case 0:
		return g.smallLeaf()
	case 1:
		return g.pick(`"*"`, `"?*"`, `"!a"`, `"a|b"`, `"a*"`, `">0"`, `"<=1Gi"`, `"0-5"`, `"!*b"`, `"<2"`, "null")
	case 2:
		return `"*"`
	default:
		return leaf
	}
}

func (g *generator) anchored(key string) string {
	switch g.Intn(14) {
	case 0, 1:
		return "(" + key + ")"
	case 2, 3:
		return "=(" + key + ")"
	case 4:
		return "^(" + key + ")"
	case 5:
		return "X(" + key + ")"
	case 6:
		return "<(" + key + ")"
	case 7:
		return g.pick("+("+key+")", " ("+key+") ", "()", "Y("+key+")", "("+key, "((", "<"+key)
	default:
		return key
	}
}

func (g *generator) treePattern(resource tree) string {
	switch g.Intn(40) {
	case 0:
		return g.node(2).json()
	}
	switch resource.kind {
	case 'm':
		return g.mapPattern(resource)
	case 'l':
		if len(resource.items) == 0 {
			return g.pick("[]", `["a"]`, `[{"a":1}]`, `[[1]]`)
		}
		var out []string
		for range 1 + g.Intn(5)/4 {
			out = append(out, g.treePattern(resource.items[g.Intn(len(resource.items))]))
		}
		return "[" + strings.Join(out, ",") + "]"
	default:
		return g.leafPattern(resource.leaf)
	}
}

func (g *generator) mapPattern(resource tree) string {
	seen := map[string]bool{}
	var out []string
	add := func(key, value string) {
		// Two keys that differ in their anchor only leave the order of evaluation to a Go map where wildcards are expanded.
		if bare := strings.Trim(key, " ()<=X^+Y"); !seen[bare] {
			seen[bare] = true
			out = append(out, quote(key)+":"+value)
		}
	}
	for i, key := range resource.keys {
		if g.Intn(3) == 0 {
			continue
		}
		if key == "labels" || key == "annotations" {
			add(g.anchored(key), g.labelsPattern(resource.items[i]))
			continue
		}
		add(g.anchored(key), g.treePattern(resource.items[i]))
	}
	if g.Intn(4) == 0 {
		add(g.anchored(g.pick("a", "b", "c", "e")), g.node(2).json())
	}
	return "{" + strings.Join(out, ",") + "}"
}

// No two keys here match one label: Kyverno takes the first match in the order of a Go map.
func (g *generator) labelsPattern(resource tree) string {
	var out []string
	seen := map[string]bool{}
	if resource.kind == 'm' {
		for _, row := range []struct{ key, wild string }{{"app", "ap*"}, {"tier", "t?er"}, {"x.io/y", "*.io/y"}} {
			if g.Intn(2) == 0 {
				continue
			}
			key := row.key
			if g.Intn(2) == 0 {
				key = row.wild
			}
			if key = g.anchored(key); seen[key] {
				continue
			}
			seen[key] = true
			out = append(out, quote(key)+":"+g.pick(`"a"`, `"*"`, `"b"`, `"?*"`, "1", "null", `{"(a)":1}`))
		}
		return "{" + strings.Join(out, ",") + "}"
	}
	return g.node(1).json()
}

func (g *generator) operator() string {
	names := []string{
		"Equal", "Equals", "NotEqual", "NotEquals", "In", "AnyIn", "AllIn", "NotIn", "AnyNotIn", "AllNotIn", "GreaterThanOrEquals", "GreaterThan",
		"LessThanOrEquals", "LessThan", "DurationGreaterThanOrEquals", "DurationGreaterThan", "DurationLessThanOrEquals", "DurationLessThan",
	}
	name := names[g.Intn(len(names))]
	switch g.Intn(30) {
	case 0:
		return strings.ToLower(name)
	case 1:
		return g.pick("", "Eq", "in", "ANYIN", "==", "greaterthan ")
	default:
		return name
	}
}

func (g *generator) operand() string {
	switch g.Intn(10) {
	case 0, 1, 2:
		var out []string
		for range g.Intn(4) {
			if g.Intn(12) == 0 {
				out = append(out, g.pick("{}", `{"b":[1,"x"],"a":1.5}`, "[]", "[1,null]", `["a"]`, `[["a"],true]`))
			} else {
				out = append(out, g.scalar())
			}
		}
		return "[" + strings.Join(out, ",") + "]"
	case 3:
		return g.pick("{}", `{"a":1}`, `{"a":"1"}`, `{"a":1.0}`, `{"a":[1,{"b":null}]}`)
	default:
		return g.scalar()
	}
}
