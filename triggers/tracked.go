package triggers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// Tracked is a row of exaudit.tables.
type Tracked struct {
	ID         int32
	QuotedName string // with the schema; the last known name if the table was dropped
	KeyColumns []string
	Relation   uint32 // 0 if the table was dropped
	Tracked    bool   // false after an uninstall
	Options    audit.TableOptions

	unreadable error // what is wrong with options that somebody has altered by hand
}

// Find returns the tracked table with a name: first as in SQL, along the search_path, and then by the last known names
// of dropped tables. If exaudit was never installed on the table, the error is a *TableError with the reason
// NotTracked. If it cannot be installed on the table, the error is that of Install.
func Find(ctx context.Context, q db.DBTX, name string) (Tracked, error) {
	relation, resolveErr := resolve(ctx, q, name)
	switch {
	case reason.Is(resolveErr, audit.NoTable):
		return findGone(ctx, q, name, resolveErr)
	case resolveErr != nil && !reason.Is(resolveErr, audit.NoPrimaryKey):
		return Tracked{}, resolveErr
	}
	t, err := db.New().RegisteredTable(ctx, q, relation)
	switch {
	case errors.Is(err, pgx.ErrNoRows) && resolveErr != nil:
		return Tracked{}, resolveErr
	case errors.Is(err, pgx.ErrNoRows):
		return Tracked{}, &audit.TableError{Table: name, Reason: audit.NotTracked}
	case err != nil:
		return Tracked{}, fmt.Errorf("look up tracked table %s: %w", name, err)
	}
	return newTracked(t)
}

// newTracked reads a row of the registry.
func newTracked(r db.RegisteredTableRow) (Tracked, error) {
	options, err := decodeOptions(r.Options)
	if err == nil {
		err = ValidateOptions(options)
	}
	t := Tracked{r.ID, r.QuotedName, r.KeyColumns, r.Relation, r.Tracked, options, err}
	if err != nil {
		return t, fmt.Errorf("table %s: read its options in exaudit.tables: %w", r.QuotedName, err)
	}
	return t, nil
}

// findGone looks for a dropped table. If several tables had the name one after the other, it returns the last one. If
// the name has no schema, and tables of several schemas had it, it returns none.
func findGone(ctx context.Context, q db.DBTX, name string, notFound error) (Tracked, error) {
	gone, err := db.New().RegisteredTableByName(ctx, q, name)
	if err != nil {
		return Tracked{}, fmt.Errorf("look up tracked table %s: %w", name, err)
	}
	if len(gone) == 0 {
		return Tracked{}, notFound
	}
	for _, other := range gone[1:] {
		if other.QuotedName != gone[0].QuotedName {
			return Tracked{}, &audit.TableError{Table: name, Reason: audit.NoTable,
				Detail: fmt.Sprintf("it could be %s or %s", gone[0].QuotedName, other.QuotedName)}
		}
	}
	return newTracked(db.RegisteredTableRow(gone[0]))
}

// All returns the registered tables, by name.
func All(ctx context.Context, q db.DBTX) ([]Tracked, error) {
	list, err := registered(ctx, q)
	for _, t := range list {
		if t.unreadable != nil {
			return nil, fmt.Errorf("table %s: read its options in exaudit.tables: %w", t.QuotedName, t.unreadable)
		}
	}
	return list, err
}

// registered returns the registered tables, including those whose options cannot be read.
func registered(ctx context.Context, q db.DBTX) ([]Tracked, error) {
	rows, err := db.New().RegisteredTables(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list tracked tables: %w", err)
	}
	list := make([]Tracked, len(rows))
	for i, r := range rows {
		list[i], _ = newTracked(db.RegisteredTableRow(r)) // which says so itself
	}
	return list, nil
}

// bookkeeping are the tables in which migration tools note what they have done. Patterns, and "all tables of a schema",
// do not include them; they can be tracked by name.
var bookkeeping = []string{
	"goose_db_version",           // goose
	"schema_migrations",          // golang-migrate, dbmate, Active Record, Ecto
	"schema_version",             // tern
	"atlas_schema_revisions",     // atlas
	"gorp_migrations",            // sql-migrate
	"bun_migrations",             // bun
	"bun_migration_locks",        //
	"river_migration",            // River
	"flyway_schema_history",      // Flyway
	"databasechangelog",          // Liquibase
	"databasechangeloglock",      //
	"ar_internal_metadata",       // Active Record
	"django_migrations",          // Django
	"alembic_version",            // Alembic
	"__EFMigrationsHistory",      // Entity Framework
	"_prisma_migrations",         // Prisma
	"_sqlx_migrations",           // sqlx
	"__diesel_schema_migrations", // Diesel
	"knex_migrations",            // Knex
	"knex_migrations_lock",       //
	"SequelizeMeta",              // Sequelize
	"typeorm_metadata",           // TypeORM
	"pgmigrations",               // node-pg-migrate
	"seaql_migrations",           // SeaORM
}

// bookkeeps reports whether a quoted name with its schema is that of such a table.
func bookkeeps(name string) bool {
	_, table, ok := unquoted(name)
	return ok && slices.Contains(bookkeeping, table)
}

// Trackable returns the quoted names of the tables of the schemas that Install accepts, and separately those that it
// does not accept because they have no primary key. Without schemas, it returns the tables of all schemas. Tables of
// extensions and of migration tools are left out.
func Trackable(ctx context.Context, q db.DBTX, schemas []string) (names, withoutKey []string, err error) {
	there, err := db.New().UserSchemas(ctx, q)
	if err != nil {
		return nil, nil, fmt.Errorf("list the schemas: %w", err)
	}
	for _, schema := range schemas {
		switch {
		case isSystem(schema):
			return nil, nil, &audit.TableError{Table: "schema " + schema, Reason: audit.NotTrackable,
				Detail: "it is a system schema"}
		case !slices.Contains(there, schema):
			return nil, nil, &audit.TableError{Reason: audit.NoTable,
				Detail: fmt.Sprintf("there is no schema %q", schema)}
		}
	}
	if len(schemas) == 0 {
		schemas = there
	}
	rows, err := db.New().TablesOfSchemas(ctx, q, db.TablesOfSchemasParams{Schemas: schemas, Bookkeeping: bookkeeping})
	if err != nil {
		return nil, nil, fmt.Errorf("list the tables of %v: %w", schemas, err)
	}
	for _, r := range rows {
		switch {
		case r.OfExtension:
		case r.HasPrimaryKey:
			names = append(names, r.QuotedName)
		default:
			withoutKey = append(withoutKey, r.QuotedName)
		}
	}
	return names, withoutKey, nil
}

// CurrentSchemas returns the schemas on the search_path, without those of the system.
func CurrentSchemas(ctx context.Context, q db.DBTX) ([]string, error) {
	schemas, err := db.New().CurrentSchemas(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the search_path: %w", err)
	}
	return slices.DeleteFunc(schemas, isSystem), nil
}

func isSystem(schema string) bool {
	return slices.Contains(systemSchemas, schema) || strings.HasPrefix(schema, "pg_")
}

// systemSchemas are schemas without tables to track.
var systemSchemas = []string{"exaudit", "exaudit_internal", followingSchema, "pg_catalog", "information_schema"}
