package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"github.com/exaudit/exaudit/internal/bouncer"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/internal/traps"
	schema "github.com/exaudit/exaudit/sql"
)

// The scripts run the real program: this test's binary under its name. It is led into traps: any name that it leaves to
// the session's search_path raises an error.
func TestMain(m *testing.M) {
	testscript.Main(pgtest.M{M: m}, map[string]func(){"exaudit": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range append(urlVariables, "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGSERVICE", "NO_COLOR") {
				env.Setenv(name, "")
			}
			env.Setenv("TZ", "UTC")
			env.Setenv("TERM", "xterm")
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each run of the program takes a second more
			env.Setenv("ESC", "\x1b")
			env.Setenv("CSI", "\u009b") // the same as ESC [ to some terminals
			tb := env.T().(testing.TB)
			s := &script{tb: tb}
			env.Values[scriptKey{}] = s
			s.use(traps.New(tb), env.Setenv)
			env.Defer(func() { traps.Check(tb, s.DB) })
			return nil
		},
		Condition: func(name string) (bool, error) { // [!all] stop: the rest of a script is for make test-all
			if name != "all" {
				return false, fmt.Errorf("unknown condition %s", name)
			}
			return testall.On(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sql": runSQL, "json": queryJSON, "lines": countLines, "emptydb": emptyDB,
			"role": role, "cmpx": cmpMasked, "interrupted": interruptWaiting, "locked": whileLocked, "uncommitted": whileUncommitted,
			"bouncer": pooled, "earlier": earlier,
		},
	})
}

// script is what a running script works on.
type script struct {
	tb testing.TB
	*pgtest.DB
}

type scriptKey struct{}

func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

func (s *script) use(db *pgtest.DB, setenv func(name, value string)) {
	s.DB = db
	setenv("DATABASE_URL", traps.URL(s.tb, db, traps.First))
	setenv("DATABASE", db.Name)
	setenv("MISSING_URL", strings.Replace(db.URL, db.Name, db.Name+"_missing", 1))
}

// exits CODE program [args...] runs a program that must end with the code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// sql STATEMENT runs SQL on the script's database, from a file if one has that name, and
// prints the first column of what it returns.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	text := args[0]
	if strings.HasSuffix(text, ".sql") {
		text = ts.ReadFile(text)
	}
	ctx := context.Background()
	if !strings.HasPrefix(strings.ToUpper(text), "SELECT") || text != args[0] {
		_, err := of(ts).Pool.Exec(ctx, text)
		ts.Check(err)
		return
	}
	rows, _ := of(ts).Pool.Query(ctx, text) // rows carry the error
	values, err := pgx.CollectRows(rows, pgx.RowTo[any])
	ts.Check(err)
	for _, value := range values {
		fmt.Fprintln(ts.Stdout(), value)
	}
}

// json PATH VALUE compares what is at a path of the JSON on stdout; of several lines, the
// path begins with "..".
func queryJSON(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if strings.HasPrefix(args[0], "..") && !json.Valid([]byte(line)) {
			ts.Fatalf("not JSON: %s", line)
		}
	}
	if !strings.HasPrefix(args[0], "..") && !json.Valid([]byte(text)) {
		ts.Fatalf("not JSON: %s", text)
	}
	found := gjson.Get(text, args[0])
	got := found.String()
	if found.Type == gjson.Number {
		got = found.Raw // with every digit
	}
	if got != args[1] {
		ts.Fatalf("%s is %q, want %q", args[0], got, args[1])
	}
}

// lines FILE N checks how many lines there are.
func countLines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strings.Count(ts.ReadFile(args[0]), "\n"); strconv.Itoa(n) != args[1] {
		ts.Fatalf("%d lines in %s, want %s:\n%s", n, args[0], args[1], ts.ReadFile(args[0]))
	}
}

// emptydb goes on in a database where exaudit is not initialised.
func emptyDB(ts *testscript.TestScript, _ bool, _ []string) {
	s := of(ts)
	s.use(traps.Bare(s.tb), ts.Setenv)
}

var (
	times = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00`)
	txs   = regexp.MustCompile(`transaction \d+`)
)

// cmpx FILE FILE compares like cmp, with times and transaction numbers masked.
func cmpMasked(ts *testscript.TestScript, _ bool, args []string) {
	masked := func(name string) string {
		return txs.ReplaceAllString(times.ReplaceAllString(ts.ReadFile(name), "TIME"), "transaction N")
	}
	if got, want := masked(args[0]), masked(args[1]); got != want {
		ts.Fatalf("%s is not %s:\n%s\nwant:\n%s", args[0], args[1], got, want)
	}
}

// role VARIABLE OPTIONS creates a role that may log in, and sets the variable to its name
// and VARIABLE_URL to the database as this role.
func role(ts *testscript.TestScript, _ bool, args []string) {
	db := of(ts)
	name := db.Role(db.tb, "LOGIN PASSWORD 'geheim' "+strings.Join(args[1:], " "))
	config := db.Pool.Config().ConnConfig
	ts.Setenv(args[0], name)
	ts.Setenv(args[0]+"_URL", fmt.Sprintf("host=%s port=%d user=%s dbname=%s password=geheim search_path='%s'", config.Host, config.Port, name, db.Name, traps.First))
}

// interrupted TABLE SIGNAL CODE program [args...] runs a program that must wait for a lock
// on the table, sends it the signal, and wants the exit code and that nothing waits any
// more.
func interruptWaiting(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	db := of(ts)
	tx, err := db.Pool.Begin(ctx)
	ts.Check(err)
	defer tx.Rollback(ctx)
	_, err = tx.Exec(ctx, "LOCK TABLE "+args[0])
	ts.Check(err)

	cmd := exec.Command(args[3], args[4:]...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+traps.URL(db.tb, db.DB, traps.First))
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	ts.Check(cmd.Start())
	db.waitForWaiting(ts, true)
	ts.Check(cmd.Process.Signal(map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[args[1]]))
	_ = cmd.Wait() // the exit code tells
	if code := strconv.Itoa(cmd.ProcessState.ExitCode()); code != args[2] {
		ts.Fatalf("exit code %s, want %s", code, args[2])
	}
	db.waitForWaiting(ts, false)
}

// locked TABLE CODE program [args...] runs a program while a transaction writes to the
// table, or with TABLE/MODE holds another lock, and wants the exit code.
func whileLocked(ts *testscript.TestScript, neg bool, args []string) {
	table, mode, ok := strings.Cut(args[0], "/")
	if !ok {
		mode = "ROW EXCLUSIVE"
	}
	whileUncommitted(ts, neg, append([]string{"LOCK TABLE " + table + " IN " + mode + " MODE"}, args[1:]...))
}

// uncommitted STATEMENT CODE program [args...] runs a program while a transaction is open
// that has run the statement, and wants the exit code.
func whileUncommitted(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	tx, err := of(ts).Pool.Begin(ctx)
	ts.Check(err)
	defer tx.Rollback(ctx)
	_, err = tx.Exec(ctx, args[0])
	ts.Check(err)
	exits(ts, neg, args[1:])
}

// bouncer sets BOUNCER_URL to the database behind a PgBouncer in transaction mode that has one connection.
func pooled(ts *testscript.TestScript, _ bool, _ []string) {
	db := of(ts)
	user := db.Pool.Config().ConnConfig.User
	ts.Setenv("BOUNCER_URL", fmt.Sprintf("host=%s port=%d user=%s dbname=%s sslmode=disable", bouncer.Start(db.tb, db.DB, 1), bouncer.Port, user, db.Name))
}

// earlier has the schema say that it is the one before this program's.
func earlier(ts *testscript.TestScript, _ bool, _ []string) {
	s := of(ts)
	digest, err := schema.NoteSQL(schema.Version - 1)
	ts.Check(err)
	version := fmt.Sprintf("CREATE OR REPLACE FUNCTION exaudit.schema_version() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT %d::bigint'", schema.Version-1)
	_, err = s.Pool.Exec(context.Background(), digest+version, pgx.QueryExecModeSimpleProtocol)
	ts.Check(err)
}

// waitForWaiting waits until a statement waits for a lock, or none does.
func (s *script) waitForWaiting(ts *testscript.TestScript, want bool) {
	const waiting = `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`
	for range 15_000 {
		if pgtest.One[bool](s.tb, s.DB, waiting) == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("a statement waits for a lock: want %v", want)
}
