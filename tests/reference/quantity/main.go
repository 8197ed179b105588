// Prints random quantities and label selectors with what k8s.io/apimachinery says of them, one a line, tab-separated:
//
//	Q text canonical|!                  resource.ParseQuantity, String
//	P left right cmp sum difference     Cmp, Add, Sub
//	S text 0|1 matches                  labels.Parse, and Matches on each of the label sets below (0 or 1)
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/labels"
)

var suffixes = []string{"", "", "", "n", "u", "m", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Mi", "Gi", "Gi", "Ti", "Pi", "Ei", "e3", "E3", "e-3", "e+9", "e0", "e-9", "e-12", "e20", "E-1", "e", "K", "i", "ki", "mi", "B", "MB", "e1e", "e--1", "e+-1"}

func digits(r *rand.Rand, most int) string {
	n := r.Intn(most + 1)
	if r.Intn(12) == 0 {
		n = r.Intn(40)
	}
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + r.Intn(10))
		if r.Intn(3) == 0 {
			b[i] = '0'
		}
	}
	return string(b)
}

func quantity(r *rand.Rand) string {
	text := []string{"", "", "", "", "-", "+"}[r.Intn(6)] + digits(r, 6)
	if r.Intn(3) == 0 {
		text += "." + digits(r, 5)
	}
	text += suffixes[r.Intn(len(suffixes))]
	if r.Intn(25) == 0 { // one wrong or doubled character
		at := r.Intn(len(text) + 1)
		text = text[:at] + string("0.-+eEnumkMi Gx"[r.Intn(15)]) + text[at:]
	}
	return text
}

// Upstream writes such numbers out, all of their zeros.
var hugeExponent = regexp.MustCompile(`[eE][-+]?[0-9]{3,}$`)

var words = []string{"a", "b", "in", "notin", "x.io/a", "1", "5", "-", "A_b.c", "=", "==", "!=", "!", "(", ")", ",", ",", " ", " in ", " notin ", ">", "<", "a=", "(a,b)", "!a"}

var sets = []labels.Set{{}, {"a": "b"}, {"a": "", "b": "5"}, {"a": "1", "x.io/a": "b"}, {"b": "a", "in": "in"}}

func selector(r *rand.Rand) string {
	var text strings.Builder
	for n := r.Intn(8); n >= 0; n-- {
		text.WriteString(words[r.Intn(len(words))])
	}
	return text.String()
}

func main() {
	count := flag.Int("count", 200000, "lines of each kind")
	seed := flag.Int64("seed", 1, "seed")
	flag.Parse()
	r := rand.New(rand.NewSource(*seed))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	last := "1"
	for i := 0; i < *count; i++ {
		text := quantity(r)
		if hugeExponent.MatchString(text) {
			continue
		}
		parsed, err := resource.ParseQuantity(text)
		if err != nil {
			fmt.Fprintf(out, "Q\t%s\t!\n", text)
		} else {
			fmt.Fprintf(out, "Q\t%s\t%s\n", text, parsed.String())
			left, right := resource.MustParse(text), resource.MustParse(last)
			order := left.Cmp(right)
			sum, difference := resource.MustParse(text), resource.MustParse(text)
			sum.Add(right)
			difference.Sub(right)
			fmt.Fprintf(out, "P\t%s\t%s\t%d\t%s\t%s\n", text, last, order, sum.String(), difference.String())
			last = text
		}
		text = selector(r)
		chosen, err := labels.Parse(text)
		if err != nil {
			fmt.Fprintf(out, "S\t%s\t0\t\n", text)
			continue
		}
		bits := ""
		for _, set := range sets {
			if chosen.Matches(set) {
				bits += "1"
			} else {
				bits += "0"
			}
		}
		fmt.Fprintf(out, "S\t%s\t1\t%s\n", text, bits)
	}
}
