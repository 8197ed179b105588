// Prints the ranges of characters that strconv.IsPrint accepts, as src/scalar/internal/go_printable.inc holds them:
//
//	go run ./printable > ../../../src/scalar/internal/go_printable.inc
package main

import (
	"fmt"
	"runtime"
	"strconv"
	"unicode"
	"unicode/utf8"
)

func main() {
	fmt.Printf("// Written by tests/reference/pod_security/printable with %s, Unicode %s.\n", runtime.Version()[:6], unicode.Version)
	first := rune(-1)
	column := 0
	for r := rune(0); r <= utf8.MaxRune+1; r++ {
		printable := r <= utf8.MaxRune && strconv.IsPrint(r)
		if printable && first < 0 {
			first = r
		}
		if !printable && first >= 0 {
			fmt.Printf("{0x%X, 0x%X},", first, r-1)
			first = -1
			if column++; column%6 == 0 {
				fmt.Println()
			} else {
				fmt.Print(" ")
			}
		}
	}
	fmt.Println()
}
