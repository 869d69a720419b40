package triggers

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
)

// catalog is what PostgreSQL's catalog and the registry have of some tables, read for all of them at once: many small
// queries take longer than what they ask for.
type catalog struct {
	installed
	relations     map[uint32]db.DescribeRelationsRow // without those that are gone
	columns       map[uint32][]db.TableColumnsRow
	expressions   map[uint32]db.TableExpressionsRow
	options       map[int32]db.OptionsRow
	partitions    map[uint32][]db.PartitionsRow
	children      map[uint32][]db.InheritanceChildrenRow
	subscriptions map[uint32][]db.SubscriptionsRow
	custom        []db.CustomColumnsRow
}

// installed is what recording tables takes that is there.
type installed struct {
	functions map[int32][]db.InstalledFunctionsRow
	triggers  map[int32][]db.InstalledTriggersRow
}

// readCatalog reads about tables, whose relations are given in the order of their ids.
func readCatalog(ctx context.Context, q db.DBTX, ids []int32, relations []uint32) (*catalog, error) {
	c := &catalog{}
	queries := db.New()
	for _, read := range []struct {
		what string
		from func() error
	}{
		{"tables", func() (err error) {
			rows, err := queries.DescribeRelations(ctx, q, relations)
			c.relations = only(rows, func(r db.DescribeRelationsRow) uint32 { return r.Relation })
			return err
		}},
		{"columns", func() (err error) {
			rows, err := queries.TableColumns(ctx, q, relations)
			c.columns = grouped(rows, func(r db.TableColumnsRow) uint32 { return r.Relation })
			return err
		}},
		{"images", func() (err error) {
			rows, err := queries.TableExpressions(ctx, q, relations)
			c.expressions = only(rows, func(r db.TableExpressionsRow) uint32 { return r.Relation })
			return err
		}},
		{"options", func() (err error) {
			rows, err := queries.Options(ctx, q, db.OptionsParams{Ids: ids, Relations: relations})
			c.options = only(rows, func(r db.OptionsRow) int32 { return r.ID })
			return err
		}},
		{"partitions", func() (err error) {
			rows, err := queries.Partitions(ctx, q, relations)
			c.partitions = grouped(rows, func(r db.PartitionsRow) uint32 { return r.Root })
			return err
		}},
		{"tables that inherit", func() (err error) {
			rows, err := queries.InheritanceChildren(ctx, q, relations)
			c.children = grouped(rows, func(r db.InheritanceChildrenRow) uint32 { return r.Parent })
			return err
		}},
		{"subscriptions", func() (err error) {
			rows, err := queries.Subscriptions(ctx, q, relations)
			c.subscriptions = grouped(rows, func(r db.SubscriptionsRow) uint32 { return r.Relation })
			return err
		}},
		{"custom columns", func() (err error) {
			c.custom, err = queries.CustomColumns(ctx, q, "exaudit.versions")
			return err
		}},
	} {
		if err := read.from(); err != nil {
			return nil, fmt.Errorf("read the catalog's %s: %w", read.what, err)
		}
	}
	var err error
	c.installed, err = readInstalled(ctx, q, ids)
	return c, err
}

// describeRelation reads about one relation.
func describeRelation(ctx context.Context, q db.DBTX, relation uint32) (db.DescribeRelationsRow, error) {
	rows, err := db.New().DescribeRelations(ctx, q, []uint32{relation})
	if err == nil && len(rows) == 0 {
		err = pgx.ErrNoRows
	}
	if err != nil {
		return db.DescribeRelationsRow{}, fmt.Errorf("describe relation %d: %w", relation, err)
	}
	return rows[0], nil
}

// readInstalled reads what is installed of tables.
func readInstalled(ctx context.Context, q db.DBTX, ids []int32) (installed, error) {
	functions, err := db.New().InstalledFunctions(ctx, q, ids)
	if err != nil {
		return installed{}, fmt.Errorf("read trigger functions: %w", err)
	}
	triggers, err := db.New().InstalledTriggers(ctx, q, ids)
	if err != nil {
		return installed{}, fmt.Errorf("read triggers: %w", err)
	}
	return installed{
		functions: grouped(functions, func(r db.InstalledFunctionsRow) int32 { return r.TableID }),
		triggers:  grouped(triggers, func(r db.InstalledTriggersRow) int32 { return r.TableID }),
	}, nil
}

// only has the one row of each key.
func only[K comparable, R any](rows []R, key func(R) K) map[K]R {
	of := make(map[K]R, len(rows))
	for _, r := range rows {
		of[key(r)] = r
	}
	return of
}

// grouped has the rows of each key in their order.
func grouped[K comparable, R any](rows []R, key func(R) K) map[K][]R {
	of := make(map[K][]R)
	for _, r := range rows {
		of[key(r)] = append(of[key(r)], r)
	}
	return of
}

// catalogOf reads about one table.
func catalogOf(ctx context.Context, q db.DBTX, id int32, relation uint32) (*catalog, error) {
	return readCatalog(ctx, q, []int32{id}, []uint32{relation})
}

// catalogOfTracked reads about those of the tables that are tracked and there.
func catalogOfTracked(ctx context.Context, q db.DBTX, all []Tracked) (*catalog, error) {
	ids, relations := idsOf(slices.DeleteFunc(slices.Clone(all), func(t Tracked) bool {
		return !t.Tracked || t.Relation == 0 || t.unreadable != nil
	}))
	return readCatalog(ctx, q, ids, relations)
}

// idsOf returns the ids of tables, and their relations in the same order.
func idsOf(tables []Tracked) (ids []int32, relations []uint32) {
	for _, t := range tables {
		ids, relations = append(ids, t.ID), append(relations, t.Relation)
	}
	return ids, relations
}

// describe is what the generator needs of a registered table.
func (c *catalog) describe(ctx context.Context, q db.DBTX, id int32, relation uint32) (*Table, error) {
	found, ok := c.relations[relation]
	if !ok {
		return nil, fmt.Errorf("describe relation %d: %w", relation, pgx.ErrNoRows)
	}
	t := &Table{
		ID: TableID(id), Relation: OID(relation), Schema: found.SchemaName, Name: found.TableName,
		QuotedSchema: found.QuotedSchema, QuotedName: found.QuotedName,
		Partitioned: found.Kind == "p", Unlogged: found.Persistence == "u",
		TableExpressionsRow: c.expressions[relation], Partitions: c.partitions[relation],
		CustomColumns: append([]db.CustomColumnsRow(nil), c.custom...),
	}
	columns := c.columns[relation]
	for _, column := range columns {
		t.Columns = append(t.Columns, newColumn(column))
	}
	if t.KeyColumns = keyColumns(columns); len(t.KeyColumns) == 0 {
		return nil, &audit.TableError{Table: t.QuotedName, Reason: audit.NoPrimaryKey}
	}
	for _, child := range c.children[relation] {
		if !child.Covered {
			t.Uncovered = append(t.Uncovered, child)
		}
	}
	return t, t.readOptions(ctx, q, c.options[id])
}
