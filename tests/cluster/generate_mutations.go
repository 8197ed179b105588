package main

import "fmt"

func mutatingPolicy(name string, spec object) object {
	return object{"apiVersion": policyVersion, "kind": "MutatingAdmissionPolicy", "metadata": object{"name": name + ".example.com"}, "spec": spec}
}

func mutatingBinding(name string, more ...object) object {
	spec := object{"policyName": name + ".example.com"}
	for _, extra := range more {
		for key, value := range extra {
			spec[key] = value
		}
	}
	return object{"apiVersion": policyVersion, "kind": "MutatingAdmissionPolicyBinding", "metadata": object{"name": name + ".example.com"}, "spec": spec}
}

func patch(expression string) object {
	return object{"patchType": "JSONPatch", "jsonPatch": object{"expression": expression}}
}

func apply(expression string) object {
	return object{"patchType": "ApplyConfiguration", "applyConfiguration": object{"expression": expression}}
}

func mutationSpec(resources object, mutations ...object) object {
	var all []any
	for _, mutation := range mutations {
		all = append(all, mutation)
	}
	return object{"matchConstraints": object{"resourceRules": list(resources)}, "reinvocationPolicy": "Never", "failurePolicy": "Fail", "mutations": all}
}

func mutationCases() []policyCase {
	var cases []policyCase
	onConfigMaps := rule([]string{"CREATE"}, "", "v1", "configmaps")
	onDeployments := rule([]string{"CREATE"}, "apps", "v1", "deployments")
	subject := func() object {
		o := configMap("one", object{"a": "1", "b": "2"}, "tier", "web")
		child(o, "metadata")["annotations"] = object{"example.com/c": "3"}
		return o
	}
	for i, mutations := range [][]object{
		{patch("[JSONPatch{op: 'add', path: '/data/new', value: 'x'}]")},
		{patch("[JSONPatch{op: 'add', path: '/metadata/labels/added', value: object.metadata.name}]")},
		{patch("[JSONPatch{op: 'add', path: '/metadata/annotations', value: {'a': 'b'}}]")},
		{patch("[JSONPatch{op: 'remove', path: '/data/a'}]")},
		{patch("[JSONPatch{op: 'replace', path: '/data/a', value: 'replaced'}]")},
		{patch("[JSONPatch{op: 'test', path: '/data/a', value: '1'}, JSONPatch{op: 'replace', path: '/data/a', value: 'tested'}]")},
		{patch("[JSONPatch{op: 'test', path: '/data/a', value: '2'}, JSONPatch{op: 'replace', path: '/data/a', value: 'tested'}]")},
		{patch("[JSONPatch{op: 'move', from: '/data/a', path: '/data/moved'}]")},
		{patch("[JSONPatch{op: 'copy', from: '/data/a', path: '/data/copied'}]")},
		{patch("[JSONPatch{op: 'remove', path: '/data/absent'}]")},
		{patch("[JSONPatch{op: 'replace', path: '/data/absent', value: 'x'}]")},
		{patch("[JSONPatch{op: 'add', path: '/metadata/annotations/' + jsonpatch.escapeKey('example.com/y'), value: 'escaped'}]")},
		{patch("[JSONPatch{op: 'remove', path: '/metadata/annotations/example.com~1c'}, JSONPatch{op: 'test', path: '/data/b', value: '2'}]")},
		{patch("[]")},
		{patch("has(object.data.a) ? [JSONPatch{op: 'add', path: '/data/seen', value: object.data.a}] : []")},
		{patch("object.data.map(k, JSONPatch{op: 'replace', path: '/data/' + jsonpatch.escapeKey(k), value: 'all'})")},
		{patch("[JSONPatch{op: 'add', path: '/data/first', value: '1'}]"), patch("[JSONPatch{op: 'add', path: '/data/second', value: has(object.data.first) ? 'saw first' : 'did not'}]")},
		{patch("[JSONPatch{op: 'add', path: '/data/bad', value: object.data.absent}]")},
		{patch("[JSONPatch{op: 'add', path: '/data/number', value: 5}]")},
		{patch("[JSONPatch{op: 'add', path: '/absent/deep', value: 'x'}]")},
		{patch("[JSONPatch{op: 'add', path: '/data', value: Object.data{fresh: 'x'}}]")},
		{apply("Object{metadata: Object.metadata{labels: {'applied': 'yes'}}}")},
		{apply("Object{metadata: Object.metadata{labels: {'tier': 'db'}}}")},
		{apply("Object{data: {'a': 'changed', 'z': 'added'}}")},
		{apply("Object{metadata: Object.metadata{finalizers: ['example.com/one', 'example.com/two']}}")},
		{apply("Object{metadata: Object.metadata{annotations: {'name': object.metadata.name + '!'}}}")},
		{apply("Object{data: {'bad': object.data.absent}}")},
		{apply("Object{}")},
		{apply("Object{immutable: true}")},
		{apply("Object{data: {'one': '1'}}"), patch("[JSONPatch{op: 'add', path: '/data/two', value: object.data.one + '2'}]")},
	} {
		for _, failure := range failurePolicies(fmt.Sprint(mutations)) {
			name := fmt.Sprintf("mutation-%02d-%s", i, lower(failure))
			spec := mutationSpec(onConfigMaps, mutations...)
			spec["failurePolicy"] = failure
			cases = append(cases, newCase(name, mutatingPolicy(name, spec), mutatingBinding(name)).create(subject()).policyCase)
		}
	}
	container := "Object.spec.template.spec.containers"
	spec := "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{%s}}}}"
	for i, mutation := range []object{
		apply(fmt.Sprintf(spec, "containers: ["+container+"{name: 'main', image: 'registry.example/other:2'}]")),
		apply(fmt.Sprintf(spec, "containers: ["+container+"{name: 'side', image: 'registry.example/side:1'}]")),
		apply(fmt.Sprintf(spec, "containers: ["+container+"{name: 'main', env: ["+container+".env{name: 'A', value: 'new'}, "+container+".env{name: 'C', value: 'c'}]}]")),
		apply(fmt.Sprintf(spec, "containers: ["+container+"{name: 'main', ports: ["+container+".ports{containerPort: 80, protocol: 'UDP', name: 'udp'}]}]")),
		apply(fmt.Sprintf(spec, "containers: object.spec.template.spec.containers.map(c, "+container+"{name: c.name, securityContext: "+container+".securityContext{privileged: false}})")),
		apply(fmt.Sprintf(spec, "initContainers: [Object.spec.template.spec.initContainers{name: 'first', image: 'registry.example/first:1', restartPolicy: 'Always'}]")),
		apply(fmt.Sprintf(spec, "nodeSelector: {'disk': 'ssd'}")),
		apply(fmt.Sprintf(spec, "tolerations: [Object.spec.template.spec.tolerations{key: 'a', operator: 'Exists'}]")),
		apply(fmt.Sprintf(spec, "containers: ["+container+"{name: 'main', args: ['b']}]")),
		apply("Object{spec: Object.spec{replicas: 7}}"),
		apply("Object{spec: Object.spec{strategy: Object.spec.strategy{type: 'Recreate'}}}"),
		patch("[JSONPatch{op: 'add', path: '/spec/template/spec/containers/-', value: " + container + "{name: 'side', image: 'registry.example/side:1'}}]"),
		patch("[JSONPatch{op: 'add', path: '/spec/template/spec/containers/0/args', value: ['x', 'y']}]"),
		patch("[JSONPatch{op: 'replace', path: '/spec/template/spec/containers/0/env/1/value', value: 'patched'}]"),
		patch("[JSONPatch{op: 'add', path: '/spec/template/spec/volumes', value: []}, JSONPatch{op: 'add', path: '/spec/template/spec/volumes/-', value: Object.spec.template.spec.volumes{name: 'v'}}]"),
		patch("[JSONPatch{op: 'remove', path: '/spec/template/spec/containers/0/env/0'}]"),
		patch("[JSONPatch{op: 'replace', path: '/spec/replicas', value: object.spec.replicas + 1}]"),
		patch("[JSONPatch{op: 'remove', path: '/spec/template/spec/containers/5'}]"),
		patch("[JSONPatch{op: 'replace', path: '/spec/replicas', value: 'three'}]"),
	} {
		name := fmt.Sprintf("deployment-%02d", i)
		web := deployment("web", 1)
		main := items(child(child(child(web, "spec"), "template"), "spec"), "containers")[0]
		main["env"] = list(object{"name": "A", "value": "a"}, object{"name": "B", "value": "b"})
		main["ports"] = list(object{"containerPort": 80})
		main["args"] = texts("a")
		cases = append(cases, newCase(name, mutatingPolicy(name, mutationSpec(onDeployments, mutation)), mutatingBinding(name)).create(web).policyCase)
	}
	cases = append(cases, mutationsTogether(onConfigMaps)...)
	return cases
}

// mutationsTogether: conditions, variables, parameters, more than one policy, and a validating one after them.
func mutationsTogether(resources object) []policyCase {
	var cases []policyCase
	add := "[JSONPatch{op: 'add', path: '/data/%s', value: %s}]"
	one := func() object { return configMap("one", object{"a": "1"}) }
	for i, more := range []object{
		{"matchConditions": list(object{"name": "c", "expression": "object.data.a == '1'"})}, {"matchConditions": list(object{"name": "c", "expression": "object.data.a == '2'"})},
		{"matchConditions": list(object{"name": "c", "expression": "object.data.absent == ''"})},
		{"variables": list(object{"name": "x", "expression": "object.data.a + '!'"}), "mutations": list(patch(fmt.Sprintf(add, "x", "variables.x")))},
		{"variables": list(object{"name": "x", "expression": "object.data.absent"}), "mutations": list(patch(fmt.Sprintf(add, "x", "variables.x")))},
		{"variables": list(object{"name": "x", "expression": "object.data.absent"})},
	} {
		name := fmt.Sprintf("mutation-parts-%d", i)
		spec := with(mutationSpec(resources, patch(fmt.Sprintf(add, "done", "'yes'"))), more)
		cases = append(cases, newCase(name, mutatingPolicy(name, spec), mutatingBinding(name)).create(one()).policyCase)
	}
	for i, reference := range []object{{"name": "values", "parameterNotFoundAction": "Deny"}, {"name": "absent", "parameterNotFoundAction": "Deny"},
		{"name": "absent", "parameterNotFoundAction": "Allow"}, {"selector": object{"matchLabels": object{"use": "all"}}, "parameterNotFoundAction": "Deny"}} {
		name := fmt.Sprintf("mutation-parameters-%d", i)
		spec := mutationSpec(resources, patch("[JSONPatch{op: 'add', path: '/data/' + params.metadata.name, value: params.data.v}]"))
		spec["paramKind"] = object{"apiVersion": "v1", "kind": "ConfigMap"}
		cases = append(cases, newCase(name, configMap("values", object{"v": "V"}, "use", "all"), configMap("others", object{"v": "O"}, "use", "all"),
			mutatingPolicy(name, spec), mutatingBinding(name, object{"paramRef": reference})).create(one()).policyCase)
	}
	for i, again := range []string{"Never", "IfNeeded"} {
		name := fmt.Sprintf("reinvocation-%d", i)
		first := mutationSpec(resources, patch("has(object.data.second) ? [JSONPatch{op: 'add', path: '/data/first', value: 'saw second'}] : [JSONPatch{op: 'add', path: '/data/first', value: 'did not'}]"))
		first["reinvocationPolicy"] = again
		second := mutationSpec(resources, patch(fmt.Sprintf(add, "second", "'2'")))
		c := newCase(name, mutatingPolicy(name+"-a", first), mutatingBinding(name+"-a"), mutatingPolicy(name+"-b", second), mutatingBinding(name+"-b"))
		// Which policy comes first, the server does not promise; only reinvocation makes it all the same.
		c.Several = again == "Never"
		cases = append(cases, c.create(one()).policyCase)
	}
	spec := with(baseSpec(), object{"validations": list(object{"expression": "!has(object.data.mutated)", "messageExpression": "'mutated to ' + object.data.mutated"})})
	setup := append(bound("mutate-then-validate", spec), mutatingPolicy("mutate-then-validate", mutationSpec(resources, patch(fmt.Sprintf(add, "mutated", "'x'")))), mutatingBinding("mutate-then-validate"))
	cases = append(cases, newCase("mutate-then-validate", setup...).create(one()).policyCase)
	return cases
}
