package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"sigs.k8s.io/yaml"
)

// sample is an object of a file.
type sample struct {
	from string // file and ordinal, for messages
	object
}

// readSamples reads every manifest under a folder, in order; what is no Kubernetes object (templates, patches,
// configuration of other tools) is left out. A folder that is not there has none.
func readSamples(folder string) ([]sample, error) {
	var found []sample
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) && path == folder {
				return fs.SkipDir
			}
			return err
		}
		switch filepath.Ext(path) {
		case ".yaml", ".yml", ".json":
		default:
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		for i, o := range parseManifest(string(text)) {
			found = append(found, sample{fmt.Sprintf("%s#%d", name, i+1), o})
		}
		return nil
	})
	return found, err
}

// parseManifest reads the documents of a file, the items of lists one by one.
func parseManifest(manifest string) []object {
	var found []object
	for _, document := range splitDocuments(manifest) {
		json, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			continue
		}
		parsed, err := parseObject(json)
		if err != nil || parsed == nil {
			continue
		}
		switch {
		case text(parsed, "kind") == "List":
			found = append(found, items(parsed, "items")...)
		case text(parsed, "apiVersion") != "" && text(parsed, "kind") != "":
			found = append(found, parsed)
		}
	}
	return found
}

func splitDocuments(text string) []string {
	var documents []string
	var current strings.Builder
	scanner := bufio.NewScanner(strings.NewReader(text))
	scanner.Buffer(make([]byte, 64*1024), 16<<20)
	for scanner.Scan() {
		line := scanner.Text()
		if strings.HasPrefix(line, "---") {
			documents = append(documents, current.String())
			current.Reset()
			continue
		}
		current.WriteString(line + "\n")
	}
	return append(documents, current.String())
}

// clone copies deeply.
func clone[T any](value T) T {
	return cloneAny(value).(T)
}

func cloneAny(value any) any {
	switch v := value.(type) {
	case object:
		copied := make(object, len(v))
		for key, item := range v {
			copied[key] = cloneAny(item)
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i, item := range v {
			copied[i] = cloneAny(item)
		}
		return copied
	default:
		return v
	}
}

// remove deletes the value under a path, and nothing if there is none.
func remove(o object, path ...string) {
	for len(path) > 1 {
		o = child(o, path[0])
		path = path[1:]
	}
	delete(o, path[0])
}

// differ names the first places where two values differ: "/spec/x: ours 1, server's absent".
func differ(path string, ours, theirs any, found *[]string) {
	if len(*found) >= 6 {
		return
	}
	switch a := ours.(type) {
	case object:
		if b, ok := theirs.(object); ok {
			keys := map[string]bool{}
			for key := range a {
				keys[key] = true
			}
			for key := range b {
				keys[key] = true
			}
			sorted := make([]string, 0, len(keys))
			for key := range keys {
				sorted = append(sorted, key)
			}
			sort.Strings(sorted)
			for _, key := range sorted {
				left, inOurs := a[key]
				right, inTheirs := b[key]
				switch {
				case !inOurs:
					*found = append(*found, fmt.Sprintf("%s/%s: only the server has %.200v", path, key, right))
				case !inTheirs:
					*found = append(*found, fmt.Sprintf("%s/%s: only tally has %.200v", path, key, left))
				default:
					differ(path+"/"+key, left, right, found)
				}
			}
			return
		}
	case []any:
		// Policies see an empty list; what the server returns has been through its storage format, which knows none.
		if len(a) == 0 && theirs == nil {
			return
		}
		if b, ok := theirs.([]any); ok {
			if len(a) != len(b) {
				*found = append(*found, fmt.Sprintf("%s: tally has %d items, the server %d", path, len(a), len(b)))
				return
			}
			for i := range a {
				differ(fmt.Sprintf("%s/%d", path, i), a[i], b[i], found)
			}
			return
		}
	default:
		if ours == theirs {
			return
		}
	}
	*found = append(*found, fmt.Sprintf("%s: tally %T %.200v, server %T %.200v", path, ours, ours, theirs, theirs))
}
