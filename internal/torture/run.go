package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/triggers"
)

// Finding is a promise that a world does not hold.
type Finding struct {
	Check string // which one, in a word or two
	Text  string // what was expected and found
}

func (f *Finding) Error() string { return f.Check + ": " + f.Text }

func found(check, format string, args ...any) error {
	return &Finding{check, fmt.Sprintf(format, args...)}
}

// run is a world that is carried out.
type run struct {
	World
	names
	ctx      context.Context
	place    *Place
	control  *pgx.Conn
	sessions [2]*session
	script   []string // what was done, for a person
	steps    []step
	texts    map[string]string // rows as arrays of text, by relation
	counts   *Counts
	altered  bool // by statements of the history

	base     state // rows of before the tables were recorded
	entries  []*entry
	versions []*version
}

type session struct {
	*pgx.Conn
	open, saved bool
}

// step is what is known after an Op.
type step struct {
	lastID  int64 // the newest version that there may be
	instant time.Time
	mark    string
	open    bool          // there was a transaction under way
	race    bool          // each side had transactions of its own
	rows    [][][]*string // of the mark, by table
}

// Place is a database in which worlds are carried out, one after the other.
type Place struct {
	Counts Counts
	// Command is the program exaudit, which says of the last mark what the library says; "" leaves it out.
	Command string

	// Without are the exclusions that its checks make.
	Without Exclusions
	// Only is the one check to make, by a Finding's word; "" makes all.
	Only string
	// Role is who the second session is: one that may write to the tables, and nothing else. "" is who connects.
	Role string
	// Follows says that event triggers keep the triggers of tables in step.
	Follows bool

	url      string
	worlds   int
	control  *pgx.Conn
	sessions [2]*session
}

// Open connects to a database with schema exaudit.
func Open(ctx context.Context, url string) (p *Place, err error) {
	p = &Place{url: url}
	if p.control, err = pgx.Connect(ctx, url); err != nil {
		return nil, err
	}
	for i := range p.sessions {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return nil, err
		}
		p.sessions[i] = &session{Conn: conn}
	}
	return p, nil
}

// Close ends the connections.
func (p *Place) Close(ctx context.Context) {
	_ = p.control.Close(ctx)
	for _, s := range p.sessions {
		_ = s.Close(ctx)
	}
}

// Check carries a world out and checks all that is promised. The error is a *Finding, or one of the machine's own. The
// script is what was done.
func (p *Place) Check(ctx context.Context, w World) (script string, err error) {
	p.worlds++
	r := &run{World: w, names: namesOf(p.worlds), ctx: ctx, place: p, control: p.control, sessions: p.sessions,
		counts: &p.Counts, texts: map[string]string{}}
	if err = r.play(); err == nil {
		err = r.check()
	}
	p.Counts.Worlds++
	return strings.Join(r.script, "\n") + "\n", errors.Join(err, r.end())
}

// end leaves nothing of the world but its versions.
func (r *run) end() error {
	for _, s := range r.sessions {
		s.open, s.saved = false, false
		if _, err := s.Exec(r.ctx, "ROLLBACK"); err != nil {
			return err
		}
	}
	if _, err := r.control.Exec(r.ctx, "ROLLBACK"); err != nil { // of a check that panicked
		return err
	}
	_, err := r.control.Exec(r.ctx, fmt.Sprintf(`DROP SCHEMA IF EXISTS %q, %q, %q CASCADE`, r.audited, r.twin(),
		r.types))
	return err
}

func (r *run) twin() string { return r.names.twin }

func (r *run) play() error {
	if err := r.set(); err != nil {
		return err
	}
	if err := r.create(); err != nil {
		return err
	}
	for i, op := range r.Ops {
		if err := r.do(i, op); err != nil {
			return err
		}
	}
	for i, s := range r.sessions {
		if s.open {
			if err := r.do(len(r.Ops)+i, Op{Kind: Commit, Session: i}); err != nil {
				return err
			}
		}
	}
	return nil
}

// set has sessions begin as new ones do.
func (r *run) set() error {
	for _, s := range r.sessions {
		if _, err := s.Exec(r.ctx, "RESET ALL; SET lock_timeout = '30ms'; SET client_min_messages = error"); err != nil {
			return err
		}
	}
	if r.place.Role != "" {
		if _, err := r.sessions[1].Exec(r.ctx, "SET ROLE "+r.place.Role); err != nil {
			return err
		}
	}
	_, err := r.control.Exec(r.ctx, "RESET ALL; SET lock_timeout = '100ms'; SET client_min_messages = error")
	return err
}

func (r *run) create() error {
	schemas := fmt.Sprintf(`CREATE SCHEMA %q; CREATE SCHEMA %q; CREATE SCHEMA %q`, r.audited, r.twin(), r.types)
	if _, err := r.control.Exec(r.ctx, schemas); err != nil {
		return err
	}
	r.script = append(r.script, fmt.Sprintf(`CREATE SCHEMA %q; CREATE SCHEMA %q;`, r.audited, r.types))
	for _, sql := range r.Before {
		sql = r.in(sql, r.names, r.audited)
		r.script = append(r.script, sql+";")
		if _, err := r.control.Exec(r.ctx, sql); err != nil {
			return fmt.Errorf("%w\n%s", err, sql)
		}
	}
	inTwin := func(sql string) string {
		return r.in(strings.ReplaceAll(sql, "{twin}", fmt.Sprintf("%q", r.twin())), r.names, r.twin())
	}
	if _, err := r.control.Exec(r.ctx, inTwin(twinFunctions)); err != nil {
		return err
	}
	options := map[string]audit.TableOptions{}
	var tables []string
	for i, t := range r.Tables {
		sql := r.in(t.create(r.audited, ""), r.names, r.audited)
		r.script = append(r.script, sql+";")
		for _, s := range []string{sql, inTwin(r.World.twin(i, r.names))} {
			if _, err := r.control.Exec(r.ctx, s); err != nil {
				return fmt.Errorf("%w\n%s", err, s)
			}
		}
		tables = append(tables, t.quoted(r.audited))
		options[t.quoted(r.audited)] = t.Options
		r.script = append(r.script, fmt.Sprintf("-- exaudit install '%s' -- options %+v", t.quoted(r.audited),
			t.Options))
	}
	for _, sql := range r.References {
		r.script = append(r.script, r.in(sql, r.names, r.audited)+";")
		for _, schema := range []string{r.audited, r.twin()} {
			if _, err := r.control.Exec(r.ctx, r.in(sql, r.names, schema)); err != nil {
				return fmt.Errorf("%w\n%s", err, sql)
			}
		}
	}
	if err := r.grant(); err != nil {
		return err
	}
	if err := r.early(); err != nil {
		return err
	}
	r.countTables()
	_, err := triggers.Install(r.ctx, r.control, tables, triggers.WithOptions(options))
	return err
}

// countTables counts what there is of the kinds that tables have.
func (r *run) countTables() {
	for range r.References {
		r.counts.did("references")
	}
	for _, t := range r.Tables {
		if t.PartitionBy != "" {
			r.counts.did("partitions")
		}
		if t.Options.Where != "" {
			r.counts.did("where")
		}
		if t.Options.AllowIgnore {
			r.counts.did("ignore")
		}
		if t.Options.Trigger == audit.StatementLevel {
			r.counts.did("by statement")
		}
		if t.Options.SkipInsertImage {
			r.counts.did("without image")
		}
		for _, c := range t.Columns {
			r.counts.did(c.Hidden)
			switch {
			case c.Generated:
				r.counts.did("generated")
			case strings.Contains(c.Rest, "IDENTITY"):
				r.counts.did("identity")
			}
		}
	}
}

// grant lets the second session's role write to the tables.
func (r *run) grant() error {
	if r.place.Role == "" {
		return nil
	}
	for _, schema := range []string{r.audited, r.twin(), r.types} {
		sql := fmt.Sprintf(`GRANT USAGE ON SCHEMA %[1]q TO %[2]s; GRANT ALL ON ALL TABLES IN SCHEMA %[1]q TO %[2]s; GRANT ALL ON ALL SEQUENCES IN SCHEMA %[1]q TO %[2]s`, schema, r.place.Role)
		if schema == r.audited {
			r.script = append(r.script, "-- session 2 is a role with these: "+sql)
		}
		if _, err := r.control.Exec(r.ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) do(i int, op Op) error {
	s := r.sessions[op.Session]
	var err error
	switch op.Kind {
	case Begin:
		if s.open {
			return r.note(op, step{})
		}
		s.open = true
		r.say(op, "BEGIN")
		_, err = s.Exec(r.ctx, "BEGIN")
	case Commit, Rollback:
		if !s.open {
			return r.note(op, step{})
		}
		s.open, s.saved = false, false
		sql := map[Kind]string{Commit: "COMMIT", Rollback: "ROLLBACK"}[op.Kind]
		r.say(op, sql)
		if op.Kind == Rollback {
			r.counts.did("rollback")
		}
		if _, err = s.Exec(r.ctx, sql); isPg(err) { // a deferred constraint of either side
			r.say(op, "-- "+err.Error())
			err = nil
		}
	case Save, Back:
		err = r.savepoint(op, s)
	case Mark:
		return r.mark(i, op)
	case Race:
		return r.race(op)
	case Baseline:
		err = r.baseline(op)
	case Once, Behind:
		sql := r.in(op.SQL, r.names, r.audited)
		r.say(op, sql)
		if s.open {
			sql = "SAVEPOINT once; " + sql + "; RELEASE once"
		}
		_, err = s.Exec(r.ctx, sql)
		r.altered = r.altered || strings.Contains(sql, "ALTER")
		if isPg(err) {
			r.say(op, "-- "+err.Error())
			if err = nil; s.open {
				_, err = s.Exec(r.ctx, "ROLLBACK TO once; RELEASE once")
			}
		} else if err == nil {
			r.counts.did(op.What)
		}
	case Statement:
		err = r.statement(i, op, s)
	}
	if err != nil {
		return err
	}
	return r.note(op, step{})
}

// savepoint makes one, or goes back to it.
func (r *run) savepoint(op Op, s *session) error {
	if !s.open || op.Kind == Back && !s.saved {
		return nil
	}
	s.saved = true
	sql, what := "SAVEPOINT s", "savepoint"
	if op.Kind == Back {
		sql, what = "ROLLBACK TO s", "rollback to savepoint"
	}
	r.say(op, sql)
	r.counts.did(what)
	_, err := s.Exec(r.ctx, sql)
	return err
}

func isPg(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg)
}

func (r *run) say(op Op, sql string) {
	prefix := ""
	if op.Session > 0 {
		prefix = "/* session 2 */ "
	}
	r.script = append(r.script, prefix+sql+";")
}

// statement runs one on both sides, in savepoints, so that an error is one of the statement alone.
func (r *run) statement(i int, op Op, s *session) error {
	r.counts.Statements++
	start := fmt.Sprintf("SET torture.step = %d; SAVEPOINT sides", i)
	if !s.open {
		start = "BEGIN; " + start
	}
	if _, err := s.Exec(r.ctx, start); err != nil {
		return err
	}
	audited := r.in(op.SQL, r.names, r.audited)
	tag, auditedErr := r.attempt(s, audited)
	if waits(auditedErr) {
		return r.finish(s, "ROLLBACK TO sides; RELEASE sides")
	}
	twinTag, twinErr := r.attempt(s, r.in(op.SQL, r.names, r.twin()))
	if waits(twinErr) {
		return r.finish(s, "ROLLBACK TO sides; RELEASE sides")
	}
	if refusesTruncate(auditedErr) {
		return r.finish(s, "ROLLBACK TO sides; RELEASE sides")
	}
	if got, want := r.plain(op.SQL, auditedErr), r.plain(op.SQL, twinErr); got != want {
		r.say(op, audited)
		return found("twin", "audited: %s\nwithout auditing: %s\n%s", got, want, audited)
	}
	if auditedErr != nil {
		r.counts.Errors++
		return r.finish(s, "ROLLBACK TO sides; RELEASE sides")
	}
	r.say(op, audited)
	if strings.Contains(audited, "ALTER") {
		r.altered = true
		clear(r.texts)
	}
	if tag != twinTag {
		return found("twin", "audited: %s\nwithout auditing: %s\n%s", tag, twinTag, audited)
	}
	if strings.Contains(audited, "ALTER") || !strings.HasSuffix(tag, " 0") {
		r.counts.did(op.What)
		if op.What == "alter table" && r.place.Follows {
			r.counts.did("alter under follow_ddl")
		}
	}
	return r.finish(s, "RELEASE sides")
}

func (r *run) attempt(s *session, sql string) (string, error) {
	if _, err := s.Exec(r.ctx, "SAVEPOINT side"); err != nil {
		return "", err
	}
	var text string
	var err error
	if strings.HasPrefix(sql, "COPY ") {
		text, err = r.copied(s, sql)
	} else {
		var tag pgconn.CommandTag
		tag, err = s.Exec(r.ctx, sql, pgx.QueryExecModeSimpleProtocol)
		text = tag.String()
	}
	if err != nil {
		if _, back := s.Exec(r.ctx, "ROLLBACK TO side"); back != nil {
			return "", back
		}
	}
	return text, err
}

func (r *run) finish(s *session, sql string) error {
	if !s.open {
		sql += "; COMMIT"
	}
	_, err := s.Exec(r.ctx, sql)
	if isPg(err) && !s.open {
		r.script = append(r.script, "-- "+err.Error())
		_, err = s.Exec(r.ctx, "ROLLBACK")
	}
	return err
}

// waits reports whether a statement failed because of the other session.
func waits(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "55P03" || pg.Code == "40P01" || pg.Code == "40001")
}

// refusesTruncate reports whether an error is the one that docs/recording.md has of stricter isolation levels.
func refusesTruncate(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && strings.Contains(pg.Message, "cannot be recorded in a transaction of isolation level")
}

// plain is an error of a statement without the names by which the sides differ. Only INSERT and COPY have an order of
// rows: of the others, any of several violated constraints may be found first.
func (r *run) plain(sql string, err error) string {
	var pg *pgconn.PgError
	switch {
	case !errors.As(err, &pg):
		return fmt.Sprint(err)
	case strings.HasPrefix(pg.Code, "23") && !strings.HasPrefix(sql, "INSERT") && !strings.HasPrefix(sql, "COPY"):
		return "a constraint is violated"
	}
	return strings.NewReplacer(r.twin(), "side", r.audited, "side").Replace(pg.Code + " " + pg.Message)
}

// note keeps what is known after a step.
func (r *run) note(_ Op, s step) error {
	err := r.control.QueryRow(r.ctx,
		`SELECT CASE WHEN is_called THEN last_value ELSE 0 END, clock_timestamp() FROM exaudit.versions_id_seq`).Scan(&s.lastID, &s.instant)
	r.steps = append(r.steps, s)
	return err
}

// mark makes a mark, and keeps what had been committed then.
func (r *run) mark(i int, op Op) error {
	s := step{mark: fmt.Sprintf("%s %d", r.audited, i), open: r.sessions[0].open || r.sessions[1].open}
	for _, t := range r.Tables {
		rows, err := r.rows(t.quoted(r.audited), t.quoted(r.audited), 0)
		if waits(err) { // for one that has altered or truncated it
			return r.note(op, step{})
		}
		if err != nil {
			return err
		}
		s.rows = append(s.rows, rows)
	}
	r.counts.Marks++
	r.script = append(r.script, fmt.Sprintf("/* another session */ SELECT exaudit.mark('%s');", s.mark))
	if _, err := r.control.Exec(r.ctx, "SELECT exaudit.mark($1)", s.mark); err != nil {
		return err
	}
	return r.note(op, s)
}

// rows are those of a query's FROM, of the type of a relation.
func (r *run) rows(relation, from string, skipped int, args ...any) ([][]*string, error) {
	if r.altered { // perhaps by a transaction that is under way
		clear(r.texts)
	}
	return rowsOf(r.ctx, r.control, r.texts, r.twin(), relation, from, skipped, args...)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func rowsOf(ctx context.Context, q querier, texts map[string]string, twin, relation, from string, skipped int,
	args ...any) ([][]*string, error) {
	expression, ok := texts[relation]
	if !ok {
		err := q.QueryRow(ctx, fmt.Sprintf(`SELECT expression FROM %q."~texts"($1, $2)`, twin), relation,
			skipped).Scan(&expression)
		if err != nil {
			return nil, err
		}
		texts[relation] = expression
	}
	found, _ := q.Query(ctx, "SELECT "+expression+" FROM "+from+` AS "~r"`, args...)
	return pgx.CollectRows(found, pgx.RowTo[[]*string])
}
