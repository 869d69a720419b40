package torture

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// race has the first session change rows in a transaction, and the second wait for them with a statement of its own
// until the first has ended. Each side has a race of its own with the same course, so that both look at rows again, or
// give up, in the same way.
func (r *run) race(op Op) error {
	if r.sessions[0].open || r.sessions[1].open {
		return r.note(op, step{})
	}
	var ends [2][2]string
	for i, schema := range []string{r.audited, r.twin()} {
		first, second := r.in(op.SQL, r.names, schema), r.in(op.Then, r.names, schema)
		if i == 0 {
			r.say(op, "/* together with the next */ BEGIN; "+first+"; -- "+op.end()+" once the next waits")
			r.say(Op{Session: 1}, "BEGIN "+op.Level+"; "+second+"; COMMIT")
		}
		var err error
		if ends[i][0], ends[i][1], err = r.raceOf(op, first, second); err != nil {
			return err
		}
	}
	if ends[0] != ends[1] {
		return found("twin", "a race, audited: %q; without auditing: %q\n%s\n%s", ends[0], ends[1], op.SQL, op.Then)
	}
	r.counts.did(op.What)
	return r.note(op, step{race: true})
}

func (op Op) end() string {
	if op.Undone {
		return "ROLLBACK"
	}
	return "COMMIT"
}

// raceOf is a race of one side: what became of the first statement, and of the second transaction.
func (r *run) raceOf(op Op, first, second string) (string, string, error) {
	r.counts.Statements += 2
	set := "; SET torture.step = " + strconv.Itoa(len(r.steps)) + "; SET LOCAL lock_timeout = '60s'"
	if _, err := r.sessions[0].Exec(r.ctx, "BEGIN"+set+"; SAVEPOINT sides"); err != nil {
		return "", "", err
	}
	tag, err := r.attempt(r.sessions[0], first)
	if err != nil && !isPg(err) {
		return "", "", err
	}
	before := tag + r.plainOrNone(op.SQL, err)
	if _, err := r.sessions[1].Exec(r.ctx, "BEGIN "+op.Level+set); err != nil {
		return "", "", err
	}
	done := make(chan string, 1)
	go func() {
		tag, err := r.sessions[1].Exec(r.ctx, second, pgx.QueryExecModeSimpleProtocol)
		text := tag.String() + r.plainOrNone(op.Then, err)
		_, err = r.sessions[1].Exec(r.ctx, "COMMIT")
		done <- text + r.plainOrNone("COMMIT", err)
	}()
	after, err := r.untilItWaits(done)
	if err != nil {
		return "", "", err
	}
	_, err = r.sessions[0].Exec(r.ctx, op.end())
	before += r.plainOrNone("COMMIT", err)
	if after == "" {
		after = <-done
		r.counts.did("waits")
	}
	return before, after, nil
}

// untilItWaits returns what the second session has come to, or nothing where it waits for a lock.
func (r *run) untilItWaits(done chan string) (string, error) {
	const query = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock')"
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	for {
		select {
		case text := <-done:
			return text, nil
		case <-time.After(2 * time.Millisecond):
		}
		var waits bool
		if err := r.control.QueryRow(ctx, query, r.sessions[1].PgConn().PID()).Scan(&waits); err != nil || waits {
			return "", err
		}
	}
}

// plainOrNone is an error by which sides do not differ, and nothing for none.
func (r *run) plainOrNone(sql string, err error) string {
	if err == nil {
		return ""
	}
	return " " + r.plain(sql, err)
}
