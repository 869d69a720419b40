package history

import (
	"context"
	"fmt"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/patch"
)

// Comparison is how patches compare values, beside what the options of the table say.
type Comparison struct {
	// Primitive are the places whose values are compared as a whole: a column, or JSON pointers below one.
	Primitive []string
	// Types are SQL types whose values are compared as a whole.
	Types []string
	// Positional compares lists place by place.
	Positional bool
}

func (c Comparison) plain() bool { return len(c.Primitive)+len(c.Types) == 0 && !c.Positional }

// readComparison reads what the options of a table say, and adds more.
func readComparison(ctx context.Context, q db.DBTX, e Entity, more Comparison) ([]patch.Option, error) {
	fail := func(err error) ([]patch.Option, error) {
		return nil, fmt.Errorf("read how the values of %s are compared: %w", e.Table, err)
	}
	own, err := db.New().Comparison(ctx, q, e.TableID)
	if err != nil {
		return fail(err)
	}
	c := Comparison{append(own.Places, more.Primitive...), append(own.Types, more.Types...),
		own.Positional || more.Positional}
	if c.plain() {
		return nil, nil
	}
	if len(c.Types) > 0 && e.Relation != 0 {
		columns, err := db.New().ColumnsOfTypes(ctx, q, db.ColumnsOfTypesParams{Relation: e.Relation, Types: c.Types})
		if err != nil {
			return fail(err)
		}
		for _, name := range columns {
			c.Primitive = append(c.Primitive, strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
		}
	}
	var opts []patch.Option
	if len(c.Primitive) > 0 {
		opts = append(opts, patch.Primitive(c.Primitive...))
	}
	if c.Positional {
		opts = append(opts, patch.Positional())
	}
	return opts, nil
}

// Compare makes the patches of versions anew, in another way than the options of their tables say.
func (c Comparison) Compare(ctx context.Context, q db.DBTX, versions []*Version) error {
	if c.plain() {
		return nil
	}
	tables := make(map[int32][]patch.Option)
	for _, v := range versions {
		opts, ok := tables[v.TableID]
		if !ok {
			var err error
			if opts, err = readComparison(ctx, q,
				Entity{TableID: v.TableID, Table: v.Table, Relation: v.columns.relation()}, c); err != nil {
				return err
			}
			tables[v.TableID] = opts
		}
		v.comparing(opts)
	}
	return nil
}

// relation is the table, 0 where it is gone.
func (c columns) relation() uint32 {
	if len(c) == 0 || c[len(c)-1].since != now {
		return 0
	}
	return c[len(c)-1].relation
}

// comparing sets the patch of a version.
func (v *Version) comparing(opts []patch.Option) {
	v.compare = opts
	v.setPatch()
}

// Diff is the difference of two rows of the version's table, compared as in its Patch.
func (v *Version) Diff(from, to audit.Image) patch.Patch {
	return patch.Diff(AsValue(from), AsValue(to), v.compare...)
}
