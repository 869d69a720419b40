// Package patch computes, stores, shows, applies and merges the differences between
// JSON values.
//
// A [Patch] says what changed, in the grammar of Elixir's ExAudit:
//
//	ExAudit                            here
//	:not_changed                       nil
//	{:added, v}                        Added{v}
//	{:removed, v}                      Removed{v}
//	{:primitive_change, a, b}          Changed{a, b}
//	%{key => change}                   Object{key: change}
//	[{:added_to_list, i, v},           List{{i, Added{v}},
//	 {:removed_from_list, i, v},            {i, Removed{v}},
//	 {:changed_in_list, i, change}]         {i, change}}
//
// ExAudit's {:changed, change} around the change of a key says nothing that the
// change does not say itself, and has no counterpart.
//
// The following is true for all JSON values a and b, and every patch p:
//
//	Apply(a, Diff(a, b)) == b
//	Apply(b, Reverse(Diff(a, b))) == a
//	Reverse(Reverse(p)) == p
//	Diff(a, a) == nil
//
// The following is true, too, and there is no conflict:
//
//	Merge(a, a, b) == b
//	Merge(a, b, a) == b
//	Merge(a, b, b) == b
//
// # Values
//
// A JSON value is nil, a bool, a [json.Number], a string, a []any or a
// map[string]any. [Decode] makes one from JSON text and [Value] from any other
// Go value. Numbers are compared by their digits and never pass through a
// float64: 1.0 and 1.00 are different values, as they are in a PostgreSQL
// numeric. A key with null and a key that is absent are different, too.
//
// Values and patches are never modified, and share structure: a patch refers to
// parts of the values it was made from, and the result of [Apply] to parts of
// its arguments. Treat them as immutable.
package patch
