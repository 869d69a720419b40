package audit

import (
	"fmt"
	"strings"
)

// SchemaReason is why exaudit cannot be used with a database as it is.
type SchemaReason string

// Reasons of a SchemaError.
const (
	// NotInitialized means that schema exaudit is missing: run "exaudit init".
	NotInitialized SchemaReason = "not initialised"
	// OutdatedSchema means that schema exaudit is older than the program: run "exaudit init".
	OutdatedSchema SchemaReason = "outdated"
	// NewerSchema means that schema exaudit is newer than the program: update the program.
	NewerSchema SchemaReason = "newer"
	// ForeignSchema means that schema exaudit belongs to a role that might have put anything into it.
	ForeignSchema SchemaReason = "foreign"
	// IncompleteSchema means that only a part of schema exaudit was created: drop it, and initialise the database
	// again.
	IncompleteSchema SchemaReason = "incomplete"
	// OtherBuild means that schema exaudit has the version of this program, or one that this program can update, but
	// other contents: it was made by a build that was never released.
	OtherBuild SchemaReason = "other build"
	// KeptElsewhere means that migrations of the application have created schema exaudit: they must also update and
	// drop it.
	KeptElsewhere SchemaReason = "kept elsewhere"
	// LacksPrivileges means that the role lacks privileges that it needs to create or update schema exaudit. Nothing
	// was changed, and errors.Is finds ErrNotPermitted.
	LacksPrivileges SchemaReason = "lacks privileges"
	// LossyEncoding means that the encoding of the database, SQL_ASCII or MULE_INTERNAL, does not say which characters
	// a text consists of, so that it could not be read back from JSON.
	LossyEncoding SchemaReason = "lossy encoding"
	// ClientEncoding means that a connection does not use UTF-8, so that texts with characters outside of ASCII would
	// be read wrongly. If the database has another encoding, set client_encoding=UTF8 in the connection string.
	ClientEncoding SchemaReason = "client encoding"
)

// SchemaError says why exaudit cannot be used with a database as it is.
type SchemaError struct {
	Reason SchemaReason
	// Detail says more, in words.
	Detail string
	// Have is the version of schema exaudit, and Want that of the program; 0 if the reason is not about versions.
	Have, Want int64
	// Role is the role that lacks something, for LacksPrivileges. Missing is all that it lacks, such as "CREATE on
	// database shop", and Cure the statements that an administrator runs.
	Role          string
	Missing, Cure []string
}

func (e *SchemaError) Error() string {
	switch e.Reason {
	case NotInitialized:
		return e.detailed("exaudit is not initialised in this database")
	case OutdatedSchema:
		return e.versions("schema exaudit is older than this program")
	case NewerSchema:
		return e.versions("schema exaudit is newer than this program")
	case ForeignSchema:
		return e.detailed("schema exaudit is not exaudit's own")
	case IncompleteSchema:
		return e.detailed("schema exaudit is incomplete")
	case OtherBuild:
		return e.detailed("schema exaudit was made by another build of exaudit")
	case KeptElsewhere:
		return e.versions("schema exaudit belongs to the application's own migrations")
	case LacksPrivileges:
		return fmt.Sprintf("role %q lacks %s; an administrator must run: %s",
			e.Role, strings.Join(e.Missing, ", "), strings.Join(e.Cure, "; "))
	case LossyEncoding:
		return e.detailed("texts in the encoding of the database cannot be stored as JSON")
	case ClientEncoding:
		return e.detailed("the client_encoding of the connection is not UTF8")
	}
	return e.detailed("schema exaudit: " + string(e.Reason))
}

func (e *SchemaError) detailed(text string) string {
	if e.Detail != "" {
		return text + ": " + e.Detail
	}
	return text
}

func (e *SchemaError) versions(text string) string {
	switch {
	case e.Want != 0:
		text += fmt.Sprintf(": it is at version %d, the program at %d", e.Have, e.Want)
	case e.Have != 0:
		text += fmt.Sprintf(": it is at version %d", e.Have)
	}
	return e.detailed(text)
}

// Unwrap returns ErrNotPermitted for LacksPrivileges, and nil for other reasons.
func (e *SchemaError) Unwrap() error {
	if e.Reason == LacksPrivileges {
		return ErrNotPermitted
	}
	return nil
}
