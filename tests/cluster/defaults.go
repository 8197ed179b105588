package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// compareDefaults posts objects to a server without policies and compares what it returns with what tally makes of
// the same objects.
func (r *referee) compareDefaults() ([]*comparison, error) {
	sets := []struct {
		name   string
		folder string
	}{
		{"defaults of the applications", filepath.Join(r.corpus, "apps")},
		{"defaults of the Pod Security cases", filepath.Join(r.corpus, "pss")},
		{"defaults of own objects", filepath.Join(r.here, "objects")},
	}
	var compared []*comparison
	for _, set := range sets {
		samples, err := readSamples(set.folder)
		if err != nil {
			return nil, err
		}
		c, err := r.compareDefaultsOf(set.name, samples)
		if err != nil {
			return nil, err
		}
		compared = append(compared, c)
	}
	c, err := r.compareDefaultsOf("defaults of generated workloads", generatedWorkloads())
	if err != nil {
		return nil, err
	}
	return append(compared, c), nil
}

func (r *referee) compareDefaultsOf(name string, samples []sample) (*comparison, error) {
	c := &comparison{name: name}
	var sent, returned []sample
	refused := map[string]int{}
	for _, s := range samples {
		// Names are not what is compared, and the peers' have underscores.
		s.object = clone(s.object)
		if metadata := child(s.object, "metadata"); text(metadata, "name") != "" {
			metadata["name"] = strings.ReplaceAll(text(metadata, "name"), "_", "-")
		}
		if _, served := r.client.resourceOf(s.object); !served {
			c.skipped++
			refused["not served: "+text(s.object, "apiVersion")+" "+text(s.object, "kind")]++
			continue
		}
		if namespace := text(child(s.object, "metadata"), "namespace"); namespace != "" {
			if err := r.client.ensureNamespace(namespace, nil); err != nil {
				return nil, err
			}
		}
		got, err := r.client.create(user{}, s.object, "default", true)
		if err != nil {
			return nil, err
		}
		if !got.allowed() {
			c.skipped++
			refused["refused: "+s.from+": "+got.message()]++
			continue
		}
		sent = append(sent, s)
		returned = append(returned, sample{s.from, got.body})
	}
	for _, why := range sortedKeys(refused) {
		if r.verbose {
			fmt.Printf("  skipped %d x %.300s\n", refused[why], why)
		}
	}
	ours, err := r.defaultedObjects(sent)
	if err != nil {
		return nil, err
	}
	for i := range sent {
		mine, server := ours[i], clone(returned[i].object)
		leaveOut(mine)
		leaveOut(server)
		var found []string
		differ("", mine, server, &found)
		if len(found) == 0 {
			c.agreed++
			continue
		}
		c.differ("%s %s: %s", sent[i].from, text(sent[i].object, "kind"), join(found))
	}
	return c, nil
}

// leaveOut removes what the server invents (identity, time, addresses) from either side.
func leaveOut(o object) {
	metadata := child(o, "metadata")
	for _, field := range []string{"uid", "creationTimestamp", "managedFields", "generation", "resourceVersion"} {
		delete(metadata, field)
	}
	if text(metadata, "generateName") != "" {
		delete(metadata, "name")
	}
	delete(o, "status")
	spec := child(o, "spec")
	switch text(o, "kind") {
	case "Service":
		// Addresses and ports are allocated from what is free.
		for _, field := range []string{"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"} {
			delete(spec, field)
		}
		for _, port := range items(spec, "ports") {
			delete(port, "nodePort")
		}
	case "Job":
		// Selector and labels hold the uid, unless the author selects.
		if manual, _ := spec["manualSelector"].(bool); !manual {
			delete(spec, "selector")
			labels := child(child(child(spec, "template"), "metadata"), "labels")
			for _, key := range []string{"batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name"} {
				delete(labels, key)
				delete(child(metadata, "labels"), key)
			}
			dropEmpty(child(child(spec, "template"), "metadata"), "labels")
			dropEmpty(child(spec, "template"), "metadata")
		}
	}
	dropEmpty(metadata, "labels")
}

func dropEmpty(o object, key string) {
	if value, ok := o[key].(object); ok && len(value) == 0 {
		delete(o, key)
	}
}

// defaultedObjects asks tally for the objects with its defaults.
func (r *referee) defaultedObjects(samples []sample) ([]object, error) {
	if len(samples) == 0 {
		return nil, nil
	}
	if r.defaulted == "" {
		return nil, fmt.Errorf("-defaulted names no program")
	}
	var lines bytes.Buffer
	for _, s := range samples {
		line, err := json.Marshal(s.object)
		if err != nil {
			return nil, err
		}
		lines.Write(append(line, '\n'))
	}
	command := exec.Command(r.defaulted)
	command.Stdin, command.Stderr = &lines, os.Stderr
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.defaulted, err)
	}
	var found []object
	scanner := bufio.NewScanner(bytes.NewReader(output))
	scanner.Buffer(make([]byte, 64*1024), 64<<20)
	for scanner.Scan() {
		parsed, err := parseObject(scanner.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%s wrote %.200q: %w", r.defaulted, scanner.Text(), err)
		}
		found = append(found, parsed)
	}
	if len(found) != len(samples) {
		return nil, fmt.Errorf("%s wrote %d objects for %d", r.defaulted, len(found), len(samples))
	}
	return found, scanner.Err()
}
