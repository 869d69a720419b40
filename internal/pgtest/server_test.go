package pgtest

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"postgres://u:p%40@h:1/old?sslmode=disable": "postgres://u:p%40@h:1/x?sslmode=disable",
		"postgresql://h": "postgresql://h/x",
		"postgres://postgres@/old?host=%2Ftmp%2Fa":   "postgres://postgres@/x?host=%2Ftmp%2Fa",
		"postgres:///?dbname=old&options=-c%20a%3Db": "postgres:///x?dbname=x&options=-c%20a%3Db",
		"host=h user='a b' dbname=old":               "host=h user='a b' dbname=old dbname=x",
	} {
		if got := withDatabase(server, "x"); got != want {
			t.Errorf("withDatabase(%s): %s, want %s", server, got, want)
		}
	}
}

// A server that is not ours, given in key=value form, is used and left running.
func TestForeignServer(t *testing.T) {
	t.Parallel()
	own := sharedServer(t)
	config := own.admin.Config().ConnConfig
	s, err := start(context.Background(), "host="+config.Host+" port="+strconv.Itoa(int(config.Port))+" dbname=postgres user="+config.User+" password='"+config.Password+"'")
	if err != nil {
		t.Fatal(err)
	}
	db, err := s.newDB(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := One[string](t, db, "SELECT current_database()"); got != db.Name {
		t.Errorf("connected to %s, want %s", got, db.Name)
	}
	if err := db.drop(); err != nil {
		t.Error(err)
	}
	s.stop()
	if err := own.admin.Ping(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	s, ctx := sharedServer(t), context.Background()
	fresh := New(t)
	var old string
	for tries := 0; ; tries++ {
		old = prefix + "1000_" + strings.ToLower(rand.Text())
		err := leaveBehind(t, s, old)
		if err == nil {
			break
		}
		if tries == 10 { // otherwise, another test program of the server has swept just now
			t.Fatal(err)
		}
	}
	s.sweep(ctx)
	if exists(t, s, "pg_database", old) || exists(t, s, "pg_roles", old+"_role1") {
		t.Error("an old database or role is still there")
	}
	fresh.Exec(t, "SELECT 1")
}

// leaveBehind makes what a crashed run leaves: a database with a subscription and somebody in it, and a role.
func leaveBehind(t *testing.T, s *server, name string) error {
	t.Helper()
	ctx := context.Background()
	for _, sql := range []string{"CREATE DATABASE " + name, "CREATE ROLE " + name + "_role1"} {
		if _, err := s.admin.Exec(ctx, sql); err != nil {
			return err
		}
	}
	inside, err := pgx.Connect(ctx, withDatabase(s.url, name))
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = inside.Close(ctx) })
	const subscribe = " CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)"
	_, err = inside.Exec(ctx, "CREATE SUBSCRIPTION "+name+subscribe)
	return err
}

func TestStale(t *testing.T) {
	t.Parallel()
	now := time.Unix(2_000_000_000, 0).UTC()
	used := func(ago time.Duration) string { return "template used " + now.Add(-ago).Format(time.RFC3339) }
	for _, test := range []struct {
		name, comment string
		want          bool
	}{
		{prefix + "1999999000_abc", "", false},
		{prefix + "1900000000_abc", "", true},
		{prefix + "1900000000_abc_role1", "", true},
		{prefix + "somebody_elses", "", false},
		{templatePrefix + "0123", used(time.Hour), false},
		{templatePrefix + "0123", used(30 * 24 * time.Hour), true},
		{templatePrefix + "0123", "", false}, // being made
	} {
		if got := stale(test.name, test.comment, now); got != test.want {
			t.Errorf("stale(%s, %q) is %v", test.name, test.comment, got)
		}
	}
}
