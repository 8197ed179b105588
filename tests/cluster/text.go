package main

import (
	"sort"
	"strings"
)

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func join(parts []string) string { return strings.Join(parts, "; ") }

func lower(s string) string { return strings.ToLower(s) }
