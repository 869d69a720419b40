package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// Exclusions are what worlds have none of, because exaudit does not hold what it promises there yet.
type Exclusions struct {
	// KeysAgain: a key that was deleted, or that a row moved away from, is used by another row, in whatever way: one by
	// one, or as a statement shifts or permutes keys.
	KeysAgain bool
}

// Known are the exclusions of today.
var Known = Exclusions{KeysAgain: true}

// Generate makes a world up. The same seed, number and exclusions give the same one.
func Generate(seed, number uint64, without Exclusions) World {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, number)), without: without, next: 5}
	g.schema()
	g.history()
	for range 2 {
		g.w.Choices = append(g.w.Choices, g.choice())
	}
	return g.w
}

type generator struct {
	*rand.Rand
	w       World
	without Exclusions
	next    int // the next key that was never used
}

func one[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// in reports one of n times.
func (g *generator) in(n int) bool { return g.IntN(n) == 0 }

func (g *generator) schema() {
	for i := range 1 + g.IntN(2) {
		t := Table{
			Name: fmt.Sprintf("t%d", i),
			Columns: []Column{
				{Name: "id", Type: "int", Values: []string{"1", "2", "3", "4", "5"}},
				{Name: "a", Type: "text", Values: []string{"NULL", "''", "'x'", "'y'"}},
				{Name: "b", Type: "int", Values: []string{"NULL", "0", "1", "2"}},
			},
			Key: []int{0},
		}
		if g.in(2) {
			t.KeyOptions = "DEFERRABLE"
		}
		g.w.Tables = append(g.w.Tables, t)
	}
}

func (g *generator) history() {
	open := [2]bool{}
	for range 3 + g.IntN(12) {
		s := 0
		if g.in(4) {
			s = 1
		}
		op := Op{Session: s}
		switch n := g.IntN(20); {
		case n == 0 && !open[s]:
			op.Kind, open[s] = Begin, true
		case n < 3 && open[s]:
			op.Kind, open[s] = one(g, Commit, Commit, Commit, Rollback), false
		case n == 3:
			op.Kind = Mark
		case n == 4 && open[s]:
			op.Kind, op.SQL = Statement, one(g, "SAVEPOINT s", "ROLLBACK TO s")
		default:
			op.SQL = g.statement()
		}
		g.w.Ops = append(g.w.Ops, op)
	}
	g.w.Ops = append(g.w.Ops, Op{Kind: Mark})
}

func (g *generator) value(c Column) string { return one(g, c.Values...) }

// newValue is a value that a column gets.
func (g *generator) newValue(t Table, i int) string {
	if g.without.KeysAgain && slices.Contains(t.Key, i) {
		g.next++
		return fmt.Sprint(g.next)
	}
	return g.value(t.Columns[i])
}

// where is a condition that fits one row as a rule.
func (g *generator) where(t Table, keys bool) string {
	if g.in(6) && !keys {
		return ""
	}
	var parts []string
	for _, k := range t.Key {
		value := g.value(t.Columns[k])
		if g.without.KeysAgain {
			value = fmt.Sprint(6 + g.IntN(max(g.next-5, 1)))
		}
		parts = append(parts, t.Columns[k].quoted()+" = "+value)
	}
	return " WHERE " + strings.Join(parts, one(g, " AND ", " OR "))
}

func (g *generator) statement() string {
	place := g.IntN(len(g.w.Tables))
	t := g.w.Tables[place]
	switch g.IntN(10) {
	case 0, 1, 2:
		return g.insert(place, t)
	case 3:
		return fmt.Sprintf("DELETE FROM {%d}%s", place, g.where(t, false))
	case 4, 5, 6:
		c := one(g, t.Columns[len(t.Key):]...)
		return fmt.Sprintf("UPDATE {%d} SET %s = %s%s", place, c.quoted(), g.value(c), g.where(t, false))
	default:
		return g.rewriteKeys(place, t)
	}
}

func (g *generator) insert(place int, t Table) string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.quoted())
	}
	rows := make([]string, 1+g.IntN(3))
	for i := range rows {
		var values []string
		for i := range t.Columns {
			values = append(values, g.newValue(t, i))
		}
		rows[i] = "(" + strings.Join(values, ", ") + ")"
	}
	sql := fmt.Sprintf("INSERT INTO {%d} (%s) VALUES %s", place, strings.Join(names, ", "), strings.Join(rows, ", "))
	if t.KeyOptions == "" && g.in(3) {
		sql += " ON CONFLICT DO NOTHING"
	}
	return sql
}

// rewriteKeys moves a row, or permutes keys.
func (g *generator) rewriteKeys(place int, t Table) string {
	i := one(g, t.Key...)
	k := t.Columns[i]
	set := fmt.Sprintf("%s = %s", k.quoted(), g.newValue(t, i))
	where := g.where(t, true)
	if k.Type == "int" && !g.without.KeysAgain && g.in(2) {
		set = k.quoted() + " = " + fmt.Sprintf(one(g, "4 - %s", "%s + 1", "%s - 1", "%s %% 3 + 1"), k.quoted())
		where = one(g, "", fmt.Sprintf(" WHERE %s < 4", k.quoted()))
	}
	if c := one(g, t.Columns...); c.Name != k.Name && g.in(3) {
		set += fmt.Sprintf(", %s = %s", c.quoted(), g.value(c))
	}
	return fmt.Sprintf("UPDATE {%d} SET %s%s", place, set, where)
}

func (g *generator) choice() Choice {
	switch g.IntN(3) {
	case 0:
		return Choice{Bits: ^uint64(0), First: g.IntN(6)}
	case 1:
		return Choice{Bits: g.Uint64() & g.Uint64()}
	}
	return Choice{Bits: g.Uint64() | g.Uint64()}
}
