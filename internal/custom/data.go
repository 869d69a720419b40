package custom

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"

	"github.com/exaudit/exaudit/internal/preamble"
)

// MaxSize is how many bytes the custom data of a context may have as JSON.
const MaxSize = 64 << 10

// contextData is the custom data of a context, and whether its changes are ignored. It does
// not change once it is in a context. A nil one is empty.
type contextData struct {
	custom map[string]any
	fields map[string]json.RawMessage // custom, each value encoded once
	values preamble.Values
	// preamble sets the values, for a statement that is a transaction of its own.
	preamble preamble.Preamble
	err      error
}

type contextKey struct{}

// dataOf returns the data of a context, nil where it has none.
func dataOf(ctx context.Context) *contextData {
	data, _ := ctx.Value(contextKey{}).(*contextData)
	return data
}

// empty reports whether there is nothing to set for the context's statements, and no error.
func (d *contextData) empty() bool { return d == nil || d.err == nil && d.values == preamble.Values{} }

// valuesOf returns the values of a context's settings.
func valuesOf(ctx context.Context) preamble.Values {
	if data := dataOf(ctx); data != nil {
		return data.values
	}
	return preamble.Values{}
}

// With returns a context with custom data: that of ctx, and over it the given keys. The error
// of a value that cannot be stored names the function that is skip calls above With.
func With(ctx context.Context, custom map[string]any, skip int) context.Context {
	next := &contextData{custom: maps.Clone(custom), fields: make(map[string]json.RawMessage, len(custom))}
	if outer := dataOf(ctx); outer != nil {
		next.values, next.err = outer.values, outer.err
		next.custom = maps.Clone(outer.custom)
		if next.custom == nil {
			next.custom = make(map[string]any, len(custom))
		}
		maps.Copy(next.custom, custom)
		maps.Copy(next.fields, outer.fields)
	}
	if err := next.encode(custom); err != nil && next.err == nil {
		next.err = err
		if _, file, line, ok := runtime.Caller(skip + 1); ok {
			next.err = fmt.Errorf("%w (exaudit.With at %s:%d)", err, filepath.Base(file), line)
		}
	}
	return next.in(ctx)
}

// in returns a context with the data.
func (d *contextData) in(ctx context.Context) context.Context {
	d.preamble = d.values.Preamble()
	return context.WithValue(ctx, contextKey{}, d)
}

// Without returns a context without custom data.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, (*contextData)(nil))
}

// Ignore returns a context whose changes are not recorded, on tables that allow that.
func Ignore(ctx context.Context) context.Context {
	next := &contextData{}
	if outer := dataOf(ctx); outer != nil {
		*next = *outer
	}
	next.values.Ignore = "on"
	return next.in(ctx)
}

// Ignored reports whether a context is one of Ignore.
func Ignored(ctx context.Context) bool { return valuesOf(ctx).Ignore != "" }

// Of returns the custom data of a context, nil where it has none.
func Of(ctx context.Context) map[string]any {
	if data := dataOf(ctx); data != nil {
		return data.custom
	}
	return nil
}

// JSON returns the custom data of a context as JSON, "" where it has none.
func JSON(ctx context.Context) string { return valuesOf(ctx).Custom }

// Err returns the error of a context's custom data, nil if it can be stored.
func Err(ctx context.Context) error {
	if data := dataOf(ctx); data != nil {
		return data.err
	}
	return nil
}
