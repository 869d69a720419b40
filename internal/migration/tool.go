package migration

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Tool is what runs a folder's migrations.
type Tool string

// The tools that migrations can be written for.
const (
	Goose         Tool = "goose"
	GolangMigrate Tool = "golang-migrate"
	Tern          Tool = "tern"
	Dbmate        Tool = "dbmate"
	Atlas         Tool = "atlas"
)

// Tools are all of them.
var Tools = []Tool{Goose, GolangMigrate, Tern, Dbmate, Atlas}

// ErrTool means that no migration can be written for the tool whose folder it is.
var ErrTool = errors.New("the migration tool is not known")

// ErrText means that a migration would hold a text that its tool takes for something else.
var ErrText = errors.New("the tool would not run the migration as it is meant")

// ParseTool finds a tool by its name.
func ParseTool(name string) (Tool, error) {
	if tool := Tool(name); slices.Contains(Tools, tool) {
		return tool, nil
	}
	return "", fmt.Errorf("%w: %q is none of %s", ErrTool, name, toolNames())
}

func toolNames() string {
	names := make([]string, len(Tools))
	for i, tool := range Tools {
		names[i] = string(tool)
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// The lines by which tools tell what a migration does from its way back.
var (
	gooseUp   = regexp.MustCompile(`(?mi)^--\s*\+goose\s+up\s*$`)
	dbmateUp  = regexp.MustCompile(`(?m)^--\s*migrate:up\b`)
	backBegin = regexp.MustCompile(`(?i)^(--\s*\+goose\s+down\s*|--\s*migrate:down\b.*|---- create above / drop below ----\s*)$`)
)

const ternSeparator = "---- create above / drop below ----"

// Files that only other tools have.
var (
	flywayFile = regexp.MustCompile(`^[VUR][0-9._]*__.*\.sql$`)
	sqlMigrate = regexp.MustCompile(`(?m)^--\s*\+migrate\s+Up\b`)
)

// upFile and downFile end the names of golang-migrate's halves of a migration.
const (
	upFile   = ".up.sql"
	downFile = ".down.sql"
)

// traces are the tools that a folder has traces of.
type traces struct {
	tools  []Tool
	others string // a tool that nothing is written for
	sql    string // the first migration without a trace
	sums   bool   // atlas keeps sums of the files
}

func (t *traces) add(tool Tool) {
	if !slices.Contains(t.tools, tool) {
		t.tools = append(t.tools, tool)
	}
}

func (t *traces) name(name string) {
	switch {
	case name == "atlas.sum":
		t.sums = true
	case flywayFile.MatchString(name):
		t.others = "Flyway"
	case name == "sqitch.plan":
		t.others = "Sqitch"
	case name == "migration_lock.toml":
		t.others = "Prisma"
	case !numbered.MatchString(name):
	case strings.HasSuffix(name, upFile), strings.HasSuffix(name, downFile):
		t.add(GolangMigrate)
	case strings.HasSuffix(name, ".go"):
		t.add(Goose)
	}
}

func (t *traces) content(name, content string) {
	switch {
	case strings.HasSuffix(name, upFile), strings.HasSuffix(name, downFile):
	case gooseUp.MatchString(content):
		t.add(Goose)
	case strings.Contains(content, ternSeparator):
		t.add(Tern)
	case dbmateUp.MatchString(content):
		t.add(Dbmate)
	case sqlMigrate.MatchString(content):
		t.others = "sql-migrate"
	case t.sql == "":
		t.sql = name
	}
}

// tool is the one whose folder it must be; an empty folder is goose's.
func (t *traces) tool() (Tool, error) {
	switch {
	case t.others != "":
		return "", fmt.Errorf("%w: the migrations are those of %s", ErrTool, t.others)
	case len(t.tools) > 1:
		return "", fmt.Errorf("%w: there are migrations of %s and of %s", ErrTool, t.tools[0], t.tools[1])
	case len(t.tools) == 1:
		return t.tools[0], nil
	case t.sums:
		return Atlas, nil
	case t.sql != "":
		return "", fmt.Errorf("%w: %s could be of any tool", ErrTool, t.sql)
	}
	return Goose, nil
}

// digits is the length of the numbers of a folder that has none yet.
func (t Tool) digits() int {
	switch t {
	case GolangMigrate:
		return 6
	case Tern:
		return 3
	case Dbmate, Atlas:
		return timestampDigits
	default:
		return 5
	}
}

// format is a migration as files: what it does, and the way back where that stands apart.
func (t Tool) format(path, up, down string) ([]output, error) {
	plainUp, plainDown := plain(up), plain(down)
	var content string
	switch t {
	case GolangMigrate:
		return []output{{path + upFile, header + plainUp}, {path + downFile, plainDown}}, nil
	case Atlas:
		return []output{{path + ".sql", header + plainUp}}, nil
	case Tern:
		content = ternText(plainUp) + "\n" + ternSeparator + "\n\n" + ternText(plainDown)
	case Dbmate:
		content = "-- migrate:up\n" + plainUp + "\n-- migrate:down\n" + plainDown
	default:
		content = "-- +goose Up\n" + up + "\n-- +goose Down\n" + down
		return []output{{path + ".sql", header + content}}, nil
	}
	for line := range strings.Lines(plainUp + plainDown) {
		if t.misread(strings.TrimSuffix(line, "\n")) {
			return nil, fmt.Errorf("%w: %s would take a line of it for its own: %s", ErrText, t,
				strings.TrimSpace(line))
		}
	}
	return []output{{path + ".sql", header + content}}, nil
}

// misread reports whether the tool takes a line of SQL for one of its own.
func (t Tool) misread(line string) bool {
	if t == Tern {
		return strings.Contains(line, ternSeparator)
	}
	return dbmateUp.MatchString(line) || backBegin.MatchString(line)
}

// ternText escapes what tern, which takes a migration for a template, would replace.
func ternText(text string) string { return strings.ReplaceAll(text, "{{", ternBrace) }

const ternBrace = `{{"{{"}}`

// output is a file to be written.
type output struct{ path, content string }
