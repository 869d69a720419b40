package exaudit

import (
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// checked is the value of a lead that is only encoded where the arguments of the statement
// behind it are. pgx encodes query by query, and closes a connection on which it cannot
// encode the second, open transaction and all; the first costs nothing.
type checked struct {
	value     string
	conn      *pgx.Conn
	statement *pgx.QueuedQuery
	scratch   [64]byte
}

// encoding is the error of a statement's arguments.
type encoding struct{ error }

func (c *checked) TextValue() (pgtype.Text, error) {
	if types, ok := parameters(c.statement); ok && !c.fits(types) {
		oids := make([]uint32, types.Len())
		for i := range oids {
			oids[i] = uint32(types.Index(i).Uint())
		}
		var builder pgx.ExtendedQueryBuilder
		if err := builder.Build(c.conn.TypeMap(), &pgconn.StatementDescription{ParamOIDs: oids}, c.statement.Arguments); err != nil {
			return pgtype.Text{}, encoding{err}
		}
	}
	return pgtype.Text{String: c.value, Valid: true}, nil
}

// fits tells whether the arguments are encoded in the way that pgx tries first.
func (c *checked) fits(types reflect.Value) bool {
	if types.Len() != len(c.statement.Arguments) {
		return false
	}
	m := c.conn.TypeMap()
	for i, arg := range c.statement.Arguments {
		if _, ok := arg.(string); ok || arg == nil {
			continue // always
		}
		oid := uint32(types.Index(i).Uint())
		if _, err := m.Encode(oid, m.FormatCodeForOID(oid), arg, c.scratch[:0]); err != nil {
			return false
		}
	}
	return true
}

// described is where pgx keeps the description of a queued query to itself. Should it move,
// nothing is checked, and TestEncoding fails.
var described, isDescribed = reflect.TypeFor[pgx.QueuedQuery]().FieldByName("sd")

// parameters are the types of a queued query's parameters, when pgx has its description.
func parameters(q *pgx.QueuedQuery) (reflect.Value, bool) {
	if !isDescribed || described.Type != reflect.TypeFor[*pgconn.StatementDescription]() {
		return reflect.Value{}, false
	}
	description := reflect.ValueOf(q).Elem().FieldByIndex(described.Index)
	if description.IsNil() {
		return reflect.Value{}, false
	}
	return description.Elem().FieldByName("ParamOIDs"), true
}
