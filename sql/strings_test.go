package sql_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A function's strings are read under the setting standard_conforming_strings of whoever calls it: one with a backslash
// is written as E'…'.
func TestStringsMeanTheSameInEverySession(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("0*.sql")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := filepath.Glob("../triggers/templates/*.tmpl")
	if err != nil || len(files) < 10 || len(templates) < 10 {
		t.Fatalf("%d and %d files, %v", len(files), len(templates), err)
	}
	token := regexp.MustCompile(`--[^\n]*|\{\{(?s:.*?)\}\}|\bE'(?:[^'\\]|''|\\.)*'(?:\s*\n\s*'(?:[^'\\]|''|\\.)*')*|'(?:[^']|'')*'`)
	for _, file := range append(files, templates...) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for function := range strings.SplitSeq(string(content), "\nCREATE ") {
			if strings.Contains(function, "SET standard_conforming_strings = on") {
				continue
			}
			for _, found := range token.FindAllString(function, -1) {
				if found[0] == '\'' && strings.Contains(found, `\`) {
					t.Errorf("%s: %s", file, found)
				}
			}
		}
	}
}
