package triggers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// A reviewer reads what is generated: it must not grow unnoticed.
func TestGeneratedSize(t *testing.T) {
	t.Parallel()
	types := []string{"bigint", "text", "numeric(12,2)", "integer", "boolean", "uuid", "text", "text", "jsonb", "timestamptz", "timestamptz"}
	for _, c := range []struct{ columns, most int }{{5, 13_700}, {12, 17_800}, {40, 29_000}} {
		t.Run(fmt.Sprint(c.columns), func(t *testing.T) {
			t.Parallel()
			columns := []string{"id bigint PRIMARY KEY"}
			for i := range c.columns - 1 {
				columns = append(columns, fmt.Sprintf("column_%02d %s", i+1, types[i%len(types)]))
			}
			db := auditdb.New(t, "CREATE TABLE orders ("+strings.Join(columns, ", ")+")")
			done, err := triggers.Install(context.Background(), db.Pool, []string{"orders"})
			if err != nil {
				t.Fatal(err)
			}
			size := len(done[0].SQL)
			t.Logf("%d columns: %d bytes", c.columns, size)
			if size > c.most {
				t.Errorf("%d columns: %d bytes are generated, want at most %d", c.columns, size, c.most)
			}
		})
	}
}
