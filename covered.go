package exaudit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/sql"
	"github.com/exaudit/exaudit/triggers"
)

// Covered reports whether what this connection writes to the tables would be recorded: nil says so. Names are as for
// Install. It is for a readiness probe: it reads the catalog alone, takes no privilege on schema exaudit, and also says
// what a setting of the role or the database switches off. Status compares more, and takes membership in
// exaudit_reader.
//
// Without tables, it is about all of the schemas on the search_path, but for those of extensions and of migration
// tools. A table that is to be covered and has no primary key is not.
//
// Errors: those of Check but for ErrNewer, with which changes are recorded; ErrNoTable, ErrNotTrackable; and a
// *NotRecordingError, which names the tables.
func (d *DB) Covered(ctx context.Context, tables ...string) error {
	if err := sql.Check(ctx, d.conn); err != nil && !errors.Is(err, ErrNewer) {
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
		if err != nil && !errors.Is(err, ErrNoPrimaryKey) {
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
		return nil, fmt.Errorf("%w: there is no schema on the search_path", ErrNoTable)
	}
	names, withoutKey, err := triggers.Trackable(ctx, d.conn, schemas)
	if err != nil {
		return nil, err
	}
	tables := slices.Concat(names, withoutKey)
	if len(tables) == 0 {
		return nil, fmt.Errorf("%w in the schemas %v", ErrNoTable, schemas)
	}
	return tables, nil
}
