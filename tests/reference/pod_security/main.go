// Reference of src/pod_security: random pods and what k8s.io/pod-security-admission says about them.
//
//	go run . -pods 20000 -seed 1
//
// writes one JSON object a line: {"pod": {...}, "runs": [{"level", "first", "last", "reasons", "details", "text"}, ...]}.
// A run is a range of neighbouring versions (v1.0 ... the newest row + 2, then latest) with the same answer. The same seed
// gives the same pods. Pods are decoded as the API server decodes them (case-sensitive, integers kept).
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	kjson "sigs.k8s.io/json"
)

type run struct {
	Level   string   `json:"level"`
	First   string   `json:"first"`
	Last    string   `json:"last"`
	Reasons []string `json:"reasons"`
	Details []string `json:"details"`
	Text    string   `json:"text"`
}

type line struct {
	Pod  json.RawMessage `json:"pod"`
	Runs []run           `json:"runs"`
}

// newest is the largest version of any row: the module has no constant for it.
func newest(checks []policy.Check) int {
	minor := 0
	for _, check := range checks {
		for _, row := range check.Versions {
			minor = max(minor, row.MinimumVersion.Minor())
		}
	}
	return minor
}

func versions(checks []policy.Check) []api.Version {
	var out []api.Version
	for minor := 0; minor <= newest(checks)+2; minor++ {
		out = append(out, api.MajorMinorVersion(1, minor))
	}
	return append(out, api.LatestVersion())
}

func judge(evaluator policy.Evaluator, pod *corev1.Pod, all []api.Version) []run {
	var runs []run
	for _, level := range []api.Level{api.LevelPrivileged, api.LevelBaseline, api.LevelRestricted} {
		start := len(runs)
		for _, version := range all {
			result := policy.AggregateCheckResults(evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &pod.ObjectMeta, &pod.Spec))
			if last := len(runs) - 1; len(runs) > start &&
				slices.Equal(runs[last].Reasons, result.ForbiddenReasons) && slices.Equal(runs[last].Details, result.ForbiddenDetails) {
				runs[last].Last = version.String()
				continue
			}
			runs = append(runs, run{
				Level: string(level), First: version.String(), Last: version.String(),
				Reasons: append([]string{}, result.ForbiddenReasons...), Details: append([]string{}, result.ForbiddenDetails...),
				Text: result.ForbiddenDetail(),
			})
		}
	}
	return runs
}

func main() {
	pods := flag.Int("pods", 20000, "how many pods")
	seed := flag.Uint64("seed", 1, "seed of the generator")
	flag.Parse()

	checks := policy.DefaultChecks()
	evaluator, err := policy.NewEvaluator(checks, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the module's own checks:", err)
		os.Exit(2)
	}
	all := versions(checks)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for i := range *pods {
		text := generate(*seed, uint64(i))
		var pod corev1.Pod
		if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &pod); err != nil {
			fmt.Fprintf(os.Stderr, "pod %d of seed %d: %v\n%s\n", i, *seed, err, text)
			os.Exit(2)
		}
		if err := encoder.Encode(line{Pod: text, Runs: judge(evaluator, &pod, all)}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}
