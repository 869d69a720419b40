package exaudit

import (
	"context"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// Covered returns nil if everything that this connection writes to the tables would be recorded. Names are as for
// Install. It is for readiness probes: it reads only the catalog, and needs no privileges on schema exaudit. It also
// notices settings of the role or the database that switch recording off. Status compares more, and needs membership
// in exaudit_reader.
//
// Without tables, Covered checks all tables of the schemas on the search_path, except those of extensions and of
// migration tools. A table without a primary key is not recorded.
//
// Covered returns an *audit.SchemaError as Check does, but not with the reason NewerSchema, with which changes are
// still recorded; or an *audit.TableError with the reason NoTable, NotTrackable or NotRecording. The latter names the
// tables.
func (d *DB) Covered(ctx context.Context, tables ...string) error {
	if err := sql.Check(ctx, d.conn); err != nil && !reason.Is(err, audit.NewerSchema) {
		return err
	}
	if len(tables) == 0 {
		var err error
		if tables, err = d.tablesOnPath(ctx); err != nil {
			return err
		}
	}
	relations := make([]uint32, len(tables))
	for i, name := range tables {
		relation, _, err := triggers.Resolve(ctx, d.conn, name)
		if err != nil && !reason.Is(err, audit.NoPrimaryKey) {
			return err
		}
		relations[i] = relation
	}
	return history.CheckRecording(ctx, d.conn, relations...)
}

// tablesOnPath are the tables of the schemas on the search_path, quoted.
func (d *DB) tablesOnPath(ctx context.Context) ([]string, error) {
	schemas, err := triggers.CurrentSchemas(ctx, d.conn)
	if err != nil {
		return nil, err
	}
	if len(schemas) == 0 {
		return nil, &audit.TableError{Reason: audit.NoTable, Detail: "there is no schema on the search_path"}
	}
	names, withoutKey, err := triggers.Trackable(ctx, d.conn, schemas)
	if err != nil {
		return nil, err
	}
	tables := slices.Concat(names, withoutKey)
	if len(tables) == 0 {
		return nil, &audit.TableError{Reason: audit.NoTable, Detail: fmt.Sprintf("in the schemas %v", schemas)}
	}
	return tables, nil
}
