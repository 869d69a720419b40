package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/internal/history"
)

// Primitive has the patches of versions compare the values at some places as a whole, whatever they consist of, as
// ExAudit does with its primitive structs: a column, or a JSON pointer below one, as "info/address", where * stands for
// every key and index. It adds to what the option primitive of a table says for all its readers.
func Primitive(places ...string) HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Primitive = append(o.comparison.Primitive, places...) })
}

// PrimitiveTypes is Primitive for the columns that have one of some SQL types, or a domain over one. Types that are not
// PostgreSQL's own are named with their schema. It adds to the option primitive_types of a table.
func PrimitiveTypes(types ...string) HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Types = append(o.comparison.Types, types...) })
}

// Positional has the patches of versions compare lists place by place, the first element with the first, where
// otherwise an insertion at the head is one edit. The option positional of a table does so for all its readers.
func Positional() HistoryOption {
	return option(func(o *historyOptions) { o.comparison.Positional = true })
}

// compared has versions compared as options say beside those of their tables.
func (d *DB) compared(ctx context.Context, o historyOptions, versions []*Version, err error) ([]*Version, error) {
	if err == nil {
		err = o.comparison.Compare(ctx, d.conn, versions)
	}
	if err == nil {
		err = history.NoteUndid(ctx, d.conn, versions)
	}
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	return versions, nil
}
