package torture

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Counts are what worlds have had in them.
type Counts struct {
	Worlds, Statements, Errors, Versions, Marks, Undos, Conflicts, Reverts int
	// Kinds are how often each of the kinds was carried out, without an error and with an effect.
	Kinds map[string]int
}

// kinds are all that Kinds should have in the end.
var kinds = list(
	"insert", "insert on conflict do nothing", "insert on conflict do update", "delete", "update", "update of a key",
	"permutation",
	"update from", "merge", "copy", "delete and insert", "several writes in one", "truncate", "savepoint",
	"rollback to savepoint", "rollback",
	"setting", "race", "waits", "baseline", "rows of before", "references", "partitions", "generated", "identity",
	"by statement", "without image", "masked", "excluded", "where", "ignore", "undo with gaps", "revert with gaps",
	"skip rows", "keep later", "overwrite", "redo", "undo of a redo", "committed undo", "retention",
	"retention of a table", "by the command")

// kindsOfAltered are those of worlds in which tables and types are altered.
var kindsOfAltered = list("alter table", "alter type", "alter under follow_ddl")

func (c *Counts) did(kind string) {
	if c.Kinds == nil {
		c.Kinds = map[string]int{}
	}
	if kind != "" {
		c.Kinds[kind]++
	}
}

func (c *Counts) add(o Counts) {
	c.Worlds += o.Worlds
	c.Statements += o.Statements
	c.Errors += o.Errors
	c.Versions += o.Versions
	c.Marks += o.Marks
	c.Undos += o.Undos
	c.Conflicts += o.Conflicts
	c.Reverts += o.Reverts
	for kind, n := range o.Kinds {
		c.did(kind)
		c.Kinds[kind] += n - 1
	}
}

func (c Counts) String() string {
	text := fmt.Sprintf("%d worlds, %d statements, %d errors, %d versions, %d marks, %d undos with %d conflicts, %d reverts; ",
		c.Worlds, c.Statements, c.Errors, c.Versions, c.Marks, c.Undos, c.Conflicts, c.Reverts)
	parts := make([]string, 0, len(c.Kinds))
	for _, kind := range slices.Sorted(maps.Keys(c.Kinds)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, c.Kinds[kind]))
	}
	return text + strings.Join(parts, ", ")
}

// Missing are the kinds that were never carried out.
func (c Counts) Missing(without Exclusions) (missing []string) {
	wanted := kinds
	if !without.Altered {
		wanted = slices.Concat(kinds, kindsOfAltered)
	}
	for _, kind := range wanted {
		if c.Kinds[kind] == 0 {
			missing = append(missing, kind)
		}
	}
	return missing
}
