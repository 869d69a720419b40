package audit

import (
	"encoding/json"
	"fmt"

	"github.com/exaudit/exaudit/patch"
)

// planForm is a plan as JSON.
type planForm struct {
	Options       planOptions  `json:"options"`
	Chosen        []VersionRef `json:"chosen"`
	AlreadyUndone []int64      `json:"already_undone,omitempty"`
	Unchanged     int          `json:"unchanged,omitempty"`
	Rows          []RowChange  `json:"rows"`
	Deleted       int          `json:"rows_deleted,omitempty"` // to be read, and not read back
	SideEffects   []SideEffect `json:"side_effects,omitempty"`
	TransactionID uint64       `json:"transaction_id,omitempty"`
}

type planOptions struct {
	OnConflict    ConflictPolicy             `json:"on_conflict"`
	MaxRows       int                        `json:"max_rows"`
	OverwriteRows []RowID                    `json:"overwrite_rows,omitempty"`
	KeepColumns   []string                   `json:"keep_columns,omitempty"`
	SetColumns    map[string]json.RawMessage `json:"set_columns,omitempty"`
}

// MarshalJSON returns a form that UnmarshalJSON reads.
func (p *UndoPlan) MarshalJSON() ([]byte, error) {
	return json.Marshal(planForm{planOptions{p.OnConflict, p.MaxRows, p.OverwriteRows, p.KeepColumns, p.SetColumns},
		p.Chosen, p.AlreadyUndone, p.Unchanged, p.Rows, p.Deleted(), p.SideEffects, p.TransactionID})
}

// UnmarshalJSON reads what MarshalJSON wrote. If it is not a plan, the error is an *InvalidError with the reason
// InvalidPlan.
func (p *UndoPlan) UnmarshalJSON(data []byte) error {
	var f planForm
	if err := json.Unmarshal(data, &f); err != nil {
		return &InvalidError{Reason: InvalidPlan, Err: err}
	}
	if f.Chosen == nil || f.Options.OnConflict == "" {
		return &InvalidError{Reason: InvalidPlan, Detail: "it has no chosen versions or no options"}
	}
	for i, row := range f.Rows {
		if row.Table == "" || row.Action == "" {
			return &InvalidError{Reason: InvalidPlan, Detail: fmt.Sprintf("row %d has no table or no action", i+1)}
		}
	}
	*p = UndoPlan{Rows: f.Rows, Chosen: f.Chosen, AlreadyUndone: f.AlreadyUndone, Unchanged: f.Unchanged,
		OnConflict: f.Options.OnConflict, MaxRows: f.Options.MaxRows, KeepColumns: f.Options.KeepColumns,
		SetColumns: f.Options.SetColumns, OverwriteRows: f.Options.OverwriteRows, SideEffects: f.SideEffects,
		TransactionID: f.TransactionID}
	return nil
}

// changeForm is a row's change as JSON.
type changeForm struct {
	Table     string          `json:"table"`
	EntityID  EntityID        `json:"entity_id"`
	Action    Action          `json:"action"`
	Versions  []int64         `json:"versions"`
	Patch     json.RawMessage `json:"patch"`
	Conflicts []Conflict      `json:"conflicts,omitempty"`
	Skipped   bool            `json:"skipped,omitempty"`
	LeftOut   []LeftOut       `json:"left_out,omitempty"`
}

func (r RowChange) form() (changeForm, error) {
	p, err := patch.Marshal(r.Patch)
	return changeForm{r.Table, r.EntityID, r.Action, r.Versions, p, r.Conflicts, r.Skipped, r.LeftOut}, err
}

func (f changeForm) change() (RowChange, error) {
	p, err := patch.Unmarshal(f.Patch)
	return RowChange{RowID: RowID{f.Table, f.EntityID}, Action: f.Action, Versions: f.Versions, Patch: p,
		Conflicts: f.Conflicts, Skipped: f.Skipped, LeftOut: f.LeftOut}, err
}

// MarshalJSON returns the change with its patch in its stable form.
func (r RowChange) MarshalJSON() ([]byte, error) {
	f, err := r.form()
	if err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *RowChange) UnmarshalJSON(data []byte) error {
	var f changeForm
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	change, err := f.change()
	if err != nil {
		return err
	}
	*r = change
	return nil
}

// revertForm is the plan of a revert as JSON.
type revertForm struct {
	Version int64         `json:"version"`
	Options revertOptions `json:"options"`
	changeForm
	Referencing   []Referencing `json:"referencing,omitempty"`
	TransactionID uint64        `json:"transaction_id,omitempty"`
}

type revertOptions struct {
	AllowDiverged bool                       `json:"allow_diverged"`
	SetColumns    map[string]json.RawMessage `json:"set_columns,omitempty"`
}

// MarshalJSON returns a form that UnmarshalJSON reads.
func (p *RevertPlan) MarshalJSON() ([]byte, error) {
	change, err := p.form()
	if err != nil {
		return nil, err
	}
	return json.Marshal(revertForm{p.Version, revertOptions{p.AllowDiverged, p.SetColumns}, change, p.Referencing,
		p.TransactionID})
}

// UnmarshalJSON reads what MarshalJSON wrote. If it is not a plan, the error is an *InvalidError with the reason
// InvalidPlan.
func (p *RevertPlan) UnmarshalJSON(data []byte) error {
	var f revertForm
	if err := json.Unmarshal(data, &f); err != nil {
		return &InvalidError{Reason: InvalidPlan, Err: err}
	}
	if f.Version == 0 || f.Table == "" || f.Action == "" {
		return &InvalidError{Reason: InvalidPlan, Detail: "it has no version, no table or no action"}
	}
	change, err := f.change()
	if err != nil {
		return &InvalidError{Reason: InvalidPlan, Err: err}
	}
	*p = RevertPlan{RowChange: change, Version: f.Version, Referencing: f.Referencing,
		AllowDiverged: f.Options.AllowDiverged, SetColumns: f.Options.SetColumns, TransactionID: f.TransactionID}
	return nil
}

// conflictForm is a conflict as JSON.
type conflictForm struct {
	Reason   ConflictReason  `json:"reason"`
	Place    *patch.Conflict `json:"place,omitempty"`
	Version  int64           `json:"version,omitempty"`
	Table    string          `json:"table,omitempty"`
	EntityID EntityID        `json:"entity_id,omitempty"`
	Columns  []string        `json:"columns,omitempty"`
}

// MarshalJSON returns the conflict with its three values only if it is about a place in the row.
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
