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
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/tidwall/gjson"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
)

// The scripts run the real program: this test's binary under its name.
func TestMain(m *testing.M) {
	testscript.Main(pgtest.M{M: m}, map[string]func(){"exaudit": main})
}

func TestScripts(t *testing.T) {
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
			t := env.T().(testing.TB)
			use(env, auditdb.New(t, ""))
			env.Values[newEmpty] = func() *pgtest.DB { return pgtest.New(t) }
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "sql": runSQL, "json": queryJSON, "lines": countLines, "emptydb": emptyDB,
			"role": role, "cmpx": cmpMasked, "waitlock": waitLock,
		},
	})
}

type valueKey string

const (
	database valueKey = "database"
	newEmpty valueKey = "new empty database"
)

func use(env *testscript.Env, db *pgtest.DB) {
	env.Values[database] = db
	env.Setenv("DATABASE_URL", db.URL)
	env.Setenv("DATABASE", db.Name)
}

func dbOf(ts *testscript.TestScript) *pgtest.DB { return ts.Value(database).(*pgtest.DB) }

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
	if !strings.HasPrefix(strings.ToUpper(text), "SELECT") {
		_, err := dbOf(ts).Pool.Exec(ctx, text)
		ts.Check(err)
		return
	}
	rows, _ := dbOf(ts).Pool.Query(ctx, text) // rows carry the error
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
	if got := gjson.Get(text, args[0]).String(); got != args[1] {
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
	db := ts.Value(newEmpty).(func() *pgtest.DB)()
	*dbOf(ts) = *db //nolint:govet // the first one is not used any more
	ts.Setenv("DATABASE_URL", db.URL)
	ts.Setenv("DATABASE", db.Name)
}

var (
	times  = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \+00:00`)
	txs    = regexp.MustCompile(`tx \d+`)
	output = []string{"stdout", "stderr"}
)

// cmpx FILE FILE compares like cmp, with times and transaction numbers masked.
func cmpMasked(ts *testscript.TestScript, _ bool, args []string) {
	masked := func(name string) string {
		return txs.ReplaceAllString(times.ReplaceAllString(ts.ReadFile(name), "TIME"), "tx N")
	}
	if got, want := masked(args[0]), masked(args[1]); got != want {
		ts.Fatalf("%s is not %s:\n%s\nwant:\n%s", args[0], args[1], got, want)
	}
}

// role VARIABLE OPTIONS creates a role that may log in, and sets the variable to its name
// and VARIABLE_URL to the database as this role.
func role(ts *testscript.TestScript, _ bool, args []string) {
	db := dbOf(ts)
	name := db.Role(ts.Value(testingTB).(testing.TB), "LOGIN PASSWORD 'geheim' "+strings.Join(args[1:], " "))
	config := db.Pool.Config().ConnConfig
	ts.Setenv(args[0], name)
	ts.Setenv(args[0]+"_URL", fmt.Sprintf("host=%s port=%d user=%s dbname=%s password=geheim", config.Host, config.Port, name, db.Name))
}

const testingTB valueKey = "testing.TB"

// waitlock waits until a statement of the program waits for a lock.
func waitLock(ts *testscript.TestScript, _ bool, _ []string) {
	const waiting = `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
	for range 200 {
		var n int
		ts.Check(dbOf(ts).Pool.QueryRow(context.Background(), waiting).Scan(&n))
		if n > 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("nothing waits for a lock")
}

var _ = os.Stdin
