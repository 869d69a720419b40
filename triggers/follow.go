package triggers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

// FollowDDL makes Install create event triggers, which adapt the triggers of tracked tables when the schema changes,
// and install on new tables. If the role may not create them, the error is ErrNotPermitted.
func FollowDDL(f audit.FollowDDL) InstallOption { return func(o *installOptions) { o.following = &f } }

// StopFollowing makes Uninstall remove the event triggers.
func StopFollowing() InstallOption { return func(o *installOptions) { o.stopFollowing = true } }

const (
	followingTable  = "event triggers" // in the place of a table's name
	followingSchema = "exaudit_follow"
)

// ValidateFollowing returns an *InvalidError if a pattern is wrong; its Name is new_tables or except.
func ValidateFollowing(f audit.FollowDDL) error {
	for _, list := range []struct {
		option   string
		patterns []string
	}{{"new_tables", f.NewTables}, {"except", f.Except}} {
		for i, pattern := range list.patterns {
			_, err := ParsePattern(pattern)
			switch {
			case err != nil:
				return invalidOption(list.option, pattern, "%v", err)
			case slices.Contains(list.patterns[:i], pattern):
				return invalidOption(list.option, pattern, "%s is listed twice", pattern)
			}
		}
	}
	if len(f.NewTables) == 0 && len(f.Except) > 0 {
		return invalidOption("except", f.Except[0], "there are no new_tables to except it from")
	}
	return nil
}

// Covers reports whether a new table with a name, which is quoted and has its schema, would be tracked.
func Covers(f audit.FollowDDL, name string) bool {
	match := func(text string) bool {
		p, err := ParsePattern(text)
		return err == nil && p.MatchQuoted(name)
	}
	return slices.ContainsFunc(f.NewTables, match) && !slices.ContainsFunc(f.Except, match) && !bookkeeps(name)
}

// EqualFollowing reports whether f and other have the same effect.
func EqualFollowing(f, other audit.FollowDDL) bool {
	return followingComment(f) == followingComment(other)
}

func sortedFollowing(f audit.FollowDDL) audit.FollowDDL {
	return audit.FollowDDL{NewTables: slices.Sorted(slices.Values(f.NewTables)),
		Except: slices.Sorted(slices.Values(f.Except))}
}

// followingComment returns the comment in which the database stores f.
func followingComment(f audit.FollowDDL) string {
	encoded, _ := json.Marshal(sortedFollowing(f)) // cannot fail: strings
	return string(encoded)
}

// followFunction is one function of the event triggers.
type followFunction struct {
	Function
	Arguments, Returns string
	OfOwner            bool // belongs to exaudit_owner
}

// eventTrigger is one event trigger.
type eventTrigger struct {
	Name, Event, Function string
	Tags                  []string
}

// following is the data from which the templates generate event triggers.
type following struct {
	Comment           string
	NewTables, Except []Pattern
	Bookkeeping       []string
	Generic           []genericBody
	Functions         []followFunction
	EventTriggers     []eventTrigger
}

type genericBody struct{ Event, Body string }

// generic is the function body that event triggers create for a table.
type generic struct {
	change
	ID, Relation, Event string
}

// Encoded returns an expression for the whole image of OLD or NEW, which looks up the columns at run time.
func (g generic) Encoded(row string) string {
	return fmt.Sprintf("exaudit_internal.encode_with(exaudit_internal.encode_query('%s'::pg_catalog.oid), %s)", g.Relation, row)
}

// Firing returns how the function is called.
func (g generic) Firing() firing { return firingOf(g.ID, g.Event, false) }

func genericContent(event, id, relation string) string {
	// whether it is partitioned, or will be a partition, is not known
	return render("generic", generic{change: change{Table: &Table{Partitioned: true}, Action: actions[event]}, ID: id,
		Relation: relation, Event: event})
}

// generateFollowing returns the script of the event triggers.
func generateFollowing(f audit.FollowDDL) (following, error) {
	if err := ValidateFollowing(f); err != nil {
		return following{}, err
	}
	f = sortedFollowing(f)
	s := following{Comment: followingComment(f), Bookkeeping: bookkeeping, EventTriggers: []eventTrigger{
		{"exaudit_ddl", "ddl_command_end", "on_ddl", []string{
			"ALTER POLICY", "ALTER SCHEMA", "ALTER TABLE", "ALTER TRIGGER", "CREATE SCHEMA", "CREATE TABLE",
			"CREATE TABLE AS",
			"CREATE TRIGGER", "REVOKE", "SELECT INTO"}},
		{"exaudit_drop", "sql_drop", "on_drop", nil},
		{"exaudit_loss", "ddl_command_start", "on_loss", []string{"ALTER TABLE", "DROP TABLE"}},
	}}
	for i, list := range [][]string{f.NewTables, f.Except} {
		for _, text := range list {
			p, err := ParsePattern(text)
			if err != nil {
				return following{}, err
			}
			to := []*[]Pattern{&s.NewTables, &s.Except}[i]
			*to = append(*to, p)
		}
	}
	for _, event := range []string{"insert", "update", "delete", "truncate", "move"} {
		s.Generic = append(s.Generic, genericBody{event, genericContent(event, "{id}", "{relation}")})
	}
	s.Functions = followFunctions(s)
	return s, nil
}

// followFunctions returns the functions of schema exaudit_follow.
func followFunctions(s following) (functions []followFunction) {
	pinned := []string{"search_path = pg_catalog, pg_temp"}
	// A migration has many commands in one session, so plans are cached.
	planned := append(slices.Clone(pinned), "plan_cache_mode = 'force_generic_plan'", "jit = 'off'")
	// The user's command must not wait for others, and what exaudit does must not be followed. Nearly all that is
	// locked is locked by the command itself.
	briefly := append(slices.Clone(planned), "lock_timeout = '100ms'")
	alone := append(slices.Clone(briefly), "exaudit.following = 'off'")
	for _, part := range []struct {
		name, template, arguments, returns string
		settings                           []string
		ofOwner                            bool
	}{
		{"refresh", "refresh", "table_id integer, relation oid", "boolean", pinned, true},
		{"register", "register", "relation oid", "integer", pinned, true},
		{"untrack_dropped_tables", "untrack_dropped_tables", "table_id integer", "void", pinned, true},
		{"untrack_dropped_relations", "untrack_dropped_relations", "relations oid[], table_ids integer[]", "void",
			pinned, true},
		{"obstacles", "obstacles", "relation oid", "text", pinned, true},
		{"imageless", "imageless", "OUT table_id integer, OUT relation oid", "SETOF record", pinned, true},
		{"record", "record_images", "table_id integer", "bigint", pinned, true},
		{"partitions", "partitions", "root oid, OUT relid oid, OUT level integer", "SETOF record", pinned, false},
		{"triggers_of", "triggers_of", "function oid", "SETOF pg_catalog.pg_trigger", pinned, false},
		{"cover", "cover", "relation oid, created boolean", "void", pinned, false},
		{"mend", "mend", "root oid, created boolean", "void", pinned, false},
		{"follow", "follow_table", "root oid, created boolean", "void", alone, false},
		{"on_ddl", "on_ddl", "", "event_trigger", planned, false},
		{"on_drop", "on_drop", "", "event_trigger", briefly, false},
		{"is_altered", "is_altered", "relation oid, command text, invoker text, search_path text", "boolean", pinned,
			false},
		// waits for a lock as long as the command itself, which takes the same one
		{"record_before_loss", "record_before_loss", "search_path text", "void", pinned, false},
		{"on_loss", "on_loss", "", "event_trigger", nil, false},
	} {
		functions = append(functions, followFunction{
			Function:  Function{Name: part.name, Settings: part.settings, Body: render(part.template, s)},
			Arguments: part.arguments, Returns: part.returns, OfOwner: part.ofOwner,
		})
	}
	return functions
}

// ReadFollowing returns what the event triggers do, or nil if nothing of them exists.
func ReadFollowing(ctx context.Context, q db.DBTX) (*audit.FollowDDL, error) {
	schema, err := db.New().FollowingSchema(ctx, q)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for event triggers: %w", err)
	}
	f := &audit.FollowDDL{}
	if err := json.Unmarshal([]byte(schema.Comment), f); err != nil {
		//lint:ignore nilerr its functions differ then, too, and Drift says so
		return &audit.FollowDDL{}, nil
	}
	return f, nil
}

// followingDrift compares the event triggers with those that f asks for.
func followingDrift(ctx context.Context, q db.DBTX, f audit.FollowDDL) ([]audit.Drift, error) {
	want, err := generateFollowing(f)
	if err != nil {
		//lint:ignore nilerr what cannot be generated was read from a comment that exaudit did not write
		return []audit.Drift{newDrift(followingTable, "schema "+followingSchema, "was altered by hand")}, nil
	}
	queries := db.New()
	schema, err := queries.FollowingSchema(ctx, q)
	if errors.Is(err, pgx.ErrNoRows) {
		return []audit.Drift{newDrift(followingTable, "schema "+followingSchema, "is missing")}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for event triggers: %w", err)
	}
	functions, err := queries.FollowingFunctions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the functions of the event triggers: %w", err)
	}
	installed, err := queries.EventTriggers(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the event triggers: %w", err)
	}
	var drift []audit.Drift
	note := func(object, problem string) {
		if problem != "" {
			drift = append(drift, newDrift(followingTable, object, problem))
		}
	}
	switch {
	case !schema.Trusted:
		note("schema "+followingSchema, "belongs to "+schema.Owner)
	case schema.OthersMayUse:
		note("schema "+followingSchema, "is open to others than "+schema.Owner)
	}
	if schema.Comment != want.Comment {
		note("schema "+followingSchema, "says other patterns")
	}
	for _, fn := range want.Functions {
		note("function "+followingSchema+"."+fn.Name, fn.problem(functions, schema.Owner))
	}
	for _, have := range functions {
		if !slices.ContainsFunc(want.Functions, func(fn followFunction) bool { return fn.Name == have.Name }) {
			note("function "+followingSchema+"."+have.Name, "is none of exaudit's")
		}
	}
	for _, e := range want.EventTriggers {
		note("event trigger "+e.Name, e.problem(installed))
	}
	return drift, nil
}

func (f followFunction) problem(installed []db.FollowingFunctionsRow, owner string) string {
	if f.OfOwner {
		owner = "exaudit_owner"
	}
	i := slices.IndexFunc(installed, func(r db.FollowingFunctionsRow) bool { return r.Name == f.Name })
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case strings.Trim(have.Body, "\n") != f.Body:
		return "is another one"
	case !slices.EqualFunc(have.Settings, f.config(), strings.EqualFold):
		return "has other settings"
	case !have.SecurityDefiner:
		return "is not SECURITY DEFINER"
	case have.Owner != owner:
		return "belongs to " + have.Owner + ", not " + owner
	case have.OthersMayExecute:
		return "may be executed by others"
	}
	return ""
}

func (e eventTrigger) problem(installed []db.EventTriggersRow) string {
	i := slices.IndexFunc(installed, func(r db.EventTriggersRow) bool { return r.Name == e.Name })
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case have.Enabled == "D":
		return "is disabled"
	case have.Enabled == "R":
		return "fires for replicas only"
	case have.Event != e.Event, have.FunctionName != followingSchema+"."+e.Function,
		!slices.Equal(slices.Sorted(slices.Values(have.Tags)), e.Tags):
		return "is not the one that was installed"
	}
	return ""
}

// follow creates the event triggers again if they are not as f says.
func follow(ctx context.Context, tx pgx.Tx, f audit.FollowDDL) (audit.Installation, error) {
	script, err := generateFollowing(f)
	if err != nil {
		return audit.Installation{}, err
	}
	drift, err := followingDrift(ctx, tx, f)
	if err != nil {
		return audit.Installation{}, err
	}
	done := audit.Installation{Table: followingTable, SQL: render("follow", script), Changed: len(drift) > 0}
	if !done.Changed {
		return done, nil
	}
	schema, err := db.New().FollowingSchema(ctx, tx)
	if err == nil && !schema.Trusted {
		return audit.Installation{}, fmt.Errorf("schema %s belongs to %s, who could use it to gain the rights of who installs: drop it first", followingSchema, schema.Owner)
	}
	if _, err := tx.Exec(ctx, done.SQL); err != nil {
		return audit.Installation{}, mayNotFollow(err)
	}
	return done, nil
}

func unfollow(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, render("unfollow", nil)); err != nil {
		return mayNotFollow(err)
	}
	return nil
}

// mayNotFollow reports whether an error is about a missing privilege.
func mayNotFollow(err error) error {
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code == "42501" {
		return reason.Mark(&followError{err}, audit.ErrNotPermitted)
	}
	return fmt.Errorf("install the event triggers: %w", err)
}

const mayNotCreate = "this role may not create event triggers"

// followError replaces PostgreSQL's message, which is about a single event trigger.
type followError struct{ cause error }

func (e *followError) Error() string {
	return mayNotCreate +
		": this needs a superuser, or the role that a managed service has for it; nothing was changed"
}

func (e *followError) Unwrap() error { return e.cause }

// syncFollowing repairs the event triggers if there are any and the role may do so.
func syncFollowing(ctx context.Context, tx pgx.Tx) ([]audit.Installation, error) {
	f, err := ReadFollowing(ctx, tx)
	if f == nil || err != nil {
		return nil, err
	}
	savepoint, err := tx.Begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer savepoint.Rollback(context.WithoutCancel(ctx))
	done, err := follow(ctx, savepoint, *f)
	if errors.Is(err, audit.ErrNotPermitted) {
		return []audit.Installation{{Table: followingTable, Skipped: mayNotCreate}}, nil
	}
	if err != nil || !done.Changed {
		return nil, err
	}
	return []audit.Installation{done}, savepoint.Commit(ctx)
}

var bakedIn = regexp.MustCompile(`'([0-9]+)'::pg_catalog\.oid`)

// generic returns the script of a table as event triggers create it, or nil if its functions are others. Before a dump
// and restore, the table may have had another oid.
func (s *Script) generic(installed []db.InstalledFunctionsRow) *Script {
	covered, relation := &Script{Table: s.Table, Triggers: slices.Clone(s.Triggers)}, ""
	for i, t := range covered.Triggers {
		if t.Event == "UPDATE" && t.Timing == "AFTER" && t.Level == "ROW" && !s.Table.Options.SkipUntouchedTOAST {
			covered.Triggers[i].When = rowChanged
		}
	}
	for _, f := range installed {
		if found := bakedIn.FindStringSubmatch(f.Body); found != nil && strings.HasSuffix(f.Name, "_insert") {
			relation = found[1]
		}
	}
	for _, f := range s.Functions {
		event := f.Name[strings.LastIndex(f.Name, "_")+1:]
		content := genericContent(event, fmt.Sprint(s.Table.ID), relation)
		f.Settings = settings(nil)
		f.Body = fmt.Sprintf("-- content %s.\n%s", digest(content), content)
		covered.Functions = append(covered.Functions, f)
	}
	recognized := func(f Function) bool { // a move is noted by all tables in the same way
		return !strings.HasSuffix(f.Name, "_move") && f.problem(installed) == ""
	}
	if relation == "" || !slices.ContainsFunc(covered.Functions, recognized) {
		return nil
	}
	return covered
}
