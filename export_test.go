package exaudit

// PageSize sets how many versions are read, and made rows of, at once.
func PageSize(n int) HistoryOption { return func(o *historyOptions) { o.pageSize = n } }

// Records and Several are what is known of a statement from its text.
func Records(sql string) bool { return records(sql) }
func Several(sql string) bool { return several(sql) }
