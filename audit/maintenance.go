package audit

import "time"

// Maintenance is what Maintain did, or in a dry run what it would do.
type Maintenance struct {
	DryRun bool `json:"dry_run"`
	// Retention is what was removed of the tables that have one of the options Keep, KeepLast and Hold, by name.
	Retention []Retention `json:"retention"`
	// SummarizedPages is how many pages of exaudit.versions the index versions_id_time did not cover, and covers now.
	// Searches by time or transaction read all pages that it does not cover.
	SummarizedPages int64 `json:"summarized_pages"`
	// Analyzed reports whether the statistics of exaudit.versions were updated, as they are after something was
	// removed.
	Analyzed bool `json:"analyzed"`
}

// Retention is what Maintain removed of the versions of one table.
type Retention struct {
	TableID int32  `json:"table_id"`
	Table   string `json:"table"` // its last known name with its schema, quoted
	// Keep, KeepLast and Hold are the options of the table.
	Keep     string `json:"keep,omitempty"`
	KeepLast int    `json:"keep_last,omitempty"`
	Hold     bool   `json:"hold,omitempty"`
	// Before is the time before which versions are not kept because of their age; nil without Keep.
	Before *time.Time `json:"before,omitempty"`
	// Removed is how many versions were removed, or in a dry run would be. With KeepLast, a dry run does not count the
	// versions that rows had under former keys.
	Removed int64 `json:"removed"`
}
