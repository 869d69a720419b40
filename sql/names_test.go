package sql_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A function that reports whether something is so has a verb in the third person in front, as in has_versions. None has a
// participle alone for a name, which does not say what becomes of what.
func TestFunctionNames(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	comment := regexp.MustCompile(`(?m)^COMMENT ON FUNCTION (exaudit(?:_internal)?)\.(\w+).* IS '(Reports whether)?`)
	reports := regexp.MustCompile(`^(is|has|may|[a-z]+s)(_|$)`)
	found, defined := 0, make(map[string]bool)
	var text strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(content)
		for _, m := range comment.FindAllStringSubmatch(string(content), -1) {
			found++
			switch schema, name := m[1], m[2]; {
			case name == "after_mark": // reads as a condition: WHERE exaudit.after_mark(…)
			case m[3] != "" && !reports.MatchString(name):
				t.Errorf("%s: %s.%s reports whether something is so, and is not called is_…, has_… or the like", file, schema, name)
			case regexp.MustCompile(`^[a-z]+(ed|id)$`).MatchString(name):
				t.Errorf("%s: %s.%s is called by a participle", file, schema, name)
			}
		}
	}
	for _, m := range regexp.MustCompile(`CREATE FUNCTION (exaudit(?:_internal)?\.\w+)\(`).FindAllStringSubmatch(text.String(), -1) {
		defined[m[1]] = true
	}
	if found < 200 || len(defined) < 200 {
		t.Fatalf("%d comments, %d functions", found, len(defined))
	}
	generated := regexp.MustCompile(`^exaudit_internal\.t\d*(_|$)`)
	for _, pattern := range []string{"*.sql", "../queries/*.sql", "../triggers/templates/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile(`(exaudit(?:_internal)?\.[a-z_0-9]+)\(`).FindAllStringSubmatch(string(content), -1) {
				if !defined[m[1]] && !generated.MatchString(m[1]) {
					t.Errorf("%s: there is no function %s", file, m[1])
				}
			}
		}
	}
}
