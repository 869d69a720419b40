package exaudit

import (
	"cmp"
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// session is what the triggers are told, by settings that end with the transaction. An
// empty field says nothing.
type session struct{ custom, ignore string }

// over is s, where it says something, and below otherwise.
func (s session) over(below session) session {
	return session{cmp.Or(s.custom, below.custom), cmp.Or(s.ignore, below.ignore)}
}

// setting is one of the settings that tell the triggers.
type setting struct {
	name string
	// sql sets it to its argument. It gives no row: there is nothing to send back.
	sql string
}

var (
	customSetting = setting{"exaudit.custom", "SELECT 1 WHERE pg_catalog.set_config('exaudit.custom', $1, true) IS NULL"}
	ignoreSetting = setting{"exaudit.ignore", "SELECT 1 WHERE pg_catalog.set_config('exaudit.ignore', $1, true) IS NULL"}
)

const readSQL = "SELECT coalesce(pg_catalog.current_setting($1, true), ''), coalesce(pg_catalog.current_setting('exaudit.ignore', true), '')"

// lead is what goes ahead of a statement, in the same round trip and transaction.
type lead struct {
	// settings are the first n, and values what they are set to, as arguments.
	settings [2]setting
	values   [2][]any
	n        int
	// read asks first for what the session has, and gives it to this.
	read func(session)
	// done is called when the session has what was set.
	done func()
}

func (l *lead) set(s setting, value string) {
	l.settings[l.n], l.values[l.n] = s, []any{value}
	l.n++
}

// setAll sets what s says.
func (l *lead) setAll(s session) {
	if s.custom != "" {
		l.set(customSetting, s.custom)
	}
	if s.ignore != "" {
		l.set(ignoreSetting, s.ignore)
	}
}

// queue adds the lead to a batch.
func (l *lead) queue(b *pgx.Batch) {
	if l.read != nil {
		b.Queue(readSQL, customSetting.name).QueryRow(func(row pgx.Row) error {
			var s session
			if err := row.Scan(&s.custom, &s.ignore); err != nil {
				return err
			}
			l.read(s)
			return nil
		})
	}
	for i, s := range l.settings[:l.n] {
		b.Queue(s.sql, l.values[i]...)
	}
}

// asText is the lead as a text, for a connection that readsText: as utility statements, which
// cost little, and take no snapshot ahead of what a transaction does first.
func (l *lead) asText() string {
	var text strings.Builder
	for i, s := range l.settings[:l.n] {
		text.WriteString("SET LOCAL " + s.name + " = " + l.quoted(i) + ";")
	}
	return text.String()
}

// asQueued is what pgx makes of queue in the simple protocol.
func (l *lead) asQueued() string {
	var text strings.Builder
	for i, s := range l.settings[:l.n] {
		text.WriteString(strings.Replace(s.sql, "$1", " "+l.quoted(i)+" ", 1) + "\n;")
	}
	return text.String()
}

func (l *lead) quoted(i int) string {
	return "'" + strings.ReplaceAll(l.values[i][0].(string), "'", "''") + "'"
}

// results reads the results of what queue has added.
func (l *lead) results(b []*pgx.QueuedQuery, br pgx.BatchResults) error {
	for _, q := range b {
		if q.Fn != nil {
			if err := q.Fn(br); err != nil {
				return err
			}
		} else if _, err := br.Exec(); err != nil {
			return err
		}
	}
	if l.done != nil {
		l.done()
	}
	return nil
}

// send sends the lead alone.
func (l *lead) send(ctx context.Context, to sender) error {
	b := &pgx.Batch{}
	l.queue(b)
	br := to.SendBatch(ctx, b)
	err := l.results(b.QueuedQueries, br)
	if closeErr := br.Close(); err == nil {
		err = closeErr
	}
	return err
}

// sender is a connection or a transaction.
type sender interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
