package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

func (p *program) statusCommand() *cli.Command {
	return &cli.Command{
		Name:      "status",
		Usage:     "check that every change is recorded as it should be; exit code 3 if not",
		UsageText: "exaudit status [--schema SCHEMA]... [--config FILE]",
		Description: "Lists every table that is or was tracked, with what has drifted, and every table that is not\n" +
			"tracked. If there is a file exaudit.yaml, a difference from it is drift, too.\n\n" +
			"Example: exaudit status || mail -s 'exaudit has drifted' dba@example.com",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "schema",
				Usage:       "list only the untracked tables of `SCHEMA`, written as in SQL (may be repeated)",
				DefaultText: "all schemas"},
			configFlag(),
		},
		Action: p.status,
	}
}

// tableState is one line of the report.
type tableState struct {
	Table string   `json:"table"`
	State string   `json:"state"`
	Note  string   `json:"note,omitempty"`
	Drift []string `json:"drift,omitempty"`
	// Options are those of a tracked table, where they are not the default.
	Options *audit.TableOptions `json:"options,omitempty"`

	syncable bool // "exaudit sync" mends something of it
}

const (
	stateOK         = "ok"
	stateDrift      = "drift"
	stateNotTracked = "not tracked"
)

func (p *program) status(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	file, err := configuration(c)
	if err != nil {
		return err
	}
	conn, db, err := p.open(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	registered, err := db.Status(c.Context)
	if err != nil {
		return err
	}
	names, withoutKey, err := untrackedTables(c, db)
	if err != nil {
		return err
	}
	states := tableStates(registered, names, withoutKey)
	if file != nil {
		if err := p.tellUnmatched(c, file, conn); err != nil {
			return err
		}
		if states, err = compareFile(c, file, conn, registered, states); err != nil {
			return err
		}
	}
	if err := p.printStates(c, states); err != nil {
		return err
	}
	return driftIn(states)
}

// untrackedTables are the tables that could be tracked, with a primary key and without, of all schemas or those of
// --schema.
func untrackedTables(c *cli.Context, db *exaudit.DB) (names, withoutKey []string, err error) {
	if !c.IsSet("schema") {
		return db.Trackable(c.Context)
	}
	schemas := schemasOf(c)
	names, withoutKey, err = db.Trackable(c.Context, schemas...)
	if reason.Is(err, audit.NoTable) {
		for _, schema := range schemas {
			if hint := capitalHint(c, schema); hint != "" {
				return nil, nil, fmt.Errorf("%w%s", err, hint)
			}
		}
	}
	return names, withoutKey, err
}

func tableStates(registered []audit.TableStatus, names, withoutKey []string) []tableState {
	var states []tableState
	seen := make(map[string]bool)
	for _, s := range registered {
		state := tableState{Table: s.Table, State: stateOK, Note: strings.Join(s.Notes, "; ")}
		switch {
		case s.TableID == 0: // exaudit.versions itself
		case !s.Tracked && s.Present == "":
			state.State, state.Note = stateNotTracked, "dropped, its history stays"
		case !s.Tracked && len(s.Drift) == 0:
			state.State, state.Note = stateNotTracked, "uninstalled, its history stays"
		}
		if s.Tracked && optionText(s.Options) != "" {
			state.Options = &s.Options
		}
		seen[s.Present] = true
		for _, d := range s.Drift {
			state.State = stateDrift
			state.Drift = append(state.Drift, d.Text())
			state.syncable = state.syncable || d.Cure == ""
		}
		states = append(states, state)
	}
	add := func(names []string, note string) {
		for _, name := range names {
			if !seen[name] {
				states = append(states, tableState{Table: name, State: stateNotTracked, Note: note})
			}
		}
	}
	add(names, "")
	add(withoutKey, "has no primary key")
	return states
}

func (p *program) printStates(c *cli.Context, states []tableState) error {
	if !forPeople(c) {
		return printList(p, c, states)
	}
	if len(states) == 0 {
		p.complain("there are no tables")
		return nil
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range states {
		line := s.State
		if s.Note != "" {
			line += ": " + s.Note
		}
		fmt.Fprintf(w, "%s\t%s\n", printable(s.Table), line)
		if s.Options != nil {
			fmt.Fprintf(w, "\t  %s\n", printable(optionText(*s.Options)))
		}
		for _, d := range s.Drift {
			fmt.Fprintf(w, "\t  %s\n", printable(d))
		}
	}
	return w.Flush()
}

func driftIn(states []tableState) error {
	n, syncable := 0, false
	for _, s := range states {
		if s.State == stateDrift {
			n++
			syncable = syncable || s.syncable
		}
	}
	switch {
	case n == 0:
		return nil
	case syncable:
		return fmt.Errorf("%w on %s: \"exaudit sync\" repairs what names no other cure", errDrift, counted(n, "table"))
	}
	return fmt.Errorf("%w on %s", errDrift, counted(n, "table"))
}
