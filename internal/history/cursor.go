package history

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/exaudit/exaudit/audit"
)

// VersionID is the id of the version after which a cursor is, which its method Cursor has made.
func VersionID(c audit.Cursor) (int64, error) { return idIn(c, "v", "a version") }

// TransactionEnd is the version of the transaction after which a cursor is, which transactionCursor has made.
func TransactionEnd(c audit.Cursor) (int64, error) { return idIn(c, "t", "a transaction") }

// transactionCursor is after a transaction whose last version that passed the filter is this one.
func transactionCursor(version int64) audit.Cursor { return audit.Cursor(fmt.Sprintf("t%d", version)) }

func idIn(c audit.Cursor, kind, of string) (int64, error) {
	digits, ok := strings.CutPrefix(string(c), kind)
	id, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || id < 1 {
		return 0, &audit.InvalidError{Reason: audit.InvalidFilter,
			Detail: fmt.Sprintf("%q is not the cursor of %s", c, of)}
	}
	return id, nil
}
