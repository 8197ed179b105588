package main

import (
	"fmt"
	"strings"
)

// The families of generated cases: each is a table of what one part of a policy may say. Nothing here says what should
// come out: the server does.

// generatedCases are the cases by family; a family is a file in recorded/.
func generatedCases() map[string][]policyCase {
	return map[string][]policyCase{
		"matching":    append(append(matchingCases(), selectorCases()...), conditionCases()...),
		"validation":  append(append(messageCases(), failureCases()...), append(actionCases(), requestCases()...)...),
		"parameters":  parameterCases(),
		"expressions": expressionCases(),
		"mutation":    mutationCases(),
		"definitions": definitionCases(),
	}
}

// caseBuilder collects what a case needs.
type caseBuilder struct{ policyCase }

func newCase(name string, setup ...object) *caseBuilder {
	c := &caseBuilder{policyCase{Name: name, Setup: setup}}
	c.confine()
	return c
}

func (c *caseBuilder) create(objects ...object) *caseBuilder {
	for _, o := range objects {
		c.Requests = append(c.Requests, request{Operation: "CREATE", Object: o})
	}
	return c
}

func (c *caseBuilder) update(old, changed object) *caseBuilder {
	c.Requests = append(c.Requests, request{Operation: "UPDATE", Object: changed, Old: old})
	return c
}

func (c *caseBuilder) remove(old object) *caseBuilder {
	c.Requests = append(c.Requests, request{Operation: "DELETE", Old: old})
	return c
}

const policyVersion = "admissionregistration.k8s.io/v1"

func list(values ...any) []any { return values }

func texts(values ...string) []any {
	found := []any{}
	for _, value := range values {
		found = append(found, value)
	}
	return found
}

// rule matches resources: "configmaps", "apps/v1 deployments".
func rule(operations []string, groups, versions, resources string, more ...object) object {
	found := object{"apiGroups": texts(strings.Split(groups, ",")...), "apiVersions": texts(strings.Split(versions, ",")...),
		"operations": texts(operations...), "resources": texts(strings.Split(resources, ",")...)}
	for _, extra := range more {
		for key, value := range extra {
			found[key] = value
		}
	}
	return found
}

var always = []string{"*"}

func configMapRule() object { return rule([]string{"CREATE", "UPDATE"}, "", "v1", "configmaps") }

// with copies a spec and sets fields of it.
func with(spec object, fields object) object {
	spec = clone(spec)
	for key, value := range fields {
		if value == nil {
			delete(spec, key)
		} else {
			spec[key] = value
		}
	}
	return spec
}

func baseSpec() object {
	return object{
		"matchConstraints": object{"resourceRules": list(configMapRule())},
		"validations":      list(object{"expression": "false", "message": "no"}),
	}
}

func policy(name string, spec object) object {
	return object{"apiVersion": policyVersion, "kind": "ValidatingAdmissionPolicy", "metadata": object{"name": name + ".example.com"}, "spec": spec}
}

func binding(name string, more ...object) object {
	spec := object{"policyName": name + ".example.com", "validationActions": texts("Deny")}
	for _, extra := range more {
		for key, value := range extra {
			spec[key] = value
		}
	}
	return object{"apiVersion": policyVersion, "kind": "ValidatingAdmissionPolicyBinding", "metadata": object{"name": name + ".example.com"}, "spec": spec}
}

// bound is a policy with a binding that denies.
func bound(name string, spec object) []object { return []object{policy(name, spec), binding(name)} }

func configMap(name string, data object, labels ...string) object {
	o := object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": name}}
	if len(data) > 0 {
		o["data"] = data
	}
	if len(labels) > 0 {
		set := object{}
		for i := 0; i+1 < len(labels); i += 2 {
			set[labels[i]] = labels[i+1]
		}
		child(o, "metadata")["labels"] = set
	}
	return o
}

func deployment(name string, replicas int) object {
	return object{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": object{"name": name}, "spec": object{
		"replicas": replicas, "selector": object{"matchLabels": object{"app": name}},
		"template": object{"metadata": object{"labels": object{"app": name}},
			"spec": object{"containers": list(object{"name": "main", "image": "a:1"})}}}}
}

func matchingCases() []policyCase {
	var cases []policyCase
	for i, operations := range [][]string{{"CREATE"}, {"UPDATE"}, {"DELETE"}, {"CREATE", "UPDATE"}, {"*"}, {"CONNECT"}} {
		name := fmt.Sprintf("operations-%d", i)
		spec := with(baseSpec(), object{"matchConstraints": object{"resourceRules": list(rule(operations, "", "v1", "configmaps"))}})
		c := newCase(name, bound(name, spec)...)
		c.create(configMap("new", nil)).update(configMap("old", nil), configMap("old", object{"a": "b"})).remove(configMap("gone", nil))
		cases = append(cases, c.policyCase)
	}
	rules := []object{
		rule(always, "", "v1", "configmaps"), rule(always, "", "v1", "*"), rule(always, "", "v1", "*/*"), rule(always, "*", "*", "*"),
		rule(always, "*", "*", "*/*"), rule(always, "apps", "v1", "deployments"), rule(always, "apps", "v1", "deployments/scale"),
		rule(always, "apps", "v1", "deployments/*"), rule(always, "*", "*", "*/scale"), rule(always, "apps", "v1beta1", "deployments"),
		rule(always, "", "v1", "deployments"), rule(always, "apps,", "v1", "pods,configmaps"),
		rule(always, "*", "v1", "configmaps,deployments/scale"), rule(always, "", "*", "configmaps/status"),
		rule(always, "", "v1", "configmaps", object{"resourceNames": texts("one")}),
		rule(always, "", "v1", "configmaps", object{"resourceNames": texts("two", "three")}),
		rule(always, "*", "*", "*", object{"scope": "Namespaced"}), rule(always, "*", "*", "*", object{"scope": "Cluster"}),
		rule(always, "*", "*", "*", object{"scope": "*"}),
	}
	for i, one := range rules {
		name := fmt.Sprintf("resources-%02d", i)
		c := newCase(name, bound(name, with(baseSpec(), object{"matchConstraints": object{"resourceRules": list(one)}}))...)
		c.create(configMap("one", nil), deployment("web", 1))
		c.Requests = append(c.Requests, request{Operation: "UPDATE", Subresource: "scale", Old: deployment("scaled", 1), Object: deployment("scaled", 2)})
		cases = append(cases, c.policyCase)
	}
	excluded := []object{
		rule(always, "", "v1", "configmaps"), rule([]string{"UPDATE"}, "", "v1", "configmaps"), rule(always, "apps", "*", "*"),
		rule(always, "", "v1", "configmaps", object{"resourceNames": texts("one")}), rule(always, "*", "*", "*/scale"),
		rule(always, "", "v1", "*", object{"scope": "Cluster"}),
	}
	for i, one := range excluded {
		name := fmt.Sprintf("excluded-%d", i)
		c := newCase(name, bound(name, with(baseSpec(), object{"matchConstraints": object{
			"resourceRules": list(rule(always, "*", "*", "*", object{"scope": "Namespaced"})), "excludeResourceRules": list(one)}}))...)
		c.create(configMap("one", nil), configMap("two", nil), deployment("web", 1))
		cases = append(cases, c.policyCase)
	}
	// The binding narrows the policy, and excludes on its own.
	narrowed := []object{
		{"resourceRules": list(rule(always, "", "v1", "configmaps"))}, {"resourceRules": list(rule(always, "apps", "v1", "deployments"))},
		{"excludeResourceRules": list(rule(always, "", "v1", "configmaps"))}, {"resourceRules": list(rule([]string{"DELETE"}, "*", "*", "*"))},
	}
	for i, match := range narrowed {
		name := fmt.Sprintf("narrowed-%d", i)
		c := newCase(name, policy(name, with(baseSpec(), object{"matchConstraints": object{"resourceRules": list(rule(always, "*", "*", "*"))}})),
			binding(name, object{"matchResources": match}))
		c.create(configMap("one", nil), deployment("web", 1))
		cases = append(cases, c.policyCase)
	}
	autoscaler := func(version string) object {
		return object{"apiVersion": "autoscaling/" + version, "kind": "HorizontalPodAutoscaler", "metadata": object{"name": "scaler"},
			"spec": object{"maxReplicas": 3, "scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}}
	}
	for i, match := range []string{"Exact", "Equivalent"} {
		name := fmt.Sprintf("match-policy-%d", i)
		spec := with(baseSpec(), object{
			"matchConstraints": object{"matchPolicy": match, "resourceRules": list(rule(always, "autoscaling", "v1", "horizontalpodautoscalers"))},
			"validations":      list(object{"expression": "false", "messageExpression": "object.apiVersion + ' ' + request.kind.version + ' ' + request.requestKind.version"})})
		c := newCase(name, bound(name, spec)...)
		c.create(autoscaler("v1"), autoscaler("v2"))
		cases = append(cases, c.policyCase)
	}
	return cases
}

// failurePolicies: where nothing can fail, the failure policy makes no difference.
func failurePolicies(what string) []string {
	if strings.Contains(what, "absent") || strings.Contains(what, "bad") || strings.Contains(what, "test") {
		return []string{"Fail", "Ignore"}
	}
	return []string{"Fail"}
}

func selectorCases() []policyCase {
	var cases []policyCase
	expression := func(key, operator string, values ...string) object {
		one := object{"key": key, "operator": operator}
		if len(values) > 0 {
			one["values"] = texts(values...)
		}
		return object{"matchExpressions": list(one)}
	}
	selectors := []object{
		{}, {"matchLabels": object{"tier": "web"}}, {"matchLabels": object{"tier": "web", "more": "x"}},
		expression("tier", "In", "web", "db"), expression("tier", "NotIn", "web"), expression("tier", "Exists"), expression("tier", "DoesNotExist"),
		{"matchLabels": object{"tier": "web"}, "matchExpressions": list(object{"key": "more", "operator": "DoesNotExist"})},
	}
	for i, selector := range selectors {
		for _, where := range []string{"policy", "binding"} {
			if where == "binding" && i%3 != 1 {
				continue // the same selectors, tried on the policy
			}
			name := fmt.Sprintf("objects-%s-%d", where, i)
			spec := with(baseSpec(), object{"matchConstraints": object{"resourceRules": list(rule(always, "", "v1", "configmaps"))}})
			more := object{}
			if where == "policy" {
				child(spec, "matchConstraints")["objectSelector"] = selector
			} else {
				more["matchResources"] = object{"objectSelector": selector, "namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": name}}}
			}
			c := newCase(name, policy(name, spec), binding(name, more))
			c.create(configMap("web", nil, "tier", "web"), configMap("both", nil, "tier", "web", "more", "x"), configMap("none", nil))
			if where == "policy" {
				c.update(configMap("was", nil, "tier", "web"), configMap("was", nil)).remove(configMap("gone", nil, "tier", "web"))
			}
			cases = append(cases, c.policyCase)
		}
	}
	for i, selector := range []object{
		{"matchLabels": object{"kubernetes.io/metadata.name": "another"}}, {"matchLabels": object{"stage": "absent"}},
		expression("stage", "DoesNotExist"), expression("kubernetes.io/metadata.name", "NotIn", "another"), expression("kubernetes.io/metadata.name", "Exists"),
	} {
		name := fmt.Sprintf("namespaces-%d", i)
		spec := with(baseSpec(), object{"matchConstraints": object{"namespaceSelector": selector, "resourceRules": list(configMapRule())}})
		c := newCase(name, bound(name, spec)...)
		c.create(configMap("one", nil))
		cases = append(cases, c.policyCase)
	}
	return cases
}

func conditionCases() []policyCase {
	var cases []policyCase
	condition := func(expressions ...string) []any {
		var found []any
		for i, expression := range expressions {
			found = append(found, object{"name": fmt.Sprintf("c%d", i), "expression": expression})
		}
		return found
	}
	const fails = "object.data.absent == 'x'"
	for i, conditions := range [][]any{
		condition("true"), condition("false"), condition("true", "false"), condition(fails), condition(fails, "false"), condition("false", fails),
		condition("true", fails), condition("has(object.data) && 'go' in object.data"), condition("request.operation == 'UPDATE'"),
		condition("oldObject == null"), condition("object.metadata.name.startsWith('o')", "!has(object.metadata.labels)"),
	} {
		for _, failure := range failurePolicies(fmt.Sprint(conditions)) {
			name := fmt.Sprintf("conditions-%02d-%s", i, strings.ToLower(failure))
			c := newCase(name, bound(name, with(baseSpec(), object{"matchConditions": conditions, "failurePolicy": failure}))...)
			c.create(configMap("one", object{"go": "1"}), configMap("two", nil))
			cases = append(cases, c.policyCase)
		}
	}
	return cases
}

func messageCases() []policyCase {
	var cases []policyCase
	validations := [][]any{
		list(object{"expression": "false"}),
		list(object{"expression": "object.metadata.name ==\n  'other'"}),
		list(object{"expression": "  1 == 2  "}),
		list(object{"expression": "false", "message": "plain"}),
		list(object{"expression": "false", "message": "two\tparts"}),
		list(object{"expression": "false", "messageExpression": "'computed ' + object.metadata.name"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "'computed'"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "string(object.data.absent)"}),
		list(object{"expression": "false", "messageExpression": "string(object.data.absent)"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "''"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "'   '"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "'one\\ntwo'"}),
		list(object{"expression": "false", "message": "fallback", "messageExpression": "string(object.data.long) + string(object.data.long) + string(object.data.long)"}),
		list(object{"expression": "false", "messageExpression": "'  padded  '"}),
		list(object{"expression": "false", "message": "first"}, object{"expression": "false", "message": "second"}),
		list(object{"expression": "true", "message": "first"}, object{"expression": "false", "message": "second"}),
		list(object{"expression": "object.data.absent == ''", "message": "error"}, object{"expression": "false", "message": "second"}),
		list(object{"expression": "false", "message": "second"}, object{"expression": "object.data.absent == ''", "message": "error"}),
		list(object{"expression": "false", "message": "with \"quotes\" and 'more'"}),
		list(object{"expression": "false", "messageExpression": "'größer ' + string(object.metadata.name.size())"}),
		list(object{"expression": "false", "messageExpression": "params == null ? 'no parameters' : 'parameters'"}),
	}
	for i, validation := range validations {
		name := fmt.Sprintf("messages-%02d", i)
		data := object{"short": "x"}
		if strings.Contains(fmt.Sprint(validation), "object.data.long") {
			data = object{"long": strings.Repeat("0123456789", 200)}
		}
		c := newCase(name, bound(name, with(baseSpec(), object{"validations": validation}))...)
		c.create(configMap("one", data))
		cases = append(cases, c.policyCase)
	}
	for i, reason := range []string{"", "Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"} {
		name := fmt.Sprintf("reasons-%d", i)
		validation := object{"expression": "object.metadata.name == 'fine'", "message": "not fine"}
		if reason != "" {
			validation["reason"] = reason
		}
		c := newCase(name, bound(name, with(baseSpec(), object{"validations": list(validation)}))...)
		c.create(configMap("one", nil), configMap("fine", nil))
		cases = append(cases, c.policyCase)
	}
	return cases
}

func failureCases() []policyCase {
	var cases []policyCase
	for i, expression := range []string{
		"object.data.absent == 'x'", "1 / (object.metadata.name.size() - 3) == 1", "[1, 2][object.metadata.name.size()] == 1",
		"int(object.metadata.name) == 1", "object.metadata.name.matches('[')", "quantity(object.metadata.name).isGreaterThan(quantity('1'))",
		"object.data['absent'] == ''", "object.metadata.labels['x'] == 'y'", "duration(object.metadata.name) > duration('1s')",
		"timestamp(object.metadata.name) > timestamp('2020-01-01T00:00:00Z')", "ip(object.metadata.name).family() == 4", "object.metadata.name",
		"'a' + 1 == 'a1'", "dyn(object.metadata.name) == 1", "object.metadata.name.substring(9) == ''", "optional.none().value() == 1",
		"object.metadata.absent == 1", "9223372036854775807 + object.metadata.name.size() > 0",
		"object.data.absent == 'x' || true", "true || object.data.absent == 'x'", "object.data.absent == 'x' && false", "[1, 2].all(x, x / 0 > 0 || x < 3)",
	} {
		for _, failure := range []string{"Fail", "Ignore"} {
			name := fmt.Sprintf("failures-%02d-%s", i, strings.ToLower(failure))
			spec := with(baseSpec(), object{"failurePolicy": failure, "validations": list(object{"expression": expression, "message": "said no"})})
			c := newCase(name, bound(name, spec)...)
			c.create(configMap("one", object{"a": "b"}))
			cases = append(cases, c.policyCase)
		}
	}
	for i, variables := range [][]any{
		list(object{"name": "a", "expression": "object.data.absent"}),
		list(object{"name": "a", "expression": "object.data.a"}, object{"name": "b", "expression": "variables.a + '!'"}),
		list(object{"name": "a", "expression": "object.data.absent"}, object{"name": "b", "expression": "variables.a + '!'"}),
		list(object{"name": "b", "expression": "[1, 2].map(x, x * 2)"}), list(object{"name": "b", "expression": "{'k': object.metadata.name}"}),
		list(object{"name": "b", "expression": "has(object.data) ? object.data : {}"}), list(object{"name": "b", "expression": "optional.none()"}),
	} {
		for j, use := range []string{"false", "string(dyn(variables.b)) != ''", "dyn(variables.b) == 'b!'", "!has(dyn(variables.b).k)"} {
			if j > 0 && i == 0 {
				continue // b is not declared
			}
			name := fmt.Sprintf("variables-%d-%d", i, j)
			spec := with(baseSpec(), object{"variables": variables, "validations": list(object{"expression": use, "message": "said no"})})
			c := newCase(name, bound(name, spec)...)
			c.create(configMap("one", object{"a": "b"}))
			cases = append(cases, c.policyCase)
		}
	}
	return cases
}

func actionCases() []policyCase {
	var cases []policyCase
	for i, actions := range [][]string{{"Deny"}, {"Warn"}, {"Audit"}, {"Deny", "Audit"}, {"Warn", "Audit"}} {
		name := fmt.Sprintf("actions-%d", i)
		spec := with(baseSpec(), object{
			"validations":      list(object{"expression": "object.metadata.name != 'bad'", "message": "bad name"}, object{"expression": "!has(object.data)", "message": "has data", "reason": "Invalid"}),
			"auditAnnotations": list(object{"key": "name", "valueExpression": "'named ' + object.metadata.name"}, object{"key": "none", "valueExpression": "null"})})
		c := newCase(name, policy(name, spec), binding(name, object{"validationActions": texts(actions...)}))
		c.create(configMap("good", nil), configMap("bad", nil), configMap("bad", object{"a": "b"}))
		cases = append(cases, c.policyCase)
	}
	for i, failure := range []string{"Fail", "Ignore"} {
		for j, action := range []string{"Deny", "Warn", "Audit"} {
			name := fmt.Sprintf("action-errors-%d-%d", i, j)
			spec := with(baseSpec(), object{"failurePolicy": failure,
				"validations":      list(object{"expression": "object.data.absent == ''", "message": "absent"}),
				"auditAnnotations": list(object{"key": "broken", "valueExpression": "string(object.data.absent)"})})
			c := newCase(name, policy(name, spec), binding(name, object{"validationActions": texts(action)}))
			c.create(configMap("one", nil))
			cases = append(cases, c.policyCase)
		}
	}
	// Two bindings of one policy, and two policies.
	spec := with(baseSpec(), object{"auditAnnotations": list(object{"key": "k", "valueExpression": "'v'"})})
	second := binding("two-bindings", object{"validationActions": texts("Warn", "Audit")})
	child(second, "metadata")["name"] = "two-bindings-warn.example.com"
	c := newCase("two-bindings", policy("two-bindings", spec), binding("two-bindings"), second)
	cases = append(cases, c.create(configMap("one", nil)).policyCase)
	c = newCase("two-policies", append(bound("two-policies-a", baseSpec()), bound("two-policies-b", with(baseSpec(), object{"validations": list(object{"expression": "object.metadata.name == 'one'", "message": "not one"})}))...)...)
	c.Several = true
	cases = append(cases, c.create(configMap("one", nil), configMap("two", nil)).policyCase)
	c = newCase("unbound", policy("unbound", baseSpec()))
	cases = append(cases, c.create(configMap("one", nil)).policyCase)
	return cases
}

// requestCases show what a policy sees of a request.
func requestCases() []policyCase {
	seen := []string{
		"request.operation", "request.namespace", "request.name", "request.kind.group + '/' + request.kind.version + '/' + request.kind.kind",
		"request.resource.group + '/' + request.resource.version + '/' + request.resource.resource", "has(request.subResource) ? request.subResource : 'none'",
		"request.requestResource.resource", "request.userInfo.username", "request.userInfo.groups.join(',')", "string(request.dryRun)",
		"has(request.options) ? 'options' : 'none'", "oldObject == null ? 'no old object' : string(oldObject.metadata.name)", "object == null ? 'no object' : string(object.metadata.name)",
		"string(namespaceObject.metadata.name)", "string(namespaceObject.metadata.labels['kubernetes.io/metadata.name'])", "string(has(namespaceObject.spec))",
	}
	var validations []any
	for i, expression := range seen {
		validations = append(validations, shown(i, expression))
	}
	// Messages cannot ask the authorizer.
	for i, check := range []string{
		"authorizer.group('').resource('configmaps').namespace('default').check('create').allowed()",
		"authorizer.group('').resource('configmaps').namespace('default').check('impersonate').allowed()",
		"authorizer.requestResource.check('create').allowed()", "authorizer.path('/healthz').check('get').allowed()",
		"authorizer.serviceAccount('default', 'nobody').group('').resource('pods').check('list').allowed()",
		"authorizer.group('').resource('configmaps').subresource('x').name('y').check('get').reason() == ''",
	} {
		validations = append(validations, object{"expression": check, "message": fmt.Sprintf("check %d: no", i)})
	}
	spec := with(baseSpec(), object{"matchConstraints": object{"resourceRules": list(rule(always, "", "v1", "configmaps"), rule(always, "apps", "v1", "deployments/scale"))}, "validations": validations})
	c := newCase("request", policy("request", spec), binding("request", object{"validationActions": texts("Warn")}))
	c.create(configMap("one", nil)).update(configMap("old", nil), configMap("old", object{"a": "b"})).remove(configMap("gone", nil))
	c.Requests = append(c.Requests,
		request{Operation: "CREATE", Object: configMap("two", nil), User: &user{Name: "jane", Groups: []string{"team-a", "system:authenticated"}}},
		request{Operation: "UPDATE", Subresource: "scale", Old: deployment("scaled", 1), Object: deployment("scaled", 2)})
	// What the defaults of a Deployment look like from inside.
	inside := []string{
		"string(object.spec.replicas)", "string(object.spec.strategy.type) + ' ' + string(object.spec.strategy.rollingUpdate.maxSurge)", "string(has(object.spec.template.spec.securityContext))",
		"string(has(object.spec.template.spec.containers[0].resources))", "string(has(object.spec.template.spec.hostNetwork))", "string(object.spec.template.spec.containers[0].imagePullPolicy)",
		"string(has(object.status))", "string(has(object.metadata.uid))", "string(has(object.metadata.creationTimestamp))", "string(has(object.metadata.generation))", "string(object.metadata.namespace)",
	}
	validations = nil
	for i, expression := range inside {
		validations = append(validations, shown(i, expression))
	}
	d := newCase("defaults", policy("defaults", object{"matchConstraints": object{"resourceRules": list(rule(always, "apps", "v1", "deployments"))}, "validations": validations}),
		binding("defaults", object{"validationActions": texts("Warn")}))
	bare := deployment("bare", 1)
	delete(child(bare, "spec"), "replicas")
	set(bare, "spec/template/spec/hostNetwork", false)
	return []policyCase{c.policyCase, d.create(bare).policyCase}
}
