package exaudit

import (
	"cmp"

	"github.com/exaudit/exaudit/internal/ahead"
)

// session is what the triggers are told, by settings that end with the transaction. An
// empty field says nothing.
type session struct{ custom, ignore string }

// over is s, where it says something, and below otherwise.
func (s session) over(below session) session {
	return session{cmp.Or(s.custom, below.custom), cmp.Or(s.ignore, below.ignore)}
}

// settings set what s says.
func (s session) settings() ahead.Settings {
	var settings ahead.Settings
	if s.custom != "" {
		settings.Custom = &s.custom
	}
	if s.ignore != "" {
		settings.Ignore = &s.ignore
	}
	return settings
}

// whole sets all, also what s says nothing of.
func (s session) whole() ahead.Settings {
	return ahead.Settings{Custom: &s.custom, Ignore: &s.ignore}
}
