package triggers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Options say what is recorded of one table, and how. The zero value is the default: every
// column of every row, of updates those that changed.
type Options struct {
	// Exclude are columns that are left out of images.
	Exclude []string `json:"exclude,omitempty"`
	// Mask are columns whose changes are recorded, but not their values.
	Mask []string `json:"mask,omitempty"`
	// Where is an SQL condition on the row's columns: only changes of rows that meet it, before or
	// after, are recorded. It may use what PostgreSQL has built in and depends on nothing else. One that
	// fails for a row is taken to be met.
	Where string `json:"where,omitempty"`
	// Capture is what is kept of an update.
	Capture Capture `json:"capture,omitempty"`
	// Level is by how much changes are recorded.
	Level Level `json:"level,omitempty"`
	// TOAST makes less of updates of rows that have values stored out of line, of more than 2 kB
	// as a rule, and leave them as they are: these are not read. In return, an update that
	// changes nothing costs as much as one that does.
	TOAST bool `json:"toast,omitempty"`
	// Truncate is what TRUNCATE does.
	Truncate Truncate `json:"truncate,omitempty"`
	// Ignore lets a session switch recording off, by setting exaudit.ignore to "on".
	Ignore bool `json:"ignore,omitempty"`
	// SessionUser records who was logged in, which the application cannot make up.
	SessionUser bool `json:"session_user,omitempty"`
	// Replica records what logical replication applies as well, and what a session does
	// whose session_replication_role is replica.
	Replica bool `json:"replica,omitempty"`
	// Primitive are places whose values readers compare as a whole: a column, or a JSON pointer below one, as
	// "info/address", where * stands for every key and index.
	Primitive []string `json:"primitive,omitempty"`
	// PrimitiveTypes are SQL types whose columns readers compare as a whole. Those that are not PostgreSQL's own are named
	// with their schema.
	PrimitiveTypes []string `json:"primitive_types,omitempty"`
	// Positional has readers compare lists place by place.
	Positional bool `json:"positional,omitempty"`
}

// Capture is what is kept of an update.
type Capture string

// The ways to capture; the empty one is CaptureChanged.
const (
	CaptureChanged Capture = "changed" // the columns that changed
	CaptureFull    Capture = "full"    // whole rows
)

// Level is by how much changes are recorded.
type Level string

// The levels; the empty one is LevelRow.
const (
	LevelRow Level = "row"
	// LevelStatement records all rows of a statement at once. That makes much less of statements
	// of many rows, COPY and cascades among them, and more of those of a single one. It is for
	// plain tables: no partitions, no inheritance, no triggers for each row after a change,
	// none of the options where, toast and replica. Others are refused, and a table that becomes
	// one is drift. Commands that delete a row and give its key to another, or create a row and
	// rewrite its key, must not be recorded so.
	LevelStatement Level = "statement"
)

// Truncate is what TRUNCATE of a table does.
type Truncate string

// The ways to take a TRUNCATE; the empty one is TruncateRecord.
const (
	TruncateRecord Truncate = "record" // records every row as deleted
	TruncateRefuse Truncate = "refuse" // fails
	TruncateIgnore Truncate = "ignore" // is not recorded: history then diverges
)

// ErrInvalidOptions means that options contradict each other or do not fit their table;
// the error is an *OptionError.
var ErrInvalidOptions = errors.New("invalid options")

// OptionError says which option is wrong; errors.Is finds ErrInvalidOptions.
type OptionError struct {
	Table  string
	Option string // as in JSON
	Value  string // the column or word that is wrong, if it is one
	Reason string
}

func (e *OptionError) Error() string {
	text := "option " + e.Option + ": " + e.Reason
	if e.Table != "" {
		text = "table " + e.Table + ": " + text
	}
	return text
}

func (e *OptionError) Unwrap() error { return ErrInvalidOptions }

// Validate finds what is wrong with options whatever the table is.
func (o Options) Validate() error {
	for _, list := range []struct {
		option  string
		columns []string
	}{{"exclude", o.Exclude}, {"mask", o.Mask}} {
		for i, column := range list.columns {
			switch {
			case column == "":
				return &OptionError{Option: list.option, Value: column, Reason: "a column without a name"}
			case slices.Contains(list.columns[:i], column):
				return &OptionError{Option: list.option, Value: column, Reason: fmt.Sprintf("column %q is listed twice", column)}
			case list.option == "mask" && slices.Contains(o.Exclude, column):
				return &OptionError{Option: list.option, Value: column, Reason: fmt.Sprintf("column %q is excluded as well", column)}
			}
		}
	}
	for _, list := range []struct {
		option string
		values []string
	}{{"primitive", o.Primitive}, {"primitive_types", o.PrimitiveTypes}} {
		for i, value := range list.values {
			switch {
			case strings.Trim(value, "/ ") == "":
				return &OptionError{Option: list.option, Value: value, Reason: "an empty text"}
			case slices.Contains(list.values[:i], value):
				return &OptionError{Option: list.option, Value: value, Reason: fmt.Sprintf("%q is listed twice", value)}
			}
		}
	}
	if o.Capture != "" && o.Capture != CaptureChanged && o.Capture != CaptureFull {
		return &OptionError{Option: "capture", Value: string(o.Capture), Reason: fmt.Sprintf("is changed or full, not %q", o.Capture)}
	}
	switch {
	case o.Level != "" && o.Level != LevelRow && o.Level != LevelStatement:
		return &OptionError{Option: "level", Value: string(o.Level), Reason: fmt.Sprintf("is row or statement, not %q", o.Level)}
	case o.ByStatement() && o.Replica:
		return &OptionError{Option: "level", Value: string(o.Level), Reason: "statement does not see what logical replication applies, which the option replica asks for"}
	case o.ByStatement() && strings.TrimSpace(o.Where) != "":
		return &OptionError{Option: "level", Value: string(o.Level), Reason: "statement does not go with the option where"}
	case o.ByStatement() && o.TOAST:
		return &OptionError{Option: "level", Value: string(o.Level), Reason: "statement does not see how values are stored, which the option toast asks for"}
	}
	if o.TOAST && o.Full() {
		return &OptionError{Option: "toast", Reason: "does not go with the option capture: full, which records the values themselves"}
	}
	if !slices.Contains([]Truncate{"", TruncateRecord, TruncateRefuse, TruncateIgnore}, o.Truncate) {
		return &OptionError{Option: "truncate", Value: string(o.Truncate), Reason: fmt.Sprintf("is record, refuse or ignore, not %q", o.Truncate)}
	}
	return nil
}

// normalized has defaults as zero values and columns in order, so that equal options are
// equal in the registry.
func (o Options) normalized() Options {
	o.Where = strings.TrimSpace(o.Where)
	for _, list := range []*[]string{&o.Exclude, &o.Mask, &o.Primitive, &o.PrimitiveTypes} {
		*list = slices.Sorted(slices.Values(*list))
	}
	if o.Capture == CaptureChanged {
		o.Capture = ""
	}
	if o.Level == LevelRow {
		o.Level = ""
	}
	if o.Truncate == TruncateRecord {
		o.Truncate = ""
	}
	return o
}

// Equal tells whether options mean the same.
func (o Options) Equal(other Options) bool {
	a, _ := json.Marshal(o.normalized()) // cannot fail: strings and booleans
	b, _ := json.Marshal(other.normalized())
	return string(a) == string(b)
}

// Full tells whether updates keep whole rows.
func (o Options) Full() bool { return o.Capture == CaptureFull }

// ByStatement tells whether changes are recorded by statement.
func (o Options) ByStatement() bool { return o.Level == LevelStatement }

func decodeOptions(encoded json.RawMessage) (Options, error) {
	var o Options
	if err := json.Unmarshal(encoded, &o); err != nil {
		return o, err
	}
	return o, nil
}

// setOptions puts a table's options into the registry: those given, or else, with the
// present names of their columns, the ones that are there. It reports whether the function of the
// table's condition is another one now.
func setOptions(ctx context.Context, tx pgx.Tx, id int32, relation uint32, name string, given *Options) (changed bool, err error) {
	queries := db.New()
	stored, err := queries.Options(ctx, tx, db.OptionsParams{ID: id, Relation: relation})
	if err != nil {
		return false, fmt.Errorf("read the options of %s: %w", name, err)
	}
	options, err := decodeOptions(stored.Options)
	if err != nil {
		return false, fmt.Errorf("table %s: read its options in exaudit.tables: %w", name, err)
	}
	if given != nil {
		options = *given
	}
	if err := options.check(ctx, tx, relation, given != nil); err != nil {
		return false, onTable(err, name)
	}
	if given == nil {
		options.Mask = stored.Masked
		options.Exclude = slices.DeleteFunc(stored.Excluded, func(c string) bool { return slices.Contains(stored.Masked, c) })
	}
	encoded, err := json.Marshal(options.normalized())
	if err != nil {
		return false, err
	}
	if string(encoded) == "{}" && string(stored.Options) == "{}" {
		return false, nil
	}
	if err := queries.SetOptions(ctx, tx, db.SetOptionsParams{ID: id, Relation: relation, Options: encoded}); err != nil {
		return false, fmt.Errorf("set the options of %s: %w", name, err)
	}
	bound, err := queries.BindCondition(ctx, tx, db.BindConditionParams{ID: id, Relation: relation, Given: given != nil})
	if err != nil {
		return false, fmt.Errorf("read the condition of %s: %w", name, err)
	}
	if bound.Reason != "" {
		return false, &OptionError{Table: name, Option: "where", Value: options.Where, Reason: bound.Reason}
	}
	return bound.Changed, nil
}

// onTable says of which table an option is that is wrong.
func onTable(err error, name string) error {
	if wrong := (*OptionError)(nil); errors.As(err, &wrong) {
		wrong.Table = name
	}
	return err
}

// checkCondition finds what is wrong with a condition, without a change of anything.
func (o Options) checkCondition(ctx context.Context, tx pgx.Tx, relation uint32) error {
	where := o.normalized().Where
	if where == "" {
		return nil
	}
	reason, err := db.New().ConditionRefusal(ctx, tx, db.ConditionRefusalParams{Relation: relation, Condition: where})
	if err != nil {
		return fmt.Errorf("read the condition of relation %d: %w", relation, err)
	}
	if reason != "" {
		return &OptionError{Option: "where", Value: where, Reason: reason}
	}
	return nil
}

// check finds what is wrong with options for a table. Of options that are in the registry
// already, columns may have been dropped or renamed.
func (o Options) check(ctx context.Context, tx pgx.Tx, relation uint32, given bool) error {
	if err := o.Validate(); err != nil {
		return err
	}
	columns, err := db.New().TableColumns(ctx, tx, relation)
	if err != nil {
		return fmt.Errorf("describe the columns of relation %d: %w", relation, err)
	}
	for option, names := range map[string][]string{"exclude": o.Exclude, "mask": o.Mask} {
		for _, name := range names {
			i := slices.IndexFunc(columns, func(c db.TableColumnsRow) bool { return c.Name == name })
			switch {
			case i < 0 && given:
				return &OptionError{Option: option, Value: name, Reason: fmt.Sprintf("there is no column %q", name)}
			case i >= 0 && columns[i].KeyPosition >= 0:
				return &OptionError{Option: option, Value: name, Reason: fmt.Sprintf("column %q is part of the primary key", name)}
			}
		}
	}
	if given {
		if err := o.checkPrimitive(ctx, tx, columns); err != nil {
			return err
		}
	}
	if o.ByStatement() {
		obstacles, err := db.New().StatementLevelObstacles(ctx, tx, relation)
		if err != nil {
			return fmt.Errorf("look for what statement triggers miss of relation %d: %w", relation, err)
		}
		if len(obstacles) > 0 {
			return &OptionError{Option: "level", Value: string(o.Level), Reason: "statement would not do: " + obstacles[0]}
		}
	}
	return nil
}

// checkPrimitive finds places and types that there are none of.
func (o Options) checkPrimitive(ctx context.Context, tx pgx.Tx, columns []db.TableColumnsRow) error {
	for _, place := range o.Primitive {
		name := patch.Segments(place)[0]
		if name != "*" && !slices.ContainsFunc(columns, func(c db.TableColumnsRow) bool { return c.Name == name }) {
			return &OptionError{Option: "primitive", Value: place, Reason: fmt.Sprintf("there is no column %q", name)}
		}
	}
	for _, name := range o.PrimitiveTypes {
		known, err := isType(ctx, tx, name)
		if err != nil {
			return fmt.Errorf("look for type %s: %w", name, err)
		}
		if !known {
			return &OptionError{Option: "primitive_types", Value: name, Reason: fmt.Sprintf("there is no type %s; those that are not PostgreSQL's own are named with their schema", name)}
		}
	}
	return nil
}

// isType reports whether a text names a type, in a savepoint, as it may be no name at all.
func isType(ctx context.Context, tx pgx.Tx, name string) (bool, error) {
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer savepoint.Rollback(ctx)
	known, err := db.New().IsType(ctx, savepoint, name)
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code != "42501" && strings.HasPrefix(pgErr.Code, "42") {
		return false, nil
	}
	return known, err
}
