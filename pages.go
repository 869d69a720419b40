package exaudit

import (
	"iter"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/history"
)

// PageOption chooses a part of a long list, and its order. It is an option of History, HistoryWithStates, Versions and
// Transactions.
type PageOption interface {
	HistoryOption
	VersionsOption
	TransactionsOption
	page()
}

type pageOption func(*query)

func (f pageOption) forHistory(q *query)      { f(q) }
func (f pageOption) forVersions(q *query)     { f(q) }
func (f pageOption) forTransactions(q *query) { f(q) }
func (pageOption) page()                      {}

// After continues a list after an element, which was the last one of the page before: Version.Cursor or
// Transaction.Cursor. The other options must be those of that page. The cursor "" is before the first element. If a
// page has fewer elements than Limit says, it is the last one.
func After(cursor audit.Cursor) PageOption { return pageOption(func(q *query) { q.after = cursor }) }

// Limit returns only the first n elements of a list, in the order that is asked for. If n is less than 1, the error is
// an *audit.InvalidError with the reason InvalidFilter.
func Limit(n int) PageOption {
	return pageOption(func(q *query) {
		if q.page.Limit = n; n < 1 {
			q.err = invalidFilter("a limit of %d", n)
		}
	})
}

// NewestFirst returns the newest element of a list first. Without it, versions are returned oldest first.
// Transactions are always returned newest first.
func NewestFirst() PageOption { return pageOption(func(q *query) { q.page.NewestFirst = true }) }

// PreviewOption is an option of History, HistoryWithStates, Versions and CheckHistory.
type PreviewOption interface {
	HistoryOption
	VersionsOption
	preview()
}

type previewOption int

func (n previewOption) forHistory(q *query)  { q.page.Cut = int(n) }
func (n previewOption) forVersions(q *query) { q.page.Cut = int(n) }
func (previewOption) preview()               {}

// Preview shortens values that are longer than a number of bytes as JSON: to their beginning, and a digest by which
// patches can tell them apart. So not much is read, however large the values are. It has no effect on states and on
// typed rows, which are whole.
func Preview(bytes int) PreviewOption { return previewOption(bytes) }

// atOnce is how many elements of a list are read at once.
const atOnce = 1000

// paged returns a list, of which read returns pages.
func paged[T any](page history.Page, size int, read func(history.Page) ([]T, error),
	id func(T) int64) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		page := page
		for left := page.Limit; ; {
			page.Limit = size
			if left > 0 {
				page.Limit = min(left, size)
			}
			list, err := read(page)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, element := range list {
				if !yield(element, nil) {
					return
				}
			}
			if left -= len(list); left == 0 || len(list) < page.Limit {
				return
			}
			page.After = id(list[len(list)-1])
		}
	}
}

// Collect returns all elements of a list, or its first error. A list without elements is empty and not nil.
func Collect[T any](list iter.Seq2[T, error]) ([]T, error) {
	elements := []T{}
	for element, err := range list {
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// First returns the first element of a list. If there is none, the error is audit.ErrNotFound.
func First[T any](list iter.Seq2[T, error]) (T, error) {
	var none T
	for element, err := range list {
		if err != nil {
			return none, err
		}
		return element, nil
	}
	return none, audit.ErrNotFound
}

// opened is a list that is opened when it is read.
func opened[T any](open func() (iter.Seq2[T, error], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		list, err := open()
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		list(yield)
	}
}

// all is a list of elements that have been read.
func all[T any](elements []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, element := range elements {
			if !yield(element, nil) {
				return
			}
		}
	}
}
