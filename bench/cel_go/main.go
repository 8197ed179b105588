// Compiles and evaluates the expression of bench/cel_bench.cpp with cel-go: profile standard library and strings, constants
// folded, the object given as parsed JSON. Prints one JSON line: nanoseconds and allocations for each.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: cel_go EXPRESSION_FILE OBJECT_FILE")
		os.Exit(2)
	}
	expression, err := os.ReadFile(os.Args[1])
	check(err)
	text, err := os.ReadFile(os.Args[2])
	check(err)
	var object any
	check(json.Unmarshal(text, &object))
	env, err := cel.NewEnv(ext.Strings(), cel.Variable("object", cel.DynType))
	check(err)
	build := func() cel.Program {
		ast, issues := env.Compile(string(expression))
		check(issues.Err())
		program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
		check(err)
		return program
	}
	program := build()
	variables := map[string]any{"object": object}
	compile := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			build()
		}
	})
	evaluate := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			value, _, err := program.Eval(variables)
			check(err)
			if value.Value() != true {
				panic("expected true")
			}
		}
	})
	check(json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"compile_ns":      float64(compile.T.Nanoseconds()) / float64(compile.N),
		"compile_allocs":  float64(compile.AllocsPerOp()),
		"evaluate_ns":     float64(evaluate.T.Nanoseconds()) / float64(evaluate.N),
		"evaluate_allocs": float64(evaluate.AllocsPerOp()),
	}))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
