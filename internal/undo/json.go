package undo

import (
	"encoding/json"
	"fmt"

	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/patch"
	"github.com/exaudit/exaudit/revert"
)

// planForm is a plan as JSON.
type planForm struct {
	Options     settings      `json:"options"`
	Chosen      []history.Ref `json:"chosen"`
	Undone      []int64       `json:"undone_already,omitempty"`
	Unchanged   int           `json:"unchanged,omitempty"`
	Rows        []*Row        `json:"rows"`
	Deleted     int           `json:"rows_deleted,omitempty"` // to be read, and not read back
	SideEffects []SideEffect  `json:"side_effects,omitempty"`
	Transaction uint64        `json:"transaction,omitempty"`
}

// MarshalJSON gives a form that UnmarshalJSON reads: a plan can be kept, looked at, and
// applied later.
func (p *Plan) MarshalJSON() ([]byte, error) {
	return json.Marshal(planForm{p.settings, p.Chosen, p.Undone, p.Unchanged, p.Rows, p.Deleted(), p.SideEffects,
		p.Transaction})
}

// UnmarshalJSON reads what MarshalJSON wrote. What is no plan gives ErrInvalidPlan.
func (p *Plan) UnmarshalJSON(data []byte) error {
	var f planForm
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidPlan, err)
	}
	if f.Chosen == nil || f.Options.Policy == "" {
		return fmt.Errorf("%w: it has no chosen versions or no options", ErrInvalidPlan)
	}
	*p = Plan{Rows: f.Rows, Chosen: f.Chosen, Undone: f.Undone, Unchanged: f.Unchanged, SideEffects: f.SideEffects,
		Transaction: f.Transaction, settings: f.Options}
	return nil
}

// rowForm is a row as JSON.
type rowForm struct {
	Table     string                   `json:"table"`
	EntityID  string                   `json:"entity_id"`
	Action    history.Action           `json:"action"`
	Versions  []int64                  `json:"versions"`
	Patch     json.RawMessage          `json:"patch"`
	Conflicts []Conflict               `json:"conflicts,omitempty"`
	Skipped   bool                     `json:"skipped,omitempty"`
	LeftOut   []string                 `json:"left_out,omitempty"`
	Why       map[string]revert.Reason `json:"why,omitempty"`
}

// MarshalJSON gives the patch in its stable form.
func (r *Row) MarshalJSON() ([]byte, error) {
	p, err := patch.Marshal(r.Patch)
	if err != nil {
		return nil, err
	}
	return json.Marshal(rowForm{r.Table, r.EntityID, r.Action, r.Versions, p, r.Conflicts, r.Skipped, r.LeftOut, r.Why})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Row) UnmarshalJSON(data []byte) error {
	var f rowForm
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	p, err := patch.Unmarshal(f.Patch)
	if err != nil {
		return err
	}
	*r = Row{Table: f.Table, EntityID: f.EntityID, Action: f.Action, Versions: f.Versions, Patch: p,
		Conflicts: f.Conflicts, Skipped: f.Skipped, LeftOut: f.LeftOut, Why: f.Why}
	return nil
}

// conflictForm is a conflict as JSON.
type conflictForm struct {
	Reason   Reason          `json:"reason"`
	Place    *patch.Conflict `json:"place,omitempty"`
	Version  int64           `json:"version,omitempty"`
	Table    string          `json:"table,omitempty"`
	EntityID string          `json:"entity_id,omitempty"`
	Columns  []string        `json:"columns,omitempty"`
}

// MarshalJSON gives the three values only where a place is in conflict.
func (c Conflict) MarshalJSON() ([]byte, error) {
	f := conflictForm{Reason: c.Reason, Version: c.Version, Table: c.Table, EntityID: c.EntityID, Columns: c.Columns}
	if !c.whole() {
		f.Place = &c.Place
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Conflict) UnmarshalJSON(data []byte) error {
	var f conflictForm
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	*c = Conflict{Reason: f.Reason, Version: f.Version, Table: f.Table, EntityID: f.EntityID, Columns: f.Columns}
	if f.Place != nil {
		c.Place = *f.Place
	}
	return nil
}
