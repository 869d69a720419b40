package patch

import (
	"slices"
	"sort"
)

// maxEdits is how many additions and removals the search for the shortest edit script
// looks ahead, among elements of which some are equal. The search takes time and memory
// up to its square.
const maxEdits = 1000

// common returns a longest common subsequence of two lists.
//
// Elements that only one list has cannot be part of it and are left out at once, so
// that lists that have nothing in common cost next to nothing. If no element occurs
// twice in a list, the subsequence is the longest run of increasing places, which is
// quick to find for lists of any length and difference. Otherwise it is looked for with
// Myers's algorithm.
func (d *differ) common(a, b []any) []match {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	n := numbering{hasher: &d.hasher, first: make(map[uint64]int, len(a))}
	x, y := numbers(&n, a), numbers(&n, b)
	return commonNumbers(x, y, len(n.values))
}

// commonNumbers does it for lists of numbers less than n, which stand for the elements.
func commonNumbers(x, y []int, n int) []match {
	inA, inB := occurrences(x, n), occurrences(y, n)
	x, placesA := inBoth(x, inB)
	y, placesB := inBoth(y, inA)

	var found []match
	if slices.ContainsFunc(x, func(v int) bool { return inA[v] > 1 || inB[v] > 1 }) {
		found = ofRepeated(x, y)
	} else {
		found = ofUnique(x, y, n)
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

// ofRepeated returns a longest common subsequence of two lists. If it takes more than
// maxEdits additions and removals to get from one to the other, it goes, so many edits at a
// time, as far as these lead, and what it finds may be shorter. This keeps the time in
// proportion to the length of the lists.
func ofRepeated(a, b []int) []match {
	var found []match
	var from match
	for from.a < len(a) && from.b < len(b) {
		part, to := myers(a[from.a:], b[from.b:], maxEdits)
		for _, m := range part {
			found = append(found, match{from.a + m.a, from.b + m.b})
		}
		from = match{from.a + to.a, from.b + to.b}
	}
	return found
}

// myers finds a longest common subsequence of two lists, or of the parts of them before
// to, which is the farthest that limit additions and removals lead. See Myers, An O(ND)
// Difference Algorithm and Its Variations, 1986.
func myers(a, b []int, limit int) (found []match, to match) {
	limit = min(limit, len(a)+len(b))
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
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x++
				y++
			}
			furthest[mid+k] = int32(x)
			// With the last edits, stop wherever this is; else only at the end.
			inside := x <= len(a) && y <= len(b)
			if inside && (x == len(a) && y == len(b) || d == limit && x+y > to.a+to.b) {
				to = match{x, y}
			}
		}
		if to.a == len(a) && to.b == len(b) {
			break
		}
	}
	return retrace(before, to), to
}

// retrace follows the way that myers has found back from its end, and returns the places
// where it went along both lists.
func retrace(before [][]int32, end match) []match {
	var found []match
	x, y := end.a, end.b
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

// ofUnique returns a longest common subsequence of two lists that have the same elements,
// all of them less than n, each of them once.
func ofUnique(a, b []int, n int) []match {
	places := make([]int, n)
	for i, v := range b {
		places[v] = i
	}
	// ends[n] is the place in a, of all at which a subsequence of n+1 ends, with the lowest
	// place in b; previous is what precedes a place in its subsequence.
	var ends []int
	previous := make([]int, len(a))
	for i, v := range a {
		n := sort.Search(len(ends), func(n int) bool { return places[a[ends[n]]] > places[v] })
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
	for n := len(ends) - 1; n >= 0; n-- {
		i := ends[n]
		found[n] = match{i, places[a[i]]}
		if n > 0 {
			ends[n-1] = previous[i]
		}
	}
	return found
}
