package main

import (
	"regexp"
	"strings"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

// digest is how a long key is recorded and shown.
var digest = regexp.MustCompile(`^sha256 [0-9a-f]{64}$`)

// withKey reads something by what was typed as the key. A key that is itself a digest's text is recorded as another
// digest, so what looks like one is one.
func withKey(key []string, read func(any) error) error {
	if shown := strings.Join(key, " "); digest.MatchString(shown) {
		return read(audit.EntityID(shown))
	}
	values := make(exaudit.Key, len(key))
	for i, text := range key {
		values[i] = text
	}
	if len(key) == 1 {
		if array := compositeKey(key[0]); array != nil {
			err := read(array)
			// or a single value that looks like an array
			if reason.Is(err, audit.InvalidKey) && read(values) == nil {
				return nil
			}
			return err
		}
	}
	return read(values)
}

// compositeKey reads a key in the form in which a composite one is displayed.
func compositeKey(text string) exaudit.Key {
	if !strings.HasPrefix(strings.TrimSpace(text), "[") {
		return nil
	}
	value, err := patch.Decode([]byte(text))
	if err != nil {
		return nil
	}
	if values, ok := value.([]any); ok && len(values) > 1 {
		return exaudit.Key(values)
	}
	return nil
}
