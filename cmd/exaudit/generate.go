package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/config"
	"github.com/exaudit/exaudit/migration"
)

const dirVariable = "GOOSE_MIGRATION_DIR"

func (p *program) generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "write what exaudit.yaml says as goose migrations, or what has changed since",
		UsageText: "exaudit generate [flags]\nexaudit generate [flags] --check\nexaudit generate [flags] --stdout [--down]",
		Description: "Instead of \"exaudit install\", for those whose databases are changed by migrations. Reads the\n" +
			"tables of the database, which must be as the application's migrations leave them, compares\n" +
			"with what the folder has, and writes the difference as a new migration, with the way back.\n" +
			"The database is not changed.\n\n" +
			"Example: exaudit generate && goose up",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "the `FOLDER` of the migrations", DefaultText: "$" + dirVariable + ", else generate.dir in " + config.Name},
			&cli.BoolFlag{Name: "with-schema", Usage: "exaudit's own schema as well, in place of \"exaudit init\"; later runs keep it up to date"},
			&cli.BoolFlag{Name: "check", Usage: "write nothing; exit code 3 if there was something to write"},
			&cli.BoolFlag{Name: "stdout", Usage: "print plain SQL, for other tools, in place of writing a file"},
			&cli.BoolFlag{Name: "down", Usage: "with --stdout: the way back"},
			configFlag(),
		},
		Action: p.generate,
	}
}

func (p *program) generate(c *cli.Context) error {
	if err := argumentCount(c, 0, 0, ""); err != nil {
		return err
	}
	switch {
	case c.Bool("down") && !c.Bool("stdout"):
		return usageErrorf("generate", "--down is for --stdout")
	case c.Bool("check") && c.Bool("stdout"):
		return usageErrorf("generate", "--check and --stdout contradict each other")
	case c.Bool("stdout") && !forPeople(c):
		return usageErrorf("generate", "--stdout prints SQL, --format something else")
	}
	file, err := configuration(c)
	if err != nil {
		return err
	}
	if file == nil {
		return usageErrorf("generate", "generate needs a file %s in the working directory, or --config", config.Name)
	}
	folder, err := p.folder(c, file)
	if err != nil {
		return err
	}
	conn, err := p.connect(c)
	if err != nil {
		return err
	}
	defer closeConn(c.Context, conn)
	files, skipped, err := migration.Generate(c.Context, conn, file, folder,
		migration.Options{Schema: c.Bool("with-schema"), Functions: file.Generate.Functions, Now: time.Now()})
	if err != nil {
		return err
	}
	for _, table := range skipped {
		p.complain("skipped %s: it has no primary key to name its rows by", table)
	}
	return p.deliver(c, files)
}

// folder reads the folder of migrations. Printing needs none.
func (p *program) folder(c *cli.Context, file *config.File) (*migration.Folder, error) {
	path := c.String("dir")
	switch {
	case path == "" && c.IsSet("dir"):
		return nil, usageErrorf("generate", "--dir is empty")
	case path != "":
	case os.Getenv(dirVariable) != "":
		path = os.Getenv(dirVariable)
	default:
		path = file.Generate.Dir
	}
	if path == "" && c.Bool("stdout") {
		return &migration.Folder{}, nil
	}
	if path == "" {
		return nil, usageErrorf("generate", "nothing says where the migrations are: give --dir, set %s, or generate.dir in %s", dirVariable, config.Name)
	}
	return migration.Read(path)
}

func (p *program) deliver(c *cli.Context, files []migration.File) error {
	if c.Bool("stdout") {
		return p.printMigrations(c, files)
	}
	if !c.Bool("check") {
		for i, f := range files {
			if err := f.Write(); err != nil {
				// of several, all or none
				for _, written := range files[:i] {
					err = errors.Join(err, os.Remove(written.Path))
				}
				return err
			}
		}
	}
	if !forPeople(c) {
		if err := printList(p, c, files); err != nil {
			return err
		}
	} else {
		p.reportMigrations(c, files)
	}
	if c.Bool("check") && len(files) > 0 {
		return errStale
	}
	return nil
}

func (p *program) reportMigrations(c *cli.Context, files []migration.File) {
	if len(files) == 0 {
		fmt.Fprintln(p.stdout, "the migrations are up to date: there is nothing to write")
	}
	for _, f := range files {
		if c.Bool("check") {
			fmt.Fprintln(p.stdout, "missing:")
		} else {
			fmt.Fprintf(p.stdout, "%s\n", printable(f.Path))
		}
		for _, change := range f.Changes {
			fmt.Fprintf(p.stdout, "  %s %s\n", change.Change, printable(change.Object))
		}
	}
}

func (p *program) printMigrations(c *cli.Context, files []migration.File) error {
	if c.Bool("down") {
		for i := len(files) - 1; i >= 0; i-- {
			if _, err := io.WriteString(p.stdout, files[i].Down()); err != nil {
				return err
			}
		}
		return nil
	}
	for _, f := range files {
		if _, err := io.WriteString(p.stdout, f.Up()); err != nil {
			return err
		}
	}
	return nil
}
