package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/yaml"
)

// auditPolicy logs every request with its annotations, which is where policies leave theirs.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, verbs: [get, list, watch]}
- {level: Metadata}
`

// policyCase is a set of policies with requests that they judge. Its name is also its namespace: bindings hold there
// only, so that the policies of all cases can be installed together.
type policyCase struct {
	Name     string    `json:"case"`
	Setup    []object  `json:"setup"` // policies, bindings, parameters, definitions, in the order of installation
	Requests []request `json:"requests,omitempty"`
	Several  bool      `json:"several,omitempty"` // more than one policy may deny or change: the order is the server's
	Refused  []string  `json:"refused,omitempty"` // what the server does not accept of the setup; then nothing is asked
}

// request is one request and what the server answered.
type request struct {
	Operation   string `json:"operation,omitempty"` // CREATE, UPDATE, DELETE; in recorded/ none is CREATE
	Subresource string `json:"subresource,omitempty"`
	User        *user  `json:"user,omitempty"` // nobody: the administrator
	Object      object `json:"object,omitempty"`
	Old         object `json:"oldObject,omitempty"`
	Expected    *said  `json:"expected,omitempty"`
}

// said is the part of an answer that does not depend on time or place.
type said struct {
	Allowed          bool              `json:"allowed"`
	Code             int               `json:"code,omitempty"` // of a refusal
	Reason           string            `json:"reason,omitempty"`
	Message          string            `json:"message,omitempty"`
	Denied           string            `json:"denied,omitempty"` // in recorded/: Message without the usual beginning
	Warnings         []string          `json:"warnings,omitempty"`
	AuditAnnotations map[string]string `json:"auditAnnotations,omitempty"`
	Object           object            `json:"object,omitempty"` // where a policy may have changed it
	refusals         []string          // tally's: what each of its findings says
}

// compareCases installs the policies of all cases, sends their requests, writes down what the server said (record), or
// compares it with what was written down and with tally.
func (r *referee) compareCases(record bool) ([]*comparison, error) {
	families := generatedCases()
	own, err := readCases(filepath.Join(r.here, "cases"))
	if err != nil {
		return nil, err
	}
	families["cases"] = own
	if err := r.askServer(families); err != nil {
		return nil, err
	}
	recorded := &comparison{name: "answers of the server against the recorded ones"}
	for _, family := range sortedKeys(families) {
		file := filepath.Join(r.here, "recorded", family+".jsonl")
		if record {
			if err := writeRecorded(file, families[family]); err != nil {
				return nil, err
			}
		}
		if err := compareRecorded(recorded, file, families[family]); err != nil {
			return nil, err
		}
	}
	ours, err := r.compareTally(families)
	if err != nil {
		return nil, err
	}
	return []*comparison{recorded, ours}, nil
}

const writersRole = "everybody-writes"

// askServer fills in what the server says to every request.
func (r *referee) askServer(families map[string][]policyCase) error {
	// Requests of other users must get as far as the policies.
	for _, o := range []object{
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": object{"name": writersRole},
			"rules": []any{object{"apiGroups": []any{"*"}, "resources": []any{"*"}, "verbs": []any{"create", "update", "patch", "delete", "get"}}}},
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": object{"name": writersRole},
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": writersRole},
			"subjects": []any{object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}}},
	} {
		if err := r.install(o, ""); err != nil {
			return err
		}
	}
	var all []*policyCase
	for _, family := range sortedKeys(families) {
		for i := range families[family] {
			all = append(all, &families[family][i])
		}
	}
	// Definitions first, then what is updated or deleted, then the policies, which would judge it.
	for _, c := range all {
		if err := r.client.ensureNamespace(c.Name, nil); err != nil {
			return fmt.Errorf("case %s: %w", c.Name, err)
		}
	}
	for _, early := range []bool{true, false} {
		for _, c := range all {
			for _, o := range c.Setup {
				if early != isPolicy(o) {
					if err := r.installOrRecord(o, c); err != nil {
						return fmt.Errorf("case %s: %w", c.Name, err)
					}
				}
			}
			if early {
				for _, q := range c.Requests {
					if q.Old != nil {
						if err := r.installOld(q.Old, c.Name); err != nil {
							return fmt.Errorf("case %s: %w", c.Name, err)
						}
					}
				}
			}
		}
	}
	return r.askUntilStable(all)
}

// What may judge the objects that the cases need is installed after them.
func isPolicy(o object) bool {
	switch text(o, "kind") {
	case "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding":
		return true
	}
	return false
}

const (
	stableAnswers  = 2 // the same in a row
	answersTimeout = 5 * time.Minute
)

// askUntilStable repeats all requests until the answers stay the same: policies and parameters arrive one by one.
func (r *referee) askUntilStable(all []*policyCase) error {
	deadline := time.Now().Add(answersTimeout)
	var before []string
	same := 0
	changing := ""
	for same < stableAnswers {
		if time.Now().After(deadline) {
			return fmt.Errorf("the server's answers did not become stable: %s", changing)
		}
		ids, err := r.askAll(all)
		if err != nil {
			return err
		}
		annotations, err := r.auditAnnotations(ids)
		if err != nil {
			return err
		}
		next := 0
		for _, c := range all {
			for i := range c.Requests {
				c.Requests[i].Expected.AuditAnnotations = annotations[ids[next]]
				next++
			}
		}
		var now []string
		for _, c := range all {
			line, err := marshal(c.recorded())
			if err != nil {
				return err
			}
			now = append(now, string(line))
		}
		changing = ""
		for i := range now {
			if len(before) > 0 && before[i] != now[i] {
				changing = before[i] + now[i]
			}
		}
		if changing == "" && len(before) > 0 {
			same++
		} else {
			same = 0
			// The policies are read again every second.
			pause(1200 * time.Millisecond)
		}
		before = now
	}
	return nil
}

// askAll sends every request, some at once, and returns the ids of their audit events.
func (r *referee) askAll(all []*policyCase) ([]string, error) {
	type question struct {
		c *policyCase
		q *request
	}
	var questions []question
	for _, c := range all {
		for i := range c.Requests {
			questions = append(questions, question{c, &c.Requests[i]})
		}
	}
	ids := make([]string, len(questions))
	problems := make([]error, requestsAtOnce)
	var group sync.WaitGroup
	for worker := range requestsAtOnce {
		group.Go(func() {
			for i := worker; i < len(questions) && problems[worker] == nil; i += requestsAtOnce {
				var err error
				if ids[i], err = r.ask(questions[i].c, questions[i].q); err != nil {
					problems[worker] = fmt.Errorf("case %s: %w", questions[i].c.Name, err)
				}
			}
		})
	}
	group.Wait()
	return ids, errors.Join(problems...)
}

// install creates an object for good. Definitions are waited for.
func (r *referee) install(o object, namespace string) error {
	made, err := r.client.create(user{}, o, namespace, false)
	if err != nil {
		return err
	}
	if made.code == httpInvalid {
		return refusal(made.message())
	}
	if !made.allowed() && made.code != http.StatusConflict {
		return fmt.Errorf("%s %s: %s", text(o, "kind"), text(child(o, "metadata"), "name"), made.message())
	}
	if text(o, "kind") == "CustomResourceDefinition" {
		return r.waitForDefinition(o)
	}
	return nil
}

func (r *referee) waitForDefinition(definition object) error {
	spec := child(definition, "spec")
	names := child(spec, "names")
	for _, version := range items(spec, "versions") {
		groupVersion := text(spec, "group") + "/" + text(version, "name")
		kind := resource{text(names, "plural"), text(spec, "scope") == "Namespaced"}
		r.client.kinds[groupVersion+"/"+text(names, "kind")] = kind
		for attempt := 0; ; attempt++ {
			got, err := r.client.do(user{}, http.MethodGet, root(groupVersion)+"/"+kind.plural, nil)
			if err == nil && got.allowed() {
				break
			}
			if attempt > 100 {
				return fmt.Errorf("%s is not served", groupVersion)
			}
			pause(100 * time.Millisecond)
		}
	}
	return nil
}

// installOrRecord keeps the server's words about a policy or definition that it does not accept.
func (r *referee) installOrRecord(o object, c *policyCase) error {
	err := r.install(o, c.Name)
	var refused refusal
	if errors.As(err, &refused) {
		c.Refused = append(c.Refused, string(refused))
		c.Requests = nil
		return nil
	}
	return err
}

type refusal string

func (r refusal) Error() string { return string(r) }

// installOld creates what a request updates or deletes. A definition is served a moment before it is enforced.
func (r *referee) installOld(o object, namespace string) error { return r.install(o, namespace) }

// ask sends one request as a dry run, fills in the answer, and returns the id of its audit event.
func (r *referee) ask(c *policyCase, q *request) (string, error) {
	as := user{}
	if q.User != nil {
		as = *q.User
	}
	subject := q.Object
	if subject == nil {
		subject = q.Old
	}
	path, err := r.client.collection(subject, c.Name)
	if err != nil {
		return "", err
	}
	name := text(child(subject, "metadata"), "name")
	method := http.MethodPost
	body := any(q.Object)
	switch q.Operation {
	case "CREATE":
	case "UPDATE":
		method = http.MethodPut
		path += "/" + url.PathEscape(name)
		// Custom resources are replaced only by who names the version that is replaced.
		if strings.Contains(text(q.Object, "apiVersion"), ".example.com/") && q.Subresource == "" {
			stored, err := r.client.do(user{}, http.MethodGet, path, nil)
			if err != nil {
				return "", err
			}
			named := clone(q.Object)
			child(named, "metadata")["resourceVersion"] = text(child(stored.body, "metadata"), "resourceVersion")
			body = any(named)
		}
	case "DELETE":
		method = http.MethodDelete
		path += "/" + url.PathEscape(name)
		body = nil
	default:
		return "", fmt.Errorf("unknown operation %q", q.Operation)
	}
	if q.Subresource != "" {
		path += "/" + q.Subresource
		if q.Subresource == "scale" {
			body = object{"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": object{"name": name, "namespace": c.Name},
				"spec": object{"replicas": child(q.Object, "spec")["replicas"]}}
		}
	}
	got, err := r.client.do(as, method, path+"?dryRun=All&fieldValidation=Ignore", body)
	if err != nil {
		return "", err
	}
	q.Expected = &said{Allowed: got.allowed(), Warnings: got.warnings}
	if !got.allowed() {
		q.Expected.Code = got.code
		q.Expected.Message = got.message()
		q.Expected.Reason = text(got.body, "reason")
	} else if q.Operation != "DELETE" && q.Subresource == "" && mutates(c) {
		q.Expected.Object = clone(got.body)
		leaveOut(q.Expected.Object)
	}
	return got.auditID, nil
}

func mutates(c *policyCase) bool {
	for _, o := range c.Setup {
		if text(o, "kind") == "MutatingAdmissionPolicy" {
			return true
		}
	}
	return false
}

// auditAnnotations reads what policies wrote into the audit events of these requests.
func (r *referee) auditAnnotations(ids []string) (map[string]map[string]string, error) {
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	found := map[string]map[string]string{}
	for attempt := 0; len(found) < len(wanted); attempt++ {
		if attempt > 50 {
			return nil, fmt.Errorf("the audit log holds %d of %d requests", len(found), len(wanted))
		}
		log, err := os.Open(r.cluster.auditLog())
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(log)
		lines.Buffer(make([]byte, 64*1024), 16<<20)
		for lines.Scan() {
			var event struct {
				AuditID     string            `json:"auditID"`
				Annotations map[string]string `json:"annotations"`
			}
			if json.Unmarshal(lines.Bytes(), &event) != nil || !wanted[event.AuditID] {
				continue
			}
			kept := map[string]string{}
			for key, value := range event.Annotations {
				if !strings.HasPrefix(key, "authorization.k8s.io/") && !strings.HasPrefix(key, "pod-security.kubernetes.io/") {
					kept[key] = value
				}
			}
			found[event.AuditID] = kept
		}
		log.Close()
		if len(found) < len(wanted) {
			pause(50 * time.Millisecond)
		}
	}
	return found, nil
}

// recorded is the case without what the server may say one way or another.
func (c *policyCase) recorded() policyCase {
	copied := *c
	copied.Setup = c.compact()
	copied.Requests = nil
	for _, q := range c.Requests {
		if q.Expected != nil && c.Several {
			q.Expected = &said{Allowed: q.Expected.Allowed}
		}
		copied.Requests = append(copied.Requests, c.compactRequest(q))
	}
	return copied
}

func writeRecorded(file string, cases []policyCase) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	var out bytes.Buffer
	for _, c := range cases {
		line, err := marshal(c.recorded())
		if err != nil {
			return err
		}
		out.Write(line)
	}
	return os.WriteFile(file, out.Bytes(), 0o644)
}

// marshal is json.Marshal that leaves < and > readable, with a newline.
func marshal(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return out.Bytes(), err
}

// compareRecorded finds out whether a newer server answers as the one that was recorded.
func compareRecorded(c *comparison, file string, cases []policyCase) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	recorded := map[string]string{}
	for _, line := range strings.SplitAfter(string(text), "\n") {
		var head struct {
			Name string `json:"case"`
		}
		if line != "" && json.Unmarshal([]byte(line), &head) == nil {
			recorded[head.Name] = line
		}
	}
	for _, one := range cases {
		line, err := marshal(one.recorded())
		if err != nil {
			return err
		}
		switch {
		case recorded[one.Name] == "":
			c.differ("%s is not recorded: run the step `record`", one.Name)
		case recorded[one.Name] != string(line):
			c.differ("%s: the recorded answers differ: `record` again and look at the change", one.Name)
		default:
			c.agreed += len(one.Requests)
		}
	}
	return nil
}

// readCases reads the hand-written cases, cases/NAME/: policy.yaml holds what is installed, objects.yaml an object per
// request, old.yaml what the first of them were before (then they are updates), request.yaml operation and user.
func readCases(folder string) ([]policyCase, error) {
	folders, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var cases []policyCase
	for _, entry := range folders {
		at := func(name string) []object {
			text, err := os.ReadFile(filepath.Join(folder, entry.Name(), name))
			if err != nil {
				return nil
			}
			return parseManifest(string(text))
		}
		c := policyCase{Name: entry.Name(), Setup: at("policy.yaml")}
		if len(c.Setup) == 0 {
			return nil, fmt.Errorf("case %s has no policy.yaml", c.Name)
		}
		asked, err := readRequest(filepath.Join(folder, entry.Name(), "request.yaml"))
		if err != nil {
			return nil, err
		}
		old := at("old.yaml")
		for i, o := range at("objects.yaml") {
			q := request{Operation: "CREATE", User: asked.User, Object: o}
			if i < len(old) {
				q.Operation, q.Old = "UPDATE", old[i]
			}
			if asked.Operation == "DELETE" {
				q.Operation, q.Old, q.Object = "DELETE", o, nil
			}
			c.Requests = append(c.Requests, q)
		}
		if len(c.Requests) == 0 {
			return nil, fmt.Errorf("case %s has no objects.yaml", c.Name)
		}
		c.confine()
		cases = append(cases, c)
	}
	return cases, nil
}

// readRequest reads operation and user of all requests of a case; a file that is not there says nothing.
func readRequest(file string) (request, error) {
	var asked request
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return asked, nil
	}
	if err == nil {
		err = yaml.UnmarshalStrict(text, &asked)
	}
	return asked, err
}

// confine makes every binding hold in the namespace of the case only.
func (c *policyCase) confine() {
	for _, o := range c.Setup {
		switch text(o, "kind") {
		case "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding":
		default:
			continue
		}
		spec := child(o, "spec")
		if child(spec, "matchResources") == nil {
			spec["matchResources"] = object{}
		}
		match := child(spec, "matchResources")
		if match["namespaceSelector"] != nil {
			continue
		}
		match["namespaceSelector"] = object{"matchLabels": object{"kubernetes.io/metadata.name": c.Name}}
	}
}

// compareTally asks tally about every request of every case.
func (r *referee) compareTally(families map[string][]policyCase) (*comparison, error) {
	c := &comparison{name: "admission policies: tally against the server"}
	known, err := readKnownDifferences(filepath.Join(r.here, "known_differences.txt"))
	if err != nil {
		return nil, err
	}
	for _, family := range sortedKeys(families) {
		for _, one := range families[family] {
			for i := range one.Requests {
				q := &one.Requests[i]
				ours, err := r.tallyDecision(families, one, q)
				if err != nil {
					return nil, fmt.Errorf("case %s: %w", one.Name, err)
				}
				if reason := known[fmt.Sprintf("%s/%d", one.Name, i)]; reason != "" {
					c.skipped++
					continue
				}
				if why := disagreement(one, q.Expected, ours); why != "" {
					c.differ("%s/%d: %s", one.Name, i, why)
				} else {
					c.agreed++
				}
			}
		}
	}
	return c, nil
}

// readKnownDifferences reads lines of "CASE/NUMBER reason"; a reason is demanded.
func readKnownDifferences(file string) (map[string]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		request, reason, found := strings.Cut(line, " ")
		if !found {
			return nil, fmt.Errorf("%s: %q has no reason", file, line)
		}
		known[request] = reason
	}
	return known, nil
}

// disagreement says how two answers differ. Of several denying policies the server reports the first one only, and
// which one that is, it does not promise.
func disagreement(c policyCase, server, ours *said) string {
	if server.Allowed != ours.Allowed {
		return fmt.Sprintf("server: allowed %t (%s), tally: allowed %t (%s)", server.Allowed, server.Message, ours.Allowed, ours.Message)
	}
	if !c.Several && server.Message != ours.Message {
		return fmt.Sprintf("message\n    tally:  %s\n    server: %s", ours.Message, server.Message)
	}
	if c.Several && server.Message != "" {
		found := false
		for _, line := range strings.Split(ours.Message, "\n") {
			found = found || line == server.Message
		}
		for _, refusal := range ours.refusals {
			found = found || refusal != "" && strings.HasSuffix(server.Message, refusal)
		}
		if !found {
			return fmt.Sprintf("the server's message is none of tally's\n    tally:  %s\n    server: %s", ours.Message, server.Message)
		}
	}
	sort.Strings(ours.Warnings)
	theirs := append([]string(nil), server.Warnings...)
	sort.Strings(theirs)
	if strings.Join(theirs, "\n") != strings.Join(ours.Warnings, "\n") {
		return fmt.Sprintf("warnings\n    tally:  %q\n    server: %q", ours.Warnings, theirs)
	}
	for key, value := range server.AuditAnnotations {
		if ours.AuditAnnotations[key] != value {
			return fmt.Sprintf("audit annotation %s\n    tally:  %q\n    server: %q", key, ours.AuditAnnotations[key], value)
		}
	}
	if server.Object != nil && !c.Several {
		var found []string
		differ("", any(ours.Object), any(server.Object), &found)
		if len(found) > 0 {
			return "mutated object: " + join(found)
		}
	}
	return ""
}
