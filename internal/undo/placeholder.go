package undo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/db"
	"github.com/exaudit/exaudit/internal/history"
	"github.com/exaudit/exaudit/internal/reason"
)

// letGo has rows that exchange unique values give up theirs, for values that nobody has: below
// all that are in use, or above them where a constraint wants that.
func (p *planner) letGo(ctx context.Context, q db.DBTX, rows []*Row) (err error) {
	if !slices.ContainsFunc(rows, func(r *Row) bool { return len(r.letsGo) > 0 }) {
		return nil
	}
	for _, above := range []bool{false, true} {
		err = attempt(ctx, q, func(q db.DBTX) error { return p.letGoFor(ctx, q, rows, above) })
		if !reason.Is(err, audit.ConstraintViolated) {
			return err
		}
	}
	return err
}

func (p *planner) letGoFor(ctx context.Context, q db.DBTX, rows []*Row, above bool) error {
	var changes []change
	for _, r := range rows {
		if len(r.letsGo) == 0 {
			continue
		}
		image := make(audit.Image)
		for _, index := range r.letsGo {
			name, value, ok := r.table.placeholder(index, above)
			if !ok {
				return &audit.WriteError{RowID: r.RowID, Reason: audit.UniqueConflict, Columns: index.Columns,
					Detail: fmt.Sprintf("%s %s would have to exchange its value of %s", r.Table, r.EntityID,
						strings.Join(index.Columns, ", "))}
			}
			image[name] = value
		}
		changes = append(changes, change{r, audit.Updated, slices.Sorted(maps.Keys(image)), image})
	}
	if err := writeRows(ctx, q, changes); err != nil {
		return err
	}
	were := make(map[*Row]audit.Image, len(changes))
	for _, c := range changes {
		were[c.row] = c.row.current()
		c.row.let, c.row.now = slices.Concat(c.row.let, c.columns), history.Over(c.image, c.row.current())
		if err := c.row.readPassingKey(ctx, q); err != nil {
			return err
		}
	}
	return p.follow(ctx, q, were)
}

// readPassingKey finds the key of a row that is another one for the moment.
func (r *Row) readPassingKey(ctx context.Context, q db.DBTX) error {
	r.passingKey = ""
	if valuesIn(r.now, r.table.key) == valuesIn(r.present, r.table.key) {
		return nil
	}
	encoded, err := encode(r.now)
	if err != nil {
		return err
	}
	key, err := db.New().EntityIDOfImage(ctx, q, db.EntityIDOfImageParams{Relation: r.table.Relation, Image: encoded})
	r.passingKey = key.EntityID
	r.passed = append(r.passed, key.EntityID)
	return err
}

// placeholder is a value for one of an index's columns that hardly any other row has. A column
// that references another table is the last to be taken.
func (t *table) placeholder(index db.UniqueColumnsRow, above bool) (column string, value any, ok bool) {
	for i, name := range index.Columns {
		if index.Nullable[i] && index.NullsDistinct && t.writable[name] && !t.numbered[name] {
			return name, nil, true
		}
	}
	for _, references := range []bool{false, true} {
		for i, name := range index.Columns {
			if slices.Contains(t.referencing, name) != references || !t.writable[name] || t.numbered[name] {
				continue
			}
			if value, ok := placeholderOf(index.Types[i], above); ok {
				return name, value, true
			}
		}
	}
	return "", nil, false
}

func placeholderOf(typeName string, above bool) (value any, ok bool) {
	base, modifier, _ := strings.Cut(strings.TrimSuffix(typeName, ")"), "(")
	switch base {
	case "smallint":
		return number(16, above), true
	case "integer":
		return number(32, above), true
	case "bigint":
		return number(64, above), true
	case "text", "character varying", "character":
		length, err := strconv.Atoi(modifier)
		if err != nil {
			length = 8
		}
		return random(4)[:min(length, 8)], true
	case "uuid":
		return random(16), true
	case "date":
		year := 1000 + below(3000)
		if above {
			return fmt.Sprintf("%d-01-01", 10_000+year), true
		}
		return fmt.Sprintf("%04d-01-01 BC", year), true
	}
	return nil, false
}

// number is a random one in the lowest or highest quarter of an integer type.
func number(bits int, above bool) json.Number {
	n := below(int64(1) << (bits - 2))
	if above {
		return json.Number(fmt.Sprint((int64(1)<<(bits-2)-1)*2 + 1 - n))
	}
	return json.Number(fmt.Sprint(int64(-2)<<(bits-2) + n))
}

func below(n int64) int64 {
	chosen, _ := rand.Int(rand.Reader, big.NewInt(n)) // which never fails on a Reader that never does
	return chosen.Int64()
}

func random(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b) // which never fails
	return hex.EncodeToString(b)
}
