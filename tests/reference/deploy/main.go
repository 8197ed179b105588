// Reads Prometheus' alert rules as Prometheus does: expressions, templates, durations.
package main

import (
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/rulefmt"
)

func main() {
	groups, problems := rulefmt.ParseFile(os.Args[1], false)
	for _, problem := range problems {
		fmt.Fprintln(os.Stderr, problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	count := 0
	for _, group := range groups.Groups {
		count += len(group.Rules)
	}
	fmt.Printf("%d rules are valid\n", count)
}
