package preamble

import (
	"errors"
	"reflect"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// statementCache has the statements of preambles that were prepared on a connection, where
// pgx prepares the application's as well: in the mode that caches statements. A nil one is
// always empty.
type statementCache struct {
	// names are those of the statements, by their text; pending ones were sent, but not confirmed.
	names, pending map[string]string
	n              int
	// pgxCache identifies pgx's own cache, which DeallocateAll replaces.
	pgxCache uintptr
}

// connState is what this package keeps with a connection.
type connState struct {
	cache statementCache
	// last is the last Injection.
	last *Injection
}

// stateOf returns what this package keeps with a connection.
func stateOf(conn *pgconn.PgConn) *connState {
	const key = "github.com/exaudit/exaudit/internal/preamble"
	data := conn.CustomData()
	s, _ := data[key].(*connState)
	if s == nil {
		s = &connState{cache: statementCache{names: map[string]string{}, pending: map[string]string{}}}
		if data != nil {
			data[key] = s
		}
	}
	return s
}

// validFor returns c, emptied where pgx has replaced its own cache since, or nil where pgx has
// none.
func (c *statementCache) validFor(conn *pgx.Conn) *statementCache {
	pgxCache := pgxCacheOf(conn)
	if pgxCache == 0 {
		return nil
	}
	if c.pgxCache != pgxCache {
		c.pgxCache = pgxCache
		c.clear()
	}
	return c
}

// pgxCacheField is the private field of pgx's cache. Where a version of pgx does not have it,
// preambles are parsed each time.
var pgxCacheField, _ = reflect.TypeFor[pgx.Conn]().FieldByName("statementCache")

// pgxCacheOf returns the address of pgx's statement cache, 0 where there is none.
func pgxCacheOf(conn *pgx.Conn) uintptr {
	if pgxCacheField.Type == nil || pgxCacheField.Type.Kind() != reflect.Interface {
		return 0
	}
	cache := reflect.ValueOf(conn).Elem().FieldByIndex(pgxCacheField.Index)
	if cache.IsNil() || cache.Elem().Kind() != reflect.Pointer {
		return 0
	}
	return cache.Elem().Pointer()
}

// preparedField is the private field in which pgx has the statements that the application has
// prepared.
var preparedField, _ = reflect.TypeFor[pgx.Conn]().FieldByName("preparedStatements")

// Prepared returns the text of the statement that the application has prepared on a connection
// by a name, and reports whether there is one. known is false where a version of pgx keeps its
// statements elsewhere: then nothing is known of any name.
func Prepared(conn *pgx.Conn, name string) (text string, ok, known bool) {
	if preparedField.Type != reflect.TypeFor[map[string]*pgconn.StatementDescription]() {
		return "", false, false
	}
	statements := reflect.ValueOf(conn).Elem().FieldByIndex(preparedField.Index)
	if statements.Len() == 0 {
		return "", false, true
	}
	statement := statements.MapIndex(reflect.ValueOf(name))
	if !statement.IsValid() || statement.IsNil() {
		return "", false, true
	}
	return statement.Elem().FieldByName("SQL").String(), true, true
}

// name returns the name under which a statement is prepared, and reports whether it was sent
// already; "" is the statement without a name.
func (c *statementCache) name(sql string) (name string, parsed bool) {
	if c == nil {
		return "", false
	}
	if name, parsed = c.names[sql]; parsed {
		return name, true
	}
	if name, parsed = c.pending[sql]; parsed {
		return name, true
	}
	c.n++
	name = "exaudit_" + strconv.Itoa(c.n) // always a new one: an earlier one may exist or not
	c.pending[sql] = name
	return name, false
}

// confirm keeps the pending statements, which the server has confirmed.
func (c *statementCache) confirm() {
	if c == nil || len(c.pending) == 0 {
		return
	}
	for sql, name := range c.pending {
		c.names[sql] = name
	}
	clear(c.pending)
}

// invalidStatementName is SQLSTATE invalid_sql_statement_name: no such prepared statement.
const invalidStatementName = "26000"

func (c *statementCache) clear() {
	if c != nil {
		clear(c.names)
		clear(c.pending)
	}
}

// failed drops the pending statements, which were not confirmed, and all of them where a
// statement has failed because it does not exist.
func (c *statementCache) failed(err error) {
	if c == nil {
		return
	}
	clear(c.pending)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == invalidStatementName {
		c.clear()
	}
}
