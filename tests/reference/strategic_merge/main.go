// Generates objects with strategic merge patches and JSON patches and prints, one JSON object a line, what Kyverno makes of them:
//
//	{"kind":"merge","resource":..,"patch":..,"result":..}
//	{"kind":"json","resource":..,"patch":[..],"error":".."}
//
// A panic of Kyverno is an error with `panic: true`.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"

	"github.com/go-logr/logr"
	"github.com/kyverno/kyverno/pkg/engine/mutate/patch"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

type line struct {
	Kind     string          `json:"kind"`
	Resource json.RawMessage `json:"resource"`
	Patch    json.RawMessage `json:"patch"`
	Result   json.RawMessage `json:"result,omitempty"`
	Error    string          `json:"error,omitempty"`
	Panic    bool            `json:"panic,omitempty"`
}

func marshal(value any) json.RawMessage {
	out, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return out
}

// answer asks Kyverno; the resource is copied, because a patch may write into it.
func (l *line) answer(patcher patch.Patcher) {
	defer func() {
		if reason := recover(); reason != nil {
			l.Error, l.Panic = fmt.Sprintf("panic: %v", reason), true
		}
	}()
	result, err := patcher.Patch(logr.Discard(), append([]byte{}, l.Resource...))
	if err != nil {
		l.Error = err.Error()
		return
	}
	l.Result = result
}

func mergeCase() line {
	resource, overlay := objectAndPatch()
	out := line{Kind: "merge", Resource: marshal(resource), Patch: marshal(overlay)}
	var read any
	if err := json.Unmarshal(out.Patch, &read); err != nil {
		panic(err)
	}
	out.answer(patch.NewPatchStrategicMerge(read))
	return out
}

func jsonCase() line {
	var resource any = object{"a": value(3), "l": []any{value(2), value(1)}, "m": object{"x/y": 1, "q": value(1)}, "n": nil}
	operations := []any{}
	for range 1 + source.Intn(3) {
		operation := object{
			"op":   word("add", "add", "remove", "replace", "move", "copy", "test", "add", "remove"),
			"path": pointer(resource),
		}
		if chance(0.8) {
			operation["value"] = value(1)
		}
		if chance(0.3) || operation["op"] == "move" || operation["op"] == "copy" {
			operation["from"] = pointer(resource)
		}
		if chance(0.01) {
			operation["op"] = "odd"
		}
		if chance(0.01) {
			delete(operation, "path")
		}
		if chance(0.01) {
			delete(operation, "from")
		}
		operations = append(operations, operation)
	}
	out := line{Kind: "json", Resource: marshal(resource), Patch: marshal(operations)}
	out.answer(patch.NewPatchesJSON6902(string(out.Patch)))
	return out
}

func main() {
	count := flag.Int("count", 1000, "cases of each kind")
	seed := flag.Int64("seed", 1, "")
	flag.Parse()
	log.SetLogger(logr.Discard()) // of a library of Kyverno's; it complains after 30 s otherwise
	source = rand.New(rand.NewSource(*seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for range *count {
		for _, one := range []line{mergeCase(), jsonCase()} {
			if err := encoder.Encode(one); err != nil {
				panic(err)
			}
		}
	}
}
