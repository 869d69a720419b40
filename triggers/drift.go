package triggers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/reason"
)

func newDrift(table, object, problem string) audit.Drift {
	return audit.Drift{Table: table, Object: object, Problem: problem}
}

// status is a registered table and what is wrong with it.
type status struct {
	Tracked
	Present string // its name by now, quoted; "" where it is gone
	Drift   []audit.Drift
	Notes   []string // what is good to know, and no drift
}

// Inspect compares every registered table with what Install would create. If something is wrong with exaudit's own
// tables, these come first.
func Inspect(ctx context.Context, q db.DBTX) ([]audit.TableStatus, error) {
	var list []status
	err := underPinnedSettings(ctx, q, func(q db.DBTX) (err error) {
		list, err = inspect(ctx, q)
		return err
	})
	public := make([]audit.TableStatus, len(list))
	for i, s := range list {
		public[i] = audit.TableStatus{TableID: s.ID, Table: s.QuotedName, Present: s.Present, KeyColumns: s.KeyColumns,
			Tracked: s.Tracked.Tracked, Options: s.Options, Drift: s.Drift, Notes: s.Notes}
	}
	return public, err
}

func inspect(ctx context.Context, q db.DBTX) ([]status, error) {
	list, err := inspectOwn(ctx, q)
	if err != nil {
		return nil, err
	}
	all, err := registered(ctx, q)
	switch {
	case err != nil && len(list) > 0 && isRefused(err):
		return list, nil // what is wrong with schema exaudit keeps it from being read
	case err != nil:
		return nil, err
	}
	following, err := ReadFollowing(ctx, q)
	if err != nil {
		return nil, err
	}
	if following != nil {
		drift, err := followingDrift(ctx, q, *following)
		if err != nil {
			return nil, err
		}
		list = append(list, status{Tracked: Tracked{QuotedName: followingTable}, Drift: drift,
			Notes: []string{following.String()}})
	}
	attached, err := db.New().AttachedTables(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("look for tables that were attached: %w", err)
	}
	catalog, err := catalogOfTracked(ctx, q, all)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		s := status{Tracked: t}
		switch {
		case t.Tracked && t.unreadable != nil:
			s.Present = t.QuotedName
			s.Drift = []audit.Drift{{Table: t.QuotedName, Object: "options in exaudit.tables",
				Problem: "cannot be read: " + t.unreadable.Error(),
				Cure:    t.amend("options = '{}'") + ", and install it with those that it is to have"}}
		case t.Tracked:
			err = s.inspect(ctx, q, catalog, following != nil)
		case t.Relation != 0:
			err = s.inspectUntracked(ctx, q)
		}
		if err != nil {
			return nil, err
		}
		for _, a := range attached {
			if a.ID == t.ID {
				s.Drift = append(s.Drift, newDrift(t.QuotedName, "table",
					"was attached to "+a.Root+", and its changes are recorded twice"))
			}
		}
		list = append(list, s)
	}
	missed, err := missedTables(ctx, q, all, following)
	return append(list, missed...), err
}

// amend returns a statement that changes a table's row of exaudit.tables by hand.
func (t Tracked) amend(assignment string) string {
	return fmt.Sprintf("%s exaudit.tables SET %s WHERE id = %d", "UPDATE", assignment, t.ID)
}

// inspectUntracked reports triggers of a table that is not tracked; uninstalling it drops them.
func (s *status) inspectUntracked(ctx context.Context, q db.DBTX) (err error) {
	if s.Present, err = nameOf(ctx, q, s.Relation); err != nil {
		return err
	}
	triggers, err := db.New().InstalledTriggers(ctx, q, []int32{s.ID})
	if err != nil {
		return fmt.Errorf("read the triggers of %s: %w", s.Present, err)
	}
	if len(triggers) > 0 {
		s.Drift = []audit.Drift{{Table: s.Present, Object: "table",
			Problem: "is not tracked by exaudit.tables, and its triggers record",
			Cure:    s.amend("tracked = true")}}
	}
	return nil
}

// inspect compares one table. If DDL is followed, a table that is recorded completely but more slowly is not drift.
func (s *status) inspect(ctx context.Context, q db.DBTX, c *catalog, followed bool) error {
	found, ok := c.relations[s.Relation]
	if !ok {
		s.Drift = []audit.Drift{newDrift(s.QuotedName, "table", "has been dropped")}
		return nil
	}
	s.Present = found.QuotedName
	table, err := c.describe(ctx, q, s.ID, s.Relation)
	if reason.Is(err, audit.NoPrimaryKey) {
		s.Drift = []audit.Drift{{Table: s.Present, Object: "table", Problem: "has lost its primary key",
			Cure: needsKey(s.Present)}}
		return nil
	}
	if err != nil {
		return err
	}
	script, err := Generate(table)
	if err != nil {
		return err
	}
	s.Notes = table.notes()
	s.noteSubscriptions(c.subscriptions[s.Relation])
	functions := c.functions[s.ID]
	if covered := script.generic(functions); followed && covered != nil {
		s.Notes = append(s.Notes, "recorded by the functions of new tables: \"exaudit sync\" makes it faster")
		script = covered
	}
	s.Drift = script.drift(c.installed)
	if followed && slices.ContainsFunc(functions, script.altered) {
		s.Notes = append(s.Notes, "altered, and recorded more slowly since: \"exaudit sync\" makes it faster")
		s.Drift = slices.DeleteFunc(s.Drift, func(d audit.Drift) bool {
			return slices.ContainsFunc(functions, func(f db.InstalledFunctionsRow) bool {
				return d.Object == "function exaudit_internal."+f.Name && d.Problem == "is outdated" &&
					script.altered(f)
			})
		})
	}
	s.Drift = slices.Concat(s.Drift, table.stale, table.conditionDrift())
	if err := s.addObstacles(ctx, q, table); err != nil {
		return err
	}
	if s.QuotedName != table.QuotedName {
		s.Drift = append(s.Drift, newDrift(table.QuotedName, "table", "was renamed, from "+s.QuotedName))
	}
	s.Drift = append(s.Drift, table.uncovered()...)
	return nil
}

// addObstacles adds the changes of a table that its statement triggers would miss.
func (s *status) addObstacles(ctx context.Context, q db.DBTX, table *Table) error {
	if !byStatement(table.Options) {
		return nil
	}
	obstacles, err := db.New().StatementLevelObstacles(ctx, q, s.Relation)
	if err != nil {
		return fmt.Errorf("look for what statement triggers miss of %s: %w", table.QuotedName, err)
	}
	for _, reason := range obstacles {
		s.Drift = append(s.Drift, audit.Drift{Table: table.QuotedName, Object: "option trigger",
			Problem: "is statement, which misses changes: " + reason,
			Cure:    `"exaudit install --trigger row ` + table.QuotedName + `"`})
	}
	return nil
}

// altered reports whether a function was generated for earlier columns of the table, so that it records in the slower
// way.
func (s *Script) altered(f db.InstalledFunctionsRow) bool {
	return !handMade(f.Body) && strings.Contains(f.Body, "exaudit_internal.has_shape(") &&
		!strings.Contains(f.Body, fmt.Sprintf("exaudit_internal.has_shape('%s'::pg_catalog.oid, %s)", s.Table.Relation,
			literal(s.Table.Shape)))
}

// noteSubscriptions notes the subscriptions that write to the table without being recorded.
func (s *status) noteSubscriptions(subscriptions []db.SubscriptionsRow) {
	if s.Options.RecordReplicated {
		return
	}
	for _, sub := range subscriptions {
		s.Notes = append(s.Notes, fmt.Sprintf(
			"what subscription %q applies is not recorded, without the option record_replicated", sub.Name))
	}
}

// drift compares the script with what is installed.
func (s *Script) drift(have installed) []audit.Drift {
	functions, triggers := have.functions[int32(s.Table.ID)], have.triggers[int32(s.Table.ID)]
	var drift []audit.Drift
	note := func(object, problem string) {
		if problem != "" {
			drift = append(drift, newDrift(s.Table.QuotedName, object, problem))
		}
	}
	left := func(object, problem, cure string) {
		drift = append(drift, audit.Drift{Table: s.Table.QuotedName, Object: object, Problem: problem, Cure: cure})
	}
	for _, want := range s.Functions {
		note("function exaudit_internal."+want.Name, want.problem(functions))
	}
	for _, want := range s.Triggers {
		object := `trigger "` + want.Name + `"`
		if want.Table != s.Table.QuotedName {
			object += " on " + want.Table
		}
		note(object, want.problem(triggers))
	}
	for _, have := range s.leftOver(triggers) {
		note(`trigger "`+have.Name+`" on `+have.TableName, "is left over: it is none of the table's partitions")
	}
	for _, p := range s.Table.Partitions {
		of, on := "", ""
		if p.Name != s.Table.QuotedName {
			of, on = " of "+p.Name, " on "+p.Name
		}
		switch {
		case s.Table.Options.OnTruncate != "": // nothing is read
		case len(p.Restrictive) > 0:
			for _, policy := range p.Restrictive {
				left(fmt.Sprintf("policy %q", policy)+on,
					"is restrictive and applies to exaudit_writer, which may not read every row then, so TRUNCATE fails",
					"create it TO the roles that it is for, or give the table the option on_truncate")
			}
		case !p.WriterMayRead:
			note("role exaudit_writer", "may not read every row"+of+", so TRUNCATE cannot be recorded")
		case p.PlannedCode != "":
			left(p.PlannedCode, "might run as exaudit_writer where rows"+of+" are read, so TRUNCATE fails",
				"have it owned by a superuser, or give the table the option on_truncate")
		case !p.HasPolicy:
			note(`policy "~exaudit_truncate"`+on, "is missing, so with row security TRUNCATE could not be recorded")
		}
	}
	return drift
}

// mendable returns the drift that installing again repairs.
func mendable(drift []audit.Drift) []audit.Drift {
	return slices.DeleteFunc(slices.Clone(drift), func(d audit.Drift) bool {
		return d.Cure != ""
	})
}

// leftOver returns the installed triggers that the script does not have, on partitions that were detached.
func (s *Script) leftOver(installed []db.InstalledTriggersRow) []db.InstalledTriggersRow {
	return slices.DeleteFunc(slices.Clone(installed), func(have db.InstalledTriggersRow) bool {
		return slices.ContainsFunc(s.Triggers, func(want Trigger) bool {
			return want.Name == have.Name && want.Table == have.TableName
		})
	})
}

func (f Function) problem(installed []db.InstalledFunctionsRow) string {
	i := slices.IndexFunc(installed, func(r db.InstalledFunctionsRow) bool { return r.Name == f.Name })
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case contentOf(have.Body) != contentOf(f.Body):
		if handMade(have.Body) {
			return "was altered by hand"
		}
		return "is outdated"
	case !slices.EqualFunc(have.Settings, f.config(), strings.EqualFold):
		return "has other settings"
	case !have.SecurityDefiner:
		return "is not SECURITY DEFINER"
	case !have.Volatile:
		return "is not VOLATILE, so that every change fails"
	case have.Owner != "exaudit_writer":
		return "belongs to " + have.Owner + ", not exaudit_writer"
	case have.PublicMayExecute:
		return "may be executed by PUBLIC"
	}
	if others := f.otherExecutors(have); len(others) > 0 {
		return "may be executed by " + strings.Join(others, ", ") + ", who could attach it to another table"
	}
	for _, creator := range f.Creators {
		if !slices.Contains(have.Executors, creator) {
			return "may not be executed by " + creator + ", who can create no partition without"
		}
	}
	return ""
}

// otherExecutors returns the roles that may execute an installed function and do not need to.
func (f Function) otherExecutors(have db.InstalledFunctionsRow) []string {
	needed := append(slices.Concat(f.Creators, f.owners), "exaudit_writer")
	return slices.DeleteFunc(slices.Clone(have.Executors),
		func(role string) bool { return slices.Contains(needed, role) })
}

// config returns the SET clauses as pg_proc stores them.
func (f Function) config() []string {
	config := make([]string, len(f.Settings))
	for i, s := range f.Settings {
		name, value, _ := strings.Cut(s, " = ")
		config[i] = name + "=" + strings.Trim(value, "'")
	}
	return config
}

// contentOf returns a function's body without its first line, which has the version of exaudit that generated it.
func contentOf(body string) string {
	_, rest, _ := strings.Cut(strings.Trim(body, "\n"), "\n")
	return rest
}

// handMade reports whether a body differs from the digest in its first line.
func handMade(body string) bool {
	first, rest, _ := strings.Cut(strings.Trim(body, "\n"), "\n")
	return !strings.Contains(first, ", content "+digest(rest)+".")
}

func (t Trigger) problem(installed []db.InstalledTriggersRow) string {
	i := slices.IndexFunc(installed, func(r db.InstalledTriggersRow) bool {
		return r.Name == t.Name && r.TableName == t.Table
	})
	if i < 0 {
		return "is missing"
	}
	have := installed[i]
	switch {
	case have.Enabled != t.enabled():
		return firesWhen[have.Enabled]
	case !t.is(have):
		return "is not the one that was installed"
	}
	var differs []string
	for _, clone := range have.DiffersOn {
		when, partition, _ := strings.Cut(clone, " ")
		differs = append(differs, firesWhen[when]+" on "+partition)
	}
	return strings.Join(differs, ", ")
}

// enabled returns the trigger's pg_trigger.tgenabled.
func (t Trigger) enabled() string {
	if t.Always {
		return "A"
	}
	return "O"
}

// firesWhen says what is wrong with a trigger whose pg_trigger.tgenabled is not the wanted one.
var firesWhen = map[string]string{
	"D": "is disabled", "R": "fires for replicas only", "O": "does not fire for replicas",
	"A": "also fires for replicas",
}

// is reports whether the installed trigger with the same name calls the same function for the same events.
func (t Trigger) is(have db.InstalledTriggersRow) bool {
	return have.FunctionName == t.Function && !have.Special && have.Type == t.typeBits() &&
		rowsReferenced(have) == t.Rows && have.Condition == t.condition()
}

// typeBits returns the trigger's pg_trigger.tgtype.
func (t Trigger) typeBits() int16 {
	bits := map[string]int16{"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}[t.Event]
	if t.Level == "ROW" {
		bits |= 1
	}
	if t.Timing == "BEFORE" {
		bits |= 2
	}
	return bits
}

// rowsReferenced returns the REFERENCING clause in the form of Trigger.Rows.
func rowsReferenced(have db.InstalledTriggersRow) string {
	var rows []string
	if have.OldRows != "" {
		rows = append(rows, "OLD TABLE AS "+have.OldRows)
	}
	if have.NewRows != "" {
		rows = append(rows, "NEW TABLE AS "+have.NewRows)
	}
	return strings.Join(rows, " ")
}

// condition returns the trigger's condition as exaudit_internal.trigger_condition returns it.
func (t Trigger) condition() string {
	switch {
	case t.When == "":
		return ""
	case t.When == rowChanged:
		return "OPEXPR pg_catalog.*<> VAR old 0 VAR new 0"
	}
	condition := "FUNCEXPR pg_catalog.record_image_ne"
	for _, row := range []string{"old", "new"} {
		condition += " ROWEXPR"
		for _, column := range t.WhenColumns {
			condition += " VAR " + row + " " + column
		}
	}
	return condition
}
