// Package reason builds errors that say one thing and are another: what PostgreSQL has said, for example, as an
// audit.ErrNotFound.
package reason

import "errors"

// Mark returns an error with the text of err, in which errors.Is finds both.
func Mark(err, is error) error {
	if err == nil || errors.Is(err, is) {
		return err
	}
	return marked{err, is}
}

type marked struct{ err, is error }

func (m marked) Error() string { return m.err.Error() }

func (m marked) Unwrap() []error { return []error{m.is, m.err} }
