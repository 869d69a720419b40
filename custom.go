package exaudit

import (
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/exaudit/exaudit/internal/ahead"
)

// Custom is what the application says about its changes: actor, request, reason, or
// anything else that is JSON. A key that a column of exaudit.versions is called also fills
// that column. An error is stored as its text.
type Custom map[string]any

// MaxCustomSize is how many bytes the custom data of a context may have as JSON. Every
// version that is recorded with it stores all of it.
const MaxCustomSize = 64 << 10

// The errors of custom data. Whatever would send it to the database returns them instead.
var (
	// ErrInvalidCustom means that a value cannot be stored as JSON. What it is wrapped in names
	// the key, and the call of With.
	ErrInvalidCustom = errors.New("invalid custom data")
	// ErrCustomTooLarge means that custom data is larger than MaxCustomSize.
	ErrCustomTooLarge = errors.New("custom data is too large")
)

// said is what a context says about changes. It never changes once it is in a context.
type said struct {
	custom Custom
	fields map[string]json.RawMessage // custom, each value encoded once
	session
	// settings go ahead of a statement that is a transaction of its own.
	settings ahead.Settings
	err      error
}

type saidKey struct{}

// saidBy is what a context says, nil if nothing.
func saidBy(ctx context.Context) *said {
	s, _ := ctx.Value(saidKey{}).(*said)
	return s
}

// nothing reports whether there is nothing to tell the database.
func (s *said) nothing() bool { return s == nil || s.err == nil && s.session == session{} }

// With returns a context whose changes carry custom data: what outer contexts set, and over
// it the given keys. It replaces what the role, the database or SQL has set as exaudit.custom.
//
// The values are encoded here, once. One that is no JSON makes everything that is done with
// the context fail before it reaches the database, with an ErrInvalidCustom that says where
// With was called; CustomErr asks for it. So does ErrCustomTooLarge.
func With(ctx context.Context, custom Custom) context.Context {
	next := &said{custom: maps.Clone(custom), fields: make(map[string]json.RawMessage, len(custom))}
	if outer := saidBy(ctx); outer != nil {
		next.session, next.err = outer.session, outer.err
		next.custom = maps.Clone(outer.custom)
		if next.custom == nil {
			next.custom = make(Custom, len(custom))
		}
		maps.Copy(next.custom, custom)
		maps.Copy(next.fields, outer.fields)
	}
	if err := next.encode(custom); err != nil && next.err == nil {
		next.err = err
		if _, file, line, ok := runtime.Caller(1); ok {
			next.err = fmt.Errorf("%w (exaudit.With at %s:%d)", err, filepath.Base(file), line)
		}
	}
	return next.in(ctx)
}

// in puts it into a context.
func (s *said) in(ctx context.Context) context.Context {
	s.settings = s.session.settings()
	return context.WithValue(ctx, saidKey{}, s)
}

// Without returns a context whose changes carry no custom data, whatever outer contexts say:
// for the statements that refuse to be part of a transaction, such as VACUUM.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, saidKey{}, (*said)(nil))
}

// Ignore returns a context whose changes are not recorded, on tables that allow that
// (Options.Ignore); on the others it does nothing.
func Ignore(ctx context.Context) context.Context {
	next := &said{}
	if outer := saidBy(ctx); outer != nil {
		*next = *outer
	}
	next.ignore = "on"
	return next.in(ctx)
}

// Ignored reports whether a context is one of Ignore.
func Ignored(ctx context.Context) bool {
	s := saidBy(ctx)
	return s != nil && s.ignore != ""
}

// CustomOf is the custom data of a context, nil where it has none. It must not be changed.
func CustomOf(ctx context.Context) Custom {
	if s := saidBy(ctx); s != nil {
		return s.custom
	}
	return nil
}

// CustomErr returns nil if the custom data of a context can be stored, or an error that
// is ErrInvalidCustom or ErrCustomTooLarge.
func CustomErr(ctx context.Context) error {
	if s := saidBy(ctx); s != nil {
		return s.err
	}
	return nil
}

// CustomFrom makes custom data of a struct, by its json tags, or of anything else that
// marshals to a JSON object. The error is ErrInvalidCustom.
func CustomFrom[T any](value T) (Custom, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidCustom, err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &fields); err != nil || fields == nil {
		return nil, fmt.Errorf("%w: %T is not an object as JSON", ErrInvalidCustom, value)
	}
	custom := make(Custom, len(fields))
	for key, field := range fields {
		if err := storable(field); err != nil {
			return nil, fmt.Errorf("%w: key %q of %T: %w", ErrInvalidCustom, key, value, err)
		}
		custom[key] = field
	}
	return custom, nil
}

// encode adds keys to the fields, and makes exaudit.custom of all of them.
func (s *said) encode(custom Custom) error {
	for _, key := range slices.Sorted(maps.Keys(custom)) {
		encoded, err := json.Marshal(worded(custom[key]))
		if err == nil {
			name, _ := json.Marshal(key) // a string always marshals
			err = cmp.Or(storable(encoded), storable(name))
		}
		if err != nil {
			return fmt.Errorf("%w: key %q: %w", ErrInvalidCustom, key, err)
		}
		s.fields[key] = encoded
	}
	if len(s.fields) == 0 {
		return nil
	}
	object, err := json.Marshal(s.fields)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidCustom, err)
	}
	if len(object) > MaxCustomSize {
		return fmt.Errorf("%w: %d bytes, %d are allowed", ErrCustomTooLarge, len(object), MaxCustomSize)
	}
	s.session.custom = string(object)
	return nil
}

// worded is an error's text, which encoding/json makes {} of, unless the error sees to that
// itself; other values are as they are.
func worded(value any) any {
	err, ok := value.(error)
	if v := reflect.ValueOf(value); !ok || v.Kind() == reflect.Pointer && v.IsNil() {
		return value
	}
	switch value.(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return value
	}
	return err.Error()
}

// storable reports whether PostgreSQL takes valid JSON as jsonb, which is UTF-8, has no NUL, no
// half of a surrogate pair, and no more digits than numeric has.
func storable(encoded []byte) error {
	if !utf8.Valid(encoded) {
		return errors.New("not UTF-8")
	}
	rest := string(encoded)
	if err := numeric(rest); err != nil {
		return err
	}
	for {
		i := strings.IndexByte(rest, '\\')
		if i < 0 {
			return nil
		}
		if rest[i+1] != 'u' {
			rest = rest[i+2:]
			continue
		}
		code := codeUnit(rest[i:])
		rest = rest[i+6:]
		switch {
		case code == 0:
			return errors.New("PostgreSQL cannot store the character NUL")
		case code>>10 == 0xd800>>10:
			if codeUnit(rest)>>10 != 0xdc00>>10 {
				return errors.New("half of a surrogate pair")
			}
			rest = rest[6:]
		case code>>10 == 0xdc00>>10:
			return errors.New("half of a surrogate pair")
		}
	}
}

// numeric reports whether PostgreSQL's type numeric has the numbers of valid JSON: 131072 digits
// before the point, 16383 after it.
func numeric(rest string) error {
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			for i++; rest[i] != '"'; i++ {
				if rest[i] == '\\' {
					i++
				}
			}
		case '0' <= c && c <= '9':
			after := strings.TrimLeft(rest[i:], "0123456789.eE+-")
			number := strings.ToLower(rest[i : len(rest)-len(after)])
			mantissa, power, _ := strings.Cut(number, "e")
			exponent, err := strconv.Atoi(cmp.Or(power, "0"))
			whole, fraction, _ := strings.Cut(mantissa, ".")
			if err != nil || len(whole)+exponent > 131072 || len(fraction)-exponent > 16383 {
				return errors.New("a number that is out of PostgreSQL's range")
			}
			i += len(number) - 1
		}
	}
	return nil
}

// codeUnit reads \uXXXX at the start of s, and returns -1 where there is no such thing.
func codeUnit(s string) int64 {
	if len(s) < 6 || s[:2] != `\u` {
		return -1
	}
	code, err := strconv.ParseInt(s[2:6], 16, 32)
	if err != nil {
		return -1
	}
	return code
}
