package pgtest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The names of everything that this package makes on a server begin with prefix,
// followed by the time in seconds, except for templates.
const (
	prefix         = "exaudit_test_"
	templatePrefix = prefix + "template_"
)

// When things count as forgotten. No test runs for hours; a template is touched
// by each program that uses it.
const (
	staleTest     = 6 * time.Hour
	staleTemplate = 7 * 24 * time.Hour
)

// sweep drops what crashed runs have left on a server that outlives them, and
// templates that nobody uses any more. It is not worth failing for: another
// program may be sweeping, too.
func (s *server) sweep(ctx context.Context) {
	const databases = `SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '')
		FROM pg_catalog.pg_database WHERE starts_with(datname, $1)`
	const roles = `SELECT rolname, '' FROM pg_catalog.pg_roles WHERE starts_with(rolname, $1)`
	s.dropSubscriptions(ctx)
	s.dropStale(ctx, databases, "DROP DATABASE IF EXISTS %s WITH (FORCE)")
	s.dropStale(ctx, roles, "DROP ROLE IF EXISTS %s") // after what they own
}

// dropSubscriptions ends those of stale databases, which keep them from being dropped. A
// slot goes with its subscription or its database.
func (s *server) dropSubscriptions(ctx context.Context) {
	type subscription struct{ Database, Name string }
	rows, _ := s.admin.Query(ctx, `SELECT d.datname, s.subname FROM pg_catalog.pg_subscription s
		JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE starts_with(d.datname, $1)`, prefix)
	subscriptions, err := pgx.CollectRows(rows, pgx.RowToStructByPos[subscription])
	if err != nil {
		logf("cannot look for subscriptions that earlier runs left: %v", err)
	}
	for _, sub := range subscriptions {
		if !stale(sub.Database, "", time.Now()) {
			continue
		}
		if err := s.dropSubscription(ctx, sub.Database, sub.Name); err != nil {
			logf("cannot drop subscription %s, left by an earlier run: %v", sub.Name, err)
		}
	}
}

// dropSubscription connects to its database: only there can it be dropped.
func (s *server) dropSubscription(ctx context.Context, database, name string) error {
	conn, err := pgx.Connect(ctx, withDatabase(s.url, database))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "DROP SUBSCRIPTION IF EXISTS "+pgx.Identifier{name}.Sanitize())
	return err
}

func (s *server) dropStale(ctx context.Context, query, drop string) {
	type object struct{ Name, Comment string }
	rows, _ := s.admin.Query(ctx, query, prefix) // rows carry the error
	objects, err := pgx.CollectRows(rows, pgx.RowToStructByPos[object])
	if err != nil {
		logf("cannot look for what earlier runs left: %v", err)
	}
	for _, o := range objects {
		if !stale(o.Name, o.Comment, time.Now()) {
			continue
		}
		if _, err := s.admin.Exec(ctx, fmt.Sprintf(drop, pgx.Identifier{o.Name}.Sanitize())); err != nil {
			logf("cannot drop %s, left by an earlier run: %v", o.Name, err)
		}
	}
}

// stale judges by the time in the name of a test's object, and by the time in
// the comment of a template. What has no readable time is left alone.
func stale(name, comment string, now time.Time) bool {
	if strings.HasPrefix(name, templatePrefix) {
		used, err := time.Parse(time.RFC3339, comment[strings.LastIndex(comment, " ")+1:])
		return err == nil && now.Sub(used) > staleTemplate
	}
	seconds, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "_")
	made, err := strconv.ParseInt(seconds, 10, 64)
	return err == nil && now.Sub(time.Unix(made, 0)) > staleTest
}

// touch notes in a template's comment what it is and that it is in use.
func (s *server) touch(ctx context.Context, database, name string) error {
	comment := fmt.Sprintf("template %q of exaudit's tests, used %s", name, time.Now().UTC().Format(time.RFC3339))
	literal := "'" + strings.ReplaceAll(comment, "'", "''") + "'" // COMMENT takes no parameters
	_, err := s.admin.Exec(ctx, "COMMENT ON DATABASE "+database+" IS "+literal)
	return err
}
