package audit

import "fmt"

// Cursor is a place in a list, after an element: see exaudit.After. The contents of the string may change between
// releases.
type Cursor string

// Cursor returns the place after the version, in a list of versions in either order.
func (v *Version) Cursor() Cursor { return Cursor(fmt.Sprintf("v%d", v.ID)) }
