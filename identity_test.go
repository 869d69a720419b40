package exaudit_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
)

// keyKinds are the keys of the worlds of TestRowIdentity: how they are declared, and what the number of one is written
// like, in two ways that are equal.
var keyKinds = []struct {
	table, key  string
	write       func(n, way int) string
	byStatement bool
	also        string // what is done to the table
}{
	{"ints", "k int PRIMARY KEY DEFERRABLE", func(n, _ int) string { return fmt.Sprint(n) }, false, ""},
	{"late", "k int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED", func(n, _ int) string { return fmt.Sprint(n) }, false, ""},
	{"decimals", "k numeric PRIMARY KEY DEFERRABLE", func(n, way int) string { return fmt.Sprintf("%d.%s", n, strings.Repeat("0", 1+way)) }, false, ""},
	{"names", `k text COLLATE "either" PRIMARY KEY DEFERRABLE`, func(n, way int) string { return fmt.Sprintf("'%c'", 'a'-32*rune(way)+rune(n)) }, false, ""},
	{"pairs", "p int DEFAULT 1, k int, PRIMARY KEY (p, k) DEFERRABLE", func(n, _ int) string { return fmt.Sprint(n) }, false, ""},
	{"bulks", "k int PRIMARY KEY DEFERRABLE", func(n, _ int) string { return fmt.Sprint(n) }, true, ""},
	{"parts", "p int DEFAULT 1, k int, PRIMARY KEY (p, k) DEFERRABLE", func(n, _ int) string { return fmt.Sprint(n) }, false,
		"CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2)"},
	// a trigger changes other rows, and their keys, before all that its statement did is recorded
	{"nested", "k int PRIMARY KEY DEFERRABLE", func(n, _ int) string { return fmt.Sprint(n) }, false, `
		CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			UPDATE nested SET v = v + 3 WHERE tag = NEW.tag + 1;
			UPDATE nested SET k = k + 10 WHERE tag = NEW.tag + 2 AND k < 10 AND NOT EXISTS (SELECT FROM nested AS o WHERE o.k = nested.k + 10);
			RETURN NULL;
		END $$;
		CREATE TRIGGER also AFTER UPDATE ON nested FOR EACH ROW WHEN (NEW.v = 2) EXECUTE FUNCTION also()`},
}

// world draws transactions on a table of which no two rows have the same tag, and none gets another.
type world struct {
	*rand.Rand
	kind, turns, tag int
}

func (w *world) key() string { return keyKinds[w.kind].write(1+w.IntN(6), w.IntN(2)) }

func (w *world) change() string {
	table, a, b, c := keyKinds[w.kind].table, w.key(), w.key(), w.key()
	also := ""
	if w.IntN(3) == 0 {
		also = fmt.Sprintf(", v = %d", w.IntN(3))
	}
	switch w.IntN(10) {
	case 0, 1:
		w.tag++
		return fmt.Sprintf("INSERT INTO %s (k, tag, v) VALUES (%s, %d, %d)", table, a, w.tag, w.IntN(3))
	case 2:
		return fmt.Sprintf("DELETE FROM %s WHERE k = %s", table, a)
	case 3:
		return fmt.Sprintf("UPDATE %s SET v = %d WHERE k = %s", table, w.IntN(3), a)
	case 4:
		return fmt.Sprintf("UPDATE %s SET k = CASE WHEN k = %[2]s THEN %[3]s ELSE %[2]s END%[4]s WHERE k IN (%[2]s, %[3]s)", table, a, b, also)
	case 5:
		return fmt.Sprintf("UPDATE %s SET k = CASE WHEN k = %[2]s THEN %[3]s WHEN k = %[3]s THEN %[4]s ELSE %[2]s END%[5]s WHERE k IN (%[2]s, %[3]s, %[4]s)", table, a, b, c, also)
	case 6:
		if table != "names" {
			return fmt.Sprintf("UPDATE %s SET k = k + %d%s", table, 1-2*w.IntN(2), also)
		}
		return fmt.Sprintf("UPDATE %s SET k = CASE k COLLATE \"C\" WHEN upper(k) THEN lower(k) ELSE upper(k) END%s", table, also)
	case 7:
		if table == "pairs" || table == "parts" {
			return fmt.Sprintf("UPDATE %s SET p = 3 - p%s", table, also)
		}
		return fmt.Sprintf("UPDATE %s SET v = v + 1", table)
	default:
		return fmt.Sprintf("UPDATE %s SET k = %s%s WHERE k = %s", table, a, also, b)
	}
}

// turn is a transaction, of which what fails is rolled back.
func (w *world) turn(t *testing.T, conn *pgx.Conn) {
	ctx := context.Background()
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	if testing.Verbose() {
		t.Log("BEGIN")
	}
	for range 1 + w.IntN(4) {
		statement := w.change()
		if _, err := tx.Exec(ctx, "SAVEPOINT s; "+statement); err != nil {
			if _, err := tx.Exec(ctx, "ROLLBACK TO s"); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if testing.Verbose() {
			t.Log(statement)
		}
	}
	if err := tx.Commit(ctx); err != nil && testing.Verbose() {
		t.Log(err)
	}
}

// worldSeed is where EXAUDIT_TEST_SEED says, to try others.
var worldSeed = func() uint64 {
	seed, _ := strconv.ParseUint(os.Getenv("EXAUDIT_TEST_SEED"), 10, 64)
	return seed
}()

const worlds = `
CREATE COLLATION either (provider = icu, locale = 'und-u-ks-level2', deterministic = false);`

// However keys are exchanged, shifted and used again, as-of, states, histories, undo and redo say of every point what
// copies of the table kept at that time, and a row stays the same row.
func TestRowIdentity(t *testing.T) {
	t.Parallel()
	for kind, k := range keyKinds {
		if kind%2 == 1 && !testall.On() {
			continue // make test takes every other kind
		}
		t.Run(k.table, func(t *testing.T) {
			t.Parallel()
			db := auditdb.New(t, worlds)
			conn := db.Connect(t, "")
			adb := exaudit.New(db.Pool)
			db.Exec(t, fmt.Sprintf("CREATE TABLE %s (%s, tag int, v int) %s; %s", k.table, k.key, map[bool]string{true: "PARTITION BY LIST (p)"}[k.table == "parts"], k.also))
			for n := range 4 { // which were there before they were tracked
				db.Exec(t, fmt.Sprintf("INSERT INTO %s (k, tag, v) VALUES (%s, %d, 0)", k.table, k.write(n+1, 0), n+1))
			}
			options := map[string]audit.TableOptions{}
			if k.byStatement {
				options[k.table] = audit.TableOptions{Trigger: "statement"}
			}
			if _, err := adb.Install(context.Background(), []string{k.table}, &exaudit.InstallOptions{TableOptions: options}); err != nil {
				t.Fatal(err)
			}
			w := &world{Rand: rand.New(rand.NewPCG(worldSeed, uint64(kind))), kind: kind, turns: testall.Or(7, 10), tag: 4}
			for i := range w.turns {
				db.Exec(t, fmt.Sprintf(`CREATE TABLE copy_%[1]d AS SELECT r.*, exaudit_internal.entity_id_of('%[2]s'::regclass, exaudit_internal.encode(r.*)) AS entity FROM %[2]s AS r;
					SELECT exaudit.mark('m%[1]d')`, i, k.table))
				w.turn(t, conn)
			}
			w.check(t, db, adb)
		})
	}
}

// An update by a trigger, of a row whose new key is not recorded yet, is one of that row.
func TestUpdateThatIsRecordedBeforeItsKeyChange(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE t (k int PRIMARY KEY DEFERRABLE, tag int, v int); INSERT INTO t VALUES (1, 1, 2), (5, 2, 0);
		CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = v + 3 WHERE tag = NEW.tag + 1; RETURN NULL; END $$;
		CREATE TRIGGER also AFTER UPDATE ON t FOR EACH ROW WHEN (NEW.v = 2) EXECUTE FUNCTION also()`, "t")
	if _, err := adb.Mark(ctx, "m", nil); err != nil {
		t.Fatal(err)
	}
	inOneTransaction(t, db, `UPDATE t SET v = 2 WHERE tag = 1`, `UPDATE t SET v = 0 WHERE tag = 2`, `UPDATE t SET k = k + 1`)
	db.Exec(t, `UPDATE t SET v = v + 1`)
	expect(t, db, "exaudit.as_of_mark(NULL::t, 'm')", `(1,1,2) (5,2,0)`)
	if _, err := exaudit.Collect(adb.HistoryWithStates(ctx, "t", 6)); err != nil {
		t.Error(err)
	}
	if _, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark("m"))), nil); err != nil {
		t.Fatal(err)
	}
	expect(t, db, "t", `(1,1,2) (5,2,0)`)
}

func (w *world) check(t *testing.T, db *pgtest.DB, adb *exaudit.DB) {
	ctx, table := context.Background(), keyKinds[w.kind].table
	now := worldRows(t, db, table, "")
	keys := pgtest.One[[]string](t, db, `SELECT coalesce(array_agg(DISTINCT v.entity_id), '{}') FROM exaudit.versions v`)
	for i := range w.turns {
		want := worldRows(t, db, fmt.Sprintf("copy_%d", i), "")
		if got := worldRows(t, db, fmt.Sprintf("exaudit.as_of_mark(NULL::%s, 'm%d')", table, i), ""); got != want {
			t.Errorf("as of m%d: %s, want %s", i, got, want)
		}
		key := keys[w.IntN(len(keys))]
		want = worldRows(t, db, fmt.Sprintf("copy_%d", i), "WHERE entity COLLATE \"C\" = '"+key+"'")
		// a key that is equal may be meant
		if got := worldRows(t, db, fmt.Sprintf("exaudit.as_of_mark(NULL::%s, 'm%d', '%s')", table, i, key), ""); got != want && want != "" {
			t.Errorf("as of m%d, key %s: %s, want %s", i, key, got, want)
		}
	}
	for _, key := range keys {
		versions, err := exaudit.Collect(adb.HistoryWithStates(ctx, table, audit.EntityID(key)))
		if err != nil {
			t.Errorf("history of %s: %v", key, err)
		}
		w.sameTags(t, db, table, key, versions)
	}
	mark := w.IntN(w.turns)
	plan, err := adb.Undo(ctx, exaudit.Select(exaudit.Since(exaudit.AtMark(fmt.Sprintf("m%d", mark)))), nil)
	if errors.Is(err, audit.ErrNothingToDo) {
		return
	}
	if err != nil {
		t.Errorf("undo since m%d: %v", mark, err)
		return
	}
	if got, want := worldRows(t, db, table, ""), worldRows(t, db, fmt.Sprintf("copy_%d", mark), ""); got != want {
		t.Errorf("undone since m%d: %s, want %s", mark, got, want)
	}
	if _, err := adb.Redo(ctx, plan.TransactionID, nil); err != nil {
		t.Errorf("redo: %v", err)
	} else if got := worldRows(t, db, table, ""); got != now {
		t.Errorf("redone: %s, want %s", got, now)
	}
}

// sameTags checks that updates of a row are updates of that row.
func (w *world) sameTags(t *testing.T, db *pgtest.DB, table, key string, versions []*audit.Version) {
	t.Helper()
	for _, v := range versions {
		if v.Action != audit.Updated {
			continue
		}
		before, after := v.StateBefore, v.State
		if before == nil || after == nil || !history.Same(before, after, "tag") {
			t.Errorf("history of %s: version %d leads from %v to %v", key, v.ID, before, after)
		}
	}
	if states := pgtest.One[string](t, db, fmt.Sprintf(`SELECT count(*)::text || ' ' || coalesce(string_agg(DISTINCT s.tag::text, ' '), '') FROM exaudit.states(NULL::%s, '%s') AS s`, table, key)); states == "" {
		t.Errorf("no states of %s", key)
	}
}

func worldRows(t *testing.T, db *pgtest.DB, from, where string) string {
	t.Helper()
	return pgtest.One[string](t, db, fmt.Sprintf(`SELECT coalesce(string_agg(format('%%s:%%s:%%s', r.k, r.tag, r.v), ' ' ORDER BY r.tag), '') FROM %s AS r %s`, from, where))
}
