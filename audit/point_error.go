package audit

// PointReason is why the rows of a table at a point are not known.
type PointReason string

// Reasons of a PointError.
const (
	// NoSuchPoint means that there is no such version, transaction or mark, or that the present role may not see it.
	NoSuchPoint PointReason = "no such point"
	// InFuture means that the point is in the future, by the clock of the database.
	InFuture PointReason = "in the future"
	// BeforeHistory means that the history of the table does not reach back to the point: the table was not tracked
	// yet, or retention has removed what came after the point. DB.HistoryBegin says since when it is complete.
	BeforeHistory PointReason = "before the history begins"
	// NotTrackedThen means that nothing was recorded of the table at the point, because it had been uninstalled.
	NotTrackedThen PointReason = "not tracked at that time"
	// OutOfSight means that rows of the table may have changed without a version, because its options where,
	// allow_ignore or on_truncate allow it, or because its triggers are missing or disabled. So it is not known what
	// they were. After SET LOCAL exaudit.unseen = 'on', which can also be executed inside Snapshot, it is assumed that
	// everything that was not recorded was as it is now.
	OutOfSight PointReason = "changed out of sight"
	// KeyChanged means that the table had another primary key at the point than it has now, so that its rows at the
	// point cannot be matched with the present ones.
	KeyChanged PointReason = "the primary key was changed"
	// RowDiverged means that the versions of one row do not fit together. The error wraps a *DivergedError.
	RowDiverged PointReason = "diverged from history"
	// RowUnreadable means that what was recorded of one row cannot be read as a row of its table any more, because a
	// type was changed and does not accept a recorded value.
	RowUnreadable PointReason = "not readable as the table is now"
)

// PointError says why the rows of a table at a point are not known. With RowDiverged and RowUnreadable, a single row is
// not known, and the others are.
type PointError struct {
	Table    string   // quoted; "" if the point itself is wrong
	EntityID EntityID // of a single row: the one that it had then, or of its version
	Point    string   // in words, such as "version 42"
	Reason   PointReason
	Detail   string // in words
	Version  int64  // of RowDiverged: the one that does not fit; of KeyChanged: the last one under the earlier key
	Err      error  // PostgreSQL's error, or a *DivergedError; nil if there is none
}

func (e *PointError) Error() string {
	switch {
	case e.Table == "":
		return e.Detail
	case e.Point == "":
		return e.Table + ": " + e.Detail
	}
	return e.Table + " as of " + e.Point + ": " + e.Detail
}

// OfRow reports whether a single row is not known, while others are.
func (e *PointError) OfRow() bool { return e.Reason == RowDiverged || e.Reason == RowUnreadable }

// Unwrap returns Err.
func (e *PointError) Unwrap() error { return e.Err }
