// Command exaudit audits PostgreSQL tables: it installs the triggers that record changes,
// shows the history of rows, and takes changes back. "exaudit --help" lists its commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
)

func main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	go cancelOnSignal(cancel)
	os.Exit(run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// interrupted is the cause of a context that a signal has cancelled.
type interrupted struct{ signal syscall.Signal }

func (i interrupted) Error() string { return i.signal.String() }

// cancelOnSignal gives the first signal the chance of a clean rollback; the second one ends
// the program as usual.
func cancelOnSignal(cancel context.CancelCauseFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	received := <-signals
	signal.Stop(signals)
	number, _ := received.(syscall.Signal)
	cancel(interrupted{number})
}

// run is the whole program; it gives the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr}
	err := p.run(ctx, args)
	if i := (interrupted{}); err != nil && errors.As(context.Cause(ctx), &i) {
		p.complain("interrupted")
		return exitBySignal + int(i.signal)
	}
	if err != nil {
		p.complain("%s", p.message(err))
	}
	return exitCode(err)
}

// program is one run of exaudit.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer

	// What messages need to know of the connection, once there is one.
	command        string
	database, role string
	secrets        []string // never to be shown
}

func (p *program) run(ctx context.Context, args []string) error {
	app := p.app()
	if wantsCompletion(args) {
		return app.RunContext(ctx, completionArguments(app, args))
	}
	arranged, err := arrange(app, args)
	if err != nil {
		return err
	}
	return app.RunContext(ctx, arranged)
}

func (p *program) app() *cli.App {
	app := &cli.App{
		Name:      "exaudit",
		HelpName:  "exaudit",
		Usage:     "record, show and undo changes of PostgreSQL tables",
		UsageText: "exaudit COMMAND [flags] [arguments]",
		Description: "Getting started:\n\n" +
			"   export DATABASE_URL=postgres://app@localhost/shop\n" +
			"   exaudit init              # once per database\n" +
			"   exaudit install orders    # record every change of a table\n" +
			"   exaudit history orders 42 # what happened to the row with the key 42\n\n" +
			"Without --database-url, exaudit connects to the database of the first of these variables\n" +
			"that is set: EXAUDIT_DATABASE_URL, DATABASE_URL, GOOSE_DBSTRING. If none is set, it uses\n" +
			"PGHOST and the other variables of psql.\n\n" +
			"Flags may stand before or after arguments. Everything after \"--\" is an argument.\n" +
			"\"exaudit COMMAND --help\" explains a command.\n\n" +
			"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 drift was found, 4 refused because of a\n" +
			"conflict, 130 interrupted.",
		Flags: globalFlags(),
		Commands: []*cli.Command{
			p.initCommand(), p.installCommand(), p.syncCommand(), p.uninstallCommand(), p.followCommand(),
			p.statusCommand(),
			p.generateCommand(),
			p.logCommand(), p.historyCommand(), p.asOfCommand(), p.indexCommand(), p.showCommand(), p.diffCommand(),
			p.revertCommand(), p.undoCommand(), p.redoCommand(), p.markCommand(), p.baselineCommand(),
			p.maintainCommand(),
			p.dropSchemaCommand(), p.versionCommand(), p.completionCommand(),
		},
		Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		EnableBashCompletion: true,
		HideHelpCommand:      true,
		HideVersion:          true,
		// A custom value may hold a comma.
		DisableSliceFlagSeparator: true,
		// Exit codes are for run to decide.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   onUsageError,
		Action: func(c *cli.Context) error {
			return usageErrorf("", "no command given")
		},
	}
	for _, command := range app.Commands {
		command.HideHelpCommand = true
		command.OnUsageError = onUsageError
		command.Action = p.checked(command.Action)
		for _, f := range command.Flags {
			if f, ok := f.(*cli.BoolFlag); ok {
				f.DisableDefaultText = true // always false
			}
		}
		command.Flags = append(command.Flags, globalFlags()...)
	}
	return app
}

const globalCategory = "Flags of every command:"

func globalFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "database-url", Category: globalCategory,
			Usage: "connect to `URL`; \"exaudit --help\" explains the default",
		},
		&cli.StringFlag{
			Name: "format", Category: globalCategory, Value: formatTable,
			Usage: "print output as `FORMAT`: table, json, or jsonl (one JSON value per line)", DefaultText: formatTable,
		},
	}
}

// checked refuses an unknown format before a command does anything.
func (p *program) checked(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		p.command = c.Command.Name
		c.Context = exaudit.NotifyLockWait(c.Context, p.tellWaiting)
		switch c.String("format") {
		case formatTable, formatJSON, formatJSONLines:
			return action(c)
		}
		return usageErrorf(c.Command.Name, "--format must be table, json or jsonl, not %q", c.String("format"))
	}
}

// tellWaiting says why nothing happens.
func (p *program) tellWaiting(holders []audit.LockHolder) {
	p.complain("waiting for a lock that is held by %v", holders[0])
}

// complain writes one line to stderr.
func (p *program) complain(format string, args ...any) {
	fmt.Fprintf(p.stderr, "exaudit: %s\n", printable(fmt.Sprintf(format, args...)))
}
