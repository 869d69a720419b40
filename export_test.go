package exaudit

// PageSize sets how many versions are read, and made rows of, at once.
func PageSize(n int) HistoryOption { return option(func(o *historyOptions) { o.pageSize = n }) }
