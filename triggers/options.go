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
	// Updates says what is recorded of an update.
	Updates Updates `json:"updates,omitempty"`
	// Trigger selects row-level or statement-level triggers.
	Trigger TriggerLevel `json:"trigger,omitempty"`
	// SkipUntouchedTOAST does not read values that are stored out of line, of more than 2 kB as a rule,
	// where an update leaves them as they are. In return, an update that changes nothing costs as much
	// as one that does.
	SkipUntouchedTOAST bool `json:"skip_untouched_toast,omitempty"`
	// OnTruncate says what TRUNCATE does.
	OnTruncate OnTruncate `json:"on_truncate,omitempty"`
	// AllowIgnore lets a session switch recording off, by setting exaudit.ignore to "on".
	AllowIgnore bool `json:"allow_ignore,omitempty"`
	// RecordSessionUser records who was logged in, which the application cannot make up.
	RecordSessionUser bool `json:"record_session_user,omitempty"`
	// RecordReplicated also records what logical replication applies, and the changes of sessions
	// whose session_replication_role is replica.
	RecordReplicated bool `json:"record_replicated,omitempty"`
	// Primitive are places whose values readers compare as a whole: a column, or a JSON pointer below one, as
	// "info/address", where * stands for every key and index.
	Primitive []string `json:"primitive,omitempty"`
	// PrimitiveTypes are SQL types whose columns readers compare as a whole. Those that are not PostgreSQL's own are
	// named with their schema.
	PrimitiveTypes []string `json:"primitive_types,omitempty"`
	// Positional has readers compare lists place by place.
	Positional bool `json:"positional,omitempty"`
}

// Updates says what is recorded of an update.
type Updates string

// What is recorded of an update; the empty text is UpdatesChanged.
const (
	UpdatesChanged Updates = "changed" // the columns that changed
	UpdatesFull    Updates = "full"    // whole rows
)

// TriggerLevel selects row-level or statement-level triggers.
type TriggerLevel string

// The levels; the empty text is RowLevel.
const (
	RowLevel TriggerLevel = "row"
	// StatementLevel records all rows of a statement at once. Statements of many rows, COPY and cascades
	// among them, cost much less, and those of a single row more. It is for plain tables: no partitions,
	// no inheritance, no triggers for each row after a change, none of the options where,
	// skip_untouched_toast and record_replicated. Others are refused, and a table that becomes one is drift. Commands
	// that delete a row and give its key to another, or create a row and rewrite its key, must not be recorded so.
	StatementLevel TriggerLevel = "statement"
)

// OnTruncate says what TRUNCATE of a table does.
type OnTruncate string

// What TRUNCATE does; the empty text is TruncateRecord.
const (
	TruncateRecord OnTruncate = "record" // records every row as deleted
	TruncateRefuse OnTruncate = "refuse" // fails
	TruncateIgnore OnTruncate = "ignore" // is not recorded: history then diverges
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
				return &OptionError{Option: list.option, Value: column,
					Reason: fmt.Sprintf("column %q is listed twice", column)}
			case list.option == "mask" && slices.Contains(o.Exclude, column):
				return &OptionError{Option: list.option, Value: column,
					Reason: fmt.Sprintf("column %q is excluded as well", column)}
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
	if o.Updates != "" && o.Updates != UpdatesChanged && o.Updates != UpdatesFull {
		return &OptionError{Option: "updates", Value: string(o.Updates),
			Reason: fmt.Sprintf("must be changed or full, not %q", o.Updates)}
	}
	switch {
	case o.Trigger != "" && o.Trigger != RowLevel && o.Trigger != StatementLevel:
		return &OptionError{Option: "trigger", Value: string(o.Trigger),
			Reason: fmt.Sprintf("must be row or statement, not %q", o.Trigger)}
	case o.ByStatement() && o.RecordReplicated:
		return &OptionError{Option: "trigger", Value: string(o.Trigger),
			Reason: "statement cannot be combined with the option record_replicated"}
	case o.ByStatement() && strings.TrimSpace(o.Where) != "":
		return &OptionError{Option: "trigger", Value: string(o.Trigger),
			Reason: "statement cannot be combined with the option where"}
	case o.ByStatement() && o.SkipUntouchedTOAST:
		return &OptionError{Option: "trigger", Value: string(o.Trigger),
			Reason: "statement cannot be combined with the option skip_untouched_toast"}
	}
	if o.SkipUntouchedTOAST && o.Full() {
		return &OptionError{Option: "skip_untouched_toast",
			Reason: "cannot be combined with the option updates: full, which records these values"}
	}
	if !slices.Contains([]OnTruncate{"", TruncateRecord, TruncateRefuse, TruncateIgnore}, o.OnTruncate) {
		return &OptionError{Option: "on_truncate", Value: string(o.OnTruncate),
			Reason: fmt.Sprintf("must be record, refuse or ignore, not %q", o.OnTruncate)}
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
	if o.Updates == UpdatesChanged {
		o.Updates = ""
	}
	if o.Trigger == RowLevel {
		o.Trigger = ""
	}
	if o.OnTruncate == TruncateRecord {
		o.OnTruncate = ""
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
func (o Options) Full() bool { return o.Updates == UpdatesFull }

// ByStatement tells whether changes are recorded by statement.
func (o Options) ByStatement() bool { return o.Trigger == StatementLevel }

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
func setOptions(ctx context.Context, tx pgx.Tx, id int32, relation uint32, name string,
	given *Options) (changed bool, err error) {
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
		options.Exclude = slices.DeleteFunc(stored.Excluded,
			func(c string) bool { return slices.Contains(stored.Masked, c) })
	}
	encoded, err := json.Marshal(options.normalized())
	if err != nil {
		return false, err
	}
	if string(encoded) == "{}" && string(stored.Options) == "{}" {
		return false, nil
	}
	if err := queries.SetOptions(ctx, tx, db.SetOptionsParams{ID: id, Relation: relation,
		Options: encoded}); err != nil {
		return false, fmt.Errorf("set the options of %s: %w", name, err)
	}
	bound, err := queries.BindCondition(ctx, tx,
		db.BindConditionParams{ID: id, Relation: relation, Given: given != nil})
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
				return &OptionError{Option: option, Value: name,
					Reason: fmt.Sprintf("column %q is part of the primary key", name)}
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
			return &OptionError{Option: "trigger", Value: string(o.Trigger),
				Reason: "statement is not possible: " + obstacles[0]}
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
			return &OptionError{Option: "primitive_types", Value: name,
				Reason: fmt.Sprintf("there is no type %s; those that are not PostgreSQL's own are named with their schema", name)}
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
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code != "42501" &&
		strings.HasPrefix(pgErr.Code, "42") {
		return false, nil
	}
	return known, err
}
