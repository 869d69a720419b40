package exaudit

type pageSize int

func (n pageSize) forHistory(q *query)  { q.pageSize = int(n) }
func (n pageSize) forVersions(q *query) { q.pageSize = int(n) }

// PageSize sets how many versions are read, and made rows of, at once.
func PageSize(n int) interface {
	HistoryOption
	VersionsOption
} {
	return pageSize(n)
}
