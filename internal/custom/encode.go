package custom

import (
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/exaudit/exaudit/audit"
)

// From returns the custom data that a value marshals to.
func From(value any) (map[string]any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, &audit.InvalidError{Reason: audit.InvalidCustom, Err: err}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &fields); err != nil || fields == nil {
		return nil, &audit.InvalidError{Reason: audit.InvalidCustom,
			Detail: fmt.Sprintf("%T is not an object as JSON", value)}
	}
	custom := make(map[string]any, len(fields))
	for key, field := range fields {
		if err := checkStorable(field); err != nil {
			return nil, &audit.InvalidError{Reason: audit.InvalidCustom, Name: key,
				Detail: fmt.Sprintf("key %q of %T", key, value), Err: err}
		}
		custom[key] = field
	}
	return custom, nil
}

// encode adds keys to the fields, and encodes all of them as the value of exaudit.custom.
func (d *contextData) encode(custom map[string]any) error {
	for _, key := range slices.Sorted(maps.Keys(custom)) {
		encoded, err := json.Marshal(textOfError(custom[key]))
		if err == nil {
			name, _ := json.Marshal(key) // a string always marshals
			err = cmp.Or(checkStorable(encoded), checkStorable(name))
		}
		if err != nil {
			return &audit.InvalidError{Reason: audit.InvalidCustom, Name: key,
				Detail: fmt.Sprintf("key %q", key), Err: err}
		}
		d.fields[key] = encoded
	}
	if len(d.fields) == 0 {
		return nil
	}
	object, err := json.Marshal(d.fields)
	if err != nil {
		return &audit.InvalidError{Reason: audit.InvalidCustom, Err: err}
	}
	if len(object) > MaxSize {
		return &audit.InvalidError{Reason: audit.CustomTooLarge,
			Detail: fmt.Sprintf("%d bytes, %d are allowed", len(object), MaxSize)}
	}
	d.values.Custom = inASCII(string(object))
	return nil
}

// inASCII returns JSON in ASCII, which every database can receive: exaudit_internal.custom_data keeps as it is written
// what one cannot store.
func inASCII(object string) string {
	if !strings.ContainsFunc(object, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return object
	}
	var b strings.Builder
	for _, r := range object {
		switch high, low := utf16.EncodeRune(r); {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// textOfError returns the text of an error, which encoding/json would encode as {}, unless the
// error has a method for that itself. It returns other values as they are.
func textOfError(value any) any {
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

// checkStorable returns an error for valid JSON that PostgreSQL does not accept as jsonb: it
// must be UTF-8, without NUL, halves of surrogate pairs, and numbers out of numeric's range.
func checkStorable(encoded []byte) error {
	if !utf8.Valid(encoded) {
		return errors.New("not UTF-8")
	}
	rest := string(encoded)
	if err := checkNumbers(rest); err != nil {
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

// checkNumbers returns an error for valid JSON with a number that is not in the range of
// PostgreSQL's numeric: 131072 digits before the point, 16383 after it.
func checkNumbers(rest string) error {
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

// codeUnit reads \uXXXX at the start of s; it returns -1 where s does not start so.
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
