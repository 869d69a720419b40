package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
)

// Generate makes a world up. The same seed, number and exclusions give the same one.
func Generate(seed, number uint64, without Exclusions) World {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, number)), without: without, next: 5}
	g.alters = !without.Altered && g.in(2)
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
	next    int  // the next key that was never used
	added   int  // columns, each by a name of its own
	alters  bool // tables and types
}

func one[T any](g *generator, from ...T) T { return from[g.IntN(len(from))] }

// in reports one of n times.
func (g *generator) in(n int) bool { return g.IntN(n) == 0 }

func (g *generator) schema() {
	g.w.Before = types
	for i := range 1 + g.IntN(2) {
		g.w.Tables = append(g.w.Tables, g.table(i))
	}
	g.references()
	for g.in(3) {
		place := g.IntN(len(g.w.Tables))
		sql, _ := g.insert(place, g.w.Tables[place])
		g.w.Early = append(g.w.Early, sql)
	}
}

func (g *generator) table(place int) Table {
	t := Table{Name: fmt.Sprintf("t%d", place)}
	names := slices.Clone(oddNames)
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	name := func(plain string) string {
		if g.in(5) && !g.without.OddNames {
			names = names[1:]
			return names[0]
		}
		return plain
	}
	keys := 1
	if g.in(4) {
		keys = 2
	}
	for i := range keys {
		k := one(g, keyKinds...)
		for g.in(3) || g.without.refuses(k) {
			if k = one(g, keyKinds...); g.without.KeysAgain {
				k = keyKinds[0]
			}
		}
		t.Key = append(t.Key, i)
		t.Columns = append(t.Columns, k.column(name(fmt.Sprintf("k%d", i))))
	}
	if g.in(5) && keys == 2 {
		t.Key = []int{1, 0}
	}
	for i := range 1 + g.IntN(3) {
		k := one(g, valueKinds...)
		if g.in(2) {
			k = one(g, valueKinds[:2]...)
		}
		t.Columns = append(t.Columns, k.column(name(fmt.Sprintf("c%d", i))))
	}
	if first := t.Columns[0]; first.Type == "int" && g.in(6) {
		t.Columns = append(t.Columns, Column{Name: "g", Type: "int",
			Rest: fmt.Sprintf("GENERATED ALWAYS AS (%s * 2) STORED", first.quoted()), Generated: true})
	}
	g.options(&t)
	return t
}

func (k kind) column(name string) Column {
	return Column{Name: name, Type: k.typ, Rest: k.rest, Values: k.values, Fresh: k.fresh, Coarse: k.coarse,
		Merges: k.merges}
}

// options are how a table is divided, checked and recorded.
func (g *generator) options(t *Table) {
	switch {
	case g.in(5) && t.Columns[t.Key[0]].Type == "int":
		t.PartitionBy = "RANGE (" + t.Columns[t.Key[0]].quoted() + ")"
		t.Partitions = []string{"FOR VALUES FROM (MINVALUE) TO (2)", "FOR VALUES FROM (2) TO (9)", "DEFAULT"}
	case g.in(3):
		t.KeyOptions = one(g, "DEFERRABLE", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED")
	}
	switch g.IntN(8) {
	case 0:
		t.Options.Updates = audit.UpdatesFull
	case 1:
		t.Options.SkipUntouchedTOAST = true
	case 2, 3:
		if t.PartitionBy == "" && !g.without.ByStatement {
			t.Options.Trigger = audit.StatementLevel
		}
	}
	if c := t.Columns[len(t.Key)]; t.Options.Trigger == "" && g.in(10) && !g.alters && c.Type != "{types}.pair" {
		t.Options.Where = c.quoted() + one(g, " IS NOT NULL", " IS NULL")
	}
	t.Options.AllowIgnore = t.Options.Trigger == "" && g.in(12)
	if t.Options.Trigger == "" && t.Options.Where == "" && !t.Options.AllowIgnore && t.KeyOptions == "" {
		t.Options.SkipInsertImage = g.in(3)
	}
	if c := &t.Columns[len(t.Columns)-1]; g.in(5) && !g.without.Hidden && !c.Generated {
		c.Hidden = one(g, "masked", "excluded")
		switch c.Hidden {
		case "masked":
			t.Options.Mask = []string{c.Name}
		default:
			t.Options.Exclude = []string{c.Name}
		}
		return
	}
	if c := t.Columns[len(t.Key)]; g.in(8) && t.KeyOptions == "" && t.PartitionBy == "" &&
		!strings.Contains(c.Type, "json") && c.Type != "xml" {
		t.Constraints = append(t.Constraints, "UNIQUE ("+c.quoted()+")")
		t.Unique = append(t.Unique, len(t.Key))
	}
}

// references adds foreign keys: to itself, to the other table, and both ways.
func (g *generator) references() {
	for from := range g.w.Tables {
		for to, target := range g.w.Tables {
			if !g.in(4) || len(target.Key) > 1 || target.KeyOptions != "" {
				continue
			}
			key := target.Columns[target.Key[0]]
			c := Column{Name: fmt.Sprintf("ref%d", to), Type: key.Type,
				Values: append(slices.Clone(key.Values), "NULL"), Refers: to + 1, Coarse: key.Coarse}
			if g.without.KeysAgain {
				c.Values = list("NULL", fmt.Sprintf(key.Fresh, 6), fmt.Sprintf(key.Fresh, 7), fmt.Sprintf(key.Fresh, 8))
			}
			g.w.Tables[from].Columns = append(g.w.Tables[from].Columns, c)
			actions := list("", "CASCADE", "SET NULL", "CASCADE", "SET DEFAULT")
			sql := fmt.Sprintf("ALTER TABLE {%d} ADD FOREIGN KEY (%s) REFERENCES {%d}", from, c.quoted(), to)
			if a := one(g, actions...); a != "" {
				sql += " ON DELETE " + a
			}
			if a := one(g, actions...); a != "" {
				sql += " ON UPDATE " + a
			}
			g.w.References = append(g.w.References, sql+one(g, "", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"))
		}
	}
}

func (g *generator) history() {
	open := [2]bool{}
	for range 4 + g.IntN(16) {
		s := 0
		if g.in(4) {
			s = 1
		}
		op := Op{Session: s}
		switch n := g.IntN(24); {
		case n == 0 && !open[s]:
			op.Kind, open[s] = Begin, true
		case n < 3 && open[s]:
			op.Kind, open[s] = one(g, Commit, Commit, Commit, Rollback), false
		case n == 3:
			op.Kind = Mark
		case n == 4 && open[s]:
			op.Kind = one(g, Save, Save, Back)
		case n == 6 && open[s]:
			op.SQL = one(g, "SET CONSTRAINTS ALL DEFERRED", "SET CONSTRAINTS ALL IMMEDIATE")
		case n == 5:
			op.Kind, op.SQL, op.What = Once, one(g, settings...), "setting"
		case (n == 7 || n == 8) && g.alters:
			op.What = "alter table"
			if op.SQL = g.alteration(); strings.HasPrefix(op.SQL, "ALTER TYPE") {
				op.Kind, op.What = Once, "alter type"
			}
		case n == 9:
			op = g.race()
		case n == 10 && g.in(3):
			op.Kind = Baseline
		default:
			op.SQL, op.What = g.statement()
		}
		g.w.Ops = append(g.w.Ops, op)
	}
	g.w.Ops = append(g.w.Ops, Op{Kind: Mark})
}

// settings are what a session may have set that changes how values are shown or names are found.
var settings = []string{
	"SET datestyle = 'German'", "SET intervalstyle = 'sql_standard'", "SET timezone = 'Asia/Kathmandu'",
	"SET extra_float_digits = -10",
	"SET bytea_output = 'escape'", "SET search_path = ''", "SET search_path = {types}, pg_catalog",
	"SET default_transaction_isolation = 'repeatable read'",
	"SET default_transaction_isolation = 'serializable'", "SET array_nulls = off", "SET quote_all_identifiers = on",
	"SET xmloption = document",
	"SET standard_conforming_strings = off", "SET check_function_bodies = off",
	"SET plan_cache_mode = force_generic_plan",
	"SET exaudit.ignore = on", "SET exaudit.ignore = on", "SET exaudit.ignore = off",
	"SET plan_cache_mode = force_custom_plan", "SET transform_null_equals = on", "SET lc_monetary = 'C.UTF-8'",
	"SET enable_seqscan = off", "SET escape_string_warning = off",
	"SET backslash_quote = off", "SET force_parallel_mode = on", "SET debug_parallel_query = on",
	"SET constraint_exclusion = on", "SET default_toast_compression = pglz", "SET enable_indexscan = off",
	"SET track_counts = off", "SET row_security = off", "SET work_mem = 64", "SET jit_above_cost = 0",
	"RESET ALL; SET lock_timeout = '30ms'",
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
