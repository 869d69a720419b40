package test_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/program"
	"github.com/exaudit/exaudit/internal/snippets"
)

// The page that walks through an incident, command by command.
func TestIncident(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("psql"); err != nil {
		t.Skip("the incident needs psql, which is not here")
	}
	db := auditdb.New(t, "")
	dir := t.TempDir()
	for i, sql := range snippets.Of(t, "docs/undo.md", "sql") {
		if i == 0 {
			db.Exec(t, sql)
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(sql, "-- "), "\n")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(sql), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	wanted := map[string][]string{
		"exaudit log --since-mark":   {"deploy-42", "3 updated, 1 deleted"},
		"exaudit as-of orders":       {"paid", "Uppsala"},
		"--dry-run || echo":          {"exit code 4", `status: was "cancelled", is now "paid", would become "new"`, "updated_at"},
		"exaudit undo --plan":        {"is restored", "- info.cancelled_by", `~ status: "cancelled" → "paid"`, "takes it back"},
		"SELECT id, status, info":    {"ring twice", "4 | new"},
		`exaudit redo --last`:        {"undone already", "is deleted", "+ info.cancelled_by", "were redone"},
		"exaudit mark before-deploy": nil,
	}
	var printed strings.Builder
	for _, script := range snippets.Of(t, "docs/undo.md", "sh") {
		cmd := exec.Command("bash", "-ec", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "PATH="+program.Path(t), "DATABASE_URL="+db.URL)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, script, out)
		}
		printed.WriteString(snippets.Unnumbered(string(out)))
		for command, texts := range wanted {
			if !strings.Contains(script, command) {
				continue
			}
			delete(wanted, command)
			for _, text := range texts {
				if !strings.Contains(string(out), text) {
					t.Errorf("the output lacks %q:\n%s\n%s", text, script, out)
				}
			}
		}
		if strings.Contains(script, "exaudit status") {
			const want = `(1,1,paid,38.90,"{""ship"": {""city"": ""Uppsala"", ""note"": ""ring twice""}}") (2,1,paid,12.00,"{""ship"": {""city"": ""Lund""}}") (3,2,new,5.50,) (4,1,new,7.00,)`
			if got := pgtest.One[string](t, db, `SELECT string_agg((id, customer, status, total, info)::text, ' ' ORDER BY id) FROM orders`); got != want {
				t.Errorf("all-clear, with orders %s, want %s", got, want)
			}
		}
	}
	for _, shown := range snippets.Of(t, "docs/undo.md", "text") {
		if !strings.Contains(printed.String(), snippets.Unnumbered(shown)) {
			t.Errorf("no command of the page prints\n%s", shown)
		}
	}
	if len(wanted) > 0 {
		t.Errorf("the page lacks the commands of %v", wanted)
	}
}
