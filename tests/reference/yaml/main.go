// Reads YAML and JSON files as kubectl does and prints every document as canonical JSON: the reference for
// src/document (see ./compare).
//
//	F path        a file; J behind it if it is read as JSON
//	D json        a document (null: comments and blanks only)
//	X json        a document with a repeated key: kubectl keeps the last value, we refuse
//	E text        a document that is refused
//	S text        a `---` line with text behind it: YAMLReader refuses the stream here
//
// Canonical: members sorted by key, numbers as they are, text escaped only where JSON requires it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	apiyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func appendText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < 0x20:
			fmt.Fprintf(out, "\\u%04x", c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
}

func appendValue(out *bytes.Buffer, value any) {
	switch value := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprintf(out, "%t", value)
	case json.Number:
		out.WriteString(value.String())
	case string:
		appendText(out, value)
	case []any:
		out.WriteByte('[')
		for i, item := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			appendValue(out, item)
		}
		out.WriteByte(']')
	case map[string]any:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		out.WriteByte('{')
		for i, key := range keys {
			if i > 0 {
				out.WriteByte(',')
			}
			appendText(out, key)
			out.WriteByte(':')
			appendValue(out, value[key])
		}
		out.WriteByte('}')
	}
}

func canonical(text []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	var out bytes.Buffer
	appendValue(&out, value)
	return out.String(), nil
}

func oneLine(err error) string {
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

func printJSON(out io.Writer, mark string, text []byte, err error) {
	if err == nil {
		var line string
		if line, err = canonical(text); err == nil {
			fmt.Fprintln(out, mark, line)
			return
		}
	}
	fmt.Fprintln(out, "E", oneLine(err))
}

func printStream(out io.Writer, content []byte) {
	decoder := apiyaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil && len(raw) == 0 {
			raw = []byte("null")
		}
		printJSON(out, "D", raw, err)
		if err != nil {
			return
		}
	}
}

func printDocuments(out io.Writer, content []byte) {
	reader := apiyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			fmt.Fprintln(out, "S", oneLine(err))
			return
		}
		mark := "D"
		if _, err := yaml.YAMLToJSONStrict(document); err != nil && strings.Contains(err.Error(), "already set in map") {
			mark = "X"
		}
		text, err := yaml.YAMLToJSON(document)
		printJSON(out, mark, text, err)
	}
}

// kubectl takes a list for YAML; it cannot apply one either way. We read it as the JSON that it is: numbers exactly, and
// with the control characters that YAML refuses.
func isJSONList(content []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")) && json.Valid(content)
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	names := bufio.NewScanner(os.Stdin)
	for names.Scan() {
		content, err := os.ReadFile(names.Text())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if isJSONList(content) {
			fmt.Fprintln(out, "F", names.Text(), "J")
			printJSON(out, "D", content, nil)
		} else if apiyaml.IsJSONBuffer(bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF"))) {
			fmt.Fprintln(out, "F", names.Text(), "J")
			printStream(out, content)
		} else {
			fmt.Fprintln(out, "F", names.Text())
			printDocuments(out, content)
		}
	}
}
