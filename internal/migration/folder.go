// Package migration writes what exaudit.yaml says as migrations, goose's or another tool's, into an application's
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

	"github.com/exaudit/exaudit/triggers"
)

// part is one thing that migrations bring about: a file of exaudit's own schema, a custom
// column, a table's triggers or functions.
type part struct {
	key  string // "table public.orders"
	undo string // the statement that takes it back, on one line; "" where none alone does
	text string // goose's annotations included
	bare string // without them, of a part that is to be
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

// partitionLine names a partition that there was when a part was written.
var partitionLine = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(triggers.PartitionMark) + `.*\n`)

// same reports whether two parts bring about the same, for whatever tool they were written.
func (p part) same(other part) bool {
	content := func(text string) string {
		return strings.TrimSpace(plain(partitionLine.ReplaceAllString(writtenBy.ReplaceAllString(text, ""), ""))) + "\n"
	}
	return content(p.text) == content(other.text)
}

// covers reports whether p names all partitions that next does. Those that are gone need nothing.
func (p part) covers(next part) bool {
	known := partitionLine.FindAllString(p.text, -1)
	return !slices.ContainsFunc(partitionLine.FindAllString(next.text, -1),
		func(line string) bool { return !slices.Contains(known, line) })
}

// annotated is the text of a part as goose takes it, which another tool's migration holds without annotations.
func annotated(text string) string {
	if strings.Contains(text, "-- +goose Statement") {
		return text
	}
	return statement(text)
}

// Folder is a folder of migrations.
type Folder struct {
	path    string
	tool    Tool
	toolErr error    // why the tool is not known
	sums    bool     // atlas keeps sums of the files
	parts   []part   // as the newest migration leaves them, in the order in which they came
	version int64    // of the newest migration
	digits  int      // of its number, 0 where there is none
	early   []string // migrations with parts that need schema exaudit, before any that creates it
}

var numbered = regexp.MustCompile(`^V?([0-9]+)_.*\.(sql|go)$`)

// Read reads a folder. Only files that are numbered, as 0042_name.sql, count; whose they are is seen by their names
// and what they hold.
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
	var seen traces
	f := &Folder{path: path}
	for _, e := range entries {
		seen.name(e.Name())
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
		seen.content(file.name, string(content))
		if err := f.apply(string(content)); err != nil {
			return nil, fmt.Errorf("migration %s: %w", filepath.Join(path, file.name), err)
		}
		if !f.HasSchema() && strings.Contains("\n"+string(content), "\n"+beginMark) {
			f.early = append(f.early, file.name)
		}
	}
	f.tool, f.toolErr = seen.tool()
	f.sums = seen.sums
	return f, nil
}

// Use has the folder's migrations be a tool's, whatever they look like.
func (f *Folder) Use(tool Tool) { f.tool, f.toolErr = tool, nil }

// Known reports whether it is known whose migrations they are: nil, or an error that is ErrTool.
func (f *Folder) Known() error { return f.toolErr }

// NeedsSums reports whether atlas must be told of a new file.
func (f *Folder) NeedsSums() bool { return f.sums || f.tool == Atlas }

// apply takes over what a migration brings about, up to where its way back begins.
func (f *Folder) apply(content string) error {
	var current *part
	var text []string
	for _, line := range strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		if current == nil && backBegin.MatchString(line) {
			break
		}
		line = strings.ReplaceAll(line, ternBrace, "{{")
		switch {
		case current == nil && strings.HasPrefix(line, beginMark):
			current, text = &part{key: strings.TrimPrefix(line, beginMark)}, nil
		case current == nil && strings.HasPrefix(line, removedMark):
			f.remove(strings.TrimPrefix(line, removedMark))
		case current == nil:
		case line == endMark:
			current.text = annotated(strings.Join(text, "\n"))
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

// HasSchema reports whether the folder's migrations create schema exaudit, too.
func (f *Folder) HasSchema() bool {
	return slices.ContainsFunc(f.parts, func(p part) bool { return strings.HasPrefix(p.key, schemaKey) })
}

// timestampDigits is the length of the timestamps that goose numbers migrations by.
const timestampDigits = len("20060102150405")

// number is that of the next migration but n: counted on where the newest is a count, the
// present time where it is a time.
func (f *Folder) number(n int, now time.Time) string {
	next, digits := f.version+1+int64(n), f.digits
	if digits == 0 {
		digits = f.tool.digits()
	}
	if digits < timestampDigits {
		return fmt.Sprintf("%0*d", digits, next)
	}
	present, _ := strconv.ParseInt(now.UTC().Add(time.Duration(n)*time.Second).Format("20060102150405"), 10,
		64) // digits only
	return strconv.FormatInt(max(present, next), 10)
}
