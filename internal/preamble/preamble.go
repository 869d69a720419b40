// Package preamble sets custom data for a statement of pgx's, in the same round trip and the
// same transaction, without pgx or its tracers seeing it.
//
// A [Preamble] is a statement that sets exaudit's settings until the transaction ends. It can
// be sent alone, as text before other text, or injected into the messages by which pgx sends
// a statement: see [Injection].
package preamble

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Values are the values of exaudit's settings, which the triggers read. An empty value is
// that of a setting that is not set.
type Values struct{ Custom, Ignore string }

// Or returns v, with other's values where v has none.
func (v Values) Or(other Values) Values {
	return Values{Custom: cmp.Or(v.Custom, other.Custom), Ignore: cmp.Or(v.Ignore, other.Ignore)}
}

// Preamble returns the preamble that sets the values which are not empty.
func (v Values) Preamble() Preamble {
	var p Preamble
	if v.Custom != "" {
		p.Custom = &v.Custom
	}
	if v.Ignore != "" {
		p.Ignore = &v.Ignore
	}
	return p
}

// FullPreamble returns the preamble that sets all values, also the empty ones.
func (v Values) FullPreamble() Preamble { return Preamble{Custom: &v.Custom, Ignore: &v.Ignore} }

// Preamble is the statement that sets the settings, until the transaction ends.
type Preamble struct {
	// Custom and Ignore are the new values; a nil one is not changed.
	Custom, Ignore *string
	// Read is called with the session's values before they change, if it is not nil.
	Read func(Values)
	// Restore means that the values are for one statement: afterwards, those of before return.
	Restore bool
}

// portal is the name of the preamble's portal; that of pgx's statements has no name.
const portal = "exaudit"

// The statements return no rows, so that there is nothing to send back. The operands of OR
// are evaluated in their order, and each of them, as none is ever true.
const (
	setCustom  = "pg_catalog.set_config('exaudit.custom', $1, true) IS NULL"
	setIgnore  = "pg_catalog.set_config('exaudit.ignore', $1, true) IS NULL"
	setIgnore2 = "pg_catalog.set_config('exaudit.ignore', $2, true) IS NULL"
	keepCustom = "pg_catalog.set_config('exaudit.kept_custom', " +
		"coalesce(pg_catalog.current_setting('exaudit.custom', true), ''), true) IS NULL"
	keepIgnore = "pg_catalog.set_config('exaudit.kept_ignore', " +
		"coalesce(pg_catalog.current_setting('exaudit.ignore', true), ''), true) IS NULL"
	restoreCustom = "pg_catalog.set_config('exaudit.custom', " +
		"pg_catalog.current_setting('exaudit.kept_custom'), true) IS NULL"
	restoreIgnore = "pg_catalog.set_config('exaudit.ignore', " +
		"pg_catalog.current_setting('exaudit.kept_ignore'), true) IS NULL"

	readValues = "SELECT coalesce(pg_catalog.current_setting('exaudit.custom', true), ''), " +
		"coalesce(pg_catalog.current_setting('exaudit.ignore', true), '')"

	selectWhere = "SELECT 1 WHERE "
	or          = " OR "
)

// sql returns the statement, which keeps the present values where they are to be restored.
func (p Preamble) sql() string {
	switch {
	case p.Ignore == nil && p.Restore:
		return selectWhere + keepCustom + or + setCustom
	case p.Ignore == nil:
		return selectWhere + setCustom
	case p.Custom == nil && p.Restore:
		return selectWhere + keepIgnore + or + setIgnore
	case p.Custom == nil:
		return selectWhere + setIgnore
	case p.Restore:
		return selectWhere + keepCustom + or + keepIgnore + or + setCustom + or + setIgnore2
	}
	return selectWhere + setCustom + or + setIgnore2
}

// parameters returns the parameters of sql.
func (p Preamble) parameters() [][]byte {
	parameters := make([][]byte, 0, 2)
	if p.Custom != nil {
		parameters = append(parameters, []byte(*p.Custom))
	}
	if p.Ignore != nil {
		parameters = append(parameters, []byte(*p.Ignore))
	}
	return parameters
}

// restoreSQL returns the statement that restores the values.
func (p Preamble) restoreSQL() string {
	switch {
	case p.Ignore == nil:
		return selectWhere + restoreCustom
	case p.Custom == nil:
		return selectWhere + restoreIgnore
	}
	return selectWhere + restoreCustom + or + restoreIgnore
}

// buffer buffers the messages of the preamble.
func (p Preamble) buffer(f *pgproto3.Frontend, c *statementCache) {
	if p.Read != nil {
		bufferStatement(f, c, readValues, nil)
	}
	bufferStatement(f, c, p.sql(), p.parameters())
}

// bufferRestore uses no prepared statement: where the application's statement fails, the
// server skips what follows it.
func (p Preamble) bufferRestore(f *pgproto3.Frontend) { bufferStatement(f, nil, p.restoreSQL(), nil) }

func bufferStatement(f *pgproto3.Frontend, c *statementCache, sql string, parameters [][]byte) {
	name, parsed := c.name(sql)
	if !parsed {
		f.SendParse(&pgproto3.Parse{Name: name, Query: sql})
	}
	f.SendBind(&pgproto3.Bind{DestinationPortal: portal, PreparedStatement: name, Parameters: parameters})
	f.SendExecute(&pgproto3.Execute{Portal: portal})
	f.SendClose(&pgproto3.Close{ObjectType: 'P', Name: portal})
}

// Query returns the statement, with its arguments.
func (p Preamble) Query() (sql string, args []any) {
	for _, parameter := range p.parameters() {
		args = append(args, string(parameter))
	}
	return p.sql(), args
}

// Text returns the statement as text without parameters, for the simple protocol.
func (p Preamble) Text(conn *pgconn.PgConn) (string, error) {
	var literals []string
	for i, parameter := range p.parameters() {
		quoted, err := conn.EscapeString(string(parameter))
		if err != nil {
			return "", err
		}
		literals = append(literals, "$"+strconv.Itoa(i+1), " '"+quoted+"' ")
	}
	return strings.NewReplacer(literals...).Replace(p.sql()), nil
}

// Send sends the preamble alone; simple means by the simple protocol.
func (p Preamble) Send(ctx context.Context, conn *pgconn.PgConn, simple bool) error {
	if p.Read != nil {
		if err := Read(ctx, conn, p.Read); err != nil {
			return err
		}
	}
	if simple {
		text, err := p.Text(conn)
		if err != nil {
			return err
		}
		return conn.Exec(ctx, text).Close()
	}
	_, err := conn.ExecParams(ctx, p.sql(), p.parameters(), nil, nil, nil).Close()
	return err
}

// SendBegin begins a transaction with the preamble, in one round trip.
func (p Preamble) SendBegin(ctx context.Context, conn *pgconn.PgConn, simple bool) error {
	if simple {
		text, err := p.Text(conn)
		if err != nil {
			return err
		}
		return conn.Exec(ctx, "begin;"+text).Close()
	}
	b := &pgconn.Batch{}
	b.ExecParams("begin", nil, nil, nil, nil)
	b.ExecParams(p.sql(), p.parameters(), nil, nil, nil)
	return conn.ExecBatch(ctx, b).Close()
}

// SendRestore restores the values that a preamble with Restore has kept.
func (p Preamble) SendRestore(ctx context.Context, conn *pgconn.PgConn) error {
	return conn.Exec(ctx, p.restoreSQL()).Close()
}

// Read calls found with the session's values.
func Read(ctx context.Context, conn *pgconn.PgConn, found func(Values)) error {
	results, err := conn.Exec(ctx, readValues).ReadAll()
	if err != nil {
		return err
	}
	row := results[0].Rows[0]
	found(Values{Custom: string(row[0]), Ignore: string(row[1])})
	return nil
}
