package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tallyDecision is tally's answer to one request. The report lists one entry of `decisions` per request.
func (r *referee) tallyDecision(families map[string][]policyCase, c policyCase, q *request) (*said, error) {
	write := func(name string, objects []any) (string, error) {
		text, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": objects})
		if err != nil {
			return "", err
		}
		file := r.cluster.path(name)
		return file, os.WriteFile(file, text, 0o600)
	}
	inNamespace := func(o object) object {
		kind, _ := r.client.resourceOf(o)
		if o = clone(o); kind.namespaced {
			child(o, "metadata")["namespace"] = c.Name
		}
		return o
	}
	// Policies are part of the input, where those without a binding have no effect, as in a cluster.
	around := []any{object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": c.Name}}}
	for _, o := range c.Setup {
		if isPolicy(o) {
			around = append(around, o)
		} else {
			around = append(around, inNamespace(o))
		}
	}
	around = append(around, r.parametersElsewhere(families, c)...)
	subject := q.Object
	if subject == nil {
		subject = q.Old
	}
	input, err := write("objects.json", append(around, inNamespace(subject)))
	if err != nil {
		return nil, err
	}
	arguments := []string{"assess", "-o", "json", "--quiet", "--fail-on", "never", "--operation", q.Operation}
	as := user{Name: "admin", Groups: []string{"system:masters", "system:authenticated"}}
	if q.User != nil {
		as = *q.User
	}
	arguments = append(arguments, "--user", as.Name)
	if len(as.Groups) > 0 {
		arguments = append(arguments, "--groups", strings.Join(as.Groups, ","))
	}
	if q.Subresource != "" {
		arguments = append(arguments, "--subresource", q.Subresource)
	}
	if q.Old != nil {
		old, err := write("old.json", []any{inNamespace(q.Old)})
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, "--old-object", old)
	}
	output, err := exec.Command(r.tally, append(arguments, input)...).Output()
	if err != nil {
		return nil, fmt.Errorf("tally %s: %w", strings.Join(arguments, " "), err)
	}
	report, err := parseObject(output)
	if err != nil {
		return nil, err
	}
	name := text(child(subject, "metadata"), "name")
	for _, decision := range items(report, "decisions") {
		about := child(decision, "subject")
		if text(about, "name") != name || text(about, "kind") != text(subject, "kind") {
			continue
		}
		raw, err := json.Marshal(decision)
		if err != nil {
			return nil, err
		}
		found := &said{}
		if err := json.Unmarshal(raw, found); err != nil {
			return nil, err
		}
		for _, finding := range items(report, "findings") {
			if text(child(finding, "subject"), "name") == name {
				found.refusals = append(found.refusals, text(finding, "message"))
			}
		}
		if found.Object = clone(child(decision, "object")); found.Object != nil {
			leaveOut(found.Object)
		}
		return found, nil
	}
	return nil, fmt.Errorf("tally decided nothing about %s", name)
}

// parametersElsewhere are the objects of the namespaces of other cases that this one's bindings name.
func (r *referee) parametersElsewhere(families map[string][]policyCase, c policyCase) []any {
	wanted := map[string]bool{}
	for _, o := range c.Setup {
		if namespace := text(child(child(o, "spec"), "paramRef"), "namespace"); namespace != "" && namespace != c.Name {
			wanted[namespace] = true
		}
	}
	var found []any
	for _, family := range families {
		for _, other := range family {
			if !wanted[other.Name] {
				continue
			}
			for _, o := range other.Setup {
				if !isPolicy(o) {
					o = clone(o)
					child(o, "metadata")["namespace"] = other.Name
					found = append(found, o)
				}
			}
		}
	}
	return found
}
