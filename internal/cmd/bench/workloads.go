package main

import (
	"embed"
	"math"
)

//go:embed sql
var files embed.FS

// text gives an embedded file of SQL.
func text(name string) string {
	content, err := files.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err) // names are constants of this program: the test reads all of them
	}
	return string(content)
}

// workload is a measured piece of work.
type workload struct {
	name    string // group/what, or what
	what    string
	schema  string   // the file of the tables, and of the shadow tables
	setup   string   // a further file for the tables, or empty
	tables  []string // to be tracked
	shadows []string // the files of their shadow tables, if not the one of the schema's name
	work    string   // the file of the statement
	how     how
	rows    int // in the table beforehand
	changes int
	bulk    bool // of many rows in one statement
	large   bool // beside values that are stored out of line
	silent  bool // nothing changes: who compares records nothing
	durable bool // commits wait for the disk
}

// how a workload's statement is run.
type how int

const (
	once     how = iota // for all rows at once
	loop                // for one row after the other, in a loop in the server, in one transaction
	oneRow              // the same from one client, a transaction each
	fourRows            // from four clients
	copied              // with data from the client
)

var workloads = []workload{
	orders("loop/insert", "insert in a loop in the server", "insert", loop, 1_000, 10_000),
	orders("loop/update", "update of one column in a loop in the server", "update", loop, 20_000, 10_000),
	orders("loop/delete", "delete by key in a loop in the server", "delete", loop, 20_000, 10_000),
	orders("1client/insert", "insert, 1 client over a socket", "insert", oneRow, 1_000, 5_000),
	orders("1client/update", "update of one column, 1 client", "update", oneRow, 20_000, 5_000),
	orders("1client/delete", "delete by key, 1 client", "delete", oneRow, 20_000, 5_000),
	orders("4clients/insert", "insert, 4 clients over a socket", "insert", fourRows, 1_000, 12_000),
	orders("4clients/update", "update of one column, 4 clients", "update", fourRows, 20_000, 12_000),
	orders("4clients/delete", "delete by key, 4 clients", "delete", fourRows, 20_000, 12_000),
	bulk(incoming(orders("bulk/insert", "insert of 100,000 rows in one statement", "bulk_insert", once, 0, 100_000))),
	bulk(incoming(orders("bulk/copy", "COPY of 100,000 rows", "copy", copied, 0, 100_000))),
	bulk(orders("bulk/update", "update of 100,000 rows in one statement", "bulk_update", once, 100_000, 100_000)),
	bulk(orders("bulk/delete", "delete of 100,000 rows in one statement", "bulk_delete", once, 100_000, 100_000)),
	bulk(workload{name: "cascade", what: "delete of 100 parents with 1,000 children each", schema: "family",
		tables: []string{"public.parents", "public.children"}, work: "cascade", how: once, rows: 1_000,
		changes: 100_100}),
	large(workload{name: "wide", what: "update of one int beside an unchanged 20 kB text, 40 columns", schema: "wide",
		tables: []string{"public.wide"}, work: "wide_update", how: loop, rows: 500, changes: 3_000}),
	large(workload{name: "toast", what: "update of one int beside an unchanged 4 kB text", schema: "toast",
		tables: []string{"public.toast"}, work: "toast_update", how: loop, rows: 2_000, changes: 6_000}),
	silent(orders("noop", "update that changes nothing, in a loop in the server", "noop", loop, 20_000, 10_000)),
	field("field/update", "update of one of 200,000 narrow rows", "narrow", "narrow_update", 200_000),
	large(field("field/toast", "update of one int beside a 4 kB text", "toast", "toast_update", 5_000)),
	field("field/insert", "insert of a narrow row", "narrow", "narrow_insert", 1_000),
	silent(field("field/noop", "update of a narrow row that changes nothing", "narrow", "narrow_noop", 200_000)),
}

func orders(name, what, work string, how how, rows, changes int) workload {
	return workload{name: name, what: what, schema: "orders", tables: []string{"public.orders"}, work: work, how: how,
		rows: rows, changes: changes}
}

// field is one of four workloads that libraries publish their losses on.
func field(name, what, schema, work string, rows int) workload {
	return workload{name: name, what: what + ", 4 clients, commits wait for the disk", schema: schema,
		tables: []string{"public." + schema}, work: work, how: fourRows, rows: rows, changes: 4_000, durable: true}
}

func bulk(w workload) workload {
	w.bulk = true
	return w
}

func large(w workload) workload {
	w.large = true
	return w
}

func silent(w workload) workload {
	w.silent = true
	return w
}

// incoming has the rows that are to be inserted in a table of their own.
func incoming(w workload) workload {
	w.setup = "incoming"
	return w
}

// scaled has its sizes multiplied, and stays a workload.
func (w workload) scaled(factor float64) workload {
	by := func(n int) int { return int(math.Ceil(float64(n) * factor)) }
	w.rows = by(w.rows)
	if w.schema == "family" {
		w.changes = 100 * (w.rows + 1)
	} else {
		w.changes = by(w.changes)
	}
	return w
}

// keys says which rows are changed one by one: those after the present ones are inserted in
// order, others are taken from all over the table, none twice before each was taken once.
func (w workload) keys() (first, stride, span int) {
	if w.inserts() {
		return w.rows + 1, 1, w.changes
	}
	if w.rows%7919 == 0 {
		return 1, 7907, w.rows
	}
	return 1, 7919, w.rows
}

func (w workload) inserts() bool { return w.work == "insert" || w.work == "narrow_insert" }
