package triggers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

// rangesNote is what status says of block ranges without a summary, "" where it says nothing.
func rangesNote(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	all, err := triggers.Inspect(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		for _, note := range s.Notes {
			if strings.Contains(note, "versions_id_time") {
				return note
			}
		}
	}
	return ""
}

// A summarization that was cancelled leaves a block range that is read in each search, as all after it. Status says so,
// and sync mends it.
func TestCancelledSummarization(t *testing.T) {
	testall.Only(t, "it records 75,000 versions")
	t.Parallel()
	ctx := context.Background()
	db := auditdb.New(t, "")
	db.Exec(t, `ALTER INDEX exaudit.versions_id_time SET (autosummarize = off)`)
	db.Exec(t, `CREATE TABLE t (id int PRIMARY KEY)`)
	if _, err := triggers.Install(ctx, db.Pool, []string{"t"}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO t SELECT generate_series(1, 75000)`)
	db.Exec(t, `ALTER INDEX exaudit.versions_id_time SET (autosummarize = on)`) // as it should be: else that is the drift
	note := rangesNote(t, db)
	if !strings.Contains(note, `from page 0 on, so that searches by time read them: "exaudit sync" makes them faster`) {
		t.Fatalf("status says %q of ranges that were never summarized", note)
	}
	db.Exec(t, `SELECT brin_summarize_new_values('exaudit.versions_id_time')`)
	if note := rangesNote(t, db); note != "" {
		t.Fatalf("status says %q of ranges that are summarized", note)
	}
	page := cancelSummarization(t, db)
	from := fmt.Sprintf("from page %d on", page)
	if note := rangesNote(t, db); !strings.Contains(note, from) {
		t.Fatalf("status says %q of a cancelled summarization, want %s", note, from)
	}
	db.Exec(t, `VACUUM exaudit.versions`)
	if note := rangesNote(t, db); note == "" {
		t.Fatal("VACUUM has mended it: exaudit need not")
	}
	syncRanges(t, db)

	// of a range without rows, nothing is found but what comes after it
	page = cancelSummarization(t, db)
	db.Exec(t, fmt.Sprintf(`BEGIN; SET LOCAL exaudit.retention = on;
		DELETE FROM exaudit.versions WHERE ctid >= '(%d,0)' AND ctid < '(%d,0)';
		COMMIT`, page, page+256))
	if note := rangesNote(t, db); note == "" || strings.Contains(note, fmt.Sprintf("from page %d on", page)) {
		t.Fatalf("status says %q of a range without rows", note)
	}
	syncRanges(t, db)
}

// syncRanges has sync mend the index.
func syncRanges(t *testing.T, db *pgtest.DB) {
	t.Helper()
	done, err := triggers.Sync(context.Background(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(done, func(i audit.Installation) bool {
		return i.Table == "exaudit.versions" && i.Changed && strings.Contains(i.SQL, "summarize_ranges")
	}) {
		t.Error("sync does not say that it has brought exaudit.versions up to date")
	}
	if note := rangesNote(t, db); note != "" {
		t.Errorf("after sync, status says %q", note)
	}
}

// cancelSummarization cancels the summarization of block ranges until one of them stays without a summary, and returns
// its first page.
func cancelSummarization(t *testing.T, db *pgtest.DB) int64 {
	t.Helper()
	ctx := context.Background()
	for try := range 1000 {
		db.Exec(t, `SELECT brin_desummarize_range('exaudit.versions_id_time', g) FROM generate_series(128, 384, 128) g`)
		_, err := db.Pool.Exec(ctx, fmt.Sprintf(`BEGIN; SET LOCAL statement_timeout = %d;
			SELECT brin_summarize_new_values('exaudit.versions_id_time'); COMMIT`, try%10+1))
		if err == nil {
			continue // it was done sooner
		}
		db.Exec(t, `SELECT brin_summarize_new_values('exaudit.versions_id_time')`)
		page := pgtest.One[*int64](t, db, `SELECT first_page FROM exaudit_internal.unsummarized_pages()`)
		if page != nil && *page < 512 {
			return *page
		}
	}
	t.Fatal("no summarization was cancelled while it read rows")
	return 0
}
