package undo

import (
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
)

// formerRows are the rows of chosen versions that an earlier primary key told apart. Which rows they are now, nobody
// knows: they are in conflict.
func (t *table) formerRows() []*Row {
	var rows []*Row
	known := make(map[string]*Row)
	for _, v := range t.former {
		period := history.PeriodOf(t.periods, v.ID)
		t.keys[string(v.EntityID)] = true
		row := known[period.Key()+string(v.EntityID)]
		if row == nil {
			row = newRow(t, string(v.EntityID))
			row.Conflicts = []audit.Conflict{{Reason: audit.ConflictKeyChanged, Version: period.Until,
				Columns: period.Columns}}
			known[period.Key()+string(v.EntityID)] = row
			rows = append(rows, row)
		}
		row.Versions = append(row.Versions, v.ID)
	}
	return rows
}
