package torture

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Shrink makes a world smaller as long as it fails the same check, and tries no longer than that.
func Shrink(w World, limit time.Duration, fails func(World) bool) World {
	end := time.Now().Add(limit)
	try := func(smaller World) bool {
		if time.Now().After(end) || !fails(smaller) {
			return false
		}
		w = smaller
		return true
	}
	for size := 0; size != w.size() && time.Now().Before(end); {
		size = w.size()
		for n := max(len(w.Choices)-1, 0); n >= 0; n-- {
			if len(w.Choices) > n {
				smaller := w
				smaller.Choices = slices.Delete(slices.Clone(w.Choices), n, n+1)
				try(smaller)
			}
		}
		for chunk := max(len(w.Ops)/2, 1); chunk > 0; chunk /= 2 {
			for end := len(w.Ops); end >= chunk; end -= chunk {
				if end > len(w.Ops) {
					continue
				}
				smaller := w
				smaller.Ops = slices.Delete(slices.Clone(w.Ops), end-chunk, end)
				try(smaller)
			}
		}
		w.simplify(try)
		for i := range w.Ops {
			for _, sql := range shorter(w.Ops[i].SQL) {
				smaller := w
				smaller.Ops = slices.Clone(w.Ops)
				smaller.Ops[i].SQL = sql
				if try(smaller) {
					break
				}
			}
		}
		w = w.withoutIdleTables(try)
	}
	return w
}

// shorter are statements with a part less: a row of VALUES, a column that an UPDATE sets.
func shorter(sql string) (list []string) {
	for _, separator := range []string{"), (", ", "} {
		head, values, ok := strings.Cut(sql, " VALUES (")
		if separator == ", " {
			head, values, ok = strings.Cut(sql, " SET ")
		}
		parts := strings.Split(values, separator)
		if !ok || len(parts) < 2 {
			continue
		}
		word := map[string]string{"), (": " VALUES (", ", ": " SET "}[separator]
		for i := range parts {
			rest := strings.Join(slices.Delete(slices.Clone(parts), i, i+1), separator)
			if separator == "), (" && i == len(parts)-1 {
				rest += ")"
			}
			list = append(list, head+word+rest)
		}
	}
	return list
}

// withoutIdleTables leaves out the last tables that no statement names.
func (w World) withoutIdleTables(try func(World) bool) World {
	for n := len(w.Tables) - 1; n > 0; n-- {
		if slices.ContainsFunc(w.Ops, func(op Op) bool { return strings.Contains(op.SQL, fmt.Sprintf("{%d}", n)) }) {
			break
		}
		smaller := w
		smaller.Tables = w.Tables[:n]
		if !try(smaller) {
			break
		}
		w = smaller
	}
	return w
}

func (w World) size() int {
	n := len(w.Ops) + len(w.Choices) + len(w.Tables)
	for _, op := range w.Ops {
		n += len(op.SQL)
	}
	for _, t := range w.Tables {
		n += len(t.Columns) + len(t.Constraints) + len(t.KeyOptions)
	}
	for _, c := range w.Choices {
		for i := range 64 {
			n += int(c.Bits >> i & 1)
		}
	}
	return n
}

// simplify makes what is left of a world plainer.
func (w World) simplify(try func(World) bool) {
	w.Ops, w.Choices = slices.Clone(w.Ops), slices.Clone(w.Choices)
	for i := range w.Ops {
		if w.Ops[i].Session == 1 {
			smaller := w
			smaller.Ops = slices.Clone(w.Ops)
			smaller.Ops[i].Session = 0
			if try(smaller) {
				w = smaller
			}
		}
	}
	for i := range w.Choices {
		for bit := 20; bit >= 0; bit-- {
			if w.Choices[i].Bits>>bit&1 == 0 {
				continue
			}
			smaller := w
			smaller.Choices = slices.Clone(w.Choices)
			smaller.Choices[i].Bits &^= 1 << bit
			if try(smaller) {
				w = smaller
			}
		}
	}
}
