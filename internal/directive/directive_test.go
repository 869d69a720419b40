package directive_test

import (
	"testing"

	"github.com/exaudit/exaudit/internal/directive"
)

func TestFind(t *testing.T) {
	for text, want := range map[string]string{
		"a\n-- +goose Down\nb": "-- +goose Down",
		" \t--+goose x":        " \t--+goose x",
		"'x' -- +goose Down":   "",
		"-- a comment":         "",
		"x\n-- migrate:down":   "-- migrate:down",
		"-- exaudit: end":      "-- exaudit: end",
		"-- exaudit: records":  "",
		"DEFAULT '---- create above / drop below ----'": "DEFAULT '---- create above / drop below ----'",
		"a\r\nb": "a\r",
	} {
		if got := directive.Find(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
