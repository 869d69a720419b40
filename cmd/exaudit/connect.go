package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

// urlVariables say where the database is, the first that is set.
var urlVariables = []string{"EXAUDIT_DATABASE_URL", "DATABASE_URL", "GOOSE_DBSTRING"}

const (
	defaultOfDriver = 2 * time.Minute
	connectTimeout  = 15 * time.Second
)

// connectError is a database that cannot be reached. It never holds the connection string.
type connectError struct {
	where, source string
	cause         error
}

func (e *connectError) Error() string {
	text := fmt.Sprintf("cannot connect to %s: %s", e.where, rootCause(e.cause))
	if e.source == "" {
		return text + " (nothing says where the database is: give --database-url or set DATABASE_URL)"
	}
	return fmt.Sprintf("%s (from %s)", text, e.source)
}

func (e *connectError) Unwrap() error { return e.cause }

// rootCause is the part of a connection error that says what is wrong.
func rootCause(err error) string {
	var (
		pgErr *pgconn.PgError
		dns   *net.DNSError
		errno syscall.Errno
	)
	switch {
	case errors.As(err, &pgErr):
		return pgErr.Message
	case errors.As(err, &dns):
		return dns.Err
	case errors.As(err, &errno):
		return errno.Error()
	case pgconn.Timeout(err), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	for {
		switch wrapped := any(err).(type) { // each error itself, not what it wraps
		case interface{ Unwrap() error }:
			if wrapped.Unwrap() == nil {
				return err.Error()
			}
			err = wrapped.Unwrap()
		case interface{ Unwrap() []error }:
			err = wrapped.Unwrap()[0]
		default:
			return err.Error()
		}
	}
}

// connectionString gives the database to use and what named it.
func connectionString(c *cli.Context) (text, source string, err error) {
	if c.IsSet("database-url") {
		if text = c.String("database-url"); text == "" {
			// An unset variable of a script must not lead to another database.
			return "", "", usageErrorf(c.Command.Name, "--database-url is empty")
		}
		return text, "--database-url", nil
	}
	for _, name := range urlVariables {
		if text := os.Getenv(name); text != "" {
			return text, name, nil
		}
	}
	for _, name := range []string{"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"} {
		if os.Getenv(name) != "" {
			return "", name, nil
		}
	}
	return "", "", nil
}

// config reads where the database is.
func (p *program) config(c *cli.Context) (config *pgx.ConnConfig, source string, err error) {
	text, source, err := connectionString(c)
	if err != nil {
		return nil, "", err
	}
	config, err = pgx.ParseConfig(text)
	switch {
	case err != nil && text == "":
		return nil, "", usageErrorf(c.Command.Name, "the PG* variables cannot be used: %v", err)
	case err != nil:
		// What the driver says of it may quote a part of the password.
		return nil, "", usageErrorf(c.Command.Name, "the connection string of %s cannot be read: it is "+
			"postgres://user:password@host:port/database, with %%XX for special characters, or host=… dbname=… user=…",
			source)
	}
	p.secrets = append(p.secrets, config.Password)
	if !saysExecMode(text) {
		// One that works behind every pooler: the names of prepared statements may be taken there.
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
	config.RuntimeParams["client_encoding"] = "UTF8" // whatever the database's is
	if config.ConnectTimeout == defaultOfDriver {
		config.ConnectTimeout = connectTimeout
	}
	// Ctrl-C cancels the statement in the server, too: it may be waiting for a lock, with
	// the application's statements in the queue behind it.
	config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 5 * time.Second}
	}
	return config, source, nil
}

// saysExecMode reports whether a connection string, or the service that it names, says how statements are sent.
func saysExecMode(text string) bool {
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		return false
	}
	_, said := config.RuntimeParams["default_query_exec_mode"]
	return said
}

// connect opens the database as it is; the caller closes the connection.
func (p *program) connect(c *cli.Context) (*pgx.Conn, error) {
	config, source, err := p.config(c)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(c.Context, config)
	if err != nil {
		return nil, &connectError{where: place(config), source: source, cause: err}
	}
	const whereAmI = "SELECT pg_catalog.current_database(), current_user"
	if err := conn.QueryRow(c.Context, whereAmI).Scan(&p.database, &p.role); err != nil {
		closeConn(c.Context, conn)
		if namesTaken(err) {
			return nil, fmt.Errorf("look at %s: %w", place(config), err)
		}
		return nil, &connectError{where: place(config), source: source, cause: err}
	}
	return conn, nil
}

// namesTaken reports whether a prepared statement is one of another client, or is none of this one.
func namesTaken(err error) bool {
	pgErr := (*pgconn.PgError)(nil)
	return errors.As(err, &pgErr) && (pgErr.Code == "42P05" || pgErr.Code == "26000")
}

// open opens a database that exaudit can work with; the caller closes the connection.
func (p *program) open(c *cli.Context) (*pgx.Conn, *exaudit.DB, error) {
	return p.opened(c, func(err error) error { return err })
}

// openToRead is open for commands that write nothing. They also work with a schema that is newer than the program, as
// far as the program knows it.
func (p *program) openToRead(c *cli.Context) (*pgx.Conn, *exaudit.DB, error) {
	return p.opened(c, func(err error) error {
		if reason.Is(err, audit.NewerSchema) {
			p.complain("%v; it is read as far as this program knows it", err)
			return nil
		}
		return err
	})
}

func (p *program) opened(c *cli.Context, judge func(error) error) (*pgx.Conn, *exaudit.DB, error) {
	conn, err := p.connect(c)
	if err != nil {
		return nil, nil, err
	}
	db := exaudit.New(conn)
	if err := judge(db.Check(c.Context)); err != nil {
		closeConn(c.Context, conn)
		return nil, nil, err
	}
	return conn, db, nil
}

// readOnly reports whether nothing can be written, as on a standby, and says what a dry run leaves out then.
func (p *program) readOnly(ctx context.Context, conn *pgx.Conn) (bool, error) {
	var readOnly bool
	err := conn.QueryRow(ctx, "SELECT pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'on'").Scan(&readOnly)
	if err != nil {
		return false, fmt.Errorf("look whether the database is read-only: %w", err)
	}
	if readOnly {
		p.complain("the database is read-only: constraints and triggers were not tried")
	}
	return readOnly, nil
}

// closeConn says goodbye even after a Ctrl-C, but does not wait for a server that is gone.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // the transaction is over, nothing can be lost
}

// place names a database without its password.
func place(config *pgx.ConnConfig) string {
	text := fmt.Sprintf("%s:%d", config.Host, config.Port)
	if config.Database != "" {
		text = fmt.Sprintf("database %q at %s", config.Database, text)
	}
	return fmt.Sprintf("%s as %q", text, config.User)
}
