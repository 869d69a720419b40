package pgtest

import (
	"strconv"
	"testing"
)

// CountPrefix begins the keys of the attributes that Count sets.
const CountPrefix = "count-"

// Count says how many more of something a test has checked, for the table at the end of
// make test-matrix. The name has no spaces.
func Count(t testing.TB, what string, n int) {
	t.Helper()
	t.Attr(CountPrefix+what, strconv.Itoa(n))
}
