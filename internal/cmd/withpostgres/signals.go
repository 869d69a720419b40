package main

import (
	"os"
	"os/signal"
	"syscall"
)

// catchSignals keeps this program alive until its command has ended.
func catchSignals() <-chan os.Signal {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	return signals
}

// forward passes signals on to the command, except for those of a terminal's
// keys: the terminal has sent them to the command as well, and many programs
// take a second ^C for impatience.
func forward(signals <-chan os.Signal, command *os.Process) {
	keys := hasTerminal()
	for s := range signals {
		if keys && (s == os.Interrupt || s == syscall.SIGQUIT) {
			continue
		}
		_ = command.Signal(s) // fails only if the command has ended
	}
}

// hasTerminal tells whether a terminal controls this program.
func hasTerminal() bool {
	terminal, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	return terminal.Close() == nil
}
