package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/migration"
	"github.com/exaudit/exaudit/internal/reason"
)

// The exit codes, as the README promises them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitDrift    = 3
	exitConflict = 4
	exitBySignal = 128 // plus the signal
)

var (
	errDrift = errors.New("drift was found")
	errStale = errors.New("the migrations are out of date")
	// errStaleElsewhere is errStale where nothing can be written.
	errStaleElsewhere = fmt.Errorf("%w", errStale)
	// errRemoveElsewhere is audit.KeptElsewhere where the schema is to be removed.
	errRemoveElsewhere = errors.New("schema exaudit belongs to the application's own migrations")
	errDeclined        = errors.New("nothing was changed: the answer was no")
)

// kinds says for each kind of error what its exit code is and what to do about it.
var kinds = []struct {
	is   any // as reason.Is has it
	code int
	hint string // goes on with the sentence
}{
	{errDrift, exitDrift, ""},
	{errStaleElsewhere, exitDrift, `: "exaudit generate --stdout" prints the difference`},
	{migration.ErrTool, exitUsage, `: name it with --tool, or print plain SQL with --stdout`},
	{migration.ErrSchemaLast, exitUsage, `: remove these and run the command again, or use "exaudit init" instead of --with-schema`},
	{errStale, exitDrift, `: "exaudit generate" writes the difference`},
	{audit.ErrPlanStale, exitConflict, ", so nothing was written: a new --dry-run shows what would be written now"},
	{config.ErrInvalid, exitUsage, ""},
	{audit.InvalidOption, exitUsage, ""},
	{audit.NotInitialized, exitFailed, `: run "exaudit init"`},
	{audit.OutdatedSchema, exitFailed, `: run "exaudit init"`},
	{audit.IncompleteSchema, exitFailed, `: "exaudit drop-schema" drops it, and "exaudit init" makes it anew`},
	{audit.OtherBuild, exitFailed,
		`: use that build, or drop everything that was recorded with "exaudit drop-schema" and run "exaudit init"`},
	{audit.ForeignSchema, exitFailed,
		`; drop it, or, after a restore with --no-owner, run "exaudit sync" as that role`},
	{audit.LossyEncoding, exitFailed, ": dump and restore into a database of encoding UTF8"},
	{errRemoveElsewhere, exitFailed, ": their down migration drops it"},
	{audit.KeptElsewhere, exitFailed, `: "exaudit generate" writes the missing migration; then run the migrations`},
	{audit.NewerSchema, exitFailed, ": update exaudit"},
	{audit.ErrExists, exitConflict, ""},
	{audit.ErrLocked, exitConflict, `: run it again when that has ended, or with a longer --lock-timeout`},
	{audit.NotTracked, exitFailed, `: run "exaudit install" for it first`},
	{audit.BeforeHistory, exitFailed, ""},
	{audit.NotTrackedThen, exitFailed, ""},
	{audit.RowUnreadable, exitConflict, `: "exaudit history" shows it as it was recorded`},
	{audit.OutOfSight, exitFailed, ": --unseen assumes that what was not recorded was as it is now"},
	{audit.KeyChanged, exitConflict, ""},
	{audit.InFuture, exitUsage, ""},
	{audit.ErrNotFound, exitFailed, ""}, // see notFoundHint
	{audit.NoSuchPoint, exitFailed, ""}, // see notFoundHint
	{audit.InvalidKey, exitUsage, ""},
	{audit.InvalidFilter, exitUsage, ""},
	{reason.Conflict, exitConflict, ""}, // see undoHint
	{audit.ErrTooManyRows, exitConflict, ": --max-rows raises it"},
	{audit.NotRecording, exitConflict, ", so nothing was written"},
	{audit.InvalidPlan, exitUsage, ""},
	{audit.AmbiguousName, exitUsage, ": write it with its schema"},
	{audit.NotInUndo, exitUsage, ""},
	{reason.Diverged, exitConflict, ": something was changed without being recorded"},
	{audit.ReferencedRowMissing, exitConflict, ""},
	{audit.UniqueConflict, exitConflict, ""},
	{audit.ConstraintViolated, exitConflict, ""},
	{audit.ColumnGone, exitConflict, ""},
	{audit.ValueNotRecorded, exitConflict, ""},
	{audit.InvalidColumn, exitUsage, ""},
	{audit.TableGone, exitConflict, `: "exaudit history" and "exaudit log" show what is recorded of it`},
	{audit.Vetoed, exitConflict, ""},
}

func exitCode(err error) int {
	var (
		usage usageError
		pgErr *pgconn.PgError
	)
	if err == nil {
		return exitDone
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	for _, kind := range kinds {
		if reason.Is(err, kind.is) {
			return kind.code
		}
	}
	// A constraint that is checked at commit, or a row that was changed under our eyes.
	if errors.As(err, &pgErr) && (strings.HasPrefix(pgErr.Code, "23") || pgErr.Code == "40001") {
		return exitConflict
	}
	return exitFailed
}

// message is the one line that says what is wrong and what to do.
func (p *program) message(err error) string {
	text := strings.TrimSpace(p.plain(err)) + p.hint(err)
	for _, secret := range p.secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "xxxxx")
		}
	}
	return oneLine(text)
}

// plain is the error's text; what PostgreSQL said stands in it once, without its frame.
func (p *program) plain(err error) string {
	switch {
	case reason.Is(err, audit.NotInitialized):
		return fmt.Sprintf("exaudit is not initialised in database %q", p.database)
	case errors.As(err, new(*connectError)):
		return err.Error()
	}
	text := err.Error()
	pgErr := (*pgconn.PgError)(nil)
	if !errors.As(err, &pgErr) {
		return text
	}
	frame := pgErr.Error()
	without := strings.NewReplacer(": "+frame, "", " ("+frame+")", "").Replace(text)
	if strings.Contains(without, pgErr.Message) {
		return without
	}
	said := pgErr.Message
	if !recognized(err) && pgErr.Code != "42501" {
		said += " (SQLSTATE " + pgErr.Code + ")"
	}
	return strings.ReplaceAll(text, frame, said)
}

func recognized(err error) bool {
	for _, kind := range kinds {
		if reason.Is(err, kind.is) {
			return true
		}
	}
	return false
}

func (p *program) hint(err error) string {
	pgErr := (*pgconn.PgError)(nil)
	if errors.As(err, new(*connectError)) {
		return ""
	}
	if reason.Is(err, audit.ConstraintViolated) && errors.As(err, &pgErr) && pgErr.Code == "23502" {
		return fmt.Sprintf(": give it a value with --set %s=VALUE", pgErr.ColumnName)
	}
	if table := (*audit.TableError)(nil); errors.As(err, &table) && len(table.Unrecorded) > 0 {
		return recordingHint(table.Unrecorded[0])
	}
	if reason.Is(err, reason.Conflict) {
		return undoHint(err)
	}
	if w := (*audit.WriteError)(nil); errors.As(err, &w) && w.Reason == audit.Vetoed && len(w.Columns) > 0 {
		return fmt.Sprintf(", so nothing was written: --keep %s leaves it as it is", w.Columns[0])
	}
	if reason.Is(err, audit.ErrNotFound, audit.NoSuchPoint) {
		return p.notFoundHint(err)
	}
	for _, kind := range kinds {
		if reason.Is(err, kind.is) {
			return kind.hint
		}
	}
	switch {
	case reason.Is(err, audit.NoTable):
		return quotingHint(err)
	case !errors.As(err, &pgErr):
		return ""
	case strings.Contains(err.Error(), "may not create event triggers"): // and says who may
		return ""
	case pgErr.Code == "42501" && pgErr.Hint == "":
		return p.grantHint(err)
	case namesTaken(err):
		return ": the connection goes through a pooler; remove default_query_exec_mode from the connection string"
	case pgErr.Code == "40001":
		return ": run the command again"
	}
	if pgErr.Hint == "" {
		return ""
	}
	return ": " + pgErr.Hint
}

// notFoundHint says where to look for a mark, an undo, a version or a transaction.
func (p *program) notFoundHint(err error) string {
	pgErr := (*pgconn.PgError)(nil)
	switch {
	case errors.As(err, &pgErr) && pgErr.Code == "XA001":
		return `: "exaudit mark" lists the marks`
	case p.command == "redo":
		return `: "exaudit log --rollback" lists undos and reverts`
	}
	return ", or its table may not be read by this role"
}

// deniedSchema finds the schema of the application's that the role may not use.
var deniedSchema = regexp.MustCompile(`permission denied for schema (.+) \(SQLSTATE 42501\)`)

// grantHint says how to become allowed to do it.
func (p *program) grantHint(err error) string {
	role := pgx.Identifier{p.role}.Sanitize()
	installing := p.command == "install" || p.command == "uninstall" || p.command == "follow-ddl" ||
		p.command == "sync" || p.command == "generate"
	denied := deniedSchema.FindStringSubmatch(err.Error())
	switch {
	case denied != nil && !strings.HasPrefix(denied[1], "exaudit"):
		return fmt.Sprintf(": GRANT USAGE ON SCHEMA %s TO %s", pgx.Identifier{denied[1]}.Sanitize(), role)
	case installing && strings.Contains(err.Error(), "exaudit"):
		return fmt.Sprintf(": GRANT exaudit_owner, exaudit_writer TO %s", role)
	case strings.Contains(err.Error(), "record_baseline"):
		return fmt.Sprintf(": GRANT EXECUTE ON FUNCTION exaudit.record_baseline TO %s", role)
	case p.command == "index":
		return fmt.Sprintf(": GRANT exaudit_owner TO %s", role)
	case installing:
		return ": the table's owner may"
	case strings.Contains(err.Error(), "exaudit"):
		return fmt.Sprintf(": GRANT exaudit_reader TO %s", role)
	}
	return fmt.Sprintf(": role %s lacks the privilege", role)
}

var unquotedCapital = regexp.MustCompile(`^table ([^"]*[A-Z][^"]*): `)

// quotingHint helps with a name that the shell has taken the quotes from.
func quotingHint(err error) string {
	found := unquotedCapital.FindStringSubmatch(err.Error())
	if found == nil {
		return ""
	}
	return fmt.Sprintf(`: SQL reads it in lower case; for capitals write '"%s"'`, found[1])
}

var lineBreak = regexp.MustCompile(`\s*\n\s*`)

func oneLine(text string) string {
	return lineBreak.ReplaceAllString(text, "; ")
}

// recordingHint says what makes a table be recorded again.
func recordingHint(u audit.Unrecorded) string {
	switch u.Reason {
	case audit.SessionIgnores:
		return `, so nothing was written: set exaudit.ignore to "off" for this role and database`
	case audit.SessionIsReplica:
		return `, so nothing was written: set session_replication_role to "origin" for this role and database`
	case audit.NoTriggers, audit.TriggerMissing, audit.TriggerDisabled: // below
	}
	return `, so nothing was written: "exaudit install ` + u.Table + `" records them again`
}
