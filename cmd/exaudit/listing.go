package main

import (
	"errors"
	"iter"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

// readAhead is how many versions are read before the first one is shown. Of a longer history the rest is shown as it is
// read, so that it takes no more memory.
const readAhead = 1000

// listing is what of a history is shown.
type listing struct {
	table, key string
	rows       bool // of several rows
	limit      int  // 0 for all

	ahead []*audit.Version // read, and not shown yet
	next  func() (*audit.Version, error, bool)
	stop  func()
	long  bool // there are versions that have not been read ahead
	more  bool // there are more versions than are shown

	first, last *audit.Version // that were shown
	damage      *audit.DivergedError
}

// open begins to read the versions, of a row where there is a key.
func (l *listing) open(c *cli.Context, db *exaudit.DB, key []string, opts []option) error {
	switch {
	case !l.rows:
		return withKey(key, func(key any) error {
			read := db.History
			if c.Bool("states") {
				read = db.HistoryWithStates
			}
			return l.fill(read(c.Context, l.table, key, asOptions[exaudit.HistoryOption](opts)...))
		})
	case l.table != "":
		return l.fill(db.Versions(c.Context,
			append(asOptions[exaudit.VersionsOption](opts), exaudit.ByTable(l.table))...))
	}
	return l.fill(db.Versions(c.Context, asOptions[exaudit.VersionsOption](opts)...))
}

// fill reads ahead: as many as are to be shown, and one more, which tells that there are more.
func (l *listing) fill(list iter.Seq2[*audit.Version, error]) error {
	l.close()
	l.ahead, l.long = nil, false
	l.next, l.stop = iter.Pull2(list)
	wanted := readAhead
	if l.limit > 0 {
		wanted = l.limit
	}
	for len(l.ahead) <= wanted {
		version, err, ok := l.next()
		if err != nil || !ok {
			return err
		}
		l.ahead = append(l.ahead, version)
	}
	l.long, l.more = l.limit == 0, l.limit > 0
	if l.more {
		l.ahead = l.ahead[:wanted]
	}
	return nil
}

func (l *listing) close() {
	if l.stop != nil {
		l.stop()
	}
}

// versions are those to show, in their order.
func (l *listing) versions() iter.Seq2[*audit.Version, error] {
	return func(yield func(*audit.Version, error) bool) {
		show := func(version *audit.Version) bool {
			if l.first == nil {
				l.first = version
			}
			l.last = version
			return yield(version, nil)
		}
		for _, version := range l.ahead {
			if !show(version) {
				return
			}
		}
		for l.ahead = nil; l.long; {
			version, err, ok := l.next()
			switch {
			case err != nil:
				yield(nil, err)
				return
			case !ok || !show(version):
				return
			}
		}
	}
}

// fromBeginning reports whether a listing has the oldest versions.
func (l *listing) fromBeginning(c *cli.Context) bool {
	return l.table != "" && !filtered(c) && !c.IsSet("cursor") && !(c.Bool("newest-first") && l.more)
}

// began returns the action of the oldest version, or "" if there is none. Of a long listing it is known when all has
// been shown.
func (l *listing) began(c *cli.Context) audit.Action {
	oldest := l.first
	switch {
	case len(l.ahead) > 0 && c.Bool("newest-first"):
		oldest = l.ahead[len(l.ahead)-1]
	case len(l.ahead) > 0:
		oldest = l.ahead[0]
	case c.Bool("newest-first"):
		oldest = l.last
	}
	if oldest == nil {
		return ""
	}
	return oldest.Action
}

// check looks where the history of a row does not fit. It cannot be known of a row that the role may not read, and
// takes reading more than is shown of a part of a history.
func (l *listing) check(c *cli.Context, db *exaudit.DB, key []string) {
	if l.rows || l.more || c.IsSet("cursor") {
		return
	}
	err := withKey(key, func(key any) error {
		return db.CheckHistory(c.Context, l.table, key, exaudit.Preview(previewed))
	})
	errors.As(err, &l.damage)
}

// wanted is what was asked for.
func (l *listing) wanted(c *cli.Context) string {
	text := "version"
	if filtered(c) || c.IsSet("cursor") {
		text = "such version"
	}
	if l.table != "" {
		text += " of " + strings.TrimSpace(l.table+" "+l.key)
	}
	return text
}
