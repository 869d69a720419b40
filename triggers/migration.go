package triggers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/directive"
)

// ErrNotPortable means that a table cannot be written into a migration: a name in it is equal to a placeholder, or its
// name has a line break.
var ErrNotPortable = errors.New("cannot be written into a migration")

// Migration is the SQL that tracks one table, in any database that has the table and schema exaudit: ids and oids are
// looked up when it is run. Statements end with semicolons.
type Migration struct {
	Table     string // quoted
	Renamed   bool   // it was tracked under another name before
	Install   string
	Uninstall string // on one line
	// Functions return the table's rows as of a time, and the states of one row.
	Functions     []string
	DropFunctions string // on one line
}

// Migrations returns the migrations of the named tables, with the options of WithOptions, or else with their own. It
// changes nothing, but needs the privileges that Install needs. The errors are those of Install, and ErrNotPortable.
func Migrations(ctx context.Context, conn Conn, names []string, opts ...InstallOption) ([]Migration, error) {
	options := collect(opts)
	var done []Migration
	options.dryRun = true
	err := inSteps(ctx, conn, options, func(s steps, tx db.DBTX) error {
		relations, known := make([]uint32, len(names)), make([]string, len(names))
		for i, name := range names {
			var err error
			if relations[i], err = resolve(ctx, tx, name); err != nil {
				return err
			}
			was, err := db.New().RegisteredTable(ctx, tx, relations[i])
			if err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return fmt.Errorf("look up the registry: %w", err)
			}
			known[i] = was.QuotedName
		}
		if _, err := s.columns(ctx); err != nil {
			return err
		}
		if err := s.registry(ctx); err != nil {
			return err
		}
		for i, name := range names {
			w := wanted{name: name, relation: relations[i], tried: s.tried}
			if o, ok := options.tables[name]; ok {
				w.given = &o
			}
			var m Migration
			err := s.step(ctx, registryTable, func(tx pgx.Tx) (err error) {
				m, err = migration(ctx, tx, w)
				return err
			})
			if err != nil {
				return err
			}
			m.Renamed = known[i] != "" && known[i] != m.Table
			done = append(done, m)
		}
		return nil
	})
	return done, err
}

func migration(ctx context.Context, tx pgx.Tx, w wanted) (Migration, error) {
	script, _, err := generate(ctx, tx, w)
	if err != nil {
		return Migration{}, err
	}
	t := script.Table
	for _, placeholder := range []string{"<table_id>", "<relation>", "<partition>", "<partition_schema>", "<content>"} {
		if strings.Contains(script.SQL(), placeholder) {
			return Migration{}, fmt.Errorf("table %s %w: something of it is called %s", t.QuotedName, ErrNotPortable,
				placeholder)
		}
	}
	if strings.ContainsAny(t.QuotedName, "\r\n") {
		return Migration{}, fmt.Errorf("table %s %w: its name has a line break", t.QuotedName, ErrNotPortable)
	}
	m := Migration{Table: t.QuotedName, Uninstall: UninstallSQL(t.QuotedName)}
	if m.Install, err = t.installSQL(); err != nil {
		return Migration{}, err
	}
	m.Functions, m.DropFunctions = t.stateFunctions()
	return m, nil
}

// everyPartition is a placeholder for a table and each of its partitions, because another database may have other ones.
func everyPartition() []db.PartitionsRow {
	return []db.PartitionsRow{{QuotedSchema: "<partition_schema>", Name: "<partition>"}}
}

// installSQL returns a call of exaudit_internal.install_table with what Install would run, with placeholders for what
// differs between databases.
func (t *Table) installSQL() (string, error) {
	portable := *t
	portable.ID, portable.Relation = 0, 0
	if t.Partitioned {
		portable.Partitions = everyPartition()
	}
	script, err := Generate(&portable)
	if err != nil {
		return "", err
	}
	var once, each []string
	for _, part := range script.parts(script.Table.Partitions) {
		if strings.Contains(part, "<partition>") {
			each = append(each, part)
		} else {
			once = append(once, part)
		}
	}
	options, err := optionsText(t.Options)
	if err != nil {
		return "", err
	}
	arguments := []string{literal(t.QuotedName), literal(options), quoted(once)}
	if len(each) > 0 {
		arguments = append(arguments, "-- for the table and each of its partitions"+t.partitionList()+"\n"+quoted(each))
	}
	return "SELECT exaudit_internal.install_table(" + strings.Join(arguments, ", ") + ");", nil
}

// PartitionMark begins the lines of a migration that name the partitions for which it was written. A partition that is
// created later needs a new migration, because PostgreSQL does not copy TRUNCATE triggers to partitions.
const PartitionMark = "--   partition "

func (t *Table) partitionList() string {
	list := ""
	for _, p := range t.Partitions {
		if p.Name != t.QuotedName {
			list += "\n" + PartitionMark + commentSafe(p.Name)
		}
	}
	return list
}

// optionsText returns the options as JSON, to be read by people.
func optionsText(o audit.TableOptions) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(normalized(o))
	return strings.ReplaceAll(strings.TrimSpace(out.String()), "----", `\u002d---`), err // a line with four is tern's
}

// quoted returns a script as an SQL string, in a dollar quote that does not occur in it. If a migration tool would take
// a line of it for a directive, because a name has line breaks, it is a string with escapes on one line.
func quoted(parts []string) string {
	script := strings.Join(parts, "\n\n")
	if directive.Find(script) != "" {
		escaped := strings.NewReplacer(`\`, `\\`, "'", "''", "\n", `\n`, "\r", `\r`, "----", `\055---`).Replace(script)
		return "E'" + escaped + "'"
	}
	quote := dollarQuote("install", script)
	return quote + "\n" + script + "\n" + quote
}

// UninstallSQL returns a statement that uninstalls the table with a quoted name, if it is tracked under this name. It
// is a single line.
func UninstallSQL(quotedName string) string {
	revoke := strings.Join(strings.Fields(render("revoke", everyPartition())), " ")
	return fmt.Sprintf("SELECT exaudit_internal.uninstall_table(%s, %s);", literal(quotedName), literal(revoke))
}

// stateFunctions returns functions that return earlier rows of the table, with the table's row type. They are in the
// table's schema, and run with the rights of the caller.
func (t *Table) stateFunctions() (create []string, drop string) {
	parameters, arguments, types := []string{}, []string{}, []string{}
	var needed []string
	for i, name := range t.KeyColumns {
		for _, c := range t.Columns {
			if c.Name == name {
				parameters = append(parameters, c.QuotedName+" "+c.TypeName)
				arguments = append(arguments, fmt.Sprintf("$%d", i+1))
				types = append(types, c.TypeName)
				needed = append(needed, c.settings...)
			}
		}
	}
	at, states := t.functionName("_at"), t.functionName("_states")
	create = []string{
		t.stateFunction(at+"(instant timestamp with time zone)", settings(nil), "exaudit.as_of(NULL::%s, $1)",
			t.QuotedName),
		t.stateFunction(states+"("+strings.Join(parameters, ", ")+")", settings(needed),
			"exaudit.states(NULL::%s, exaudit.entity_id(%s, pg_catalog.jsonb_build_array(%s)))",
			t.QuotedName, literal(t.QuotedName), strings.Join(arguments, ", ")),
	}
	return create, fmt.Sprintf("DROP FUNCTION IF EXISTS %s(timestamp with time zone), %s(%s);", at, states,
		strings.Join(types, ", "))
}

func (t *Table) stateFunction(signature string, settings []string, call string, args ...any) string {
	body := "    SELECT * FROM " + fmt.Sprintf(call, args...)
	quote := dollarQuote("states", body)
	return fmt.Sprintf("CREATE FUNCTION %s RETURNS SETOF %s\n    LANGUAGE sql STABLE\n    SET %s\nAS %s\n%s\n%s;",
		signature, t.QuotedName, strings.Join(settings, "\n    SET "), quote, body, quote)
}

// nameLimit is the greatest length of a name in bytes. PostgreSQL cuts off the rest.
const nameLimit = 63

// functionName returns the table's name with a suffix. If it is too long, it is cut, and ends with a digest.
func (t *Table) functionName(suffix string) string {
	name := t.Name + suffix
	if len(name) > nameLimit {
		sum := sha256.Sum256([]byte(t.Name))
		suffix = "_" + hex.EncodeToString(sum[:4]) + suffix
		name = strings.ToValidUTF8(t.Name[:nameLimit-len(suffix)], "") + suffix
	}
	if t.QuotedName == t.QuotedSchema+"."+t.Name { // no quotes needed
		return t.QuotedSchema + "." + name
	}
	return t.QuotedSchema + "." + pgx.Identifier{name}.Sanitize()
}
