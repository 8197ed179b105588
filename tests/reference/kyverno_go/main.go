// Generates cases for src/pattern and prints, one JSON object a line, what Kyverno answers:
//
//	{"kind":"scalar","value":..,"pattern":..,"answer":"true"}
//	{"kind":"tree","resource":..,"pattern":..,"answer":"fail","path":"/spec/","message":".."}
//	{"kind":"condition","operator":"AnyIn","key":..,"value":..,"answer":"panic"}
//
// A number without point and exponent is an int64, as k8s.io/apimachinery reads it.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/engine/pattern"
	"github.com/kyverno/kyverno/pkg/engine/validate"
	"github.com/kyverno/kyverno/pkg/engine/variables/operator"
	kubejson "k8s.io/apimachinery/pkg/util/json"
)

// decode makes the values that Kyverno gets from the API server.
func decode(text string) any {
	var out any
	if err := kubejson.Unmarshal([]byte(text), &out); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return out
}

// decodeDoubles makes what encoding/json makes: every number a float64.
func decodeDoubles(text string) any {
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(fmt.Sprintf("%s: %v", text, err))
	}
	return out
}

type line struct {
	Kind     string          `json:"kind"`
	Doubles  bool            `json:"doubles,omitempty"` // of the pattern, or of a key that is one number
	Operator string          `json:"operator,omitempty"`
	Key      json.RawMessage `json:"key,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	Resource json.RawMessage `json:"resource,omitempty"`
	Pattern  json.RawMessage `json:"pattern,omitempty"`
	Answer   string          `json:"answer"`
	Path     string          `json:"path,omitempty"`
	Message  string          `json:"message,omitempty"`
}

func scalarCase(g *generator) line {
	value, pat := g.scalarValue(), g.scalarPattern()
	answer := pattern.Validate(logr.Discard(), decode(value), decode(pat))
	return line{Kind: "scalar", Value: json.RawMessage(value), Pattern: json.RawMessage(pat), Answer: fmt.Sprint(answer)}
}

func treeCase(g *generator) line {
	resource := g.tree()
	pat := g.treePattern(resource)
	text := resource.json()
	out := line{Kind: "tree", Resource: json.RawMessage(text), Pattern: json.RawMessage(pat), Answer: "pass"}
	read := decode
	if g.Intn(4) == 0 {
		read, out.Doubles = decodeDoubles, true
	}
	err := validate.MatchPattern(logr.Discard(), decode(text), read(pat))
	var failure *validate.PatternError
	if err == nil {
		return out
	}
	if !errors.As(err, &failure) {
		panic(err)
	}
	switch {
	case failure.Skip:
		out.Answer = "skip"
	case failure.Path == "":
		out.Answer = "error"
	default:
		out.Answer = "fail"
	}
	out.Path, out.Message = failure.Path, failure.Error()
	return out
}

func conditionCase(g *generator) (out line) {
	op, key, value := g.operator(), g.operand(), g.operand()
	if g.Intn(4) == 0 {
		value = key
	}
	out = line{Kind: "condition", Operator: op, Key: json.RawMessage(key), Value: json.RawMessage(value)}
	handler := operator.CreateOperatorHandler(logr.Discard(), nil, kyvernov1.ConditionOperator(op))
	if handler == nil {
		out.Answer = "unknown"
		return out
	}
	defer func() {
		if recover() != nil {
			out.Answer = "panic"
		}
	}()
	read := decode
	if key[0] != '[' && key[0] != '{' && g.Intn(4) == 0 {
		read, out.Doubles = decodeDoubles, true
	}
	out.Answer = fmt.Sprint(handler.Evaluate(read(key), decode(value)))
	return out
}

func main() {
	count := flag.Int("count", 100000, "cases of each kind")
	seed := flag.Int64("seed", 1, "of the generator")
	flag.Parse()
	g := &generator{rand.New(rand.NewSource(*seed))}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for range *count {
		for _, made := range []line{scalarCase(g), treeCase(g), conditionCase(g)} {
			if err := encoder.Encode(made); err != nil {
				panic(err)
			}
		}
	}
}
