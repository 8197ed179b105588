package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// Config maps beside the workloads: more than a page of a list holds.
const manyConfigMaps = 620

// compareLive creates objects for good, and compares what `tally assess --cluster` says of them with what it says of
// the same objects in a file. A second run is a user who may read what --print-rbac lists, and nothing else.
func (r *referee) compareLive() ([]*comparison, error) {
	const namespace = "live"
	if err := r.client.ensureNamespace(namespace, nil); err != nil {
		return nil, err
	}
	inFile, err := r.createLive(namespace)
	if err != nil {
		return nil, err
	}
	file := r.cluster.path("live.json")
	raw, err := json.Marshal(object{"apiVersion": "v1", "kind": "List", "items": inFile})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		return nil, err
	}
	kubeconfig := r.cluster.path("kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(r.cluster.kubeconfig()), 0o600); err != nil {
		return nil, err
	}
	expected, err := r.liveFindings(namespace, file)
	if err != nil {
		return nil, err
	}
	found, err := r.liveFindings(namespace, "--cluster", "--kubeconfig", kubeconfig)
	if err != nil {
		return nil, err
	}
	c := &comparison{name: "findings of a live cluster"}
	compareCounts(c, expected, found)

	role, err := exec.Command(r.tally, "assess", "--print-rbac", "--kubeconfig", kubeconfig).Output()
	if err != nil {
		return nil, fmt.Errorf("tally assess --print-rbac: %w", err)
	}
	reader, err := r.readerOf(role)
	if err != nil {
		return nil, err
	}
	limited := &comparison{name: "findings of a reader with the printed role alone"}
	found, err = r.liveFindings(namespace, "--cluster", "--kubeconfig", reader)
	if err != nil {
		return nil, err
	}
	compareCounts(limited, expected, found)
	return []*comparison{c, limited}, nil
}

// createLive makes the objects, and returns them as the server has them.
func (r *referee) createLive(namespace string) ([]any, error) {
	all := []any{object{"apiVersion": "v1", "kind": "Namespace", "metadata": object{"name": namespace}}}
	create := func(o object) error {
		path, err := r.client.collection(o, namespace)
		if err != nil {
			return err
		}
		made, err := r.client.do(user{}, http.MethodPost, path+"?fieldValidation=Ignore", o)
		if err == nil && made.code < 300 {
			all = append(all, made.body)
		}
		return err
	}
	for i, s := range generatedWorkloads() {
		o := clone(s.object)
		metadata := child(o, "metadata")
		if metadata == nil {
			metadata = object{}
			o["metadata"] = metadata
		}
		metadata["name"] = fmt.Sprintf("w%d", i)
		metadata["namespace"] = namespace
		if err := create(o); err != nil {
			return nil, err
		}
	}
	if len(all) < 50 {
		return nil, fmt.Errorf("the server took %d workloads only", len(all)-1)
	}
	for i := range manyConfigMaps {
		err := create(object{"apiVersion": "v1", "kind": "ConfigMap", "metadata": object{"name": fmt.Sprintf("c%d", i)}})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// liveFindings runs tally; the findings about objects of the namespace, each as one text. Network policy is left out: it
// speaks of the whole cluster.
func (r *referee) liveFindings(namespace string, input ...string) (map[string]int, error) {
	arguments := append([]string{"assess", "-o", "json", "--quiet", "--fail-on", "never"}, input...)
	command := exec.Command(r.tally, arguments...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("tally %s: %w\n%s", strings.Join(arguments, " "), err, complaints.String())
	}
	report, err := parseObject(output)
	if err != nil {
		return nil, err
	}
	found := map[string]int{}
	for _, finding := range items(report, "findings") {
		subject := child(finding, "subject")
		if text(subject, "namespace") != namespace || text(finding, "engine") == "network" {
			continue
		}
		found[strings.Join([]string{text(finding, "engine"), text(finding, "rule"), text(subject, "kind"),
			text(subject, "name"), text(finding, "pointer"), text(finding, "verdict"), text(finding, "message")}, " ")]++
	}
	return found, nil
}

func compareCounts(c *comparison, expected, found map[string]int) {
	for _, key := range sortedKeys(expected) {
		if found[key] == expected[key] {
			c.agreed++
		} else {
			c.differ("%d in a file, %d in the cluster: %s", expected[key], found[key], key)
		}
	}
	for _, key := range sortedKeys(found) {
		if _, known := expected[key]; !known {
			c.differ("in the cluster alone: %s", key)
		}
	}
	if c.agreed < 100 {
		c.differ("only %d findings were compared", c.agreed)
	}
}

// readerOf makes a service account that has the role and nothing else, and returns its kubeconfig.
func (r *referee) readerOf(role []byte) (string, error) {
	file := r.cluster.path("role.yaml")
	if err := os.WriteFile(file, role, 0o600); err != nil {
		return "", err
	}
	samples, err := readSamples(file)
	if err != nil {
		return "", err
	}
	if len(samples) != 1 {
		return "", fmt.Errorf("--print-rbac printed %d objects", len(samples))
	}
	name := text(child(samples[0].object, "metadata"), "name")
	for _, o := range []object{samples[0].object,
		{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": object{"name": "reader"}},
		{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": object{"name": "reader"},
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
			"subjects": []any{object{"kind": "ServiceAccount", "namespace": "default", "name": "reader"}}}} {
		made, err := r.client.create(user{}, o, "default", false)
		if err != nil {
			return "", err
		}
		if made.code >= 300 {
			return "", fmt.Errorf("%s: %s", text(o, "kind"), made.message())
		}
	}
	token, err := r.client.must(http.MethodPost, "/api/v1/namespaces/default/serviceaccounts/reader/token",
		object{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": object{}})
	if err != nil {
		return "", err
	}
	kubeconfig := strings.ReplaceAll(r.cluster.kubeconfig(), r.client.token, text(child(token, "status"), "token"))
	path := r.cluster.path("reader.kubeconfig")
	return path, os.WriteFile(path, []byte(kubeconfig), 0o600)
}
