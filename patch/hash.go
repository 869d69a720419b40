package patch

import (
	"encoding/json"
	"hash/maphash"
	"reflect"
)

// hasher finds equal values fast. The zero value is ready to use.
//
// It remembers the hashes of nested values: without that, every level of a deeply
// nested value would be hashed anew for each level above it.
type hasher struct {
	known map[identity]uint64
}

// identity tells lists and objects apart by where they are in memory. An address
// taken for another would cost the brevity of a patch, not its correctness: hashes
// never decide alone that two elements are the same.
type identity struct {
	address uintptr
	length  int
}

var seed = maphash.MakeSeed()

// same reports whether two values are equal.
func (h *hasher) same(a, b any) bool {
	return h.alike(a, b) && equal(a, b)
}

// alike reports whether two values are equal, and may, very rarely, say so of two
// that are not.
func (h *hasher) alike(a, b any) bool {
	switch a := a.(type) {
	case nil, bool, string, json.Number:
		return equal(a, b)
	}
	return h.hash(a) == h.hash(b)
}

func (h *hasher) hash(v any) uint64 {
	switch v := v.(type) {
	case nil:
		return 1
	case bool:
		if v {
			return 2
		}
		return 3
	case json.Number:
		return mix(4, maphash.String(seed, string(v)))
	case string:
		return mix(5, maphash.String(seed, v))
	case []any:
		return h.remember(v, len(v), func() (sum uint64, nested bool) {
			sum = 6
			for _, e := range v {
				sum = mix(sum, h.hash(e))
				nested = nested || isNested(e)
			}
			return sum, nested
		})
	case map[string]any:
		return h.remember(v, len(v), func() (sum uint64, nested bool) {
			// The order of the keys must not matter, hence the addition.
			for key, e := range v {
				sum += mix(maphash.String(seed, key), h.hash(e))
				nested = nested || isNested(e)
			}
			return mix(7, sum), nested
		})
	}
	// Not a JSON value: equal has to tell.
	return 8
}

// remember returns the hash of a list or object, which sum computes if it is not
// known. Short ones with nothing nested in them are hashed as fast as looked up.
func (h *hasher) remember(v any, length int, sum func() (uint64, bool)) uint64 {
	const short = 16
	id := identity{reflect.ValueOf(v).Pointer(), length}
	if hash, ok := h.known[id]; ok {
		return hash
	}
	hash, nested := sum()
	if nested || length > short {
		if h.known == nil {
			h.known = make(map[identity]uint64)
		}
		h.known[id] = hash
	}
	return hash
}

func isNested(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// mix combines two hashes; the order matters.
func mix(a, b uint64) uint64 {
	x := (a^0x9e3779b97f4a7c15)*0xff51afd7ed558ccd + b
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x ^ x>>29
}

// numbering gives equal values the same small number.
type numbering struct {
	hasher *hasher
	values []any
	first  map[uint64]int // by hash: the number of the first value with it
	next   []int          // by number: the next number with the same hash, or -1
}

func (n *numbering) number(v any) int {
	hash := n.hasher.hash(v)
	first, ok := n.first[hash]
	if !ok {
		first = -1
	}
	for i := first; i >= 0; i = n.next[i] {
		if equal(n.values[i], v) {
			return i
		}
	}
	n.values = append(n.values, v)
	n.next = append(n.next, first)
	n.first[hash] = len(n.values) - 1
	return n.first[hash]
}
