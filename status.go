package exaudit

import (
	"context"
	"fmt"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/maintenance"
	"github.com/exaudit/exaudit/triggers"
)

// Status compares the triggers of every table in exaudit.tables with those that Install would create, and lists the
// tables that are not tracked. Tables of extensions and of migration tools are not among these. If a schema of the
// options does not exist, the error is an *audit.TableError with the reason NoTable.
func (d *DB) Status(ctx context.Context, opts *StatusOptions) (*audit.Status, error) {
	status, err := d.status(ctx, given(opts).Schemas)
	return status, d.explain(ctx, err)
}

func (d *DB) status(ctx context.Context, schemas []string) (*audit.Status, error) {
	tables, err := triggers.Inspect(ctx, d.conn)
	if err != nil {
		return nil, err
	}
	names, withoutKey, err := triggers.Trackable(ctx, d.conn, schemas)
	if err != nil {
		return nil, err
	}
	following, err := triggers.ReadFollowing(ctx, d.conn)
	if err != nil {
		return nil, err
	}
	overdue, err := maintenance.Overdue(ctx, d.conn)
	if err != nil {
		return nil, err
	}
	listed := make(map[string]bool)
	for i := range tables {
		t := &tables[i]
		listed[t.Present] = true
		setState(t)
		if keep := overdue[t.TableID]; keep != "" {
			t.Notes = append(t.Notes, fmt.Sprintf(`has versions older than %s: "exaudit maintain" removes them`, keep))
		}
	}
	add := func(names []string, without bool) {
		for _, name := range names {
			if listed[name] {
				continue
			}
			t := audit.TableStatus{Table: name, Present: name, State: audit.StateNotTracked, NoPrimaryKey: without}
			if without {
				t.Notes = []string{"has no primary key"}
			}
			tables = append(tables, t)
		}
	}
	add(names, false)
	add(withoutKey, true)
	return &audit.Status{Tables: tables, FollowDDL: following}, nil
}

// setState sums up what was found out about a table.
func setState(t *audit.TableStatus) {
	t.State = audit.StateOK
	switch {
	case len(t.Drift) > 0:
		t.State = audit.StateDrift
	case t.TableID == 0: // exaudit's own
	case !t.Tracked && t.Present == "":
		t.State, t.Notes = audit.StateNotTracked, []string{"dropped, its history stays"}
	case !t.Tracked:
		t.State, t.Notes = audit.StateNotTracked, []string{"uninstalled, its history stays"}
	}
}
