package main

import "fmt"

func parameterCases() []policyCase {
	var cases []policyCase
	kind := object{"apiVersion": "v1", "kind": "ConfigMap"}
	references := []object{
		{"name": "limits", "parameterNotFoundAction": "Deny"}, {"name": "limits", "parameterNotFoundAction": "Allow"},
		{"name": "absent", "parameterNotFoundAction": "Deny"}, {"name": "absent", "parameterNotFoundAction": "Allow"},
		{"selector": object{"matchLabels": object{"use": "one"}}, "parameterNotFoundAction": "Deny"},
		{"selector": object{"matchLabels": object{"use": "two"}}, "parameterNotFoundAction": "Deny"},
		{"selector": object{"matchLabels": object{"use": "none"}}, "parameterNotFoundAction": "Deny"},
		{"selector": object{"matchLabels": object{"use": "none"}}, "parameterNotFoundAction": "Allow"},
		{"selector": object{}, "parameterNotFoundAction": "Deny"},
		{"name": "limits", "namespace": "NAMESPACE", "parameterNotFoundAction": "Deny"},
		{"name": "limits", "namespace": "kube-public", "parameterNotFoundAction": "Deny"},
	}
	for i, reference := range references {
		for _, failure := range []string{"Fail", "Ignore"} {
			name := fmt.Sprintf("parameters-%02d-%s", i, failure[:1])
			name = lower(name)
			if reference["namespace"] == "NAMESPACE" {
				reference = with(reference, object{"namespace": name})
			}
			validation := object{"expression": "object.metadata.name.size() <= int(params.data.longest)"}
			if reference["selector"] == nil {
				validation["messageExpression"] = "'longer than ' + params.data.longest + ' of ' + params.metadata.name"
			}
			// Of several parameters that deny, the server reports any: their messages are the same.
			spec := with(baseSpec(), object{"paramKind": kind, "failurePolicy": failure, "validations": list(validation)})
			c := newCase(name, configMap("limits", object{"longest": "3"}, "use", "one"), configMap("short", object{"longest": "2"}, "use", "two"),
				configMap("long", object{"longest": "5"}, "use", "two"), policy(name, spec), binding(name, object{"paramRef": clone(reference)}))
			c.create(configMap("abc", nil), configMap("abcdef", nil))
			cases = append(cases, c.policyCase)
		}
	}
	// Without a reference there are no parameters.
	for i, expression := range []string{"params == null", "params != null", "params.data.longest == '3'"} {
		name := fmt.Sprintf("no-parameters-%d", i)
		spec := with(baseSpec(), object{"paramKind": kind, "validations": list(object{"expression": expression, "message": "said no"})})
		cases = append(cases, newCase(name, bound(name, spec)...).create(configMap("one", nil)).policyCase)
	}
	// Parameters of a kind of its own, in a namespace and in none.
	for _, scope := range []string{"Namespaced", "Cluster"} {
		name := lower("parameters-" + scope)
		thing := "Limit" + scope
		definition := customResource(lower(thing)+"s", thing, scope, object{"type": "object", "properties": object{"spec": object{"type": "object",
			"properties": object{"longest": object{"type": "integer"}, "fixed": object{"type": "integer", "default": 4}}}}})
		limit := object{"apiVersion": "cases.example.com/v1", "kind": thing, "metadata": object{"name": "limit"}, "spec": object{"longest": 3}}
		spec := with(baseSpec(), object{"paramKind": object{"apiVersion": "cases.example.com/v1", "kind": thing}, "validations": list(
			object{"expression": "object.metadata.name.size() <= params.spec.longest", "messageExpression": "'longer than ' + string(params.spec.longest) + ' and ' + string(params.spec.fixed)"})})
		c := newCase(name, definition, limit, policy(name, spec), binding(name, object{"paramRef": object{"name": "limit", "parameterNotFoundAction": "Deny"}}))
		cases = append(cases, c.create(configMap("abc", nil), configMap("abcdef", nil)).policyCase)
	}
	return cases
}

// customResource defines a kind of the group cases.example.com.
func customResource(plural, kind, scope string, schema object) object {
	return object{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": object{"name": plural + ".cases.example.com"},
		"spec": object{"group": "cases.example.com", "scope": scope, "names": object{"plural": plural, "kind": kind, "singular": lower(kind), "listKind": kind + "List"},
			"versions": list(object{"name": "v1", "served": true, "storage": true, "schema": object{"openAPIV3Schema": schema}})}}
}
