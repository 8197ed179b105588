// Answers JMESPath queries as Kyverno does. Input, one a line: {"e":EXPRESSION,"i":VALUE}; output, one text a line:
//
//	V JSON            the value
//	N TEXT, E TEXT    the search failed: something is not there, or an error
//	C OFFSET TEXT     the expression does not compile; -1: it has no position
//	P TEXT            a panic
//
// `-functions` prints the functions and the types of their arguments instead: {"compare":[["string"],["string"]]}.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"

	gojmespath "github.com/kyverno/go-jmespath"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
)

type query struct {
	Expression string `json:"e"`
	Input      any    `json:"i"`
}

func answer(engine jmespath.Interface, asked query) (out string) {
	defer func() {
		if reason := recover(); reason != nil {
			out = fmt.Sprintf("P %v", reason)
		}
	}()
	compiled, err := engine.Query(asked.Expression)
	if err != nil {
		offset := -1
		if syntax, ok := err.(gojmespath.SyntaxError); ok {
			offset = syntax.Offset
		}
		return fmt.Sprintf("C %d %s", offset, err)
	}
	found, err := compiled.Search(asked.Input)
	if err != nil {
		if _, ok := err.(gojmespath.NotFoundError); ok {
			return "N " + err.Error()
		}
		return "E " + err.Error()
	}
	text, err := json.Marshal(found)
	if err != nil {
		return "E " + err.Error()
	}
	return "V " + string(text)
}

func functions() map[string][][]string {
	out := map[string][][]string{}
	for _, function := range jmespath.GetFunctions(config.NewDefaultConfiguration(false)) {
		arguments := [][]string{}
		for _, argument := range function.Arguments {
			types := []string{}
			for _, one := range argument.Types {
				types = append(types, string(one))
			}
			arguments = append(arguments, types)
		}
		out[function.Name] = arguments
	}
	return out
}

func main() {
	list := flag.Bool("functions", false, "print the functions")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if *list {
		if err := encoder.Encode(functions()); err != nil {
			panic(err)
		}
		return
	}
	engine := jmespath.New(config.NewDefaultConfiguration(false))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), 1<<26)
	for lines.Scan() {
		var asked query
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := encoder.Encode(answer(engine, asked)); err != nil {
			panic(err)
		}
	}
}
