// Package reason asks errors for their reason, where a type assertion for each would be too long: in the command and in
// tests. It also marks what PostgreSQL has said as one of the errors of package audit.
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
