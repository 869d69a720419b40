package torture

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/testall"
)

// all chooses every version.
var all = Choice{Bits: ^uint64(0)}

// only chooses versions by their place, from 0.
func only(places ...int) Choice {
	var c Choice
	for _, p := range places {
		c.Bits |= 1 << p
	}
	return c
}

// worldOf makes a world of one table, {0}, with columns id and v. A statement that begins with "2:" is of the second
// session; "mark" makes a mark.
func worldOf(keyType, keyOptions string, choices []Choice, statements ...string) World {
	w := World{Before: types, Choices: choices, Tables: []Table{{
		Name: "t", Key: []int{0}, KeyOptions: keyOptions,
		Columns: []Column{{Name: "id", Type: keyType}, {Name: "v", Type: "text"}, {Name: "n", Type: "int"}},
	}}}
	for _, k := range keyKinds {
		if k.typ == keyType {
			w.Tables[0].Columns[0].Coarse = k.coarse
		}
	}
	for _, sql := range statements {
		op := Op{SQL: sql}
		if second, ok := strings.CutPrefix(sql, "2:"); ok {
			op = Op{SQL: second, Session: 1}
		}
		switch {
		case op.SQL == "mark":
			op.Kind = Mark
		case op.SQL == "begin":
			op.Kind = Begin
		case op.SQL == "commit":
			op.Kind = Commit
		case strings.HasPrefix(op.SQL, "ALTER TYPE"), strings.HasPrefix(op.SQL, "SET "):
			op.Kind = Once
		}
		w.Ops = append(w.Ops, op)
	}
	return w
}

// pointing adds a foreign key to the table itself, column ref.
func pointing(w World, actions string) World {
	key := w.Tables[0].Columns[0]
	w.Tables[0].Columns = append(w.Tables[0].Columns, Column{Name: "ref", Type: key.Type, Refers: 1, Coarse: key.Coarse})
	w.References = list("ALTER TABLE {0} ADD FOREIGN KEY (ref) REFERENCES {0} " + actions)
	return w
}

// masking has column v, of a type, masked.
func masking(w World, typ string) World {
	w.Tables[0].Columns[1].Type, w.Tables[0].Columns[1].Hidden = typ, "masked"
	w.Tables[0].Options.Mask = list("v")
	return w
}

// excludingBy has column v excluded, and a condition on it.
func excludingBy(w World, where string) World {
	w.Tables[0].Columns[1].Hidden = "excluded"
	w.Tables[0].Options.Exclude, w.Tables[0].Options.Where = list("v"), where
	return w
}

// keyedByBoth has columns id and v as the key, v of a type.
func keyedByBoth(w World, typ string) World {
	w.Tables[0].Columns[1].Type, w.Tables[0].Key = typ, []int{0, 1}
	return w
}

// deferred is a world in which rows may have one key until a transaction ends.
func deferred(choices []Choice, statements ...string) World {
	return worldOf("int", "DEFERRABLE INITIALLY DEFERRED", choices, statements...)
}

// ignoring is a world in which exaudit.ignore has an effect.
func ignoring(w World) World {
	w.Tables[0].Options.AllowIgnore = true
	return w
}

// unique has column v unique.
func unique(w World) World {
	w.Tables[0].Unique = []int{1}
	return w
}

// early has a statement before the table is recorded.
func early(w World, sql string) World {
	w.Early = list(sql)
	return w
}

// Worlds that were found, made small, and hold now.
func TestFound(t *testing.T) {
	t.Parallel()
	place := open(t)
	const abc = "INSERT INTO {0} (id, v) VALUES (1, 'a'), (2, 'b'), (3, 'c')"
	for name, w := range testall.SampleMap(map[string]World{
		"deleted, the key used and left, and used again": worldOf("int", "", []Choice{only(1, 2, 3), all},
			"INSERT INTO {0} (id, v, n) VALUES (1000, 'orig', 2)", "begin", "DELETE FROM {0} WHERE id = 1000", "INSERT INTO {0} (id, v, n) VALUES (1000, 'B', 7)", "commit",
			"UPDATE {0} SET id = 2 WHERE id = 1000", "INSERT INTO {0} (id, v, n) VALUES (1000, 'C', 50)"),
		"two permutations":            worldOf("int", "DEFERRABLE", []Choice{all, only(3, 4, 5, 6, 7, 8)}, abc, "UPDATE {0} SET id = 4 - id", "UPDATE {0} SET id = id + 1"),
		"swapped twice":               worldOf("int", "DEFERRABLE", []Choice{all, only(3, 4)}, abc, "UPDATE {0} SET id = 3 - id WHERE id < 3", "UPDATE {0} SET id = 3 - id WHERE id < 3"),
		"rotated twice":               worldOf("int", "DEFERRABLE", []Choice{all, only(6, 7, 8)}, abc, "UPDATE {0} SET id = id % 3 + 1", "UPDATE {0} SET id = id % 3 + 1"),
		"swapped and deleted":         worldOf("int", "DEFERRABLE", []Choice{all, only(3, 4)}, abc, "UPDATE {0} SET id = 3 - id WHERE id < 3", "DELETE FROM {0} WHERE id = 1"),
		"swapped with another column": worldOf("int", "DEFERRABLE", []Choice{all}, abc, "UPDATE {0} SET id = 3 - id, v = v || 'x' WHERE id < 3", "UPDATE {0} SET id = id + 1"),
		"shifted":                     worldOf("int", "DEFERRABLE", []Choice{all}, abc, "UPDATE {0} SET id = id + 1, n = 1"),
		"moves of rows that came in the other order": worldOf("int", "", []Choice{all},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (12, 'A', NULL)", "2:INSERT INTO {0} (id, v, n) VALUES (8, 'B', NULL)", "mark", "commit", "UPDATE {0} SET id = 9 WHERE id = 12", "UPDATE {0} SET id = -1 WHERE id = 8"),
		"shifted with a row of later": worldOf("int", "DEFERRABLE", nil,
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', NULL)", "2:INSERT INTO {0} (id, v, n) VALUES (4, 'b', NULL)", "UPDATE {0} SET id = id + 1", "commit"),
		"one of several shifts is undone": worldOf("int", "DEFERRABLE", []Choice{only(7), only(6), only(5)},
			"INSERT INTO {0} (id, v, n) VALUES (5, 'x', NULL), (4, NULL, 1)", "INSERT INTO {0} (id, v, n) VALUES (3, 'y', 1)", "UPDATE {0} SET v = 'y' WHERE id = 4", "INSERT INTO {0} (id, v, n) VALUES (1, 'y', 0)", "UPDATE {0} SET id = id + 1"),
		"1.0, 1.00, 1.0": worldOf("numeric", "", []Choice{all, only(1, 2)}, "INSERT INTO {0} (id, v, n) VALUES (1.0, 'a', NULL)", "UPDATE {0} SET id = 1.00, v = 'b'", "UPDATE {0} SET id = 1.0, v = 'c'"),
		"another spelling after a delete": worldOf("varchar(3) COLLATE {types}.loose", "", []Choice{all, only(1, 2)},
			"INSERT INTO {0} (id, v, n) VALUES ('bob', 'a', NULL)", "DELETE FROM {0} WHERE id = 'bob'", "INSERT INTO {0} (id, v, n) VALUES ('Bob', 'b', NULL)"),
		"written over by the name under which it comes back": unique(early(worldOf("float8", "", []Choice{only(1, 3, 4, 6, 7, 9, 10)},
			"INSERT INTO {0} (id, v, n) VALUES ('NaN', NULL, 2)", "INSERT INTO {0} (id, v, n) VALUES ('NaN', 'x', 2), ('-0', 'x', NULL) ON CONFLICT (id) DO UPDATE SET v = ''",
			"INSERT INTO {0} (id, v, n) VALUES (0, '', 0) ON CONFLICT (id) DO UPDATE SET id = 0", "UPDATE {0} SET n = 0 WHERE id = 1",
			"DELETE FROM {0}", "INSERT INTO {0} (id, v, n) VALUES ('NaN', 'x', 0), (0, '', NULL)", "DELETE FROM {0} WHERE id = 0"),
			"INSERT INTO {0} (id, v, n) VALUES (1, 'y', 1)")),
		"a key that is equal, by a transaction that began before": worldOf("numeric", "", nil,
			"begin", "2:INSERT INTO {0} (id, v, n) VALUES (1.00, 'a', 1)", "2:DELETE FROM {0}", "INSERT INTO {0} (id, v, n) VALUES (1.0, 'x', 1)", "commit"),
		"exchanged with a row whose key is equal": worldOf("varchar(3) COLLATE {types}.loose", "", []Choice{all, only(2, 3, 4)},
			"INSERT INTO {0} (id, v, n) VALUES ('a', 'x', 1), ('b', 'y', 2)", "UPDATE {0} SET id = 'c' WHERE id = 'a'", "UPDATE {0} SET id = 'A' WHERE id = 'b'", "UPDATE {0} SET id = 'B' WHERE id = 'c'"),
		"back to a key after a row whose key is equal has left it": worldOf("numeric", "", []Choice{all, only(2, 3)},
			"INSERT INTO {0} (id, v, n) VALUES (1.0, 'x', 1), (2, 'y', 2)", "UPDATE {0} SET id = 3 WHERE id = 1", "UPDATE {0} SET id = 1.00 WHERE id = 2"),
		"reverted, and the key used again": worldOf("int", "", nil, "INSERT INTO {0} (id, v, n) VALUES (1000, 'orig', 2)", "begin", "DELETE FROM {0} WHERE id = 1000", "INSERT INTO {0} (id, v, n) VALUES (1000, 'B', 7)", "commit",
			"UPDATE {0} SET id = 2 WHERE id = 1000", "INSERT INTO {0} (id, v, n) VALUES (1000, 'C', 50)"),
		"a reference in another spelling, to a key that changes its own": pointing(worldOf("varchar(3) COLLATE {types}.loose", "", []Choice{only(2, 3, 6), only(2, 3)},
			"INSERT INTO {0} (id, v, n, ref) VALUES ('A', 'x', 1, 'a'), ('b', '', 2, 'A')", "UPDATE {0} SET n = NULL WHERE id = 'b'", "UPDATE {0} SET id = 'a', n = 0 WHERE id = 'a'",
			"UPDATE {0} SET ref = 'A' WHERE id = 'A'"), "ON DELETE SET NULL ON UPDATE SET NULL"),
		"written over, with a masked column": masking(worldOf("int", "", []Choice{only(1)},
			"INSERT INTO {0} (id, v, n) VALUES (1, '[1,3)', 1)", "UPDATE {0} SET n = 2", "DELETE FROM {0}"), "int4range"),
		"undone, redone and undone, where keys were used again": early(worldOf("int", "", []Choice{{First: 3, Bits: ^uint64(0)}},
			"UPDATE {0} SET id = 1 WHERE id = 3", "INSERT INTO {0} (id, v, n) VALUES (2, 'Y', 2)", "UPDATE {0} SET id = 3 WHERE id = 1", "TRUNCATE {0}",
			"INSERT INTO {0} (id, v, n) VALUES (2, 'A', 2), (3, 'B', 3)", "UPDATE {0} SET id = 1 WHERE id = 3", "INSERT INTO {0} (id, v, n) VALUES (3, 'C', 3)"),
			"INSERT INTO {0} (id, v, n) VALUES (3, 'E', 0)"),
		"reverted, and another row created where it was deleted": worldOf("int", "DEFERRABLE", nil,
			"INSERT INTO {0} (id, v, n) VALUES (3, 'a', 1)", "UPDATE {0} SET id = 1", "DELETE FROM {0}; INSERT INTO {0} (id, v, n) VALUES (1, 'b', 0)"),
		"two rows with one key, deleted by one statement": deferred([]Choice{all, only(0), only(1), only(2), only(3)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (3, 'a', 2)", "INSERT INTO {0} (id, v, n) VALUES (3, 'b', 0)", "DELETE FROM {0}", "commit"),
		"another row with its key, created and deleted": deferred([]Choice{all, only(1, 2), only(0)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "mark", "begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 2)", "DELETE FROM {0} WHERE v = 'b'", "commit"),
		"replaced by another row with its key": deferred([]Choice{all, only(1, 2), only(3, 4)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 2)", "UPDATE {0} SET n = 3 WHERE v = 'a'", "DELETE FROM {0} WHERE v = 'a'", "commit",
			"UPDATE {0} SET v = 'c'"),
		"of two rows with one key, one is changed as the other was": deferred([]Choice{all, only(1, 2, 3), only(3)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 1)", "UPDATE {0} SET n = 2 WHERE v = 'b'", "DELETE FROM {0} WHERE v = 'a'", "commit",
			"UPDATE {0} SET n = 3"),
		"of two rows with one key, that of before is changed": early(deferred([]Choice{all, only(0, 1, 2)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 1)", "UPDATE {0} SET n = 2 WHERE v = 'a'", "DELETE FROM {0} WHERE v = 'a'", "commit"),
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)"),
		"two rows with one key, one of which goes on to another": deferred([]Choice{all, only(1, 2), only(2)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 1)", "UPDATE {0} SET n = 2 WHERE v = 'a'", "UPDATE {0} SET id = 2 WHERE v = 'a'", "commit",
			"UPDATE {0} SET n = 5"),
		"three rows with one key": deferred([]Choice{all, only(0), only(4, 5)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1), (1, 'b', 1), (1, NULL, 1)", "UPDATE {0} SET n = 2 WHERE v IS NULL", "DELETE FROM {0} WHERE v = 'a'", "DELETE FROM {0} WHERE v IS NULL", "commit",
			"UPDATE {0} SET n = 5"),
		"two equal rows with one key": deferred([]Choice{all, only(0), only(2)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1), (1, 'a', 1)", "DELETE FROM {0} WHERE ctid = (SELECT min(ctid) FROM {0})", "commit"),
		"moved to the key of another, and deleted there": deferred([]Choice{all, only(2), only(2, 3)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1), (2, 'b', 1)", "begin", "UPDATE {0} SET id = 1 WHERE id = 2", "UPDATE {0} SET n = 2 WHERE v = 'a'", "DELETE FROM {0} WHERE v = 'b'", "commit"),
		"a row with its key comes and goes in another transaction": deferred([]Choice{all, only(0), only(2), only(1, 2)},
			"2:begin", "2:INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 1)", "DELETE FROM {0} WHERE id = 1", "mark", "commit", "2:commit"),
		"an empty key that was left is used again": early(worldOf("text", "DEFERRABLE", []Choice{all, only(0)},
			"UPDATE {0} SET n = 2", "UPDATE {0} SET id = 'a'", "INSERT INTO {0} (id, v, n) VALUES ('', 'b', NULL)"), "INSERT INTO {0} (id, v, n) VALUES ('', 'a', 1)"),
		"reverted, and a key that was left used again": early(deferred(nil,
			"UPDATE {0} SET id = 2", "INSERT INTO {0} (id, v, n) VALUES (1, 'b', 0)"), "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)"),
		"created, updated and truncated in a transaction": worldOf("int", "", []Choice{only(1, 4), only(1, 5), only(0, 1)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "INSERT INTO {0} (id, v, n) VALUES (2, 'b', 1)", "UPDATE {0} SET n = NULL", "TRUNCATE {0}", "commit"),
		"created, updated and deleted in a transaction, with a deferrable key": worldOf("int", "DEFERRABLE", []Choice{only(0, 2), only(0, 1)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "UPDATE {0} SET n = NULL", "DELETE FROM {0}", "commit"),
		"created, updated and deleted in a transaction, of a column with another type now": worldOf("int", "", []Choice{only(0, 2), only(0, 1)},
			"begin", "INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "UPDATE {0} SET n = 2", "DELETE FROM {0}", "commit", "ALTER TABLE {0} ALTER n TYPE text"),
		"a key passed on, in a row that refers to itself": pointing(worldOf("bytea", "", []Choice{all, only(1, 2, 3)},
			`INSERT INTO {0} (id, v, n, ref) VALUES ('\x00', 'a', 1, '\x00')`, `UPDATE {0} SET id = '\x'`, `INSERT INTO {0} (id, v, n) VALUES ('\x00', 'b', 2)`),
			"ON DELETE CASCADE ON UPDATE CASCADE"),
		"a key passed on, of a row that is pointed to by one that is written over": early(pointing(worldOf("numeric", "", []Choice{only(0, 1, 2)},
			"DELETE FROM {0}", "INSERT INTO {0} (id, ref) VALUES (1.00, 1.0)", "UPDATE {0} SET id = 2 WHERE id = 1.00", "INSERT INTO {0} (id, v, ref) VALUES (1.00, 'y', 2.0)"),
			"ON DELETE CASCADE ON UPDATE CASCADE"),
			"INSERT INTO {0} (id, v, ref) VALUES (2.0, '', 2.0), (1.00, 'x', 1.0)"),
		"a key passed on, that another row refers to": pointing(worldOf("int", "", []Choice{all, only(2, 3, 4)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "INSERT INTO {0} (id, v, n, ref) VALUES (2, 'b', 1, 1)", "UPDATE {0} SET id = 3 WHERE id = 1", "INSERT INTO {0} (id, v, n) VALUES (1, 'c', 2)"),
			"ON DELETE CASCADE ON UPDATE CASCADE"),
		"a key passed on, that rows refer to which go": pointing(worldOf("int", "", []Choice{all, only(2, 3, 4, 5, 6), only(2, 3, 4, 5)},
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 1)", "INSERT INTO {0} (id, v, n, ref) VALUES (2, 'b', 1, 1)", "UPDATE {0} SET id = 3 WHERE id = 1", "INSERT INTO {0} (id, v, n) VALUES (1, 'c', 2)",
			"INSERT INTO {0} (id, v, n, ref) VALUES (4, 'd', 2, 1)", "INSERT INTO {0} (id, v, n, ref) VALUES (5, 'e', 2, 4)"),
			"ON DELETE CASCADE ON UPDATE CASCADE"),
		"updated, gone out of sight, and another row created": ignoring(worldOf("int", "", []Choice{only(1, 2), only(1)}, "INSERT INTO {0} (id, v, n) VALUES (1, 'x', 1)",
			"UPDATE {0} SET n = 2", "SET exaudit.ignore = on", "DELETE FROM {0}", "SET exaudit.ignore = off", "INSERT INTO {0} (id, v, n) VALUES (1, 'y', 2)")),
		"deleted, and another row that came out of sight updated": ignoring(worldOf("int", "", []Choice{only(1), only(0, 1), only(1, 2), only(0)}, "INSERT INTO {0} (id, v, n) VALUES (1, 'x', 1)",
			"UPDATE {0} SET n = 2", "DELETE FROM {0}", "SET exaudit.ignore = on", "INSERT INTO {0} (id, v, n) VALUES (1, 'x', 3)", "SET exaudit.ignore = off", "UPDATE {0} SET n = 2")),
		"out of the condition by an excluded column": excludingBy(worldOf("int", "", []Choice{all},
			"INSERT INTO {0} (id, v, n) VALUES (1, NULL, 1)", "UPDATE {0} SET v = 'x'", "UPDATE {0} SET v = 'y'", "UPDATE {0} SET v = NULL", "DELETE FROM {0}"), "v IS NULL"),
		"left for another spelling of the key of another row": early(worldOf("varchar(3) COLLATE {types}.loose", "DEFERRABLE", nil,
			"mark", "UPDATE {0} SET id = CASE id WHEN 'b' THEN 'E' ELSE 'B' END WHERE id IN ('b', 'e')", "UPDATE {0} SET n = n + 1", "UPDATE {0} SET n = n + 1",
			"UPDATE {0} SET id = CASE id WHEN 'd' THEN 'e' ELSE 'G' END WHERE id IN ('d', 'e')"),
			"INSERT INTO {0} (id, v, n) VALUES ('b', 'x', 0), ('d', 'y', 0), ('e', 'z', 0)"),
		"written over, and the same but for an excluded column": early(excludingBy(deferred([]Choice{only(1, 3)},
			"UPDATE {0} SET id = 2", "UPDATE {0} SET id = 1", "DELETE FROM {0}; INSERT INTO {0} (id, v, n) VALUES (2, 'b', 0)"), ""),
			"INSERT INTO {0} (id, v, n) VALUES (1, 'a', 0)"),
		"shifted, with a JSON null in the key": keyedByBoth(worldOf("int", "", []Choice{all},
			"INSERT INTO {0} (id, v, n) VALUES (4, 'null', 1), (3, 'null', 2)", "UPDATE {0} SET id = id + 1"), "jsonb"),
		"NaN":               worldOf("float8", "", []Choice{all}, "INSERT INTO {0} (id, v, n) VALUES ('NaN', 'a', 1)", "UPDATE {0} SET n = 2"),
		"moved and deleted": worldOf("int", "", []Choice{only(1, 2)}, "INSERT INTO {0} (id, v, n) VALUES (1, 'x', NULL)", "mark", "UPDATE {0} SET id = 3", "DELETE FROM {0}"),
	}, 8) {
		t.Run(name, func(t *testing.T) {
			if script, err := place.Check(t.Context(), w); err != nil {
				t.Errorf("%v\n%s", err, script)
			}
		})
	}
}
