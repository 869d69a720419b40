package triggers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

func validateColumns(o audit.TableOptions) error {
	for _, list := range []struct {
		option  string
		columns []string
	}{{"exclude", o.Exclude}, {"mask", o.Mask}} {
		for i, column := range list.columns {
			switch {
			case column == "":
				return invalidOption(list.option, column, "a column without a name")
			case slices.Contains(list.columns[:i], column):
				return invalidOption(list.option, column, "column %q is listed twice", column)
			case list.option == "mask" && slices.Contains(o.Exclude, column):
				return invalidOption(list.option, column, "column %q is excluded as well", column)
			}
		}
	}
	return nil
}

// ValidateOptions returns an error if options are wrong for every table.
func ValidateOptions(o audit.TableOptions) error {
	if err := validateColumns(o); err != nil {
		return err
	}
	for _, list := range []struct {
		option string
		values []string
	}{{"primitive", o.Primitive}, {"primitive_types", o.PrimitiveTypes}} {
		for i, value := range list.values {
			switch {
			case strings.Trim(value, "/ ") == "":
				return invalidOption(list.option, value, "an empty text")
			case slices.Contains(list.values[:i], value):
				return invalidOption(list.option, value, "%q is listed twice", value)
			}
		}
	}
	if o.Updates != "" && o.Updates != audit.UpdatesChanged && o.Updates != audit.UpdatesFull {
		return invalidOption("updates", string(o.Updates), "must be changed or full, not %q", o.Updates)
	}
	switch {
	case o.Trigger != "" && o.Trigger != audit.RowLevel && o.Trigger != audit.StatementLevel:
		return invalidOption("trigger", string(o.Trigger), "must be row or statement, not %q", o.Trigger)
	case byStatement(o) && o.RecordReplicated:
		return invalidOption("trigger", string(o.Trigger),
			"statement cannot be combined with the option record_replicated")
	case byStatement(o) && strings.TrimSpace(o.Where) != "":
		return invalidOption("trigger", string(o.Trigger), "statement cannot be combined with the option where")
	case byStatement(o) && o.SkipUntouchedTOAST:
		return invalidOption("trigger", string(o.Trigger),
			"statement cannot be combined with the option skip_untouched_toast")
	}
	if o.SkipUntouchedTOAST && full(o) {
		return invalidOption("skip_untouched_toast", "",
			"cannot be combined with the option updates: full, which records these values")
	}
	if o.SkipInsertImage {
		if err := validateWithoutImage(o); err != nil {
			return err
		}
	}
	if !slices.Contains([]audit.OnTruncate{"", audit.TruncateRecord, audit.TruncateRefuse, audit.TruncateIgnore},
		o.OnTruncate) {
		return invalidOption("on_truncate", string(o.OnTruncate),
			"must be record, refuse or ignore, not %q", o.OnTruncate)
	}
	if o.KeepLast < 0 {
		return invalidOption("keep_last", strconv.Itoa(o.KeepLast), "must not be negative")
	}
	if o.KeepLast > maxKeepLast {
		return invalidOption("keep_last", strconv.Itoa(o.KeepLast), "must be %d at most", maxKeepLast)
	}
	return nil
}

// maxKeepLast is the greatest keep_last: a page of versions is read with as many that follow.
const maxKeepLast = 1_000_000

// validateWithoutImage returns an error for options that cannot be combined with skip_insert_image: with them, rows may
// change without a version, or the changes of a row may be recorded in the wrong order.
func validateWithoutImage(o audit.TableOptions) error {
	const other = "cannot be combined with the option "
	switch {
	case strings.TrimSpace(o.Where) != "":
		return invalidOption("skip_insert_image", "", other+"where, which leaves changes out")
	case o.AllowIgnore:
		return invalidOption("skip_insert_image", "", other+"allow_ignore, which leaves changes out")
	case o.OnTruncate == audit.TruncateIgnore:
		return invalidOption("skip_insert_image", "", other+"on_truncate: ignore, which leaves changes out")
	case byStatement(o):
		return invalidOption("skip_insert_image", "", other+"trigger: statement")
	}
	return nil
}

// normalized returns options in which defaults are zero values and columns are sorted, so that equal options are stored
// as equal JSON.
func normalized(o audit.TableOptions) audit.TableOptions {
	o.Where = strings.TrimSpace(o.Where)
	for _, list := range []*[]string{&o.Exclude, &o.Mask, &o.Primitive, &o.PrimitiveTypes} {
		*list = slices.Sorted(slices.Values(*list))
	}
	if o.Keep = strings.TrimSpace(o.Keep); o.Keep == audit.KeepForever {
		o.Keep = ""
	}
	if o.Updates == audit.UpdatesChanged {
		o.Updates = ""
	}
	if o.Trigger == audit.RowLevel {
		o.Trigger = ""
	}
	if o.OnTruncate == audit.TruncateRecord {
		o.OnTruncate = ""
	}
	return o
}

// EqualOptions reports whether o and other have the same effect.
func EqualOptions(o, other audit.TableOptions) bool {
	a, _ := json.Marshal(normalized(o)) // cannot fail: strings and booleans
	b, _ := json.Marshal(normalized(other))
	return string(a) == string(b)
}

func full(o audit.TableOptions) bool { return o.Updates == audit.UpdatesFull }

func byStatement(o audit.TableOptions) bool { return o.Trigger == audit.StatementLevel }

// Full reports whether whole rows are recorded for updates.
func (t *Table) Full() bool { return full(t.Options) }

// ByStatement reports whether changes are recorded by statement.
func (t *Table) ByStatement() bool { return byStatement(t.Options) }

func decodeOptions(encoded json.RawMessage) (audit.TableOptions, error) {
	var o audit.TableOptions
	if err := json.Unmarshal(encoded, &o); err != nil {
		return o, err
	}
	return o, nil
}

// setOptions stores a table's options in exaudit.tables: those given, or else the present ones, with the present names
// of their columns. It reports whether the function of the table's condition has changed.
func setOptions(ctx context.Context, tx pgx.Tx, id int32, relation uint32, name string,
	given *audit.TableOptions) (changed bool, err error) {
	queries := db.New()
	rows, err := queries.Options(ctx, tx, db.OptionsParams{Ids: []int32{id}, Relations: []uint32{relation}})
	if err == nil && len(rows) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		return false, fmt.Errorf("read the options of %s: %w", name, err)
	}
	stored := rows[0]
	options, err := decodeOptions(stored.Options)
	if err != nil {
		return false, fmt.Errorf("table %s: read its options in exaudit.tables: %w", name, err)
	}
	if given != nil {
		options = *given
	}
	if err := checkOptions(ctx, tx, options, relation, given != nil); err != nil {
		return false, onTable(err, name)
	}
	if given == nil {
		options.Mask = stored.Masked
		options.Exclude = slices.DeleteFunc(stored.Excluded,
			func(c string) bool { return slices.Contains(stored.Masked, c) })
	}
	encoded, err := json.Marshal(normalized(options))
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
		return false, onTable(invalidOption("where", options.Where, "%s", bound.Reason), name)
	}
	return bound.Changed, nil
}

// invalidOption returns the error for an option that is wrong.
func invalidOption(name, value, detail string, args ...any) error {
	return &audit.InvalidError{Reason: audit.InvalidOption, Name: name, Value: value,
		Detail: fmt.Sprintf(detail, args...)}
}

// onTable adds the table to the error for an option that is wrong.
func onTable(err error, name string) error {
	if wrong := (*audit.InvalidError)(nil); errors.As(err, &wrong) {
		wrong.Table = name
	}
	return err
}

// checkCondition returns an error if a condition is wrong. It changes nothing.
func checkCondition(ctx context.Context, tx pgx.Tx, o audit.TableOptions, relation uint32) error {
	where := normalized(o).Where
	if where == "" {
		return nil
	}
	reason, err := db.New().ConditionRefusal(ctx, tx, db.ConditionRefusalParams{Relation: relation, Condition: where})
	if err != nil {
		return fmt.Errorf("read the condition of relation %d: %w", relation, err)
	}
	if reason != "" {
		return invalidOption("where", where, "%s", reason)
	}
	return nil
}

// checkOptions returns an error if options are wrong for a table. If they are already stored, their columns may have
// been dropped or renamed.
func checkOptions(ctx context.Context, tx pgx.Tx, o audit.TableOptions, relation uint32, given bool) error {
	if err := ValidateOptions(o); err != nil {
		return err
	}
	if len(o.Exclude)+len(o.Mask)+len(o.Primitive) > 0 {
		columns, err := db.New().TableColumns(ctx, tx, []uint32{relation})
		if err != nil {
			return fmt.Errorf("describe the columns of relation %d: %w", relation, err)
		}
		if err := checkColumns(o, columns, given); err != nil {
			return err
		}
	}
	if o.SkipInsertImage {
		deferrable, err := db.New().HasDeferrableKey(ctx, tx, relation)
		if err != nil {
			return fmt.Errorf("look for a deferrable primary key of relation %d: %w", relation, err)
		}
		if deferrable {
			return invalidOption("skip_insert_image", "",
				"is not possible with a deferrable primary key: rows that share a key for a while are told apart by images")
		}
	}
	if given {
		if err := checkPrimitiveTypes(ctx, tx, o); err != nil {
			return err
		}
		if err := checkKeep(ctx, tx, o); err != nil {
			return err
		}
	}
	if byStatement(o) {
		obstacles, err := db.New().StatementLevelObstacles(ctx, tx, relation)
		if err != nil {
			return fmt.Errorf("look for what statement triggers miss of relation %d: %w", relation, err)
		}
		if len(obstacles) > 0 {
			return invalidOption("trigger", string(o.Trigger), "statement is not possible: %s", obstacles[0])
		}
	}
	return nil
}

// checkColumns returns an error for columns that do not exist or belong to the primary key.
func checkColumns(o audit.TableOptions, columns []db.TableColumnsRow, given bool) error {
	find := func(name string) int {
		return slices.IndexFunc(columns, func(c db.TableColumnsRow) bool { return c.Name == name })
	}
	for option, names := range map[string][]string{"exclude": o.Exclude, "mask": o.Mask} {
		for _, name := range names {
			i := find(name)
			switch {
			case i < 0 && given:
				return invalidOption(option, name, "there is no column %q", name)
			case i >= 0 && columns[i].KeyPosition >= 0:
				return invalidOption(option, name, "column %q is part of the primary key", name)
			}
		}
	}
	for _, place := range o.Primitive {
		if name := patch.Segments(place)[0]; given && name != "*" && find(name) < 0 {
			return invalidOption("primitive", place, "there is no column %q", name)
		}
	}
	return nil
}

// checkPrimitiveTypes returns an error for types that do not exist.
func checkPrimitiveTypes(ctx context.Context, tx pgx.Tx, o audit.TableOptions) error {
	for _, name := range o.PrimitiveTypes {
		known, err := isType(ctx, tx, name)
		if err != nil {
			return fmt.Errorf("look for type %s: %w", name, err)
		}
		if !known {
			return invalidOption("primitive_types", name,
				"there is no type %s; those that are not PostgreSQL's own are named with their schema", name)
		}
	}
	return nil
}

// checkKeep returns an error if Keep is not an interval.
func checkKeep(ctx context.Context, tx pgx.Tx, o audit.TableOptions) error {
	keep := normalized(o).Keep
	if keep == "" {
		return nil
	}
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return err
	}
	defer savepoint.Rollback(ctx)
	past, err := db.New().IsDuration(ctx, savepoint, keep)
	pgErr := (*pgconn.PgError)(nil)
	if errors.As(err, &pgErr) && strings.HasPrefix(pgErr.Code, "22") || err == nil && !past {
		return invalidOption("keep", o.Keep, `must be a time such as "7 years" or "90 days", not %q`, o.Keep)
	}
	return err
}

// isType reports whether a text names a type. It uses a savepoint, because the text may not be a name.
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
