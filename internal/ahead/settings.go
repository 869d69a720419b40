package ahead

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Settings are what the triggers are told, until the transaction ends.
type Settings struct {
	// Custom and Ignore are set, if they are not nil.
	Custom, Ignore *string
	// Read asks first for what the session has.
	Read func(custom, ignore string)
	// Restore means until the statement has ended.
	Restore bool
}

// portal is the name of the portal of settings; pgx's has none.
const portal = "exaudit"

// values are the parameters of statement.
func (s Settings) values() [][]byte {
	values := make([][]byte, 0, 2)
	if s.Custom != nil {
		values = append(values, []byte(*s.Custom))
	}
	if s.Ignore != nil {
		values = append(values, []byte(*s.Ignore))
	}
	return values
}

// The statements return no rows: there is nothing to send back. The operands of OR are
// evaluated in their order, each, as none is ever true.
const (
	setCustom  = "pg_catalog.set_config('exaudit.custom', $1, true) IS NULL"
	setIgnore  = "pg_catalog.set_config('exaudit.ignore', $1, true) IS NULL"
	setIgnore2 = "pg_catalog.set_config('exaudit.ignore', $2, true) IS NULL"
	keepCustom = "pg_catalog.set_config('exaudit.kept_custom', coalesce(pg_catalog.current_setting('exaudit.custom', true), ''), true) IS NULL"
	keepIgnore = "pg_catalog.set_config('exaudit.kept_ignore', coalesce(pg_catalog.current_setting('exaudit.ignore', true), ''), true) IS NULL"
	backCustom = "pg_catalog.set_config('exaudit.custom', pg_catalog.current_setting('exaudit.kept_custom'), true) IS NULL"
	backIgnore = "pg_catalog.set_config('exaudit.ignore', pg_catalog.current_setting('exaudit.kept_ignore'), true) IS NULL"

	reading = "SELECT coalesce(pg_catalog.current_setting('exaudit.custom', true), ''), coalesce(pg_catalog.current_setting('exaudit.ignore', true), '')"

	selects = "SELECT 1 WHERE "
	or      = " OR "
)

// statement is what sets them, and keeps what was, if that is to be restored.
func (s Settings) statement() string {
	switch {
	case s.Ignore == nil && s.Restore:
		return selects + keepCustom + or + setCustom
	case s.Ignore == nil:
		return selects + setCustom
	case s.Custom == nil && s.Restore:
		return selects + keepIgnore + or + setIgnore
	case s.Custom == nil:
		return selects + setIgnore
	case s.Restore:
		return selects + keepCustom + or + keepIgnore + or + setCustom + or + setIgnore2
	}
	return selects + setCustom + or + setIgnore2
}

// restoring is the statement that brings back what was.
func (s Settings) restoring() string {
	switch {
	case s.Ignore == nil:
		return selects + backCustom
	case s.Custom == nil:
		return selects + backIgnore
	}
	return selects + backCustom + or + backIgnore
}

func (s Settings) send(f *pgproto3.Frontend, p *prepared) {
	if s.Read != nil {
		buffer(f, p, reading, nil)
	}
	buffer(f, p, s.statement(), s.values())
}

// sendRestore prepares nothing: where the statement fails, the server skips it.
func (s Settings) sendRestore(f *pgproto3.Frontend) { buffer(f, nil, s.restoring(), nil) }

func buffer(f *pgproto3.Frontend, p *prepared, sql string, values [][]byte) {
	name, parsed := p.name(sql)
	if !parsed {
		f.SendParse(&pgproto3.Parse{Name: name, Query: sql})
	}
	f.SendBind(&pgproto3.Bind{DestinationPortal: portal, PreparedStatement: name, Parameters: values})
	f.SendExecute(&pgproto3.Execute{Portal: portal})
	f.SendClose(&pgproto3.Close{ObjectType: 'P', Name: portal})
}

// Query is the statement that sets them, with its arguments.
func (s Settings) Query() (sql string, args []any) {
	for _, value := range s.values() {
		args = append(args, string(value))
	}
	return s.statement(), args
}

// Text is a statement that sets them, for where there is nothing but text.
func (s Settings) Text(conn *pgconn.PgConn) (string, error) {
	var literals []string
	for i, value := range s.values() {
		quoted, err := conn.EscapeString(string(value))
		if err != nil {
			return "", err
		}
		literals = append(literals, "$"+strconv.Itoa(i+1), " '"+quoted+"' ")
	}
	return strings.NewReplacer(literals...).Replace(s.statement()), nil
}

// Send sends them alone.
func (s Settings) Send(ctx context.Context, conn *pgconn.PgConn, simple bool) error {
	if s.Read != nil {
		if err := Read(ctx, conn, s.Read); err != nil {
			return err
		}
	}
	if simple {
		text, err := s.Text(conn)
		if err != nil {
			return err
		}
		return conn.Exec(ctx, text).Close()
	}
	_, err := conn.ExecParams(ctx, s.statement(), s.values(), nil, nil, nil).Close()
	return err
}

// Read reads what the session has.
func Read(ctx context.Context, conn *pgconn.PgConn, found func(custom, ignore string)) error {
	results, err := conn.Exec(ctx, reading).ReadAll()
	if err != nil {
		return err
	}
	row := results[0].Rows[0]
	found(string(row[0]), string(row[1]))
	return nil
}

// Undo brings back what was before a Send with Restore.
func (s Settings) Undo(ctx context.Context, conn *pgconn.PgConn) error {
	return conn.Exec(ctx, s.restoring()).Close()
}

// Begin begins a transaction with them.
func (s Settings) Begin(ctx context.Context, conn *pgconn.PgConn, simple bool) error {
	if simple {
		text, err := s.Text(conn)
		if err != nil {
			return err
		}
		return conn.Exec(ctx, "begin;"+text).Close()
	}
	b := &pgconn.Batch{}
	b.ExecParams("begin", nil, nil, nil, nil)
	b.ExecParams(s.statement(), s.values(), nil, nil, nil)
	return conn.ExecBatch(ctx, b).Close()
}
