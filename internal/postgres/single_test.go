package postgres

import (
	"strings"
	"testing"
)

func TestSingleUser(t *testing.T) {
	t.Parallel()
	cluster := start(t, Options{})
	output, files, err := cluster.SingleUser(t.Context(), "postgres", nil, []string{
		"CREATE TABLE alone (n int)", "SELECT 6 * 7 AS answer", "COPY (SELECT 1) TO PROGRAM 'cat > out.1'",
	})
	if err != nil || !strings.Contains(output, `answer = "42"`) {
		t.Errorf("%v, output:\n%s", err, output)
	}
	if string(files) != "1\n" {
		t.Errorf("files: %q", files)
	}
	if err := cluster.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}
