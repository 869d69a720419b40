package patch

import (
	"slices"
	"sort"
)

// maxEdits bounds the search for the shortest edit script among elements of which
// some are equal. The search takes time and memory up to its square.
const maxEdits = 1000

// common returns a longest common subsequence of two lists.
//
// Elements that only one list has cannot be part of it and are left out at once, so
// that lists that have nothing in common cost next to nothing. If no element occurs
// twice in a list, the subsequence is the longest run of increasing places, which is
// quick to find for lists of any length and difference. Otherwise it is looked for
// with Myers's algorithm as long as there are no more than maxEdits differences.
// Beyond that, elements are matched by their how-manieth occurrence, and the
// subsequence is the longest for that matching.
func (d *differ) common(a, b []any) []match {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	n := numbering{hasher: &d.hasher, first: make(map[uint64]int, len(a))}
	x, y := numbers(&n, a), numbers(&n, b)
	inA, inB := occurrences(x, len(n.values)), occurrences(y, len(n.values))
	x, placesA := inBoth(x, inB)
	y, placesB := inBoth(y, inA)

	found, ok := []match(nil), false
	if slices.ContainsFunc(x, func(v int) bool { return inA[v] > 1 || inB[v] > 1 }) {
		found, ok = myers(x, y, min(len(x)+len(y), maxEdits))
	}
	if !ok {
		found = byOccurrence(x, y, len(n.values))
	}
	for i, m := range found {
		found[i] = match{placesA[m.a], placesB[m.b]}
	}
	return found
}

func numbers(n *numbering, list []any) []int {
	out := make([]int, len(list))
	for i, v := range list {
		out[i] = n.number(v)
	}
	return out
}

// occurrences returns how often each of the first n numbers occurs in a list.
func occurrences(list []int, n int) []int {
	count := make([]int, n)
	for _, v := range list {
		count[v]++
	}
	return count
}

// inBoth returns the elements of list that the other list has, too, and their
// places.
func inBoth(list, inOther []int) (kept, places []int) {
	for i, v := range list {
		if inOther[v] > 0 {
			kept = append(kept, v)
			places = append(places, i)
		}
	}
	return kept, places
}

// myers finds a longest common subsequence of two lists that are no more than limit
// additions and removals apart. See Myers, An O(ND) Difference Algorithm and Its
// Variations, 1986.
func myers(a, b []int, limit int) ([]match, bool) {
	// furthest[mid+k] is how far one gets in a on the diagonal k, where a is k places
	// ahead of b. before[d] is what it was, around mid, with fewer than d edits.
	mid := limit + 1
	furthest := make([]int32, 2*mid+1)
	var before [][]int32
	for d := 0; d <= limit; d++ {
		before = append(before, slices.Clone(furthest[mid-d-1:mid+d+2]))
		for k := -d; k <= d; k += 2 {
			x := int(furthest[mid+k+1])
			if k > -d && (k == d || furthest[mid+k-1] >= furthest[mid+k+1]) {
				x = int(furthest[mid+k-1]) + 1
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			furthest[mid+k] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return retrace(before, len(a), len(b)), true
			}
		}
	}
	return nil, false
}

// retrace follows the way that myers has found back from the end, and returns the
// places where it went along both lists.
func retrace(before [][]int32, x, y int) []match {
	var found []match
	for d := len(before) - 1; d >= 0; d-- {
		furthest, mid, k := before[d], d+1, x-y
		fromX, fromY := 0, 0
		switch {
		case d == 0:
		case k == -d || k != d && furthest[mid+k-1] < furthest[mid+k+1]:
			fromX = int(furthest[mid+k+1])
			fromY = fromX - (k + 1)
		default:
			fromX = int(furthest[mid+k-1])
			fromY = fromX - (k - 1)
		}
		for x > fromX && y > fromY {
			x--
			y--
			found = append(found, match{x, y})
		}
		x, y = fromX, fromY
	}
	slices.Reverse(found)
	return found
}

// byOccurrence matches the first occurrence of a number in a with the first in b, the
// second with the second and so on, and returns the longest subsequence of these
// matches that is in the order of both lists.
func byOccurrence(a, b []int, n int) []match {
	places := make([][]int, n)
	for i, v := range b {
		places[v] = append(places[v], i)
	}
	var all []match
	for i, v := range a {
		if len(places[v]) > 0 {
			all = append(all, match{i, places[v][0]})
			places[v] = places[v][1:]
		}
	}

	// ends[n] is the match, of all that end a subsequence of n+1, with the lowest
	// place in b; previous is what precedes a match in its subsequence.
	var ends []int
	previous := make([]int, len(all))
	for i, m := range all {
		n := sort.Search(len(ends), func(n int) bool { return all[ends[n]].b > m.b })
		previous[i] = -1
		if n > 0 {
			previous[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	found := make([]match, len(ends))
	for n, i := len(ends)-1, -1; n >= 0; n-- {
		if i < 0 {
			i = ends[n]
		}
		found[n] = all[i]
		i = previous[i]
	}
	return found
}
