package triggers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/sql"
)

// What schema exaudit is made of, as own.sql reads it.
var (
	//go:embed own.sql
	readOwn string
	// ownText is what the migrations make: "object | part | value".
	//go:embed own.txt
	ownText string
)

// property is one thing that can be another than it was.
type property struct{ object, part, value string }

func (p property) String() string { return p.object + " | " + p.part + " | " + p.value }

// ownProperties are what the migrations make.
var ownProperties = parseProperties(ownText)

func parseProperties(text string) []property {
	var list []property
	for line := range strings.Lines(text) {
		if parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " | ", 3); len(parts) == 3 {
			list = append(list, property{parts[0], parts[1], parts[2]})
		}
	}
	return list
}

var versionsColumn = regexp.MustCompile(`^column (\S+) of exaudit\.versions$`)

// ownColumns are the columns of exaudit.versions that the migrations make.
func ownColumns() []string {
	var columns []string
	for _, p := range ownProperties {
		if match := versionsColumn.FindStringSubmatch(p.object); match != nil && p.part == "definition" {
			columns = append(columns, match[1])
		}
	}
	return columns
}

// readOwnObjects reads all but the functions. Other columns of exaudit.versions than these are the user's.
func readOwnObjects(ctx context.Context, q db.DBTX, columns []string) ([]property, error) {
	rows, err := q.Query(ctx, readOwn, columns)
	if err != nil {
		return nil, fmt.Errorf("read what schema exaudit is made of: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p property, err error) {
		err = row.Scan(&p.object, &p.part, &p.value)
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what schema exaudit is made of: %w", err)
	}
	return list, nil
}

// compareObjects finds what is missing, other or there besides. While installing, exaudit_writer may create functions.
func compareObjects(have []property, installing bool) (flaws []flaw, notes []string) {
	type key struct{ object, part string }
	values, objects, wanted := make(map[key]string), make(map[string]bool), make(map[key]bool)
	for _, p := range have {
		values[key{p.object, p.part}] = p.value
		objects[p.object] = true
	}
	ours := make(map[string]bool)
	for _, p := range ownProperties {
		ours[p.object] = true
		wanted[key{p.object, p.part}] = true
		value, ok := values[key{p.object, p.part}]
		switch {
		case !objects[p.object]:
			if p.part == "definition" || p.part == "labels" {
				flaws = append(flaws, missing(p))
			}
		case !ok || value != p.value && !isPrecision(p, value):
			flaws = append(flaws, other(p, value))
		}
	}
	for _, p := range have {
		switch {
		case wanted[key{p.object, p.part}]:
		case installing && strings.HasPrefix(p.object, "schema ") && p.part == "privilege CREATE of exaudit_writer":
		case p.part == "owner" && p.object == "table exaudit_internal.goose_db_version" && p.value != "exaudit_owner":
			flaws = append(flaws, other(property{p.object, p.part, "exaudit_owner"}, p.value))
		default:
			f, note := besides(p, ours)
			flaws = append(flaws, f...)
			if note != "" && !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	slices.SortStableFunc(flaws, func(a, b flaw) int { return place(a) - place(b) })
	return flaws, notes
}

// place puts the schema's owner first, on which others need privileges to be given anything, and then other owners.
func place(f flaw) int {
	switch {
	case !strings.HasPrefix(f.Problem, "belongs to "):
		return 3
	case strings.HasPrefix(f.Object, "schema "):
		return 0
	}
	return 1
}

// isPrecision reports whether a default is what "exaudit init --precision" makes of the time of versions.
func isPrecision(p property, value string) bool {
	if p.object != "column recorded_at of exaudit.versions" || p.part != "default" {
		return false
	}
	value = strings.ReplaceAll(value, "pg_catalog.", "")
	for digits := range 7 {
		if value == PrecisionDefault(digits) {
			return true
		}
	}
	return false
}

// PrecisionDefault returns the default of exaudit.versions.recorded_at for a number of fractional digits, as
// pg_get_expr writes it.
func PrecisionDefault(digits int) string {
	if digits == 6 {
		return "now()"
	}
	unit := strconv.FormatFloat(math.Pow10(-digits), 'f', -1, 64)
	return fmt.Sprintf("date_bin(make_interval(secs => (%s)::double precision), now(), to_timestamp((0)::double precision))", unit)
}

// partOfTable is "column id of exaudit.versions".
var partOfTable = regexp.MustCompile(`^(.+?) of (exaudit(?:_internal)?\..+)$`)

// split is the table that an object belongs to, or exaudit as a whole, and what the object is called beside it.
func split(object string) (table, name string) {
	if match := partOfTable.FindStringSubmatch(object); match != nil {
		return match[2], match[1]
	}
	if table, ok := strings.CutPrefix(object, "table "); ok {
		return table, "table"
	}
	return ownSchema, object
}

func schemaOf(table string) string { schema, _, _ := strings.Cut(table, "."); return schema }

func newFlaw(object, problem, mend, cure string) flaw {
	table, name := split(object)
	return flaw{audit.Drift{Table: table, Object: name, Problem: problem, Cure: cure}, mend}
}

// missing is an object that is not there.
func missing(p property) flaw {
	table, name := split(p.object)
	kind, quoted, _ := strings.Cut(name, " ")
	switch kind {
	case "trigger":
		return newFlaw(p.object, "is missing", createTrigger(p), "")
	case "policy":
		return newFlaw(p.object, "is missing", "CREATE POLICY "+quoted+" ON "+table+" "+p.value+";", "")
	case "index":
		return newFlaw(p.object, "is missing", "", concurrently(p.value))
	case "constraint":
		return newFlaw(p.object, "is missing", "", "ALTER TABLE "+table+" ADD CONSTRAINT "+quoted+" "+p.value)
	case "view":
		return newFlaw(p.object, "is missing", createView(quoted), "")
	}
	return newFlaw(p.object, "is missing", "", "restore it from a backup")
}

// createTrigger makes a trigger what it was, in one statement where PostgreSQL has one.
func createTrigger(p property) string {
	table, name := split(p.object)
	name = strings.TrimPrefix(name, "trigger ")
	create := strings.Replace(p.value, "CREATE TRIGGER", "CREATE OR REPLACE TRIGGER", 1)
	if strings.HasPrefix(create, "CREATE CONSTRAINT TRIGGER") {
		create = "DROP TRIGGER IF EXISTS " + name + " ON " + table + ";\n" + create
	}
	return create + ";\nALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + name + ";"
}

// createView is "" where the migrations cannot be read, which are part of the program.
func createView(name string) string {
	statement, _ := sql.View(name)
	return statement
}

func concurrently(definition string) string {
	return strings.Replace(definition, "INDEX ", "INDEX CONCURRENTLY ", 1)
}

// other is a property that has another value, or none.
func other(want property, have string) flaw {
	table, name := split(want.object)
	kind, quoted, _ := strings.Cut(name, " ")
	if f, ok := otherPrivilege(want, have); ok {
		return f
	}
	switch {
	case want.part == "owner":
		kind, name, _ := strings.Cut(want.object, " ")
		return newFlaw(want.object, "belongs to "+have+", not "+want.value,
			"ALTER "+strings.ToUpper(kind)+" "+name+" OWNER TO "+want.value+";", "")
	case kind == "trigger" && want.part == "enabled":
		return newFlaw(want.object, enabledProblem(have), "ALTER TABLE "+table+" ENABLE ALWAYS TRIGGER "+quoted+";", "")
	case kind == "trigger":
		return newFlaw(want.object, "is not the one that was installed", createTrigger(want), "")
	case kind == "policy":
		return newFlaw(want.object, "is not the one that was installed",
			"DROP POLICY "+quoted+" ON "+table+"; CREATE POLICY "+quoted+" ON "+table+" "+want.value+";", "")
	case kind == "view":
		return newFlaw(want.object, "is not the one that was installed", createView(quoted), "")
	case kind == "column" && want.part == "default":
		return otherDefault(want, have)
	case kind == "index":
		return newFlaw(want.object, "is not the one that was installed", "",
			"DROP INDEX CONCURRENTLY "+schemaOf(table)+"."+quoted+"; "+concurrently(definitionOf(want.object)))
	case kind == "constraint":
		return newFlaw(want.object, "is "+have, "",
			"ALTER TABLE "+table+" DROP CONSTRAINT "+quoted+", ADD CONSTRAINT "+quoted+" "+want.value)
	case kind == "sequence":
		return newFlaw(want.object, "is "+have+", not "+want.value, "ALTER SEQUENCE "+quoted+" "+want.value+";", "")
	case want.part == "persistence":
		return newFlaw(want.object, "is "+have+": its contents are lost after a crash", "",
			"ALTER TABLE "+table+" SET "+want.value)
	case want.part == "row security":
		return newFlaw(want.object, "has other row security", "ALTER TABLE "+table+" "+want.value+";", "")
	case want.part == "replica identity":
		return newFlaw(want.object, "has replica identity "+have,
			"ALTER TABLE "+table+" REPLICA IDENTITY "+want.value+";", "")
	}
	return newFlaw(want.object, fmt.Sprintf("has the %s %s, not %s", want.part, have, want.value), "",
		"restore it from a backup")
}

// definitionOf is the definition of an object as the migrations make it.
func definitionOf(object string) string {
	for _, p := range ownProperties {
		if p.object == object && p.part == "definition" {
			return p.value
		}
	}
	return ""
}

func otherDefault(want property, have string) flaw {
	table, name := split(want.object)
	alter := "ALTER TABLE " + table + " ALTER " + name
	if want.value == "" {
		return newFlaw(want.object, "has the default "+have, alter+" DROP DEFAULT;", "")
	}
	if have == "" {
		have = "none"
	}
	return newFlaw(want.object, "has another default, "+have, alter+" SET DEFAULT "+want.value+";", "")
}

// privilegePart is "privilege INSERT of exaudit_writer".
var privilegePart = regexp.MustCompile(`^privilege (\w+) of (.+)$`)

func otherPrivilege(want property, have string) (flaw, bool) {
	match := privilegePart.FindStringSubmatch(want.part)
	if match == nil || have != "" {
		return flaw{}, false
	}
	return newFlaw(want.object, "lacks "+match[1]+" for "+match[2],
		"GRANT "+match[1]+" ON "+onObject(want.object)+" TO "+match[2]+";", ""), true
}

// onObject is an object as GRANT names it.
func onObject(object string) string {
	kind, name, _ := strings.Cut(object, " ")
	if kind == "schema" || kind == "sequence" {
		return strings.ToUpper(kind) + " " + name
	}
	return name
}

func enabledProblem(enabled string) string {
	switch enabled {
	case "D":
		return "is disabled"
	case "R":
		return "fires for replicas only"
	}
	return "does not fire for replicas"
}

// besides is something that the migrations do not make: a flaw, something to note, or nobody's concern.
func besides(p property, ours map[string]bool) (flaws []flaw, note string) {
	table, name := split(p.object)
	kind, quoted, _ := strings.Cut(name, " ")
	one := func(problem, mend, cure string) ([]flaw, string) {
		return []flaw{newFlaw(p.object, problem, mend, cure)}, ""
	}
	switch {
	case strings.HasPrefix(p.part, "setting "):
		return settingFlaw(p)
	case kind == "role":
		return roleFlaw(p)
	case table != ownSchema && !ours["table "+table] && !ours["view "+table]:
		return nil, "" // of a table or view that is the user's own
	}
	if match := privilegePart.FindStringSubmatch(p.part); match != nil && ours[p.object] {
		return one("grants "+match[1]+" to "+match[2],
			"REVOKE "+match[1]+" ON "+onObject(p.object)+" FROM "+match[2]+" CASCADE;", "")
	}
	switch {
	case kind == "column" && p.part == "definition":
		return one("is none of exaudit's", "", "ALTER TABLE "+table+" DROP COLUMN "+quoted)
	case kind == "rule" || kind == "policy" || kind == "trigger" && p.part == "definition":
		return one("is none of exaudit's", "", "DROP "+strings.ToUpper(kind)+" "+quoted+" ON "+table)
	case kind == "trigger" && p.part == "enabled" && strings.HasPrefix(quoted, `"RI_`):
		return one(enabledProblem(p.value), "ALTER TABLE "+table+" ENABLE TRIGGER "+quoted+";", "")
	case kind == "constraint":
		return one("is none of exaudit's", "", "ALTER TABLE "+table+" DROP CONSTRAINT "+quoted)
	case kind == "index" && p.part == "definition" && strings.HasPrefix(p.value, "CREATE UNIQUE"):
		return one("is none of exaudit's, and refuses changes", "", "DROP INDEX "+schemaOf(table)+"."+quoted)
	case strings.HasPrefix(p.part, "child "):
		child := strings.TrimPrefix(p.part, "child ")
		return one("has the child "+child+", whose rows are read as rows of this table", "",
			"ALTER TABLE "+child+" NO INHERIT "+table)
	case strings.HasPrefix(p.part, "parent "):
		parent := strings.TrimPrefix(p.part, "parent ")
		return one("inherits from "+parent+", through which its rows can be changed", "",
			"ALTER TABLE "+table+" NO INHERIT "+parent)
	}
	return nil, ""
}

// roleFlaw is about who can become a role that may write versions. Roles belong to the whole cluster, so Sync leaves
// them.
func roleFlaw(p property) ([]flaw, string) {
	role := strings.TrimPrefix(p.object, "role ")
	one := func(problem, cure string) ([]flaw, string) { return []flaw{newFlaw(p.object, problem, "", cure)}, "" }
	if attribute, ok := strings.CutPrefix(p.part, "attribute "); ok {
		return one("has "+attribute, "ALTER ROLE "+role+" NO"+attribute)
	}
	if other, ok := strings.CutPrefix(p.part, "is a member of "); ok {
		return one("is a member of "+other, "REVOKE "+other+" FROM "+role)
	}
	member := strings.TrimPrefix(p.part, "member ")
	if p.value == "installs" {
		return nil, "" // who initialises and installs is a member of both
	}
	return one("has the member "+member, "REVOKE "+role+" FROM "+member)
}

// settingFlaw is about what ALTER ROLE, DATABASE, ROUTINE and SYSTEM have set. Names are in lower case; PostgreSQL
// takes the words of its own settings in any case, exaudit those of its own in lower case.
func settingFlaw(p property) ([]flaw, string) {
	name := strings.TrimPrefix(p.part, "setting ")
	problem := ""
	switch {
	case name == "session_replication_role" && strings.EqualFold(p.value, "replica"):
		problem = "sets session_replication_role to replica, with which no trigger of exaudit fires"
	case name == "exaudit.retention" && p.value == "on" &&
		!strings.HasPrefix(p.object, "ROUTINE "): // which may be what retention runs
		problem = "sets exaudit.retention, with which versions can be deleted"
	case name == "exaudit.rollback" && p.value == "on":
		problem = "sets exaudit.rollback, so that every change with custom data is taken for a rollback"
	case name == "exaudit.following" && p.value == "off":
		problem = "switches exaudit.following off, so that event triggers do nothing"
	case name == "exaudit.ignore" && p.value == "on":
		return nil, p.object + " sets exaudit.ignore: its changes of tables with the option allow_ignore are not recorded"
	}
	if problem == "" {
		return nil, ""
	}
	return []flaw{newSettingFlaw(p, problem)}, ""
}

func newSettingFlaw(p property, problem string) flaw {
	name := strings.TrimPrefix(p.part, "setting ")
	cure := "ALTER " + p.object + " RESET " + name
	if p.object == "SYSTEM" {
		cure += "; SELECT pg_reload_conf(); or take it from postgresql.conf"
	}
	return flaw{audit.Drift{Table: ownSchema, Object: p.object, Problem: problem, Cure: cure}, ""}
}

// customDataFlaws are settings of exaudit.custom that changes of tracked tables fail with.
func customDataFlaws(ctx context.Context, q db.DBTX, have []property) (flaws []flaw, err error) {
	conn, ok := q.(Conn)
	if !ok {
		return nil, nil
	}
	for _, p := range have {
		if p.part != "setting exaudit.custom" {
			continue
		}
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if err := db.New().TryCustomData(ctx, tx, p.value); err != nil {
				return err
			}
			return errTried
		})
		refused := (*pgconn.PgError)(nil)
		switch {
		case errors.Is(err, errTried):
		case errors.As(err, &refused) && (strings.HasPrefix(refused.Code, "22") || isRefused(err)):
			flaws = append(flaws, newSettingFlaw(p, "sets exaudit.custom to what changes fail with: "+refused.Message))
		default:
			return nil, fmt.Errorf("try the custom data that %s sets: %w", p.object, err)
		}
	}
	return flaws, nil
}
