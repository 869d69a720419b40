package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// print writes the tables for people: Markdown that can be read as it is.
func (r Report) print(w io.Writer) error {
	_, err := fmt.Fprintf(w, "PostgreSQL %s, %s/%s, %d CPUs, load %s, %s; %d rounds, scale %g, %.0f s\n",
		r.Server, r.Machine.OS, r.Machine.Arch, r.Machine.CPUs, r.Machine.Load,
		r.Machine.Time.Format("2006-01-02 15:04 MST"), r.Rounds, r.Scale, r.Seconds)
	if err != nil {
		return err
	}
	for _, table := range []struct {
		title string
		with  func(Workload) bool
		plain func(Workload) string
		cell  func(Variant) string
	}{
		{"Time, as a ratio to the un-audited run of the same round: median (least – most). Plain: µs per change.",
			every,
			func(m Workload) string { return fmt.Sprintf("%.1f µs", m.Variants[0].MicrosecondsPerChange) },
			func(v Variant) string { return v.Ratio.String() }},
		{"The server's CPU time in the same way.",
			func(m Workload) bool { return m.Variants[0].CPURatio != nil },
			func(m Workload) string { return fmt.Sprintf("%.1f µs", m.Variants[0].cpuPerChange(m)) },
			func(v Variant) string { return v.CPURatio.String() }},
		{"Bytes stored / logged (WAL, over the un-audited run) per change.", every,
			func(Workload) string { return "" },
			func(v Variant) string { return fmt.Sprintf("%.0f / %.0f", v.StoredPerChange, v.WALPerChange) }},
		{"Transactions per second lost, where commits wait for the disk. Plain: transactions per second.",
			func(m Workload) bool { return m.Durable },
			func(m Workload) string { return fmt.Sprintf("%.0f", 1e6/m.Variants[0].MicrosecondsPerChange) },
			func(v Variant) string { return fmt.Sprintf("%.0f %%", 100*v.TPSLost) }},
	} {
		rows := r.rows(table.with, table.plain, table.cell)
		if len(rows) < 2 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n\n%s", table.title, markdown(rows)); err != nil {
			return err
		}
	}
	return nil
}

func (s Spread) String() string { return fmt.Sprintf("%.2f (%.2f – %.2f)", s.Median, s.Min, s.Max) }

// cpuPerChange is the median over the runs, in microseconds.
func (v Variant) cpuPerChange(m Workload) float64 {
	figures := make([]float64, len(v.Runs))
	for i, run := range v.Runs {
		figures[i] = run.CPU * 1e6 / float64(m.Changes)
	}
	return spread(figures).Median
}

func every(Workload) bool { return true }

// rows are the head and a row for each workload that the table is about.
func (r Report) rows(with func(Workload) bool, plain func(Workload) string, cell func(Variant) string) [][]string {
	rows := [][]string{append([]string{"workload"}, r.Variants...)}
	for _, m := range r.Workloads {
		if !with(m) {
			continue
		}
		row := append([]string{m.Name, plain(m)}, make([]string, len(r.Variants)-1)...)
		for _, v := range m.Variants[1:] {
			row[1+slices.Index(r.Variants, v.Name)] = cell(v)
		}
		rows = append(rows, row)
	}
	return rows
}

// line is the workload's result in short.
func (m Workload) line() string {
	parts := make([]string, 0, len(m.Variants))
	for _, v := range m.Variants[1:] {
		parts = append(parts, fmt.Sprintf("%s %.2f", v.Name, v.Ratio.Median))
	}
	return strings.Join(parts, ", ")
}

// markdown aligns the columns of a table, whose first row is its head.
func markdown(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	line := func(cell func(i int) string) {
		for i := range widths {
			b.WriteString("| " + cell(i) + " ")
		}
		b.WriteString("|\n")
	}
	for n, row := range rows {
		line(func(i int) string { return row[i] + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(row[i])) })
		if n == 0 {
			line(func(i int) string { return strings.Repeat("-", widths[i]) })
		}
	}
	return b.String()
}
