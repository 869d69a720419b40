package triggers

import (
	"context"

	"github.com/exaudit/exaudit/db"
)

// DescribeOwn lists what own.sql reads, one line each; these are the columns of exaudit.versions.
func DescribeOwn(ctx context.Context, q db.DBTX, columns []string) (lines []string, err error) {
	err = underPinnedSettings(ctx, q, func(q db.DBTX) error {
		list, err := readOwnObjects(ctx, q, columns)
		for _, p := range list {
			lines = append(lines, p.String())
		}
		return err
	})
	return lines, err
}
