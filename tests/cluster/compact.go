package main

import (
	"fmt"
	"reflect"
	"strings"
)

// Recorded policies leave out what is the same in nearly all of them; a reader puts it back (README.md, "The compact form").

// compact is the setup of a case as it is recorded.
func (c *policyCase) compact() []object {
	var short []object
	own := c.Name + ".example.com"
	for _, o := range c.Setup {
		o = clone(o)
		spec := child(o, "spec")
		switch text(o, "kind") {
		case "ValidatingAdmissionPolicy", "MutatingAdmissionPolicy":
			leaveOutIf(spec, "matchConstraints", object{"resourceRules": list(configMapRule())})
			leaveOutIf(spec, "failurePolicy", "Fail")
			leaveOutIf(spec, "reinvocationPolicy", "Never")
		case "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding":
			leaveOutIf(spec, "policyName", own)
			leaveOutIf(spec, "validationActions", texts("Deny"))
			leaveOutIf(spec, "matchResources", object{"namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": c.Name}}})
			if len(spec) == 0 {
				delete(o, "spec")
			}
		default:
			short = append(short, compactObject(o))
			continue
		}
		leaveOutIf(o, "apiVersion", policyVersion)
		leaveOutIf(o, "metadata", object{"name": own})
		short = append(short, o)
	}
	return short
}

// compactRequest is a request as it is recorded.
func (c *policyCase) compactRequest(q request) request {
	if q.Expected == nil {
		return q
	}
	expected := *q.Expected
	by := fmt.Sprintf("'%s.example.com' with binding '%s.example.com'", c.Name, c.Name)
	// `configmaps "one" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'x' denied request: why`
	resource, rest, found := strings.Cut(expected.Message, " is forbidden: ValidatingAdmissionPolicy "+by+" denied request: ")
	if found && strings.HasSuffix(resource, fmt.Sprintf("%q", text(child(q.Object, "metadata"), "name"))) {
		expected.Message, expected.Denied = "", rest
	}
	if expected.Code == httpInvalid && expected.Reason == "Invalid" {
		expected.Code, expected.Reason = 0, ""
	}
	expected.Warnings = nil
	for _, warning := range q.Expected.Warnings {
		expected.Warnings = append(expected.Warnings, strings.Replace(warning, "Validation failed for ValidatingAdmissionPolicy "+by+": ", "~", 1))
	}
	if expected.Object = compactObject(expected.Object); expected.Object != nil {
		remove(expected.Object, "metadata", "namespace")
	}
	q.Expected = &expected
	if q.Operation == "CREATE" {
		q.Operation = ""
	}
	q.Object = compactObject(q.Object)
	q.Old = compactObject(q.Old)
	return q
}

func compactObject(o object) object {
	if o == nil {
		return nil
	}
	o = clone(o)
	if text(o, "kind") != "ConfigMap" {
		return o
	}
	delete(o, "apiVersion")
	delete(o, "kind")
	return o
}

func leaveOutIf(o object, key string, usual any) {
	if reflect.DeepEqual(o[key], usual) {
		delete(o, key)
	}
}
