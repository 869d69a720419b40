package test_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/internal/interrupt"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/postgres"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/internal/testall"
)

// disk is a small one, as the tablespace of a server.
type disk struct {
	*testing.T
	server *postgres.Cluster
	admin  *pgxpool.Pool
	dir    string
}

const diskSize = 32 << 20

func newDisk(t *testing.T) disk {
	t.Helper()
	ctx := context.Background()
	dir, err := os.MkdirTemp("/tmp", "exaudit-disk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", diskSize)); err != nil {
		t.Skipf("SKIPPED: a full disk is not tested: a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	server, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	admin, err := pgxpool.New(ctx, server.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	d := disk{t, server, admin, dir}
	place := filepath.Join(dir, "data")
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	var socket string
	if err := admin.QueryRow(ctx, `SELECT current_setting('unix_socket_directories')`).Scan(&socket); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(socket, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(place, int(info.Sys().(*syscall.Stat_t).Uid), -1); err != nil {
		t.Fatal(err)
	}
	d.do(admin, `CREATE TABLESPACE small LOCATION '`+place+`'`)
	return d
}

func (d disk) do(pool *pgxpool.Pool, text string) {
	d.Helper()
	if _, err := pool.Exec(context.Background(), text); err != nil {
		d.Fatalf("%v\n%s", err, text)
	}
}

// database makes one on the disk, of a template.
func (d disk) database(template string) *pgtest.DB {
	d.Helper()
	d.do(d.admin, `DROP DATABASE IF EXISTS shop WITH (FORCE)`)
	d.do(d.admin, `CREATE DATABASE shop TABLESPACE small TEMPLATE `+template)
	pool, err := pgxpool.New(context.Background(), d.server.URL("shop"))
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(pool.Close)
	return &pgtest.DB{Pool: pool}
}

// fill leaves so many bytes of the disk free.
func (d disk) fill(free int64) {
	d.Helper()
	d.do(d.admin, `CHECKPOINT`)
	var s syscall.Statfs_t
	if err := syscall.Statfs(d.dir, &s); err != nil {
		d.Fatal(err)
	}
	size := max(int64(s.Bavail)*s.Bsize-free, 0)
	if err := os.WriteFile(filepath.Join(d.dir, "filler"), make([]byte, size), 0o600); err != nil {
		d.Fatal(err)
	}
}

func (d disk) empty() {
	d.Helper()
	if err := os.Remove(filepath.Join(d.dir, "filler")); err != nil {
		d.Fatal(err)
	}
}

// fullDisk is a command that runs on a full disk, and what it needs before.
type fullDisk struct {
	template string
	step     int64 // by how many bytes there is more room at the next try
	steps    bool  // it is several transactions, each of which stays
	run      func(*pgtest.DB) error
	again    any // what it says where it was done already, nil for nothing
	tables   []string
}

// times is how often the disk must have been full at least: what writes little finds room in pages that are there.
func (c fullDisk) times() int {
	if c.template == "template0" || c.template == "initialised" {
		return testall.Or(1, 3)
	}
	return 1
}

// interruption is a command of those that may end at any point, with enough rows that it needs room.
func (d disk) interruption(name string) fullDisk {
	d.Helper()
	c := interruptions[name]
	template := "before_" + name
	d.do(d.admin, `CREATE DATABASE `+template+` TEMPLATE initialised`)
	pool, err := pgxpool.New(context.Background(), d.server.URL(template))
	if err != nil {
		d.Fatal(err)
	}
	d.do(pool, `INSERT INTO orders SELECT i, i, repeat('x', 200) FROM generate_series(10, 800) i`)
	c.setup(d.T, &pgtest.DB{Pool: pool})
	pool.Close()
	tables := []string{"orders", "items", "parts"}
	if name == "sync" {
		tables[1] = "things"
	}
	return fullDisk{template: template, step: 32 << 10, steps: c.steps, again: c.again, tables: tables, run: func(db *pgtest.DB) error {
		return c.run(context.Background(), exaudit.New(db.Pool))
	}}
}

// isDiskFull reports whether the disk was full: the server has a code for that, but not where a session that begins
// writes the file of its system catalogs, which any vacuum of them removes.
func isDiskFull(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == "53100" || pgErr.Message == "could not write init file")
}

// A full disk leaves nothing behind but whole steps, wherever it comes in between, and with more room it goes on to the
// same end.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	d := newDisk(t)
	initialize := func(db *pgtest.DB) error {
		_, err := exaudit.New(db.Pool).Init(ctx, nil)
		return err
	}
	d.do(d.admin, `CREATE DATABASE initialised`)
	pool, err := pgxpool.New(ctx, d.server.URL("initialised"))
	if err != nil {
		t.Fatal(err)
	}
	if err := initialize(&pgtest.DB{Pool: pool}); err != nil {
		t.Fatal(err)
	}
	d.do(pool, interrupted)
	pool.Close()
	commands := map[string]fullDisk{
		"init": {template: "template0", step: 96 << 10, run: initialize},
		"install": {template: "initialised", step: 16 << 10, steps: true, run: func(db *pgtest.DB) error {
			_, err := exaudit.New(db.Pool).Install(ctx, []string{"orders", "items", "parts"}, nil)
			return err
		}, tables: []string{"orders", "items", "parts"}},
	}
	for _, name := range testall.Sample([]string{"undo", "sync", "uninstall", "redo", "revert"}, 1) {
		commands[name] = d.interruption(name)
	}
	for name, c := range commands {
		full := 0
		undisturbed := d.database(c.template)
		if err := c.run(undisturbed); err != nil {
			t.Fatal(err)
		}
		after := interrupt.State(t, undisturbed, c.tables...)
		undisturbed.Pool.Close()
		for free := int64(0); free < diskSize; free += c.step * testall.Or[int64](8, 1) {
			db := d.database(c.template)
			before := interrupt.State(t, db, c.tables...)
			d.fill(free)
			err := c.run(db)
			d.empty()
			if err == nil {
				break
			}
			full++
			if !isDiskFull(err) {
				t.Fatalf("%s, %d bytes free: %v", name, free, err)
			}
			if state := interrupt.State(t, db, c.tables...); state != before && !c.steps {
				t.Errorf("%s, %d bytes free: something is left\n%s", name, free, difference(before, state))
			}
			keepNumbers(t, db)
			if err := c.run(db); err != nil && (c.again == nil || !reason.Is(err, c.again)) {
				t.Errorf("%s, after %d bytes free: %v", name, free, err)
			}
			if err := exaudit.New(db.Pool).Check(ctx); err != nil {
				t.Errorf("%s, after %d bytes free: %v", name, free, err)
			}
			if state := interrupt.State(t, db, c.tables...); state != after {
				t.Errorf("%s, after %d bytes free: run again, it is not what it should be\n%s", name, free, difference(after, state))
			}
			db.Pool.Close()
		}
		t.Logf("%s: the disk was full %d times", name, full)
		if full < c.times() {
			t.Errorf("%s: the disk was full %d times only", name, full)
		}
	}
}
