package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit/internal/config"
	"github.com/exaudit/exaudit/internal/migration"
)

const dirVariable = "GOOSE_MIGRATION_DIR"

func (p *program) generateCommand() *cli.Command {
	return &cli.Command{
		Name:      "generate",
		Usage:     "write migrations that install what exaudit.yaml says",
		UsageText: "exaudit generate [flags]\nexaudit generate [flags] --check\nexaudit generate [flags] --stdout [--down]",
		Description: "Use generate instead of \"exaudit install\" if your databases are changed by migrations. It\n" +
			"reads the tables of the database, which must be as your migrations leave them, and compares\n" +
			"what they need with the migrations in the folder. It writes the difference as a new migration\n" +
			"with up and down, in the format of the tool whose migrations the folder contains. The\n" +
			"database is not changed.\n\n" +
			"Example: exaudit generate && goose up",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "dir", Usage: "read and write migrations in `FOLDER`",
				DefaultText: "$" + dirVariable + ", or else generate.dir in " + config.Name},
			&cli.StringFlag{Name: "tool", Usage: "write for the migration tool `TOOL`: " + toolNames(),
				DefaultText: "generate.tool in " + config.Name + ", or else the tool of the migrations in the folder"},
			&cli.BoolFlag{Name: "with-schema",
				Usage: "also write exaudit's own schemas, so that \"exaudit init\" is not needed; later runs update them"},
			&cli.BoolFlag{Name: "check", Usage: "write nothing; exit code 3 if there is something to write"},
			&cli.BoolFlag{Name: "stdout", Usage: "print plain SQL instead of writing a file, for other tools"},
			&cli.BoolFlag{Name: "down", Usage: "with --stdout: print the SQL that takes it back"},
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
		return usageErrorf("generate", "--down needs --stdout")
	case c.Bool("check") && c.Bool("stdout"):
		return usageErrorf("generate", "--check and --stdout cannot be combined")
	case c.Bool("stdout") && !forPeople(c):
		return usageErrorf("generate", "--stdout prints SQL, and cannot be combined with --format")
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
	if err := p.tellUnmatched(c, file, conn); err != nil {
		return err
	}
	files, skipped, err := migration.Generate(c.Context, conn, file, folder,
		migration.Options{Schema: c.Bool("with-schema"), AsOfFunctions: file.Generate.AsOfFunctions,
			Apart: c.Bool("stdout"), Now: time.Now()})
	if err != nil {
		return err
	}
	for _, table := range skipped {
		p.complain("skipped %s: it has no primary key", table)
	}
	return p.deliver(c, folder, files)
}

func toolNames() string {
	names := make([]string, len(migration.Tools))
	for i, tool := range migration.Tools {
		names[i] = string(tool)
	}
	return strings.Join(names, ", ")
}

// tool is what --tool or the file says that runs the migrations, "" without either.
func tool(c *cli.Context, file *config.File) (migration.Tool, error) {
	name := c.String("tool")
	if !c.IsSet("tool") {
		name = file.Generate.Tool
	}
	if name == "" && !c.IsSet("tool") {
		return "", nil
	}
	tool, err := migration.ParseTool(name)
	switch {
	case err != nil && c.IsSet("tool"):
		return "", usageErrorf("generate", "--tool must be one of %s, not %q", toolNames(), name)
	case err != nil:
		return "", usageErrorf("generate", "generate.tool must be one of %s, not %q", toolNames(), name)
	}
	return tool, nil
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
		return nil, usageErrorf("generate",
			"nothing says where the migrations are: give --dir, set %s, or generate.dir in %s", dirVariable,
			config.Name)
	}
	named, err := tool(c, file)
	if err != nil {
		return nil, err
	}
	folder, err := migration.Read(path)
	if err == nil && named != "" {
		folder.Use(named)
	}
	return folder, err
}

// write writes all files or none.
func (p *program) write(folder *migration.Folder, files []migration.File) error {
	if len(files) == 0 {
		return nil
	}
	if err := folder.Known(); err != nil {
		return err
	}
	for i, f := range files {
		if err := f.Write(); err != nil {
			for _, written := range files[:i] {
				err = errors.Join(err, written.Remove())
			}
			return err
		}
	}
	if folder.NeedsSums() {
		p.complain(`atlas.sum does not have the new migration: run "atlas migrate hash"`)
	}
	return nil
}

func (p *program) deliver(c *cli.Context, folder *migration.Folder, files []migration.File) error {
	if c.Bool("stdout") {
		return p.printMigrations(c, files)
	}
	if !c.Bool("check") {
		if err := p.write(folder, files); err != nil {
			return err
		}
	}
	if !forPeople(c) {
		if err := printList(p, c, files); err != nil {
			return err
		}
	} else {
		p.reportMigrations(c, files)
	}
	switch {
	case !c.Bool("check") || len(files) == 0:
		return nil
	case folder.Known() != nil:
		return errStaleElsewhere
	}
	return errStale
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
			if f.DownPath != "" {
				fmt.Fprintf(p.stdout, "%s\n", printable(f.DownPath))
			}
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
