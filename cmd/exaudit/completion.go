package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"
)

const completionFlag = "--generate-bash-completion"

// The command itself knows what can come next: urfave/cli prints it, one per line, where
// the last argument is completionFlag. A word that is begun is passed on only if it is a
// flag; the shell filters.
var completionScripts = map[string]string{
	"bash": `# bash completion for exaudit: source <(exaudit completion bash)
_exaudit() {
    local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
    [[ $cur == -* ]] && words+=("$cur")
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${words[@]}" ` + completionFlag + ` 2>/dev/null)" -- "$cur"))
}
complete -o default -F _exaudit exaudit
`,
	"zsh": `#compdef exaudit
# zsh completion for exaudit: source <(exaudit completion zsh), or save it as _exaudit in $fpath
_exaudit() {
    local -a given found
    given=("${(@)words[2,CURRENT-1]}")
    [[ $words[CURRENT] == -* ]] && given+=("$words[CURRENT]")
    found=("${(@f)$("$words[1]" "${given[@]}" ` + completionFlag + ` 2>/dev/null)}")
    if [[ -n "${found[1]}" ]]; then
        compadd -- "${found[@]}"
    else
        _files
    fi
}
if [[ "$funcstack[1]" == _exaudit ]]; then
    _exaudit "$@"
else
    compdef _exaudit exaudit
fi
`,
}

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a script that completes commands and flags in a shell",
		UsageText:   "exaudit completion bash|zsh|fish",
		Description: "Example: source <(exaudit completion bash)",
		Action:      p.completion,
		BashComplete: func(*cli.Context) {
			fmt.Fprint(p.stdout, "bash\nzsh\nfish\n")
		},
	}
}

func (p *program) completion(c *cli.Context) error {
	if err := argumentCount(c, 1, 1, "a shell: bash, zsh or fish"); err != nil {
		return err
	}
	shell := c.Args().First()
	script, ok := completionScripts[shell]
	if shell == "fish" {
		var err error
		if script, err = c.App.ToFishCompletion(); err != nil {
			return fmt.Errorf("completion for fish: %w", err)
		}
	} else if !ok {
		return usageErrorf("completion", "the shell must be bash, zsh or fish, not %q", shell)
	}
	_, err := io.WriteString(p.stdout, script)
	return err
}

func wantsCompletion(args []string) bool {
	return len(args) > 1 && args[len(args)-1] == completionFlag
}

// completionArguments are the program, the command if there is one, and the flag: with
// anything more, above all a "--", the command might be run instead of completed.
func completionArguments(app *cli.App, args []string) []string {
	isCommand := func(arg string) bool { return app.Command(arg) != nil }
	if i := slices.IndexFunc(args[1:], isCommand); i >= 0 {
		return []string{args[0], args[1+i], completionFlag}
	}
	return []string{args[0], completionFlag}
}
