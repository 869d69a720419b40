package torture

import (
	"bytes"
	"strings"
)

// copied carries out COPY … FROM STDIN, of which each further line is a SELECT of one row. PostgreSQL itself says how
// its values are written.
func (r *run) copied(s *session, sql string) (string, error) {
	head, rest, _ := strings.Cut(sql, "\n")
	var data bytes.Buffer
	for row := range strings.Lines(rest) {
		if _, err := s.PgConn().CopyTo(r.ctx, &data, "COPY ("+strings.TrimSuffix(row, "\n")+") TO STDOUT"); err != nil {
			return "", err
		}
	}
	tag, err := s.PgConn().CopyFrom(r.ctx, &data, head)
	return tag.String(), err
}
