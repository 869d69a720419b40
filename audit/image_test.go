package audit_test

import (
	"fmt"
	"testing"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

func ExampleImage() {
	image := audit.Image{"id": 1, "photo": map[string]any{"size": 90000000},
		"": []any{"note", map[string]any{"masked": "ssn"}, map[string]any{"oversized": "photo"}}}
	fmt.Println(image.Masked(), image.Oversized())
	// Output: [ssn] [photo]
}

// A single row is not known for the reasons that say so, and for no other.
func TestPointErrorOfRow(t *testing.T) {
	t.Parallel()
	for _, r := range []audit.PointReason{audit.NoSuchPoint, audit.InFuture, audit.BeforeHistory, audit.NotTrackedThen,
		audit.OutOfSight, audit.KeyChanged, audit.RowDiverged, audit.RowUnreadable} {
		err := &audit.PointError{Reason: r}
		if want := r == audit.RowDiverged || r == audit.RowUnreadable; err.OfRow() != want || !reason.Is(err, r) {
			t.Errorf("%s: of a row: %v, want %v", r, err.OfRow(), want)
		}
	}
}
