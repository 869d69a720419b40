package audit

import (
	"fmt"
	"strings"

	"github.com/exaudit/exaudit/patch"
)

// DivergedError says where versions do not fit together, or do not lead to the present row: something was changed
// without being recorded.
type DivergedError struct {
	RowID         // whose history it is
	Version int64 // the version that does not fit what came before; 0: the present row
	// Difference is the difference between the state to which the history leads and what was found.
	Difference patch.Patch
	// Columns are those of the present row that differ.
	Columns []string
	// Explained reports whether the options of the table let rows change without a version.
	Explained bool
}

func (e *DivergedError) Error() string {
	difference := strings.ReplaceAll(strings.TrimSpace(patch.Text(e.Difference)), "\n", "; ")
	switch {
	case e.Version == 0 && e.Explained:
		return fmt.Sprintf("the row was changed out of sight, as its table's options allow: %s", difference)
	case e.Version == 0:
		return fmt.Sprintf("the present row is not what its history says: %s", difference)
	case e.Explained:
		return fmt.Sprintf("before version %d the row was changed out of sight, as its table's options allow: %s",
			e.Version, difference)
	}
	return fmt.Sprintf("version %d does not fit the version before it: %s", e.Version, difference)
}
