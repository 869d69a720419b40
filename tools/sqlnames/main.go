// Command sqlnames refuses names in SQL that a session's search_path could redirect.
//
// It reads the SQL that exaudit sends, and the functions that it installs, as PostgreSQL's own
// parser does. Where neither the function nor the migration pins search_path, it reports each
// function, operator, type, collation and relation without a schema, and each construct that looks
// an operator up by itself, such as IN, BETWEEN and CASE x WHEN.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	flag.Usage = func() {
		fmt.Fprintf(flag.CommandLine.Output(), "usage: sqlnames FILE|FOLDER...\n\n"+
			"Files are .sql and .go; of a folder, those in it, without tests.\n")
	}
	flag.Parse()
	findings, err := run(flag.Args())
	for _, f := range findings {
		fmt.Println(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlnames:", err)
	}
	if err != nil || len(findings) > 0 {
		os.Exit(1)
	}
}

func run(arguments []string) ([]finding, error) {
	var all []finding
	for _, argument := range arguments {
		files, err := filesOf(argument)
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			check := checkSQL
			if filepath.Ext(name) == ".go" {
				check = checkGo
			}
			found, err := check(name, string(content))
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, nil
}

// filesOf is the argument itself, or the files of the folder that it is.
func filesOf(argument string) ([]string, error) {
	info, err := os.Stat(argument)
	if err != nil || !info.IsDir() {
		return []string{argument}, err
	}
	var files []string
	for _, pattern := range []string{"*.sql", "*.go"} {
		matches, err := filepath.Glob(filepath.Join(argument, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, matches...)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return strings.HasSuffix(name, "_test.go") })
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no .sql and no .go files", argument)
	}
	return files, nil
}

// finding is a name that could be redirected, and where it stands.
type finding struct {
	file string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.text) }

// lineAt is the number of the line in which an offset is.
func lineAt(text string, offset int) int {
	return 1 + strings.Count(text[:min(max(offset, 0), len(text))], "\n")
}
