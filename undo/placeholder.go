package undo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/history"
	"github.com/exaudit/exaudit/revert"
)

// letGo has rows that exchange unique values give up theirs, for values that nobody has.
func letGo(ctx context.Context, q db.DBTX, rows []*Row) error {
	var changes []change
	for _, r := range rows {
		if len(r.letsGo) == 0 {
			continue
		}
		image := make(history.Image)
		for _, index := range r.letsGo {
			name, value, ok := placeholder(index)
			if !ok {
				return fmt.Errorf("%w: %s %s would have to exchange its value of %s", revert.ErrUniqueConflict, r.Table, r.EntityID, strings.Join(index.Columns, ", "))
			}
			image[name] = value
		}
		var columns []string
		for name := range image {
			columns = append(columns, name)
		}
		changes = append(changes, change{r, history.Updated, columns, image})
	}
	if err := writeRows(ctx, q, changes); err != nil {
		return err
	}
	for _, c := range changes {
		if err := c.row.readPassingKey(ctx, q, c.image); err != nil {
			return err
		}
	}
	return nil
}

// readPassingKey finds the key of a row that has let go of it.
func (r *Row) readPassingKey(ctx context.Context, q db.DBTX, let history.Image) error {
	touched := false
	for _, name := range r.table.key {
		_, in := let[name]
		touched = touched || in
	}
	if !touched {
		return nil
	}
	encoded, err := encode(let.Over(r.present))
	if err != nil {
		return err
	}
	key, err := db.New().EntityIDOfImage(ctx, q, db.EntityIDOfImageParams{Relation: r.table.Relation, Image: encoded})
	r.passingKey = key.EntityID
	return err
}

// placeholder is a value for one of an index's columns that hardly any other row has.
func placeholder(index db.UniqueColumnsRow) (column string, value any, ok bool) {
	for i, name := range index.Columns {
		if index.Nullable[i] && index.NullsDistinct {
			return name, nil, true
		}
	}
	for i, name := range index.Columns {
		base, _, _ := strings.Cut(index.Types[i], "(")
		switch base {
		case "smallint":
			return name, number(-1<<15, 1<<14), true
		case "integer":
			return name, number(-1<<31, 1<<30), true
		case "bigint":
			return name, number(-1<<63, 1<<62), true
		case "text", "character varying", "character":
			return name, random(4), true
		case "uuid":
			return name, random(16), true
		case "date":
			return name, fmt.Sprintf("%04s-01-01 BC", number(1000, 3000)), true
		}
	}
	return "", nil, false
}

// number is a random one from some number on.
func number(from, span int64) json.Number {
	n, _ := rand.Int(rand.Reader, big.NewInt(span)) // which never fails on a Reader that never does
	return json.Number(fmt.Sprint(from + n.Int64()))
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}
