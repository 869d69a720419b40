package ahead

import (
	"errors"
	"reflect"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// prepared are the statements of settings that a connection has prepared, where pgx prepares
// the application's as well: in the mode that caches statements. A nil one has none.
type prepared struct {
	// names are those of the statements, by their text; pending ones have been sent.
	names, pending map[string]string
	n              int
	// cache is that of pgx, which DeallocateAll replaces.
	cache uintptr
}

// kept is what a connection keeps for this package.
type kept struct {
	prepared prepared
	// rider is the last one.
	rider *Rider
}

// keptBy is what a connection keeps.
func keptBy(conn *pgconn.PgConn) *kept {
	const key = "github.com/exaudit/exaudit/internal/ahead"
	data := conn.CustomData()
	k, _ := data[key].(*kept)
	if k == nil {
		k = &kept{prepared: prepared{names: map[string]string{}, pending: map[string]string{}}}
		if data != nil {
			data[key] = k
		}
	}
	return k
}

// of is p, if it is of use for a connection: else nil.
func (p *prepared) of(conn *pgx.Conn) *prepared {
	cache := cacheOf(conn)
	if cache == 0 {
		return nil
	}
	if p.cache != cache {
		p.cache = cache
		p.forget()
	}
	return p
}

// cached is where pgx keeps its cache to itself. Should it move, statements of settings are
// parsed each time.
var cached, _ = reflect.TypeFor[pgx.Conn]().FieldByName("statementCache")

// cacheOf identifies pgx's cache of statements; it returns 0 without one.
func cacheOf(conn *pgx.Conn) uintptr {
	if cached.Type == nil || cached.Type.Kind() != reflect.Interface {
		return 0
	}
	cache := reflect.ValueOf(conn).Elem().FieldByIndex(cached.Index)
	if cache.IsNil() || cache.Elem().Kind() != reflect.Pointer {
		return 0
	}
	return cache.Elem().Pointer()
}

// byName is where pgx keeps, for itself, the statements that the application has prepared.
var byName, _ = reflect.TypeFor[pgx.Conn]().FieldByName("preparedStatements")

// Prepared is the text of the statement that the application has prepared on a connection by a
// name, if it has. It returns ok false for every name should pgx keep them elsewhere: known
// reports whether it does not.
func Prepared(conn *pgx.Conn, name string) (text string, ok, known bool) {
	if byName.Type != reflect.TypeFor[map[string]*pgconn.StatementDescription]() {
		return "", false, false
	}
	statements := reflect.ValueOf(conn).Elem().FieldByIndex(byName.Index)
	if statements.Len() == 0 {
		return "", false, true
	}
	statement := statements.MapIndex(reflect.ValueOf(name))
	if !statement.IsValid() || statement.IsNil() {
		return "", false, true
	}
	return statement.Elem().FieldByName("SQL").String(), true, true
}

// name is the name under which a statement is prepared, or is to be.
func (p *prepared) name(sql string) (name string, parsed bool) {
	if p == nil {
		return "", false
	}
	if name, parsed = p.names[sql]; parsed {
		return name, true
	}
	if name, parsed = p.pending[sql]; parsed {
		return name, true
	}
	p.n++
	name = "exaudit_" + strconv.Itoa(p.n) // another one each time: whether an earlier one is there, is not known
	p.pending[sql] = name
	return name, false
}

// done keeps what the server has confirmed.
func (p *prepared) done() {
	if p == nil || len(p.pending) == 0 {
		return
	}
	for sql, name := range p.pending {
		p.names[sql] = name
	}
	clear(p.pending)
}

const invalidStatementName = "26000"

// forget forgets all where a statement has failed because it is not there.
func (p *prepared) forget() {
	if p != nil {
		clear(p.names)
		clear(p.pending)
	}
}

// failed takes what a statement's error says about them, and that nothing which was pending
// has got there.
func (p *prepared) failed(err error) {
	if p == nil {
		return
	}
	clear(p.pending)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == invalidStatementName {
		p.forget()
	}
}
