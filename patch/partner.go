package patch

// maxPairs bounds the size of the stretches in which partners are chosen by
// likeness, which takes the product of the two lengths.
const maxPairs = 1024

// partners returns which old elements of a stretch are to be shown as changed into
// which new ones, in the order of both lists. It looks for the greatest likeness in
// total and, among equals, for partners near the head. In a long stretch, it takes
// the elements as they come.
func (d *differ) partners(a, b []any, from, to match, at pointers) []match {
	rows, cols := to.a-from.a, to.b-from.b
	if rows == 0 || cols == 0 {
		return nil
	}
	like := func(i, j int) int {
		i, j = from.a+i, from.b+j
		return d.likeness(a[i], b[j], at.belowIndex(i).here())
	}
	var found []match
	if rows*cols > maxPairs {
		for i := range min(rows, cols) {
			if like(i, i) > 0 {
				found = append(found, match{from.a + i, from.b + i})
			}
		}
		return found
	}

	// likes[i][j] is the likeness of two elements, best[i][j] the greatest total
	// from these two on.
	likes, best := table(rows, cols), table(rows+1, cols+1)
	for i := rows - 1; i >= 0; i-- {
		for j := cols - 1; j >= 0; j-- {
			likes[i][j] = like(i, j)
			best[i][j] = max(best[i+1][j], best[i][j+1], likes[i][j]+best[i+1][j+1])
		}
	}
	for i, j := 0, 0; i < rows && j < cols; {
		switch {
		case likes[i][j] > 0 && best[i][j] == likes[i][j]+best[i+1][j+1]:
			found = append(found, match{from.a + i, from.b + j})
			i++
			j++
		case best[i][j] == best[i+1][j]:
			i++
		default:
			j++
		}
	}
	return found
}

func table(rows, cols int) [][]int {
	cells := make([]int, rows*cols)
	t := make([][]int, rows)
	for i := range t {
		t[i] = cells[i*cols : (i+1)*cols]
	}
	return t
}

// likeness says how much two elements have in common: 0 if a reader would not take
// one for a new state of the other. What is equal in both counts more than any key
// or position that they merely share.
func (d *differ) likeness(a, b any, primitive bool) int {
	const shared, alike = 1, 8
	x, xIsObject := a.(map[string]any)
	y, yIsObject := b.(map[string]any)
	v, vIsList := a.([]any)
	w, wIsList := b.([]any)
	switch {
	case primitive:
		return shared
	case xIsObject && yIsObject:
		n := 0
		for key := range x {
			if _, ok := y[key]; !ok {
				continue
			}
			n += shared
			if d.hasher.alike(x[key], y[key]) {
				n += alike
			}
		}
		return n
	case vIsList && wIsList:
		n := shared
		for i := range min(len(v), len(w)) {
			if d.hasher.alike(v[i], w[i]) {
				n += alike
			}
		}
		return n
	case xIsObject || yIsObject || vIsList || wIsList:
		return 0
	}
	return shared
}
