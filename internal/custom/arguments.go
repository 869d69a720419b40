package custom

import (
	"reflect"

	"github.com/jackc/pgx/v5"
)

// splitOptions splits arguments as pgx does: options come before the others. The mode is 0 if
// none is given.
func splitOptions(args []any) (mode pgx.QueryExecMode, options bool, rest []any, rewriter pgx.QueryRewriter) {
	for len(args) > 0 {
		switch arg := args[0].(type) {
		case pgx.QueryExecMode:
			mode, options = arg, true
		case pgx.QueryResultFormats, pgx.QueryResultFormatsByOID:
			options = true
		case pgx.QueryRewriter:
			rewriter = arg
		default:
			return mode, options, args, rewriter
		}
		args = args[1:]
	}
	return mode, options, args, rewriter
}

// maxPipelined is how many bytes of arguments a pipelined statement has. pgproto3 makes text
// of all that it traces, and of bytes that are not text four times as much and more: beyond
// this, another round trip costs less.
const maxPipelined = 8 << 10

// large reports whether arguments are larger than maxPipelined, by an estimate.
func large(args []any) bool {
	size := 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case nil, int, int32, int64, bool, float64:
			size += 8
		case string:
			size += len(arg)
		case []byte:
			size += 4 * len(arg)
		default:
			size += estimateSize(reflect.ValueOf(arg), 4)
		}
		if size > maxPipelined {
			return true
		}
	}
	return false
}

// estimateSize estimates the size of a value as an argument.
func estimateSize(v reflect.Value, depth int) int {
	if depth == 0 {
		return 64
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 4
		}
		return estimateSize(v.Elem(), depth-1)
	case reflect.String:
		return v.Len()
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return 4 * v.Len()
		}
		size := 4
		for i := 0; i < v.Len() && size <= maxPipelined; i++ {
			size += 4 + estimateSize(v.Index(i), depth-1)
		}
		return size
	case reflect.Map:
		size := 4
		for entries := v.MapRange(); entries.Next() && size <= maxPipelined; {
			size += estimateSize(entries.Key(), depth-1) + estimateSize(entries.Value(), depth-1)
		}
		return size
	case reflect.Struct:
		size := 0
		for i := range v.NumField() {
			size += estimateSize(v.Field(i), depth-1)
		}
		return size
	}
	return 8
}
