package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
)

// Primitive makes patches show the values at some places as a whole, even if they are objects or lists, as ExAudit
// does with its primitive structs. A place is a column, or a JSON pointer below a column, such as "info/address", in
// which * means every key and index. The places are added to those of the table's option primitive.
func Primitive(places ...string) HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Primitive = append(o.comparison.Primitive, places...) })
}

// PrimitiveTypes is like Primitive, for all columns that have one of some SQL types, or a domain over one. Types that
// are not PostgreSQL's own must be written with their schema. The types are added to those of the table's option
// primitive_types.
func PrimitiveTypes(types ...string) HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Types = append(o.comparison.Types, types...) })
}

// Positional makes patches compare lists by position, the first element with the first. Without it, an insertion at
// the beginning of a list is a single change. The option positional of a table does the same for everyone who reads
// its history.
func Positional() HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Positional = true })
}

// compared has versions compared as options say beside those of their tables.
func (d *DB) compared(ctx context.Context, o historyOptions, versions []*history.Version, err error) ([]*audit.Version,
	error) {
	if err == nil {
		err = o.comparison.Compare(ctx, d.conn, versions)
	}
	if err == nil {
		err = history.NoteUndid(ctx, d.conn, versions)
	}
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	public := make([]*audit.Version, len(versions))
	for i, v := range versions {
		if public[i] = &v.Version; o.states {
			v.StateBefore, _ = v.States()
		}
	}
	return public, nil
}
