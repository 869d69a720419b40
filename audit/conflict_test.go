package audit_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/patch"
)

// Each reason of a conflict has a sentence of its own, and a conflict is the same after it was stored as JSON.
func TestConflictSentences(t *testing.T) {
	t.Parallel()
	other := audit.Conflict{Table: "public.orders", EntityID: "7", Columns: []string{"code"}}
	said := make(map[string]audit.ConflictReason)
	for _, r := range []audit.ConflictReason{audit.ConflictOverlap, audit.ConflictUpdatedSince, audit.ConflictDeletedSince,
		audit.ConflictKeyReused, audit.ConflictReferenced, audit.ConflictReferenceMissing, audit.ConflictValueTaken,
		audit.ConflictValueWanted, audit.ConflictKeyChanged, audit.ConflictRetyped} {
		c := other
		c.Reason, c.Version = r, 3
		if r == audit.ConflictOverlap || r == audit.ConflictRetyped {
			c.Place = patch.Conflict{Path: patch.Path{"info", "a"}, Base: "1", Ours: "2", Theirs: "3"}
		}
		if text := c.String(); text == string(r) || said[text] != "" {
			t.Errorf("%s says %q, as %q does", r, text, said[text])
		}
		said[c.String()] = r
		encoded, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var read audit.Conflict
		if err := json.Unmarshal(encoded, &read); err != nil || !reflect.DeepEqual(read, c) {
			t.Errorf("%s: %v, %+v, want %+v", encoded, err, read, c)
		}
	}
}
