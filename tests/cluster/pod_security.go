package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// podSecurityVersions are those at which a rule began or changed, and the server's own. `latest` means that one there,
// and a newer one in tally, so that it is asked as its number.
var podSecurityVersions = []string{
	"v1.0", "v1.8", "v1.19", "v1.22", "v1.23", "v1.25", "v1.27", "v1.29", "v1.31", "v1.32", "v1.34", "v1.35", "v1.36",
}

var podSecurityLevels = []string{"privileged", "baseline", "restricted"}

const requestsAtOnce = 4

// comparePodSecurity sends pods and controllers into namespaces with every level and version, and compares what the
// server forbids or warns about with tally's verdict and message: of the object as the server reads it back, and of the
// manifest, to which tally adds the server's defaults itself.
func (r *referee) comparePodSecurity() ([]*comparison, error) {
	all, err := r.podSecuritySamples()
	if err != nil {
		return nil, err
	}
	workloads, read, err := r.readBack(all)
	if err != nil {
		return nil, err
	}
	inputs := []struct {
		name      string
		workloads []sample
	}{{"as read back", read}, {"as written", workloads}}
	var compared []*comparison
	for _, input := range inputs {
		compared = append(compared, &comparison{name: "Pod Security enforced on pods " + input.name},
			&comparison{name: "Pod Security warnings about workloads " + input.name})
	}
	for _, level := range podSecurityLevels {
		for _, version := range podSecurityVersions {
			enforced, warned, err := r.askPodSecurity(workloads, level, version)
			if err != nil {
				return nil, err
			}
			for i, input := range inputs {
				ours, err := r.tallyPodSecurity(input.workloads, level, version)
				if err != nil {
					return nil, err
				}
				for j, w := range workloads {
					where := fmt.Sprintf("%s at %s:%s", w.from, level, version)
					if text(w.object, "kind") == "Pod" {
						compareEnforced(compared[2*i], where, text(child(w.object, "metadata"), "name"), ours[j], enforced[j])
					}
					compareWarned(compared[2*i+1], where, ours[j], warned[j])
				}
			}
		}
	}
	return compared, nil
}

// askPodSecurity returns the server's answers where a level is enforced, for pods, and where it only warns, for all.
func (r *referee) askPodSecurity(workloads []sample, level, version string) (enforced, warned []answer, err error) {
	name := level + "-" + strings.ReplaceAll(version, ".", "-")
	labels := map[string]string{"pod-security.kubernetes.io/warn": level, "pod-security.kubernetes.io/warn-version": version}
	if err = r.client.ensureNamespace("warn-"+name, labels); err != nil {
		return nil, nil, err
	}
	labels["pod-security.kubernetes.io/enforce"], labels["pod-security.kubernetes.io/enforce-version"] = level, version
	if err = r.client.ensureNamespace("enforce-"+name, labels); err != nil {
		return nil, nil, err
	}
	if enforced, err = r.postPods(workloads, "enforce-"+name); err != nil {
		return nil, nil, err
	}
	warned, err = r.postAll(workloads, "warn-"+name)
	return enforced, warned, err
}

const httpForbidden, httpInvalid = 403, 422

func compareEnforced(c *comparison, where, name string, ours string, got answer) {
	want := ""
	if ours != "" {
		want = fmt.Sprintf("pods %q is forbidden: %s", name, strings.TrimPrefix(ours, "would "))
		want = strings.Replace(want, "violate PodSecurity", "violates PodSecurity", 1)
	}
	switch {
	case got.code == httpInvalid:
		c.skipped++
	case got.allowed() && want == "":
		c.agreed++
	case got.code == httpForbidden && got.message() == want:
		c.agreed++
	default:
		c.differ("%s\n    tally:  %s\n    server: %d %s", where, want, got.code, got.message())
	}
}

func compareWarned(c *comparison, where, ours string, got answer) {
	found := ""
	for _, warning := range got.warnings {
		if strings.HasPrefix(warning, "would violate PodSecurity") {
			found = warning
		}
	}
	switch {
	case got.code == httpInvalid:
		c.skipped++
	case !got.allowed():
		c.differ("%s: the server refuses: %s", where, got.message())
	case found != ours:
		c.differ("%s\n    tally:  %s\n    server: %s", where, ours, found)
	default:
		c.agreed++
	}
}

// readBack returns the objects that the server accepts, and what it makes of them before any policy looks at them.
func (r *referee) readBack(all []sample) (sent, read []sample, err error) {
	const namespace = "read-back"
	if err := r.client.ensureNamespace(namespace, nil); err != nil {
		return nil, nil, err
	}
	answers, err := r.postAll(all, namespace)
	if err != nil {
		return nil, nil, err
	}
	refused := 0
	for i, got := range answers {
		if !got.allowed() {
			refused++
			if r.verbose {
				fmt.Printf("  not asked, the server refuses it anyway: %s: %.160s\n", all[i].from, got.message())
			}
			continue
		}
		delete(got.body, "status")
		sent = append(sent, all[i])
		read = append(read, sample{all[i].from, got.body})
	}
	fmt.Printf("  %d workloads; %d more are not valid for this server\n", len(sent), refused)
	return sent, read, nil
}

// postPods is postAll for the pods among them: enforcement is not asked about controllers.
func (r *referee) postPods(samples []sample, namespace string) ([]answer, error) {
	var pods []sample
	for _, s := range samples {
		if text(s.object, "kind") == "Pod" {
			pods = append(pods, s)
		}
	}
	got, err := r.postAll(pods, namespace)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(samples))
	next := 0
	for i, s := range samples {
		if text(s.object, "kind") == "Pod" {
			answers[i] = got[next]
			next++
		}
	}
	return answers, nil
}

// postAll creates every object in one namespace, some at once; the answers are in the order of the objects.
func (r *referee) postAll(samples []sample, namespace string) ([]answer, error) {
	answers := make([]answer, len(samples))
	problems := make([]error, len(samples))
	var group sync.WaitGroup
	for worker := range requestsAtOnce {
		group.Go(func() {
			for i := worker; i < len(samples); i += requestsAtOnce {
				answers[i], problems[i] = r.client.create(user{}, samples[i].object, namespace, true)
			}
		})
	}
	group.Wait()
	for _, err := range problems {
		if err != nil {
			return nil, err
		}
	}
	return answers, nil
}

// tallyPodSecurity is tally's message for each workload, empty where it is allowed.
func (r *referee) tallyPodSecurity(workloads []sample, level, version string) ([]string, error) {
	list := make([]any, len(workloads))
	for i, w := range workloads {
		list[i] = w.object
	}
	report, err := r.runTally(object{"apiVersion": "v1", "kind": "List", "items": list},
		"--pod-security", level+":"+version)
	if err != nil {
		return nil, err
	}
	byName := map[string]object{}
	for _, w := range items(report, "workloads") {
		byName[text(child(w, "subject"), "name")] = w
	}
	messages := make([]string, len(workloads))
	for i, w := range workloads {
		name := text(child(w.object, "metadata"), "name")
		found, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("tally did not judge %s (%s)", name, w.from)
		}
		messages[i] = text(found, "message")
		if allowed, _ := found["allowed"].(bool); allowed != (messages[i] == "") {
			return nil, fmt.Errorf("tally: %s is allowed: %t, but its message is %q", name, allowed, messages[i])
		}
	}
	return messages, nil
}

// runTally judges one object (often a List) and returns the report.
func (r *referee) runTally(input object, flags ...string) (object, error) {
	if r.tally == "" {
		return nil, fmt.Errorf("-tally names no program")
	}
	text, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	file := r.cluster.path("input.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	command := exec.Command(r.tally, append([]string{"assess", "-o", "json", "--quiet", "--fail-on", "never"}, append(flags, file)...)...)
	command.Dir = r.cluster.folder
	var problem strings.Builder
	command.Stderr = &problem
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, problem.String())
	}
	return parseObject(output)
}

// podSecuritySamples are the peers' cases, the applications' workloads and generated ones, each under a name of its own.
func (r *referee) podSecuritySamples() ([]sample, error) {
	cases, err := readSamples(filepath.Join(r.corpus, "pss"))
	if err != nil {
		return nil, err
	}
	applications, err := readSamples(filepath.Join(r.corpus, "apps"))
	if err != nil {
		return nil, err
	}
	var found []sample
	seen := map[string]bool{}
	for _, s := range append(append(cases, applications...), generatedWorkloads()...) {
		spec := podSpecOf(s.object)
		if spec == nil {
			continue
		}
		s.object = clone(s.object)
		metadata := child(s.object, "metadata")
		delete(metadata, "namespace")
		delete(metadata, "name")
		// The same pod stands in several folders of the cases.
		key, err := json.Marshal(s.object)
		if err != nil {
			return nil, err
		}
		if seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		metadata["name"] = fmt.Sprintf("w%04d", len(found))
		delete(metadata, "generateName")
		found = append(found, s)
	}
	return found, nil
}

// podSpecOf is the pod spec inside a workload, or nil.
func podSpecOf(o object) object {
	spec := child(o, "spec")
	switch text(o, "kind") {
	case "Pod":
		return spec
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
		return child(child(spec, "template"), "spec")
	case "CronJob":
		return child(child(child(child(spec, "jobTemplate"), "spec"), "template"), "spec")
	case "PodTemplate":
		return child(child(o, "template"), "spec")
	}
	return nil
}
