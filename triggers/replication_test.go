package triggers_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// replication is a publication in one database and a subscription to it in another one of
// the same server, where exaudit records.
type replication struct {
	publisher, subscriber *pgtest.DB
	name                  string // of publication, subscription and slot
	marks                 int
}

// newReplication makes the two databases. Nothing is replicated before subscribe.
func newReplication(t *testing.T, publisherSchema, subscriberSchema string) *replication {
	t.Helper()
	r := &replication{publisher: auditdb.New(t, publisherSchema)}
	if level := pgtest.One[string](t, r.publisher, `SHOW wal_level`); level != "logical" {
		t.Skipf("logical replication is not tested: the server of %s has wal_level=%s, and not logical", pgtest.URLVariable, level)
	}
	r.subscriber = auditdb.New(t, subscriberSchema)
	r.name = r.subscriber.Name
	const mark = `CREATE TABLE public.mark (n int PRIMARY KEY)`
	r.publisher.Exec(t, mark)
	r.subscriber.Exec(t, mark)
	return r
}

// subscribe publishes the tables, and mark, or all if none are named, and waits until they
// have been copied. The statements in between are for the subscription, not yet enabled.
func (r *replication) subscribe(t *testing.T, tables, publish, options string, between ...string) {
	t.Helper()
	what := "ALL TABLES"
	if tables != "" {
		what = "TABLE public.mark, " + tables
	}
	r.publisher.Exec(t, fmt.Sprintf(`CREATE PUBLICATION %s FOR %s %s`, r.name, what, publish))
	// CREATE SUBSCRIPTION would wait for itself if it made a slot on its own server.
	r.publisher.Exec(t, `SELECT pg_create_logical_replication_slot($1, 'pgoutput')`, r.name)
	t.Cleanup(func() { r.drop(t) })
	r.subscriber.Exec(t, fmt.Sprintf(`CREATE SUBSCRIPTION %[1]s CONNECTION '%[2]s' PUBLICATION %[1]s
		WITH (create_slot = false, enabled = false, slot_name = %[1]s%[3]s)`,
		r.name, strings.ReplaceAll(r.publisher.URL, "'", "''"), options))
	for _, s := range append(between, `ALTER SUBSCRIPTION {name} ENABLE`) {
		r.subscriber.Exec(t, strings.ReplaceAll(s, "{name}", r.name))
	}
	r.await(t, `SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate <> 'r'`)
}

// drop ends the subscription and its slots: neither database could be dropped before.
func (r *replication) drop(t *testing.T) {
	ctx := context.Background()
	if _, err := r.subscriber.Pool.Exec(ctx, `DROP SUBSCRIPTION IF EXISTS `+r.name); err != nil {
		t.Error(err)
	}
	_, err := r.publisher.Pool.Exec(ctx, `SELECT pg_drop_replication_slot($1)`, r.name)
	var pgErr *pgconn.PgError
	if err != nil && !(errors.As(err, &pgErr) && pgErr.Code == "42704") { // gone with the subscription
		t.Error(err)
	}
}

// await polls the subscriber until the condition holds.
func (r *replication) await(t *testing.T, condition string, args ...any) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); !pgtest.One[bool](t, r.subscriber, condition, args...); {
		if time.Now().After(deadline) {
			// pid is missing where a worker has failed: why is in the server's log
			t.Fatalf("not replicated in time: %v", list[string](t, r.subscriber.Pool, `SELECT to_jsonb(s)::text FROM pg_stat_subscription s`))
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// publish executes statements on the publisher, each a transaction, and waits until the
// subscriber has applied them: it does so in the order of their commits.
func (r *replication) publish(t *testing.T, statements ...string) {
	t.Helper()
	run(t, r.publisher.Pool, statements...)
	r.marks++
	r.publisher.Exec(t, `INSERT INTO public.mark VALUES ($1)`, r.marks)
	r.await(t, `SELECT EXISTS (SELECT FROM public.mark WHERE n = $1)`, r.marks)
}

// wantSameRows compares a table on both sides, by the columns that both have.
func (r *replication) wantSameRows(t *testing.T, columns, table string) {
	t.Helper()
	query := fmt.Sprintf(`SELECT coalesce(string_agg(ROW(%s)::text, E'\n' ORDER BY id), '') FROM %s`, columns, table)
	if got, want := pgtest.One[string](t, r.subscriber, query), pgtest.One[string](t, r.publisher, query); got != want {
		t.Errorf("the subscriber has\n%s\nand the publisher\n%s", got, want)
	}
}

// The values are those that lose something on the way into jsonb; the long text is out of
// line, and is not sent along with an update of another column.
const itemColumns = `(id int PRIMARY KEY, price numeric, ratio float8, doc json, info jsonb, long text)`

// What an item goes through, and what is recorded of it.
var itemWork = []struct {
	statement string
	want      []string
}{
	{`INSERT INTO items VALUES (1, 1.00, '-0', '{"a":1,"a":2}', 'null', repeat('x', 3)), (2, NULL, NULL, NULL, NULL, NULL), (11, 'NaN', 0.1, '[ ]', '{}', '')`, []string{
		`created items 1 {"": ["info"], "id": 1, "doc": "{\"a\":1,\"a\":2}", "info": null, "long": "xxx", "price": 1.00, "ratio": "-0"}`,
		`created items 2 {"id": 2, "doc": null, "info": null, "long": null, "price": null, "ratio": null}`,
		`created items 11 {"id": 11, "doc": "[ ]", "info": {}, "long": "", "price": "NaN", "ratio": 0.1}`,
	}},
	{`UPDATE items SET price = 1.0 WHERE id = 1`, []string{`updated items 1 {"price": 1.00} → {"price": 1.0}`}},
	{`UPDATE items SET info = NULL, doc = '{"a":2}' WHERE id = 1`, []string{
		`updated items 1 {"": ["info"], "doc": "{\"a\":1,\"a\":2}", "info": null} → {"doc": "{\"a\":2}", "info": null}`}},
	{`UPDATE items SET price = price WHERE id = 1`, nil},
	{`UPDATE items SET id = 3 WHERE id = 2`, []string{`updated items 2 → 3 {"id": 2} → {"id": 3}`}},
	{`UPDATE items SET id = 15, price = 2 WHERE id = 3`, []string{`updated items 3 → 15 {"id": 3, "price": null} → {"id": 15, "price": 2}`}},
	{`DELETE FROM items WHERE id = 11`, []string{
		`deleted items 11 {"id": 11, "doc": "[ ]", "info": {}, "long": "", "price": "NaN", "ratio": 0.1}`}},
	{`BEGIN; DELETE FROM items WHERE id = 1; INSERT INTO items (id) VALUES (1); UPDATE items SET ratio = 1 WHERE id = 1; COMMIT`, []string{
		`deleted items 1 {"id": 1, "doc": "{\"a\":2}", "info": null, "long": "xxx", "price": 1.0, "ratio": "-0"}`,
		`created items 1 {"id": 1, "doc": null, "info": null, "long": null, "price": null, "ratio": null}`,
		`updated items 1 {"ratio": null} → {"ratio": 1}`,
	}},
	{`TRUNCATE items`, []string{
		`deleted items 1 {"id": 1, "doc": null, "info": null, "long": null, "price": null, "ratio": 1}`,
		`deleted items 15 {"id": 15, "doc": null, "info": null, "long": null, "price": 2, "ratio": null}`,
	}},
}

// Row movement between partitions is a delete and an insert, here as everywhere.
var movedItem = []string{
	`deleted items 3 {"id": 3, "doc": null, "info": null, "long": null, "price": null, "ratio": null}`,
	`created items 15 {"id": 15, "doc": null, "info": null, "long": null, "price": 2, "ratio": null}`,
}

const (
	plainItems       = `CREATE TABLE items ` + itemColumns
	partitionedItems = plainItems + ` PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF items FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF items FOR VALUES FROM (10) TO (20)`
)

// Whatever a subscription applies to a table with the option record_replicated is recorded, as if it
// had been done there.
func TestReplication(t *testing.T) {
	t.Parallel()
	for _, c := range testall.Sample([]struct {
		name, publisher, subscriber string
		published, publish, options string
		identity                    string
		moves                       bool // key changes across partitions
	}{
		{name: "table", publisher: plainItems, subscriber: plainItems, published: "items"},
		{name: "replica identity full", publisher: plainItems, subscriber: plainItems, published: "items", identity: "FULL"},
		{name: "binary and streamed", publisher: plainItems, subscriber: plainItems, published: "items", options: ", binary = true, streaming = true"},
		{name: "other order of columns", publisher: plainItems, published: "items",
			subscriber: `CREATE TABLE items (long text, info jsonb, doc json, price numeric, id int PRIMARY KEY, ratio float8)`},
		{name: "into partitions", publisher: plainItems, subscriber: partitionedItems, published: "items", moves: true},
		{name: "from root to partitions", publisher: partitionedItems, subscriber: partitionedItems, published: "items",
			publish: "WITH (publish_via_partition_root = true)", moves: true},
		{name: "from partition to partition", publisher: partitionedItems, subscriber: partitionedItems, published: "items",
			publish: "WITH (publish_via_partition_root = false)", moves: true},
		{name: "from partitions to a table", publisher: partitionedItems, subscriber: plainItems, published: "items",
			publish: "WITH (publish_via_partition_root = true)", moves: true},
		{name: "partition to partition, full", publisher: partitionedItems, subscriber: partitionedItems, published: "items", identity: "FULL", moves: true},
	}, 5) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newReplication(t, c.publisher, c.subscriber)
			if c.identity != "" {
				for _, table := range list[string](t, r.publisher.Pool, `SELECT relid::regclass::text FROM pg_partition_tree('items') UNION SELECT 'items'`) {
					r.publisher.Exec(t, `ALTER TABLE `+table+` REPLICA IDENTITY `+c.identity)
				}
			}
			installWith(t, r.subscriber, "items", audit.TableOptions{RecordReplicated: true})
			r.subscribe(t, c.published, c.publish, c.options)
			for _, w := range itemWork {
				r.publish(t, w.statement)
				r.wantSameRows(t, "id, price, ratio, doc, info, long", "items")
				want := w.want
				if c.moves && strings.Contains(w.statement, "id = 15") {
					want = movedItem
				}
				wantItems(t, r.subscriber, w.statement, want)
			}
		})
	}
}

// wantItems compares what one statement of itemWork has left. TRUNCATE takes the rows as they
// lie.
func wantItems(t *testing.T, db *pgtest.DB, statement string, want []string) {
	t.Helper()
	if strings.HasPrefix(statement, "TRUNCATE") {
		got := strings.Split(recorded(t, db), "\n")
		slices.Sort(got)
		same(t, "sorted versions", got, want)
		forget(t, db)
		return
	}
	wantRecorded(t, db, want...)
}

// Without the option, nothing that is applied is recorded; what is done at the subscriber
// itself is, before and after.
func TestReplicationWithoutOption(t *testing.T) {
	t.Parallel()
	r := newReplication(t, plainItems, plainItems)
	r.publisher.Exec(t, `INSERT INTO items (id) VALUES (100)`)
	auditdb.Install(t, r.subscriber, "items")
	r.subscribe(t, "items", "", "")
	for _, w := range itemWork {
		r.publish(t, w.statement)
		r.wantSameRows(t, "id, price, ratio, doc, info, long", "items")
	}
	wantRecorded(t, r.subscriber)
	wantNotes(t, r.subscriber, fmt.Sprintf(`what subscription "%s" applies is not recorded, without the option record_replicated`, r.name))
	r.subscriber.Exec(t, `INSERT INTO items (id) VALUES (5)`)
	wantRecorded(t, r.subscriber, `created items 5 {"id": 5, "doc": null, "info": null, "long": null, "price": null, "ratio": null}`)
	// from now on
	installWith(t, r.subscriber, "items", audit.TableOptions{RecordReplicated: true})
	wantNotes(t, r.subscriber)
	r.publish(t, `INSERT INTO items (id) VALUES (6)`)
	wantRecorded(t, r.subscriber, `created items 6 {"id": 6, "doc": null, "info": null, "long": null, "price": null, "ratio": null}`)
	installWith(t, r.subscriber, "items", audit.TableOptions{})
	r.publish(t, `DELETE FROM items`)
	wantRecorded(t, r.subscriber)
}

// wantNotes checks what the status of the only table says.
func wantNotes(t *testing.T, db *pgtest.DB, want ...string) {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || !slices.Equal(all[0].Notes, want) {
		t.Errorf("status is %+v, want the notes %q", all, want)
	}
}

// The initial copy is recorded row by row, with the columns that only the subscriber has;
// and what comes after it, in one go, through other workers where the server has them.
func TestReplicationCopiesAndStreams(t *testing.T) {
	t.Parallel()
	const rows = 2000
	r := newReplication(t,
		`CREATE TABLE notes (id int PRIMARY KEY, long text)`,
		`CREATE TABLE notes (id int PRIMARY KEY, long text, note text DEFAULT 'here', size int GENERATED ALWAYS AS (length(long)) STORED)`)
	r.publisher.Exec(t, fmt.Sprintf(`INSERT INTO notes SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, %d) g`, rows))
	r.publisher.Exec(t, `ALTER DATABASE `+r.publisher.Name+` SET logical_decoding_work_mem = '64kB'`)
	installWith(t, r.subscriber, "notes", audit.TableOptions{RecordReplicated: true})
	streaming := ", streaming = on"
	if r.subscriber.Major >= 16 {
		streaming = ", streaming = parallel"
	}
	r.subscribe(t, "notes", "", streaming)
	whole := func(action, side string) {
		t.Helper()
		want := `SELECT count(*) FROM exaudit.versions v JOIN generate_series(1, $1) g ON v.entity_id = g::text
			WHERE v.action = $2 AND v.` + side + ` = jsonb_build_object('id', g, 'long', repeat(md5(g::text), 50), 'note', 'here', 'size', 1600)`
		if n := pgtest.One[int](t, r.subscriber, want, rows, action); n != rows {
			t.Errorf("%d rows are recorded whole as %s, want %d", n, action, rows)
		}
		if n := pgtest.One[int](t, r.subscriber, `SELECT count(*) FROM exaudit.versions`); n != rows {
			t.Errorf("%d versions, want %d", n, rows)
		}
		forget(t, r.subscriber)
	}
	whole("created", "after")
	r.publish(t, `DELETE FROM notes`)
	whole("deleted", "before")
	r.publish(t, fmt.Sprintf(`INSERT INTO notes SELECT g, repeat(md5(g::text), 50) FROM generate_series(1, %d) g`, rows))
	whole("created", "after")
	if n := pgtest.One[int](t, r.publisher, `SELECT stream_txns FROM pg_stat_replication_slots WHERE slot_name = $1`, r.name); n == 0 {
		t.Error("nothing was streamed")
	}
	// A long value that an update leaves alone is not sent.
	r.publish(t, `ALTER TABLE notes ALTER long SET STORAGE EXTERNAL; INSERT INTO notes VALUES (0, repeat('y', 20000))`)
	forget(t, r.subscriber)
	r.publish(t, `UPDATE notes SET id = -1 WHERE id = 0`)
	wantRecorded(t, r.subscriber, `updated notes 0 → -1 {"id": 0} → {"id": -1}`)
	r.publish(t, `DELETE FROM notes WHERE id = -1`)
	wantRecorded(t, r.subscriber, `deleted notes -1 {"id": -1, "long": "`+strings.Repeat("y", 20000)+`", "note": "here", "size": 20000}`)
}

// The table is altered on both sides under a running worker, which keeps its connection.
func TestReplicationOfAlteredTable(t *testing.T) {
	t.Parallel()
	const schema = `CREATE TABLE items (id int PRIMARY KEY, a text)`
	r := newReplication(t, schema, schema)
	installWith(t, r.subscriber, "items", audit.TableOptions{RecordReplicated: true})
	r.subscribe(t, "items", "", "")
	r.publish(t, `INSERT INTO items VALUES (1, 'x')`)
	for _, db := range []*pgtest.DB{r.subscriber, r.publisher} {
		db.Exec(t, `ALTER TABLE items ADD COLUMN b numeric`)
	}
	r.publish(t, `INSERT INTO items VALUES (2, 'y', 1.50)`, `UPDATE items SET b = 1.5 WHERE id = 2`, `DELETE FROM items WHERE id = 1`)
	want := []string{
		`created items 1 {"a": "x", "id": 1}`,
		`created items 2 {"a": "y", "b": 1.50, "id": 2}`,
		`updated items 2 {"b": 1.50} → {"b": 1.5}`,
		`deleted items 1 {"a": "x", "b": null, "id": 1}`,
	}
	wantRecorded(t, r.subscriber, want...)
	install(t, r.subscriber, "items")
	wantNoDrift(t, r.subscriber)
	r.publish(t, `TRUNCATE items`)
	wantRecorded(t, r.subscriber, `deleted items 2 {"a": "y", "b": 1.5, "id": 2}`)
}

// Rows are applied by the owner of the subscription, since PostgreSQL 16 in the name of the
// table's owner, who may next to nothing; the triggers do not mind.
func TestReplicationRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, options string
		since         int
		plainOwner    bool // of the subscription
	}{
		{name: "superuser"},
		{name: "superuser run as owner", options: ", run_as_owner = true", since: 16},
		{name: "plain role", since: 16, plainOwner: true},
		{name: "plain role run as owner", options: ", run_as_owner = true", since: 16, plainOwner: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newReplication(t, plainItems, plainItems)
			if r.subscriber.Major < c.since {
				t.Skipf("PostgreSQL %d has no such subscription", r.subscriber.Major)
			}
			tableOwner := r.subscriber.Role(t, "NOLOGIN")
			r.subscriber.Exec(t, `ALTER TABLE items OWNER TO `+tableOwner+`; ALTER TABLE public.mark OWNER TO `+tableOwner)
			installWith(t, r.subscriber, "items", audit.TableOptions{RecordReplicated: true, RecordSessionUser: true})
			owner, between := pgtest.One[string](t, r.subscriber, `SELECT session_user`), []string(nil)
			if c.plainOwner {
				owner = r.subscriber.Role(t, "LOGIN")
				between = []string{
					`GRANT pg_create_subscription, ` + tableOwner + ` TO ` + owner,
					`GRANT CREATE ON DATABASE ` + r.subscriber.Name + ` TO ` + owner,
					`ALTER SUBSCRIPTION {name} SET (password_required = false)`,
					`ALTER SUBSCRIPTION {name} OWNER TO ` + owner,
				}
			}
			r.subscriber.Exec(t, `ALTER ROLE `+owner+` IN DATABASE `+r.subscriber.Name+` SET exaudit.custom = '{"source": "replication"}'`)
			r.subscribe(t, "items", "", c.options, between...)
			for _, w := range itemWork {
				r.publish(t, w.statement)
				const who = `SELECT count(*) FROM exaudit.versions WHERE session_user_name = $1 AND custom = '{"source": "replication"}'`
				if n := pgtest.One[int](t, r.subscriber, who, owner); n != len(w.want) {
					t.Errorf("%d versions say who applied them, want %d", n, len(w.want))
				}
				wantItems(t, r.subscriber, w.statement, w.want)
			}
		})
	}
}

// A copy of a whole database takes the history along, and follows what may happen to it:
// retention, and a reference that is cleared. Its own triggers stay silent.
func TestReplicatedHistory(t *testing.T) {
	t.Parallel()
	const schema = `CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, total numeric);
		ALTER TABLE exaudit.versions ADD COLUMN actor int REFERENCES users ON DELETE SET NULL ON UPDATE CASCADE`
	r := newReplication(t, schema, schema)
	auditdb.Install(t, r.publisher, "orders")
	auditdb.Install(t, r.subscriber, "orders")
	// as a copy of the schema alone
	r.subscriber.Exec(t, `TRUNCATE exaudit.tables, exaudit_internal.column_snapshots, exaudit_internal.periods, exaudit_internal.goose_db_version`)
	wantSame := func() {
		t.Helper()
		const all = `SELECT coalesce(string_agg(v::text, E'\n' ORDER BY id), '') FROM exaudit.versions v`
		if got, want := pgtest.One[string](t, r.subscriber, all), pgtest.One[string](t, r.publisher, all); got != want {
			t.Errorf("the subscriber's versions:\n%s\nthe publisher's:\n%s", got, want)
		}
	}
	const insert = `BEGIN; SET LOCAL exaudit.custom = '{"actor": 7}'; INSERT INTO orders VALUES (%[1]d, 1.50); UPDATE orders SET total = 1.5 WHERE id = %[1]d; COMMIT`
	run(t, r.publisher.Pool, `INSERT INTO users VALUES (7)`, fmt.Sprintf(insert, 1))
	r.subscribe(t, "", "", "")
	wantSame()
	r.publish(t, fmt.Sprintf(insert, 2))
	wantSame()
	r.publish(t, `DELETE FROM users`)
	wantSame()
	if n := pgtest.One[int](t, r.subscriber, `SELECT count(*) FROM exaudit.versions WHERE actor IS NULL AND custom = '{"actor": 7}'`); n != 4 {
		t.Errorf("%d versions have lost their actor, want 4", n)
	}
	r.publish(t, `BEGIN; SET LOCAL exaudit.retention = 'on'; DELETE FROM exaudit.versions WHERE entity_id = '1'; COMMIT`)
	wantSame()
	for _, role := range []string{"origin", "replica"} {
		err := fails(t, r.subscriber.Pool, `BEGIN; SET LOCAL session_replication_role = `+role+`; UPDATE exaudit.versions SET actor = NULL; COMMIT`)
		if !strings.Contains(err.Message, "append-only") {
			t.Errorf("as %s: %v", role, err)
		}
	}

	// the subscriber takes over, as docs/operations.md says
	r.drop(t)
	doc, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "## Logical replication\n")
	_, after, _ := strings.Cut(section, "```sql\n")
	takeOver, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("docs/operations.md has no SQL")
	}
	r.subscriber.Exec(t, takeOver)
	if _, err := triggers.Sync(context.Background(), r.subscriber.Pool); err != nil {
		t.Fatal(err)
	}
	wantNoDrift(t, r.subscriber)
	last := pgtest.One[int](t, r.subscriber, `SELECT max(id) FROM exaudit.versions`)
	r.subscriber.Exec(t, `UPDATE orders SET total = 2 WHERE id = 2; CREATE TABLE more (id int PRIMARY KEY)`)
	auditdb.Install(t, r.subscriber, "more")
	const new = `SELECT concat(action, ' ', entity_id, ' ', before, ' ', after) FROM exaudit.versions WHERE id > $1`
	if got, want := pgtest.One[string](t, r.subscriber, new, last), `updated 2 {"total": 1.5} {"total": 2}`; got != want {
		t.Errorf("recorded %s, want %s", got, want)
	}
}
