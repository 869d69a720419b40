// Package migration writes what exaudit.yaml says as goose migrations into an application's
// own folder. What the folder has already is the state of record: a further run writes what
// differs.
package migration

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// part is one thing that migrations bring about: a file of exaudit's own schema, a custom
// column, a table's triggers or functions.
type part struct {
	key  string // "table public.orders"
	undo string // the statement that takes it back, on one line; "" where none alone does
	text string // goose's annotations included
}

// The marks between which a part stands. They are comments to goose, sqlc and PostgreSQL.
const (
	beginMark   = "-- exaudit: begin "
	undoMark    = "-- exaudit: undo "
	endMark     = "-- exaudit: end"
	removedMark = "-- exaudit: removed "
)

func (p part) String() string {
	undo := ""
	if p.undo != "" {
		undo = undoMark + p.undo + "\n"
	}
	return beginMark + p.key + "\n" + undo + p.text + "\n" + endMark + "\n"
}

// writtenBy is what differs between the functions of two releases that do the same.
var writtenBy = regexp.MustCompile(`: written by exaudit [^,\n]*, content `)

func (p part) same(other part) bool {
	plain := func(text string) string { return writtenBy.ReplaceAllString(text, "") }
	return plain(p.text) == plain(other.text)
}

// Folder is a folder of migrations.
type Folder struct {
	path    string
	parts   []part // as the newest migration leaves them, in the order in which they came
	version int64  // of the newest migration
	digits  int    // of its number
}

var numbered = regexp.MustCompile(`^([0-9]+)_.*\.(sql|go)$`)

// downFile is one half of a migration of other tools.
const downFile = ".down.sql"

// Read reads a folder. Only files that are numbered as goose numbers them count.
func Read(path string) (*Folder, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("read the folder of migrations: %w", err)
	}
	type file struct {
		name    string
		version int64
	}
	var files []file
	f := &Folder{path: path, digits: 5}
	for _, e := range entries {
		found := numbered.FindStringSubmatch(e.Name())
		if found == nil || e.IsDir() {
			continue
		}
		version, err := strconv.ParseInt(found[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("number of migration %s: %w", e.Name(), err)
		}
		if version >= f.version {
			f.version, f.digits = version, len(found[1])
		}
		if strings.HasSuffix(e.Name(), ".sql") && !strings.HasSuffix(e.Name(), downFile) {
			files = append(files, file{e.Name(), version})
		}
	}
	slices.SortStableFunc(files, func(a, b file) int { return int(min(max(a.version-b.version, -1), 1)) })
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(path, file.name))
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", file.name, err)
		}
		if err := f.apply(string(content)); err != nil {
			return nil, fmt.Errorf("migration %s: %w", filepath.Join(path, file.name), err)
		}
	}
	return f, nil
}

// downSection begins what a migration does on its way back.
var downSection = regexp.MustCompile(`(?mi)^--\s*\+goose\s+down\s*$`)

// apply takes over what the Up section of a migration brings about.
func (f *Folder) apply(content string) error {
	if at := downSection.FindStringIndex(content); at != nil {
		content = content[:at[0]]
	}
	var current *part
	var text []string
	for _, line := range strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		switch {
		case current == nil && strings.HasPrefix(line, beginMark):
			current, text = &part{key: strings.TrimPrefix(line, beginMark)}, nil
		case current == nil && strings.HasPrefix(line, removedMark):
			f.remove(strings.TrimPrefix(line, removedMark))
		case current == nil:
		case line == endMark:
			current.text = strings.Join(text, "\n")
			f.put(*current)
			current = nil
		case current.undo == "" && strings.HasPrefix(line, undoMark):
			current.undo = strings.TrimPrefix(line, undoMark)
		default:
			text = append(text, line)
		}
	}
	if current != nil {
		return fmt.Errorf("%q has no %q", beginMark+current.key, endMark)
	}
	return nil
}

func (f *Folder) find(key string) (part, bool) {
	i := slices.IndexFunc(f.parts, func(p part) bool { return p.key == key })
	if i < 0 {
		return part{}, false
	}
	return f.parts[i], true
}

func (f *Folder) put(p part) {
	f.remove(p.key)
	f.parts = append(f.parts, p)
}

func (f *Folder) remove(key string) {
	f.parts = slices.DeleteFunc(f.parts, func(p part) bool { return p.key == key })
}

// HasSchema tells whether the folder's migrations create schema exaudit, too.
func (f *Folder) HasSchema() bool {
	return slices.ContainsFunc(f.parts, func(p part) bool { return strings.HasPrefix(p.key, schemaKey) })
}

// timestampDigits is the length of the timestamps that goose numbers migrations by.
const timestampDigits = len("20060102150405")

// number is that of the next migration but n: counted on where the newest is a count, the
// present time where it is a time.
func (f *Folder) number(n int, now time.Time) string {
	next := f.version + 1 + int64(n)
	if f.digits < timestampDigits {
		return fmt.Sprintf("%0*d", f.digits, next)
	}
	present, _ := strconv.ParseInt(now.UTC().Add(time.Duration(n)*time.Second).Format("20060102150405"), 10, 64) // digits only
	return strconv.FormatInt(max(present, next), 10)
}
