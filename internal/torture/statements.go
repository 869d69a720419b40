package torture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
)

func (g *generator) value(c Column) string { return one(g, c.Values...) }

// newValue is a value that a column gets.
func (g *generator) newValue(t Table, i int) string {
	c := t.Columns[i]
	if g.without.KeysAgain && slices.Contains(t.Key, i) {
		g.next++
		return fmt.Sprintf(c.Fresh, g.next)
	}
	return g.value(c)
}

// where is a condition that fits one row as a rule, and with one it does.
func (g *generator) where(t Table, oneRow bool) string {
	if g.in(6) && !oneRow {
		return ""
	}
	var parts []string
	for _, k := range t.Key {
		value := g.value(t.Columns[k])
		if g.without.KeysAgain {
			value = fmt.Sprintf(t.Columns[k].Fresh, 6+g.IntN(max(g.next-5, 1)))
		}
		parts = append(parts, t.Columns[k].quoted()+" = "+value)
	}
	if oneRow {
		return " WHERE " + strings.Join(parts, " AND ")
	}
	return " WHERE " + strings.Join(parts, one(g, " AND ", " OR "))
}

// plainColumns are those that a statement may set, besides the key.
func (t Table) plainColumns() (list []Column) {
	for i, c := range t.Columns {
		if !slices.Contains(t.Key, i) && !c.Generated {
			list = append(list, c)
		}
	}
	return list
}

// statement is one that changes rows, and what it is counted as.
func (g *generator) statement() (sql, what string) {
	place := g.IntN(len(g.w.Tables))
	t := g.w.Tables[place]
	switch n := g.IntN(32); {
	case n < 8:
		return g.insert(place, t)
	case n < 10:
		return fmt.Sprintf("DELETE FROM {%d}%s", place, g.where(t, false)), "delete"
	case n < 15:
		c := one(g, t.plainColumns()...)
		return fmt.Sprintf("UPDATE {%d} SET %s = %s%s", place, c.quoted(), g.value(c), g.where(t, false)), "update"
	case n < 20:
		return g.rewriteKeys(place, t)
	case n == 20 && !g.without.Truncated:
		return g.truncate(place), "truncate"
	case n == 21 && !g.without.KeysAgain:
		return g.deleteAndInsert(place, t), "delete and insert"
	case n < 24:
		return g.updateFrom(place, t), "update from"
	case n < 26:
		return g.merge(place, t), "merge"
	case n < 28:
		return g.copied(place, t), "copy"
	case n < 30:
		return g.several(place, t), "several writes in one"
	}
	first, what := g.insert(place, t)
	second, _ := g.insert(place, t)
	return first + ";" + second, what
}

func (g *generator) truncate(place int) string {
	list := fmt.Sprintf("{%d}", place)
	if len(g.w.Tables) > 1 && g.in(4) {
		list = "{0}, {1}"
	}
	return "TRUNCATE " + list + one(g, "", "", " RESTART IDENTITY") + one(g, "", " CASCADE")
}

// inserted are the columns that an INSERT names, and what stands between them and the rows.
func (t Table) inserted() (names, overriding string) {
	var list []string
	for _, c := range t.Columns {
		if !c.Generated {
			list = append(list, c.quoted())
		}
		if strings.Contains(c.Rest, "ALWAYS AS IDENTITY") {
			overriding = " OVERRIDING SYSTEM VALUE"
		}
	}
	return strings.Join(list, ", "), overriding
}

// row is a new row of literals.
func (g *generator) row(t Table) string {
	var values []string
	for i, c := range t.Columns {
		if !c.Generated {
			values = append(values, g.newValue(t, i))
		}
	}
	return strings.Join(values, ", ")
}

// keys are some keys as a table s with the columns s0, s1, and the condition that joins them to t.
func (g *generator) keys(t Table) (from, on string) {
	rows := make([]string, 1+g.IntN(3))
	var names, conditions []string
	for i, k := range t.Key {
		names = append(names, fmt.Sprintf("s%d", i))
		conditions = append(conditions, fmt.Sprintf("t.%s = s.s%d", t.Columns[k].quoted(), i))
	}
	for i := range rows {
		var values []string
		for _, k := range t.Key {
			values = append(values, fmt.Sprintf("(%s::%s)", g.value(t.Columns[k]), t.Columns[k].Type))
		}
		rows[i] = "(" + strings.Join(values, ", ") + ")"
	}
	return fmt.Sprintf("(VALUES %s) AS s (%s)", strings.Join(rows, ", "), strings.Join(names, ", ")),
		strings.Join(conditions, " AND ")
}

func (g *generator) updateFrom(place int, t Table) string {
	c := one(g, t.plainColumns()...)
	from, on := g.keys(t)
	if g.in(3) {
		from, on = fmt.Sprintf("{%d} AS s", place), fmt.Sprintf("t.%[1]s = s.%[1]s", t.Columns[t.Key[0]].quoted())
	}
	return fmt.Sprintf("UPDATE {%d} AS t SET %s = %s FROM %s WHERE %s", place, c.quoted(), g.value(c), from, on)
}

// merge updates or deletes the rows that have some keys, and inserts the others. There is none before PostgreSQL 15.
func (g *generator) merge(place int, t Table) string {
	c := one(g, t.plainColumns()...)
	from, on := g.keys(t)
	sql := fmt.Sprintf("MERGE INTO {%d} AS t USING %s ON %s", place, from, on)
	if g.in(3) {
		sql += fmt.Sprintf(" WHEN MATCHED AND t.%s IS NULL THEN DELETE", c.quoted())
	}
	key := t.Columns[t.Key[0]]
	sql += " WHEN MATCHED THEN " + one(g, "DELETE", "DO NOTHING",
		fmt.Sprintf("UPDATE SET %s = %s", c.quoted(), g.value(c)),
		fmt.Sprintf("UPDATE SET %s = %s", c.quoted(), g.value(c)),
		fmt.Sprintf("UPDATE SET %s = %s, %s = %s", c.quoted(), g.value(c), key.quoted(), g.value(key)))
	if g.in(4) {
		return sql
	}
	names, overriding := t.inserted()
	var values []string
	for i, c := range t.Columns {
		switch at := slices.Index(t.Key, i); {
		case at >= 0:
			values = append(values, fmt.Sprintf("s.s%d", at))
		case !c.Generated:
			values = append(values, g.value(c))
		}
	}
	return sql + fmt.Sprintf(" WHEN NOT MATCHED THEN INSERT (%s)%s VALUES (%s)", names, overriding,
		strings.Join(values, ", "))
}

// copied is COPY FROM STDIN of the rows of the SELECTs in further lines.
func (g *generator) copied(place int, t Table) string {
	var names []string
	var columns []int
	for i, c := range t.Columns {
		if !c.Generated && !slices.Contains(c.Values, "DEFAULT") {
			names, columns = append(names, c.quoted()), append(columns, i)
		}
	}
	sql := fmt.Sprintf("COPY {%d} (%s) FROM STDIN", place, strings.Join(names, ", "))
	for range 1 + g.IntN(3) {
		values := make([]string, len(columns))
		for at, i := range columns {
			values[at] = g.newValue(t, i)
		}
		sql += "\nSELECT " + strings.Join(values, ", ")
	}
	return sql
}

// several are writes of one statement: rows that get other keys by a delete and an insert, or one write after the
// other.
func (g *generator) several(place int, t Table) string {
	other := g.IntN(len(g.w.Tables))
	if t.endsLate() || g.w.Tables[other].endsLate() {
		return g.updateFrom(place, t)
	}
	names, overriding := t.inserted()
	if g.in(2) {
		i := one(g, t.Key...)
		var values []string
		for at, c := range t.Columns {
			switch {
			case at == i:
				values = append(values, fmt.Sprintf("(%s::%s)", g.newValue(t, i), c.Type))
			case !c.Generated:
				values = append(values, c.quoted())
			}
		}
		return fmt.Sprintf("WITH gone AS (DELETE FROM {%d}%s RETURNING *) INSERT INTO {%d} (%s)%s SELECT %s FROM gone",
			place, g.where(t, true), place, names, overriding, strings.Join(values, ", "))
	}
	c := one(g, t.plainColumns()...)
	insert, _ := g.insert(other, g.w.Tables[other])
	return fmt.Sprintf("WITH came AS (%s RETURNING 1), gone AS (DELETE FROM {%d}%s RETURNING 1) UPDATE {%d} SET %s = %s%s",
		insert, other, g.where(g.w.Tables[other], true), place, c.quoted(), g.value(c), g.where(t, false))
}

// endsLate reports whether a DELETE that is part of a statement may be recorded after the INSERT that used its keys: a
// cascade that comes back to a table postpones its statement triggers. docs/configuration.md says so.
func (t Table) endsLate() bool {
	return t.Options.Trigger == audit.StatementLevel &&
		slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Refers > 0 })
}

// race is a change, and one of another session that waits for it.
func (g *generator) race() Op {
	op := Op{Kind: Race, What: "race", Level: one(g, "", "ISOLATION LEVEL READ COMMITTED",
		"ISOLATION LEVEL REPEATABLE READ", "ISOLATION LEVEL SERIALIZABLE"), Undone: g.in(4)}
	for _, sql := range []*string{&op.SQL, &op.Then} {
		for *sql == "" || strings.HasPrefix(*sql, "COPY") || strings.HasPrefix(*sql, "TRUNCATE") {
			*sql, _ = g.statement()
		}
	}
	return op
}

func (g *generator) insert(place int, t Table) (sql, what string) {
	names, overriding := t.inserted()
	rows := make([]string, 1+g.IntN(3))
	for i := range rows {
		rows[i] = "(" + g.row(t) + ")"
	}
	sql = fmt.Sprintf("INSERT INTO {%d} (%s)%s VALUES %s", place, names, overriding, strings.Join(rows, ", "))
	c := one(g, t.plainColumns()...)
	if t.KeyOptions != "" {
		return sql, "insert"
	}
	if g.in(3) {
		return sql + " ON CONFLICT DO NOTHING", "insert on conflict do nothing"
	}
	if g.in(3) {
		var key []string
		for _, k := range t.Key {
			key = append(key, t.Columns[k].quoted())
		}
		if g.in(5) {
			c = t.Columns[t.Key[0]]
		}
		return sql + fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s = %s", strings.Join(key, ", "), c.quoted(),
			g.value(c)), "insert on conflict do update"
	}
	return sql, "insert"
}

// deleteAndInsert moves a row's key to another one, in one statement or two.
func (g *generator) deleteAndInsert(place int, t Table) string {
	insert, _ := g.insert(place, t)
	return fmt.Sprintf("DELETE FROM {%d}%s; %s", place, g.where(t, false), insert)
}

// rewriteKeys moves a row, or permutes keys.
func (g *generator) rewriteKeys(place int, t Table) (sql, what string) {
	what = "update of a key"
	i := one(g, t.Key...)
	k := t.Columns[i]
	set := fmt.Sprintf("%s = %s", k.quoted(), g.newValue(t, i))
	where := g.where(t, true)
	if k.Type == "int" && !g.without.KeysAgain && g.in(2) {
		set = k.quoted() + " = " + fmt.Sprintf(one(g, "4 - %s", "%s + 1", "%s - 1", "%s %% 3 + 1"), k.quoted())
		where = one(g, "", fmt.Sprintf(" WHERE %s < 4", k.quoted()))
		what = "permutation"
	}
	if c := one(g, t.plainColumns()...); g.in(3) {
		set += fmt.Sprintf(", %s = %s", c.quoted(), g.value(c))
	}
	return fmt.Sprintf("UPDATE {%d} SET %s%s", place, set, where), what
}

// alteration changes a table or a type. A column that is gone or renamed makes later statements fail, on both sides.
func (g *generator) alteration() string {
	place := g.IntN(len(g.w.Tables))
	t := g.w.Tables[place]
	c := one(g, t.plainColumns()...)
	g.added++
	switch g.IntN(9) {
	case 0:
		return fmt.Sprintf("ALTER TABLE {%d} ADD COLUMN new%d text", place, g.added)
	case 1:
		return fmt.Sprintf("ALTER TABLE {%d} ADD COLUMN new%d int NOT NULL DEFAULT 7", place, g.added)
	case 2:
		return fmt.Sprintf("ALTER TABLE {%d} RENAME COLUMN %s TO renamed%d", place, c.quoted(), g.added)
	case 3:
		return fmt.Sprintf("ALTER TABLE {%d} DROP COLUMN %s CASCADE", place, c.quoted())
	case 4:
		if c.Hidden == "" { // which the new one would be as well
			return fmt.Sprintf("ALTER TABLE {%d} DROP COLUMN %s CASCADE; ALTER TABLE {%d} ADD COLUMN %s int DEFAULT 1",
				place, c.quoted(), place, c.quoted())
		}
	}
	mood := slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Type == "{types}.mood" })
	switch {
	case c.Type == "int" && !mood:
		return fmt.Sprintf("ALTER TABLE {%d} ALTER COLUMN %s TYPE %s", place, c.quoted(),
			one(g, "bigint", "text", "numeric"))
	case mood && !slices.ContainsFunc(g.w.Tables, Table.keyedByMood):
		return "ALTER TYPE {types}.mood RENAME VALUE 'sad' TO 'blue'"
	}
	k := t.Columns[t.Key[0]]
	return fmt.Sprintf("ALTER TABLE {%d} RENAME COLUMN %s TO renamed%d", place, k.quoted(), g.added)
}

// keyedByMood reports whether an enum is part of the key. A renamed label in a key is a changed key, as docs/history.md
// says.
func (t Table) keyedByMood() bool {
	return slices.ContainsFunc(t.Key, func(k int) bool { return t.Columns[k].Type == "{types}.mood" })
}
