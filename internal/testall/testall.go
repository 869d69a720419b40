// Package testall tells `make test` from `make test-all`: the first checks every feature once, in minutes; the second
// has besides large sizes, all members of a kind instead of some, and long random histories.
package testall

import (
	"cmp"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"
)

// Variable is the environment variable that is set for all.
const Variable = "EXAUDIT_TEST_ALL"

// On reports whether everything is to be checked.
func On() bool { return os.Getenv(Variable) != "" }

// Only skips a test that is left to `make test-all`.
func Only(t testing.TB, why string) {
	t.Helper()
	if !On() {
		t.Skipf("%s: make test-all runs it (%s=1)", why, Variable)
	}
}

// Or returns some of what is to be checked, or all.
func Or[T any](some, all T) T {
	if On() {
		return all
	}
	return some
}

// Checks sets how many cases each property of a test program is tried with, always the same, unless -rapid.checks and
// -rapid.seed say it. It is called before flags are parsed, from TestMain or a function init.
func Checks(some, all string) {
	for name, value := range map[string]string{"rapid.checks": Or(some, all), "rapid.seed": "1"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// Turn returns the variants in which a case is checked: one, of which each case has the next, or all.
func Turn[T any](number int, variants ...T) []T {
	if On() {
		return variants
	}
	return variants[number%len(variants):][:1]
}

// SampleMap is Sample for a map, by the order of its keys.
func SampleMap[K cmp.Ordered, V any](all map[K]V, n int) map[K]V {
	some := map[K]V{}
	for _, key := range Sample(slices.Sorted(maps.Keys(all)), n) {
		some[key] = all[key]
	}
	return some
}

// Sample returns n elements from all over a list, or all.
func Sample[T any](list []T, n int) []T {
	if On() || len(list) <= n {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}
