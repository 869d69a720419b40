package exaudit

import (
	"context"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
)

// PatchOption says how values are compared in patches. It is an option of History, HistoryWithStates, Versions,
// Version, VersionWithStates and Diff.
type PatchOption interface {
	HistoryOption
	VersionsOption
	forPatch(*history.Comparison)
}

type patchOption func(*history.Comparison)

func (f patchOption) forHistory(q *query)            { f(&q.comparison) }
func (f patchOption) forVersions(q *query)           { f(&q.comparison) }
func (f patchOption) forPatch(c *history.Comparison) { f(c) }

func comparisonOf(opts []PatchOption) (c history.Comparison) {
	for _, opt := range opts {
		opt.forPatch(&c)
	}
	return c
}

// Primitive makes patches show the values at some places as a whole, even if they are objects or lists, as ExAudit
// does with its primitive structs. A place is a column, or a JSON pointer below a column, such as "info/address", in
// which * means every key and index. The places are added to those of the table's option primitive.
func Primitive(places ...string) PatchOption {
	return patchOption(func(c *history.Comparison) { c.Primitive = append(c.Primitive, places...) })
}

// PrimitiveTypes is like Primitive, for all columns that have one of some SQL types, or a domain over one. Types that
// are not PostgreSQL's own must be written with their schema. The types are added to those of the table's option
// primitive_types.
func PrimitiveTypes(types ...string) PatchOption {
	return patchOption(func(c *history.Comparison) { c.Types = append(c.Types, types...) })
}

// Positional makes patches compare lists by position, the first element with the first. Without it, an insertion at
// the beginning of a list is a single change. The option positional of a table does the same for everyone who reads
// its history.
func Positional() PatchOption {
	return patchOption(func(c *history.Comparison) { c.Positional = true })
}

// compared has versions compared as options say beside those of their tables.
func (d *DB) compared(ctx context.Context, q query, versions []*history.Version, err error) ([]*audit.Version, error) {
	if err == nil {
		err = q.comparison.Compare(ctx, d.conn, versions)
	}
	if err == nil {
		err = history.NoteUndid(ctx, d.conn, versions)
	}
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	public := make([]*audit.Version, len(versions))
	for i, v := range versions {
		public[i] = &v.Version
	}
	return public, nil
}
