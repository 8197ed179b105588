package main

import (
	"fmt"
	"strings"
)

// definitionCases are CustomResourceDefinitions whose schemas validate with expressions (x-kubernetes-validations).
func definitionCases() []policyCase {
	var cases []policyCase
	properties := func(spec object) object { return object{"type": "object", "properties": object{"spec": spec}} }
	// Only the properties that the rules name.
	ofSize := func(validations ...any) object {
		all := object{"size": object{"type": "integer"}, "name": object{"type": "string", "maxLength": 20}, "day": object{"type": "string", "format": "date-time"},
			"names": object{"type": "array", "maxItems": 10, "items": object{"type": "string", "maxLength": 20}},
			"parts": object{"type": "array", "maxItems": 10, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": texts("key"),
				"items": object{"type": "object", "required": texts("key"), "properties": object{"key": object{"type": "string", "maxLength": 20}, "value": object{"type": "integer"}}}},
			"extra": object{"type": "object", "maxProperties": 10, "additionalProperties": object{"type": "string", "maxLength": 20}},
			"port":  object{"x-kubernetes-int-or-string": true}}
		used := object{"size": all["size"], "name": all["name"]}
		for key, schema := range all {
			if strings.Contains(fmt.Sprint(validations...), "."+key) {
				used[key] = schema
			}
		}
		return object{"type": "object", "properties": used, "x-kubernetes-validations": validations}
	}
	one := func(rule string, more ...object) object {
		found := object{"rule": rule}
		for _, extra := range more {
			for key, value := range extra {
				found[key] = value
			}
		}
		return found
	}
	schemas := []object{
		properties(ofSize(one("self.size < 5"))),
		properties(ofSize(one("self.size < 5", object{"message": "too big"}))),
		properties(ofSize(one("self.size < 5", object{"message": "too big", "reason": "FieldValueForbidden", "fieldPath": ".size"}))),
		properties(ofSize(one("self.size < 5", object{"messageExpression": "self.name + ' is too big'"}))),
		properties(ofSize(one("self.size < 5", object{"message": "fallback", "messageExpression": "self.name"}))),
		properties(ofSize(one("self.size < 5"), one("self.name != 'bad'", object{"reason": "FieldValueDuplicate", "fieldPath": ".name"}))),
		properties(ofSize(one("self.size == oldSelf.size", object{"message": "size is immutable"}))),
		properties(ofSize(one("!oldSelf.hasValue() || self.size >= oldSelf.value().size", object{"optionalOldSelf": true, "message": "may not shrink"}))),
		properties(ofSize(one("!has(self.names) || self.names.all(n, n.startsWith('a'))"))),
		properties(ofSize(one("!has(self.parts) || self.parts.exists(p, p.key == 'main')"))),
		properties(ofSize(one("!has(self.extra) || !('forbidden' in self.extra)"))),
		properties(ofSize(one("!has(self.port) || type(self.port) == int"))),
		properties(ofSize(one("!has(self.day) || self.day > timestamp('2024-01-01T00:00:00Z')"))),
		properties(ofSize(one("[1, 2, 3][self.size] > 0", object{"message": "out of range"}))),
		properties(with(ofSize(), object{"properties": object{"size": object{"type": "integer", "x-kubernetes-validations": list(one("self > 1"), one("self >= oldSelf"))}, "name": object{"type": "string", "maxLength": 20, "x-kubernetes-validations": list(one("self == oldSelf", object{"message": "name is immutable"}))}}})),
		{"type": "object", "properties": object{"spec": ofSize()}, "x-kubernetes-validations": list(one("self.metadata.name.startsWith('t')", object{"message": "names begin with t"}))},
	}
	for i, schema := range schemas {
		name := fmt.Sprintf("definition-%02d", i)
		kind := fmt.Sprintf("Thing%02d", i)
		thing := func(name string, spec object) object {
			return object{"apiVersion": "cases.example.com/v1", "kind": kind, "metadata": object{"name": name}, "spec": spec}
		}
		validations := child(child(schema, "properties"), "spec")
		if rules, ok := validations["x-kubernetes-validations"].([]any); ok && len(rules) == 0 {
			delete(validations, "x-kubernetes-validations")
		}
		c := newCase(name, customResource(lower(kind)+"s", kind, "Namespaced", schema))
		c.create(thing("thing", object{"size": 1, "name": "good"}), thing("thing", object{"size": 7, "name": "bad"}), thing("other", object{"size": 3}),
			thing("thing", object{"size": 1, "names": texts("a", "b"), "parts": list(object{"key": "side"}), "extra": object{"forbidden": "x"}, "port": "http", "day": "2023-01-01T00:00:00Z"}))
		c.update(thing("told", object{"size": 2, "name": "n"}), thing("told", object{"size": 2, "name": "other"}))
		c.update(thing("told", object{"size": 2, "name": "n"}), thing("told", object{"size": 0, "name": "n"}))
		cases = append(cases, c.policyCase)
	}
	return cases
}
