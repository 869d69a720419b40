package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
)

func (p *program) showCommand() *cli.Command {
	return &cli.Command{
		Name:        "show",
		Usage:       "show one version, with the whole row before and after it",
		UsageText:   "exaudit show [flags] VERSION",
		Description: "VERSION is the number with which each version begins in \"exaudit history\".\n\nExample: exaudit show 17",
		Flags:       append([]cli.Flag{fullFlag()}, compareFlags()...),
		Action:      p.show,
	}
}

// versionArgument is the number of a version, an argument.
func versionArgument(c *cli.Context, n int) (int64, error) { return versionNumber(c, c.Args().Get(n)) }

// versionNumber reads the number of a version.
func versionNumber(c *cli.Context, text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, usageErrorf(c.Command.Name, "%q is not the number of a version, which \"exaudit history\" shows", text)
	}
	return id, nil
}

func (p *program) show(c *cli.Context) error {
	if err := argumentCount(c, 1, 1, "a version"); err != nil {
		return err
	}
	id, err := versionArgument(c, 0)
	if err != nil {
		return err
	}
	conn, db, err := p.openToRead(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	version, err := db.VersionWithStates(c.Context, id, comparing(c)...)
	// Where the history does not fit together, what is recorded is worth seeing all the more.
	damage := error(nil)
	if reason.Is(err, reason.Diverged) {
		damage = err
		version, err = db.Version(c.Context, id, comparing(c)...)
	}
	if err != nil {
		return err
	}
	if err := p.sayMissing(c, db, version); err != nil {
		return err
	}
	if err := p.printVersion(c, version, damage == nil); err != nil {
		return err
	}
	return damage
}

// sayMissing says what is missing before a version, if it is the first one of its row and the row was there before, and
// that its table was dropped.
func (p *program) sayMissing(c *cli.Context, db *exaudit.DB, version *audit.Version) error {
	begin, err := db.HistoryBeginOf(c.Context, version.ID)
	if err != nil {
		return err
	}
	if version.Cut {
		p.sayKeys(begin, version.Table)
		since := slices.IndexFunc(begin.Untracked, func(u audit.UntrackedPeriod) bool {
			return u.From.After(version.RecordedAt)
		})
		if since >= 0 {
			begin.Untracked = begin.Untracked[:since]
		}
		if n := len(begin.Untracked); n > 0 {
			p.sayUntracked(begin.Untracked[n-1], version.Table)
		} else {
			p.sayCut(begin, version.Table, true)
		}
	}
	if begin.Dropped {
		p.complain("the table %s of this version was dropped: a table that is called so now is another one",
			printable(version.Table))
	}
	return nil
}

func (p *program) printVersion(c *cli.Context, version *audit.Version, known bool) error {
	before, after := version.StateBefore, version.State
	version.State = nil // it is one of the two
	if !forPeople(c) {
		return p.print(c, struct {
			Version *audit.Version `json:"version"`
			Known   bool           `json:"rows_known"`
			Before  audit.Image    `json:"row_before"`
			After   audit.Image    `json:"row_after"`
		}{version, known, before, after})
	}
	v := p.view(c)
	text := fmt.Sprintf("%s %s\n\n", printable(version.Table), printable(string(version.EntityID))) + v.version(version)
	if known {
		text += "\n" + v.rows(before, after) + unknown(version, "  ")
	}
	_, err := io.WriteString(p.stdout, text)
	return err
}
