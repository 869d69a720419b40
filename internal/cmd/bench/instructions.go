package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/internal/postgres"
)

// counted is a change of one row whose instructions are counted. $1 is the number of a row that it has to itself.
type counted struct {
	name, statement string
	custom          bool // with custom data
}

const (
	paid    = `UPDATE orders SET total = total + 1 WHERE id = $1`
	setting = `SET exaudit.custom = '{"actor_id": 7, "request_id": "0b6f1b6e-9f0a-4a51-a0a6-d2f4c6b5a9ce"}'`
)

// newOrder is the statement of the workloads, on one line, with keys of its own.
var newOrder = strings.Replace(strings.Join(strings.Fields(text("work/insert")), " "),
	"($1::bigint,", "($1::bigint + 1000000,", 1)

var countedChanges = []counted{
	{name: "insert, 12 columns", statement: newOrder},
	{name: "update of one column", statement: paid},
	{name: "update of two columns", statement: `UPDATE orders SET total = total + 1, quantity = quantity + 1 WHERE id = $1`},
	{name: "no-op update", statement: `UPDATE orders SET total = total WHERE id = $1`},
	{name: "delete", statement: `DELETE FROM orders WHERE id = $1`},
	{name: "narrow insert", statement: `INSERT INTO narrow VALUES ($1 + 1000000, 'name of a new row', 12.5)`},
	{name: "narrow update", statement: `UPDATE narrow SET amount = amount + 1 WHERE id = $1`},
	{name: "narrow delete", statement: `DELETE FROM narrow WHERE id = $1`},
	{name: "insert, 12 columns, with custom data", statement: newOrder, custom: true},
	{name: "update of one column, with custom data", statement: paid, custom: true},
}

// How many changes are counted: the difference of two loops, and single statements after as many that are not counted.
const (
	shortLoop = 20
	longLoop  = 120
	singles   = 24
)

// countInstructions counts, with valgrind, the instructions of single changes, more than without auditing.
func countInstructions(ctx context.Context, a arguments) error {
	if _, err := exec.LookPath("valgrind"); err != nil {
		logf("valgrind is not installed (apt-get install valgrind): nothing is counted")
		return nil
	}
	cluster, err := postgres.Start(ctx, postgres.Options{Log: logf, BinDir: a.binDir, Settings: map[string]string{
		"wal_level": "replica", "full_page_writes": "off", "autovacuum": "off", "max_wal_size": "2GB",
		"timezone": "UTC", "huge_pages": "off", "shared_buffers": "128MB",
	}})
	if err != nil {
		return err
	}
	defer cluster.Stop()
	counts, err := countAll(ctx, &server{cluster}, a)
	if err != nil {
		return err
	}
	header := []string{"thousands of instructions, loop / own transaction, PostgreSQL " + cluster.Version()}
	for _, v := range a.variants {
		header = append(header, v.name)
	}
	rows := [][]string{header}
	for i, c := range countedChanges {
		row := []string{c.name, counts[0][i].String()}
		for v := 1; v < len(a.variants); v++ {
			row = append(row, counts[v][i].minus(counts[0][i]).String())
		}
		rows = append(rows, row)
	}
	fmt.Print(markdown(rows))
	return nil
}

// countAll returns the instructions of each change by each variant.
func countAll(ctx context.Context, s *server, a arguments) ([][]instructions, error) {
	both := workload{schema: "orders", setup: "narrow", shadows: []string{"orders", "narrow"},
		tables: []string{"public.orders", "public.narrow"}, rows: 20_000}
	if err := s.prepare(ctx, both, a.variants); err != nil {
		return nil, err
	}
	for v := range a.variants {
		if err := s.in(ctx, templateDB(v), func(conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, `VACUUM (FREEZE, ANALYZE)`)
			return err
		}); err != nil {
			return nil, err
		}
	}
	var counts [][]instructions
	for v := range a.variants {
		count, err := s.count(ctx, templateDB(v), a.settings)
		if err != nil {
			return nil, fmt.Errorf("variant %s: %w", a.variants[v].name, err)
		}
		counts = append(counts, count)
	}
	return counts, nil
}

// count runs all changes in one server under callgrind, which tells what each statement took.
func (s *server) count(ctx context.Context, database string, settings []string) ([]instructions, error) {
	var statements []string
	row := 0
	loop := func(c counted, changes int) string {
		first := row + 1
		row += changes
		return fmt.Sprintf("DO $do$ BEGIN FOR n IN %d .. %d LOOP %s; END LOOP; END $do$", first, row,
			strings.ReplaceAll(c.statement, "$1", "n"))
	}
	statements = append(statements, settings...)
	var begins []int
	for _, c := range countedChanges {
		custom := `RESET exaudit.custom`
		if c.custom {
			custom = setting
		}
		statements = append(statements, custom, loop(c, shortLoop))
		begins = append(begins, len(statements))
		statements = append(statements, loop(c, shortLoop), loop(c, longLoop))
		for range 2 * singles {
			row++
			statements = append(statements, strings.ReplaceAll(c.statement, "$1", strconv.Itoa(row)))
		}
	}
	output, dumps, err := s.cluster.SingleUser(ctx, database, []string{"valgrind", "--tool=callgrind",
		"--toggle-collect=PortalRun", "--dump-after=PortalRun", "--combine-dumps=yes", "--callgrind-out-file=out"},
		statements)
	if err != nil {
		return nil, err
	}
	if message := serverError.FindString(output); message != "" {
		return nil, errors.New(message)
	}
	totals, err := dumpTotals(dumps)
	if err != nil {
		return nil, err
	}
	if len(totals) < len(statements) {
		return nil, fmt.Errorf("%d of %d statements were counted", len(totals), len(statements))
	}
	var counts []instructions
	for _, at := range begins {
		var own int64
		for _, n := range totals[at+2+singles : at+2+2*singles] {
			own += n
		}
		counts = append(counts, instructions{
			loop: float64(totals[at+1]-totals[at]) / (longLoop - shortLoop), own: float64(own) / singles,
		})
	}
	return counts, nil
}

var serverError = regexp.MustCompile(`(?m)^.*(ERROR|FATAL|PANIC): .*$`)

// dumpTotals returns what the parts of callgrind's output counted, in their order.
func dumpTotals(dumps []byte) ([]int64, error) {
	var totals []int64
	lines := bufio.NewScanner(bytes.NewReader(dumps))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "totals: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return nil, err
			}
			totals = append(totals, n)
		}
	}
	return totals, lines.Err()
}

// instructions are those of one change, in a loop in one transaction and in a transaction of its own.
type instructions struct{ loop, own float64 }

func (i instructions) minus(other instructions) instructions {
	return instructions{i.loop - other.loop, i.own - other.own}
}

func (i instructions) String() string { return fmt.Sprintf("%.0f / %.0f", i.loop/1000, i.own/1000) }
