// Package snippets has what the documentation shows, for tests that run it.
package snippets

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Of returns the fenced blocks of a language in a Markdown file, which is named from the module's root.
func Of(t testing.TB, file, language string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root(t), file))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	block := regexp.MustCompile("(?s)```" + language + "\n(.*?)```")
	for _, match := range block.FindAllStringSubmatch(string(content), -1) {
		found = append(found, match[1])
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %s", file, language)
	}
	return found
}

// root is the directory of go.mod: the one in which a test runs, or one above.
func root(t testing.TB) string {
	t.Helper()
	for dir := "."; ; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if _, err := os.Stat(dir); err != nil {
			t.Fatalf("no go.mod above: %v", err)
		}
	}
}

// Unnumbered is output without what another run has others of: times and numbers of transactions.
func Unnumbered(output string) string {
	output = regexp.MustCompile(`\d{4}-\d\d-\d\d [\d:.]+ [+-]\d\d:\d\d`).ReplaceAllString(output, "TIME")
	return regexp.MustCompile(`(transaction|redo) \d+`).ReplaceAllString(output, "$1 ID")
}
