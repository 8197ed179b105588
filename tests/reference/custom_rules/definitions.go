package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// definitions gives the schemas of each definition's versions.
func definitions() [][]string {
	var all [][]string
	add := func(schemas ...string) { all = append(all, schemas) }
	// A property `it` of the given schema below spec, with rules at spec.
	for _, row := range []struct{ it, rules string }{
		// texts
		{`{"type":"string"}`, "self.it == 'a'"},
		{`{"type":"string"}`, "self.it.startsWith('a') && self.it.contains(self.it)"},
		{`{"type":"string","maxLength":10}`, "self.it.contains('b')"},
		{`{"type":"string","maxLength":0}`, "self.it == ''"},
		{`{"type":"string"}`, "self.it.matches('^[a-z]+$')"},
		{`{"type":"string","maxLength":1024}`, "self.it.matches('^[a-z]+$')"},
		{`{"type":"string"}`, "self.it.matches(self.it)"},
		{`{"type":"string"}`, "self.it.matches('^.*$') && self.it.find('a+') != '' && self.it.contains('x') && self.it.contains(self.it)"},
		{`{"type":"string","enum":["one","three"]}`, "self.it in ['one', 'three']"},
		{`{"type":"string","enum":["één"],"maxLength":9}`, "self.it + self.it == 'x'"},
		{`{"type":"string","enum":["één"]}`, "(self.it + self.it).contains('x')"},
		{`{"type":"string","format":"byte"}`, "self.it == b'abc'"},
		{`{"type":"string","format":"byte","maxLength":100}`, "string(self.it).contains('a')"},
		{`{"type":"string","format":"duration"}`, "self.it > duration('1h')"},
		{`{"type":"string","format":"date"}`, "string(self.it).contains('2024')"},
		{`{"type":"string","format":"date-time"}`, "string(self.it).contains('2024')"},
		{`{"type":"string","format":"datetime"}`, "self.it.contains('2024')"},
		{`{"type":"string","format":"ipv4"}`, "isIP(self.it) && ip(self.it).family() == 4"},
		{`{"type":"string","format":"cidr","maxLength":43}`, "cidr('10.0.0.0/8').containsCIDR(self.it)"},
		{`{"type":"string","maxLength":63}`, "!format.dns1123Label().validate(self.it).hasValue()"},
		{`{"type":"string"}`, "self.it.split(',').all(x, x.size() < 10)"},
		{`{"type":"string","maxLength":100}`, "self.it.split(',').exists(x, x == 'a')"},
		{`{"type":"string","maxLength":100}`, "self.it.replace('a', 'bcd').lowerAscii().contains('z')"},
		{`{"type":"string","maxLength":100}`, "quantity(self.it).isGreaterThan(quantity('1'))"},
		{`{"type":"string","maxLength":100}`, "url(self.it).getHost() == 'example.com'"},
		{`{"type":"string","maxLength":100}`, "semver(self.it).isLessThan(semver('2.0.0'))"},
		// numbers, flags, either
		{`{"type":"integer"}`, "self.it > 1 && self.it < 5"},
		{`{"type":"integer","maximum":10}`, "[1, 2, 3].exists(x, x == self.it)"},
		{`{"type":"number"}`, "self.it > 1.5"},
		{`{"type":"boolean"}`, "self.it"},
		{`{"x-kubernetes-int-or-string":true}`, "type(self.it) == int || self.it == '80%'"},
		{`{"x-kubernetes-int-or-string":true}`, "type(self.it) == string && self.it.matches('[0-9]+%')"},
		{`{"x-kubernetes-int-or-string":true,"maxLength":8}`, "string(self.it).contains('%')"},
		// lists
		{`{"type":"array","items":{"type":"string"}}`, "self.it.all(x, x != '')"},
		{`{"type":"array","items":{"type":"string"}}`, "self.it.all(x, self.it.all(y, x == y))"},
		{`{"type":"array","maxItems":10,"items":{"type":"string"}}`, "self.it.all(x, self.it.all(y, x == y))"},
		{`{"type":"array","maxItems":10,"items":{"type":"string","maxLength":5}}`, "self.it.all(x, self.it.exists_one(y, x == y))"},
		{`{"type":"array","maxItems":0,"items":{"type":"string"}}`, "self.it.all(x, x.contains('a'))"},
		{`{"type":"array","items":{"type":"integer"}}`, "self.it.sum() < 10 && self.it.isSorted()"},
		{`{"type":"array","items":{"type":"boolean"}}`, "self.it.exists(x, x)"},
		{`{"type":"array","items":{"type":"string","format":"date-time"}}`, "self.it.all(x, x > timestamp('2024-01-01T00:00:00Z'))"},
		{`{"type":"array","items":{"type":"string","format":"date"}}`, "self.it.all(x, x > timestamp('2024-01-01T00:00:00Z'))"},
		{`{"type":"array","items":{"type":"string","format":"duration"}}`, "self.it.all(x, x > duration('1s'))"},
		{`{"type":"array","items":{"x-kubernetes-int-or-string":true}}`, "self.it.all(x, type(x) == int)"},
		{`{"type":"array","items":{"type":"array","items":{"type":"string"}}}`, "self.it.all(x, x.all(y, y == 'a'))"},
		{`{"type":"array","maxItems":5,"items":{"type":"array","maxItems":7,"items":{"type":"string","maxLength":3}}}`, "self.it.all(x, x.all(y, y == 'a'))"},
		{`{"type":"array","items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"note":{"type":"string"}}}}`, "self.it.all(x, x.name == 'a')"},
		{`{"type":"array","items":{"type":"object","required":["name","size","on","at"],"properties":{"name":{"type":"string"},"size":{"type":"integer"},"on":{"type":"boolean","default":true},"at":{"type":"string","format":"date-time"}}}}`,
			"self.it.map(x, x.name).exists(n, n == 'a')"},
		{`{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"}`, "self.it.map(x, x + 'a').filter(x, x != 'b').size() > 1"},
		{`{"type":"array","maxItems":20,"items":{"type":"object","required":["key"],"properties":{"key":{"type":"string","maxLength":9}}},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["key"]}`,
			"self.it.all(x, oldSelf.it.exists(y, y.key == x.key))"},
		{`{"type":"array","maxItems":20,"items":{"type":"string","maxLength":9}}`, "self.it.join(',').contains('a') && self.it[0] + self.it[1] == 'b'"},
		{`{"type":"array","maxItems":20,"items":{"type":"string","maxLength":9}}`, "sets.contains(self.it, ['a']) && self.it.indexOf('a') == 0"},
		{`{"type":"array","maxItems":20,"items":{"type":"string","maxLength":9}}`, "self.it.all(i, x, i < 5 || x == 'a')"},
		// maps
		{`{"type":"object","additionalProperties":{"type":"string"}}`, "self.it.all(k, self.it[k] == 'a')"},
		{`{"type":"object","additionalProperties":{"type":"string"}}`, "self.it.all(k, k.contains('a'))"},
		{`{"type":"object","maxProperties":12,"additionalProperties":{"type":"string","maxLength":8}}`, "self.it.all(k, self.it[k].contains(k))"},
		{`{"type":"object","maxProperties":12,"additionalProperties":{"type":"string","maxLength":8}}`, "self.it.all(k, v, v.contains('a'))"},
		{`{"type":"object","additionalProperties":{"type":"array","items":{"type":"integer"}}}`, "self.it.all(k, self.it[k].all(x, x > 1))"},
		{`{"type":"object","additionalProperties":{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}}`, "self.it.exists(k, self.it[k].a == 'x')"},
		{`{"type":"object","maxProperties":-1,"additionalProperties":{"type":"string"}}`, "self.it.all(k, k == 'a')"},
		{`{"type":"object","additionalProperties":{"type":"string"}}`, "has(self.it.name) && self.it.name == 'a'"},
		{`{"type":"object","additionalProperties":{"type":"string"}}`, "'a' in self.it"},
		// objects
		{`{"type":"object","properties":{"a-b":{"type":"string","maxLength":5},"namespace":{"type":"string","maxLength":6},"c__d":{"type":"string","maxLength":7},"e.f/g":{"type":"string","maxLength":8}}}`,
			"self.it.a__dash__b.contains('a') && self.it.__namespace__.contains('a') && self.it.c__underscores__d.contains('a') && self.it.e__dot__f__slash__g.contains('a')"},
		{`{"type":"object","x-kubernetes-preserve-unknown-fields":true}`, "has(self.it)"},
		{`{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"string","maxLength":5}}}`, "self.it.metadata.name.contains('a') && self.it.kind.contains('b') && self.it.spec.contains('c')"},
		{`{"type":"array","items":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true,"required":["kind","metadata"]}}`, "self.it.all(x, x.kind == 'Pod')"},
		{`{"type":"array","items":{"type":"object","x-kubernetes-embedded-resource":true,"required":["kind","spec"],"properties":{"kind":{"type":"string","maxLength":3},"apiVersion":{"type":"string"},"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":9},"generateName":{"type":"string"}}},"spec":{"type":"string"}}}}`,
			"self.it.all(x, x.kind == 'Pod' && x.metadata.name == 'a')"},
		// old selves and optionals
		{`{"type":"string","maxLength":10}`, "self.it == oldSelf.it"},
		{`{"type":"string"}`, "self.?it.orValue('a').contains('b')"},
		{`{"type":"string","maxLength":10}`, "self.?it.orValue('a').contains('b')"},
		// what does not compile
		{`{"type":"string"}`, "self.it + 1 == 'a'"},
		{`{"type":"string"}`, "self.other"},
		{`{"type":"string"}`, "self.it"},
		{`{"type":"string"}`, "self.it =="},
	} {
		add(below(row.it, row.rules))
	}
	rule := func(text string, more ...string) string {
		quoted, _ := json.Marshal(text)
		return fmt.Sprintf(`{"rule":%s%s}`, quoted, strings.Join(append([]string{""}, more...), ","))
	}
	at := func(schema string, rules ...string) string {
		return fmt.Sprintf(`%s,"x-kubernetes-validations":[%s]}`, strings.TrimSuffix(schema, "}"), strings.Join(rules, ","))
	}
	spec := func(schema string) string { return fmt.Sprintf(`{"type":"object","properties":{"spec":%s}}`, schema) }
	list := func(items, more string) string { return fmt.Sprintf(`{"type":"array","items":%s%s}`, items, more) }
	dictionary := func(values, more string) string {
		return fmt.Sprintf(`{"type":"object","additionalProperties":%s%s}`, values, more)
	}
	text := `{"type":"string"}`
	short := `{"type":"string","maxLength":5}`
	// Rules below lists and maps, with bounds and without.
	add(spec(list(at(text, rule("self != 'a'")), "")))
	add(spec(list(at(short, rule("self != 'a'")), `,"maxItems":10`)))
	add(spec(list(at(`{"type":"integer"}`, rule("self > 1")), "")))
	add(spec(list(at(`{"type":"boolean"}`, rule("self")), "")))
	add(spec(list(list(at(short, rule("self.contains('a')")), `,"maxItems":10`), `,"maxItems":1000`)))
	add(spec(list(list(at(short, rule("self.contains('a')")), `,"maxItems":10`), "")))
	add(spec(list(list(at(short, rule("self.contains('a')")), ""), `,"maxItems":10`)))
	add(spec(list(at(list(short, ""), rule("self.all(x, x == 'a')")), `,"maxItems":10`)))
	add(spec(dictionary(at(text, rule("self.startsWith('a')")), "")))
	add(spec(dictionary(at(short, rule("self.startsWith('a')")), `,"maxProperties":3`)))
	add(spec(dictionary(list(at(short, rule("self.startsWith('a')")), `,"maxItems":4`), `,"maxProperties":3`)))
	add(spec(dictionary(at(short, rule("self.startsWith('a')")), `,"maxProperties":9223372036854775807`)))
	add(spec(list(list(list(at(text, rule("self.contains('a')")), `,"maxItems":4294967295`), `,"maxItems":4294967295`), `,"maxItems":4294967295`)))
	add(spec(list(at(`{"type":"object","required":["name"],"properties":{"name":{"type":"string","maxLength":30}}}`, rule("self.name.matches('^[a-z]*$')")), "")))
	// The root of the resource.
	add(at(`{"type":"object","properties":{"spec":{"type":"integer"}}}`, rule("self.metadata.name.contains('a')"), rule("self.kind == 'Thing' && self.apiVersion != ''"), rule("self.spec > 1")))
	add(at(`{"type":"object","properties":{"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":20}}}}}`, rule("self.metadata.name.contains('a')")))
	add(at(`{"type":"object","properties":{"kind":{"type":"string"},"apiVersion":{"type":"string"},"metadata":{"type":"object","properties":{"name":{"type":"string","maxLength":20},"generateName":{"type":"string"}}}}}`,
		rule("self.metadata.name.contains('a') && self.metadata.generateName.contains('b')")))
	// Messages.
	add(spec(at(`{"type":"object","properties":{"a":{"type":"string"}}}`, rule("has(self.a)", `"messageExpression":"'no ' + self.a"`))))
	add(spec(at(`{"type":"object","properties":{"a":{"type":"string"}}}`, rule("has(self.a)", `"messageExpression":"self.a + self.a.replace('', 'x')"`))))
	add(spec(list(at(`{"type":"object","properties":{"a":{"type":"array","items":{"type":"string"}}}}`, rule("has(self.a)", `"messageExpression":"self.a.map(x, self.a.map(y, x + y).join()).join()"`)), `,"maxItems":10`)))
	// Costs that only their sum forbids.
	member := at(short, rule("self.matches('^[a-z]+[a-z]+$')"), rule("self.contains('abc')"))
	var members []string
	for i := range 12 {
		members = append(members, fmt.Sprintf(`"m%02d":%s`, i, list(member, fmt.Sprintf(`,"maxItems":%d`, 400000+i*100000))))
	}
	add(spec(fmt.Sprintf(`{"type":"object","properties":{%s}}`, strings.Join(members, ","))))
	// Factors: 1.000001, 1.49, 1.5, 100, 100.1.
	for _, count := range []int{10_000_001, 14_949_999, 14_950_000, 15_000_000, 20_040_000, 999_900_000, 1_000_000_000, 1_000_000_001} {
		add(spec(list(at(`{"type":"boolean"}`, rule("self")), fmt.Sprintf(`,"maxItems":%d`, count))))
	}
	// Several versions: the same schema, and different ones.
	expensive := spec(list(at(text, rule("self.contains(self)")), ""))
	add(expensive, expensive)
	add(expensive, spec(list(at(short, rule("self.contains(self)")), "")))
	// Old selves that nothing can be compared with.
	add(spec(list(at(short, rule("self == oldSelf")), `,"maxItems":10`)))
	add(spec(list(at(`{"type":"object","required":["k"],"properties":{"k":{"type":"string"}}}`, rule("self == oldSelf")), `,"maxItems":10,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"]`)))
	add(spec(list(list(at(short, rule("self == oldSelf")), `,"maxItems":10`), `,"maxItems":10`)))
	add(spec(at(short, rule("self == 'a'", `"optionalOldSelf":true`), rule("self == 'b'", `"optionalOldSelf":false`), rule("oldSelf.hasValue()", `"optionalOldSelf":true`))))
	return all
}

func below(it, rule string) string {
	quoted, _ := json.Marshal(rule)
	return fmt.Sprintf(`{"type":"object","properties":{"spec":{"type":"object","properties":{"it":%s},"x-kubernetes-validations":[{"rule":%s}]}}}`, it, quoted)
}
