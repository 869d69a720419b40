package exaudit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/triggers"
)

// Key is a primary key of several columns, in the order of the key.
type Key []any

// entity finds out which entity a table and a key name. PostgreSQL itself reads the key as
// the column's type, so 42, "42" and "0042" name the same row. So do spellings that the type takes for equal, such as
// 1.5 and 1.50, unless each has a history of its own. A text for a jsonb column is a JSON string. If there is no such
// row, it is read as JSON.
func (d *DB) entity(ctx context.Context, table string, key any) (history.Entity, error) {
	t, err := triggers.Find(ctx, d.conn, table)
	if err != nil {
		return history.Entity{}, err
	}
	e := history.Entity{TableID: t.ID, Table: t.QuotedName, Relation: t.Relation}
	periods, err := history.Periods(ctx, d.conn, e)
	if err != nil {
		return e, err
	}
	if id, ok := key.(audit.EntityID); ok {
		e.ID = string(id)
		return d.inPeriod(ctx, e, e.ID, periods, nil)
	}
	values, err := keyValues(key)
	if err != nil {
		return e, invalidKey(t.QuotedName, "", err)
	}
	if t.Relation == 0 {
		e.ID = entityIDOf(values)
		return e, nil
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return e, invalidKey(t.QuotedName, "", err)
	}
	// in a savepoint: an earlier primary key may have had another type
	err = d.savepoint(ctx, len(periods) > 1, func(q db.DBTX) (err error) {
		e.ID, err = db.New().EntityID(ctx, q, db.EntityIDParams{Relation: t.Relation, KeyValues: encoded})
		return err
	})
	if pgErr := (*pgconn.PgError)(nil); errors.As(err, &pgErr) && pgErr.Code[:2] == "22" {
		err = &audit.InvalidError{Reason: audit.InvalidKey, Table: t.QuotedName, Err: err} // which names the table
	} else if err != nil {
		return e, fmt.Errorf("read key of %s: %w", t.QuotedName, err)
	} else if e, err = d.spelled(ctx, e); err != nil && len(periods) <= 1 {
		return e, err
	}
	former := entityIDOf(values)
	return d.inPeriod(ctx, e, former, periods, err)
}

func invalidKey(table, detail string, err error) error {
	return fmt.Errorf("key of %s: %w", table,
		&audit.InvalidError{Reason: audit.InvalidKey, Table: table, Detail: detail, Err: err})
}

// savepoint runs a query that may fail, after which more is to be asked.
func (d *DB) savepoint(ctx context.Context, needed bool, query func(db.DBTX) error) error {
	if !needed {
		return query(d.conn)
	}
	return pgx.BeginFunc(ctx, d.conn, func(tx pgx.Tx) error { return query(tx) })
}

// inPeriod is an entity in the last time in which there were versions of its key: under the present primary key, or
// under one that the table had before, whose types are not known any more. failed is why the key is none of the present
// one.
func (d *DB) inPeriod(ctx context.Context, e history.Entity, former string, periods []history.Period,
	failed error) (history.Entity, error) {
	if len(periods) <= 1 {
		return e, failed
	}
	present := e
	for _, p := range slices.Backward(periods) {
		if e.Period = p; p.Former() {
			e.ID = former
		} else if failed != nil {
			continue
		} else {
			present = e
		}
		if found, err := history.HasVersions(ctx, d.conn, e); err != nil || found {
			return e, err
		}
	}
	return present, failed
}

// spelled is the entity under the key as it is recorded.
func (d *DB) spelled(ctx context.Context, e history.Entity) (history.Entity, error) {
	others, err := db.New().Spellings(ctx, d.conn,
		db.SpellingsParams{TableID: e.TableID, Relation: e.Relation, EntityID: e.ID})
	switch {
	case err != nil:
		return e, fmt.Errorf("read key of %s: %w", e.Table, err)
	case len(others) == 1:
		e.ID = others[0]
	case len(others) > 1:
		return e, invalidKey(e.Table, fmt.Sprintf("%s has no history, but %s have, which are equal to it", e.ID,
			strings.Join(others, ", ")), nil)
	}
	return e, nil
}

// keyValues are the values of a key as JSON. PostgreSQL reads any type from its text, so a
// value goes as what it marshals to; bytes and raw uuids have a text of their own.
func keyValues(key any) ([]json.RawMessage, error) {
	parts, ok := key.(Key)
	if !ok {
		parts = Key{key}
	}
	if len(parts) == 0 {
		return nil, errors.New("it has no value")
	}
	values := make([]json.RawMessage, len(parts))
	for i, part := range parts {
		switch p := part.(type) {
		case []byte:
			part = `\x` + hex.EncodeToString(p)
		case [16]byte:
			part = hex.EncodeToString(p[:])
		}
		var encoded bytes.Buffer
		encoder := json.NewEncoder(&encoded)
		encoder.SetEscapeHTML(false) // as PostgreSQL writes it
		if err := encoder.Encode(part); err != nil {
			return nil, err
		}
		values[i] = bytes.TrimSpace(encoded.Bytes())
		if string(values[i]) == "null" {
			return nil, errors.New("a value is null")
		}
	}
	return values, nil
}

// entityIDOf is what exaudit.entity_id makes of a key, for a table that is gone and has no
// types any more.
func entityIDOf(values []json.RawMessage) string {
	if len(values) > 1 {
		return boundedKey("[" + string(bytes.Join(raw(values), []byte(", "))) + "]")
	}
	var text string
	if json.Unmarshal(values[0], &text) == nil {
		return boundedKey(text)
	}
	return boundedKey(string(values[0]))
}

// boundedKey is exaudit_internal.bounded_key.
func boundedKey(key string) string {
	if len(key) <= 2000 && !strings.HasPrefix(key, "sha256 ") {
		return key
	}
	digest := sha256.Sum256([]byte(key))
	return "sha256 " + hex.EncodeToString(digest[:])
}

func raw(values []json.RawMessage) [][]byte {
	list := make([][]byte, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
