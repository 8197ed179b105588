// Command api_encoding writes content/api/defaults_encoding.tsv: how the API server's Go types write each of their fields as
// JSON. The schemas that the server publishes do not say it: whether `hostNetwork: false` disappears and `resources`
// is there even if nobody wrote it follows from the `json` tags and the kinds of the Go fields.
//
//	go run . ../../content/api/v1.36.tsv > ../../content/api/defaults_encoding.tsv
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/client-go/kubernetes/scheme"
	aggregator "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// How a field is written. One letter per field, in the order of the table's F lines.
const (
	always      = 'a' // a scalar, always written: its zero value when nobody set it
	alwaysNull  = 'n' // a list, map or pointer, always written: null when nobody set it
	scalar      = 'z' // left out when it is the zero value
	container   = 'e' // a list or map that is left out when it is empty
	pointer     = 'p' // left out only when nobody set it
	structure   = 's' // an object, always written: {} when nobody set it
	structureOr = 'o' // an object that is left out when all of it is
	own         = 'q' // a quantity, time or such, always written: its zero value when nobody set it
	absent      = '-' // the Go type has no such field
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: api_encoding TABLE")
		os.Exit(2)
	}
	if err := aggregator.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	if err := apiextensions.AddToScheme(scheme.Scheme); err != nil {
		panic(err)
	}
	types := map[string]reflect.Type{}
	for _, kind := range scheme.Scheme.AllKnownTypes() {
		collect(kind, types)
	}
	file, err := os.Open(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer file.Close()

	fmt.Println("# How the API server writes the fields of its types. Written by tools/api_encoding: do not edit.")
	var name string
	var letters strings.Builder
	flush := func() {
		if _, known := types[name]; known {
			fmt.Printf("E\t%s\t%s\n", name, letters.String())
		} else if name != "" {
			fmt.Fprintln(os.Stderr, "not a Go type of the scheme:", name)
		}
		letters.Reset()
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		columns := strings.Split(lines.Text(), "\t")
		switch columns[0] {
		case "T":
			flush()
			name = columns[1]
		case "F":
			if t, known := types[name]; known {
				letters.WriteRune(encoding(t, columns[1]))
			}
		}
	}
	flush()
}

// collect names a type and those of its fields as the table does: "core.v1.Container".
func collect(t reflect.Type, types map[string]reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		collect(t.Elem(), types)
	case reflect.Map:
		collect(t.Elem(), types)
	case reflect.Struct:
		parts := strings.Split(t.PkgPath(), "/")
		if len(parts) < 2 {
			return
		}
		name := parts[len(parts)-2] + "." + parts[len(parts)-1] + "." + t.Name()
		if _, known := types[name]; known {
			return
		}
		types[name] = t
		for i := range t.NumField() {
			collect(t.Field(i).Type, types)
		}
	}
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func encoding(t reflect.Type, name string) rune {
	field, options, found := fieldOf(t, name)
	if !found {
		return absent
	}
	omitempty, omitzero := strings.Contains(options, ",omitempty"), strings.Contains(options, ",omitzero")
	ownEncoding := field.Type.Implements(marshaler) || reflect.PointerTo(field.Type).Implements(marshaler)
	switch field.Type.Kind() {
	case reflect.Pointer, reflect.Interface:
		if omitempty || omitzero {
			return pointer
		}
		return alwaysNull
	case reflect.Slice, reflect.Map:
		if omitempty || omitzero {
			return container
		}
		return alwaysNull
	case reflect.Struct:
		switch {
		case ownEncoding && omitzero:
			return pointer
		case ownEncoding:
			return own
		case omitzero:
			return structureOr
		}
		return structure
	}
	if omitempty || omitzero {
		return scalar
	}
	return always
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, string, bool) {
	for i := range t.NumField() {
		field := t.Field(i)
		tag := field.Tag.Get("json")
		key, _, _ := strings.Cut(tag, ",")
		if key == name {
			return field, tag, true
		}
		if key == "" && (field.Anonymous || strings.Contains(tag, "inline")) && field.Type.Kind() == reflect.Struct {
			if inner, options, found := fieldOf(field.Type, name); found {
				return inner, options, true
			}
		}
	}
	return reflect.StructField{}, "", false
}
