package torture

import (
	"fmt"
	"slices"
	"strings"
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

func (g *generator) statement() string {
	place := g.IntN(len(g.w.Tables))
	t := g.w.Tables[place]
	switch n := g.IntN(24); {
	case n < 8:
		return g.insert(place, t)
	case n < 10:
		return fmt.Sprintf("DELETE FROM {%d}%s", place, g.where(t, false))
	case n < 16:
		c := one(g, t.plainColumns()...)
		return fmt.Sprintf("UPDATE {%d} SET %s = %s%s", place, c.quoted(), g.value(c), g.where(t, false))
	case n < 21:
		return g.rewriteKeys(place, t)
	case n == 21 && !g.without.Truncated:
		return fmt.Sprintf("TRUNCATE {%d}%s", place, one(g, "", " CASCADE"))
	case n == 22 && !g.without.KeysAgain:
		return g.deleteAndInsert(place, t)
	}
	return g.insert(place, t) + ";" + g.insert(place, t)
}

func (g *generator) insert(place int, t Table) string {
	var names []string
	for _, c := range t.Columns {
		if !c.Generated {
			names = append(names, c.quoted())
		}
	}
	rows := make([]string, 1+g.IntN(3))
	for i := range rows {
		var values []string
		for i, c := range t.Columns {
			if !c.Generated {
				values = append(values, g.newValue(t, i))
			}
		}
		rows[i] = "(" + strings.Join(values, ", ") + ")"
	}
	sql := fmt.Sprintf("INSERT INTO {%d} (%s) VALUES %s", place, strings.Join(names, ", "), strings.Join(rows, ", "))
	if t.KeyOptions == "" && g.in(3) {
		sql += " ON CONFLICT DO NOTHING"
	}
	if c := one(g, t.plainColumns()...); t.KeyOptions == "" && !strings.Contains(sql, "ON CONFLICT") && g.in(5) {
		var key []string
		for _, k := range t.Key {
			key = append(key, t.Columns[k].quoted())
		}
		sql += fmt.Sprintf(" ON CONFLICT (%s) DO UPDATE SET %s = %s", strings.Join(key, ", "), c.quoted(), g.value(c))
	}
	return sql
}

// deleteAndInsert moves a row's key to another one, in one statement or two.
func (g *generator) deleteAndInsert(place int, t Table) string {
	return fmt.Sprintf("DELETE FROM {%d}%s; %s", place, g.where(t, false), g.insert(place, t))
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
	if c := one(g, t.plainColumns()...); g.in(3) {
		set += fmt.Sprintf(", %s = %s", c.quoted(), g.value(c))
	}
	return fmt.Sprintf("UPDATE {%d} SET %s%s", place, set, where)
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
		return fmt.Sprintf("ALTER TABLE {%d} DROP COLUMN %s CASCADE; ALTER TABLE {%d} ADD COLUMN %s int DEFAULT 1", place, c.quoted(), place, c.quoted())
	}
	mood := slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Type == "{types}.mood" })
	switch {
	case c.Type == "int" && !mood:
		return fmt.Sprintf("ALTER TABLE {%d} ALTER COLUMN %s TYPE %s", place, c.quoted(), one(g, "bigint", "text", "numeric"))
	case mood:
		return "ALTER TYPE {types}.mood RENAME VALUE 'sad' TO 'blue'"
	}
	k := t.Columns[t.Key[0]]
	return fmt.Sprintf("ALTER TABLE {%d} RENAME COLUMN %s TO renamed%d", place, k.quoted(), g.added)
}
