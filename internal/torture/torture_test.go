package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/internal/pgtest"
	"github.com/exaudit/exaudit/internal/testall"
	"github.com/exaudit/exaudit/triggers"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// enough are worlds in which each kind should have been.
const enough = 1000

// worldsPerDatabase bounds how many schemas a database has seen.
const worldsPerDatabase = 25

// TestWorlds carries out a few worlds, always the same; make torture sets how many or for how long, and from which seed.
func TestWorlds(t *testing.T) {
	t.Parallel()
	seed, first, worlds, end := setting(t, "SEED", 1), setting(t, "FIRST", 0), setting(t, "WORLDS", 0), time.Time{}
	if seconds := setting(t, "SECONDS", 0); seconds > 0 {
		end = time.Now().Add(time.Duration(seconds) * time.Second)
	} else if worlds == 0 {
		worlds = testall.Or[uint64](3, 12)
	}
	t.Logf("seed %d", seed)
	command := built(t)
	var counts Counts
	done := func(n uint64) bool {
		return worlds > 0 && n >= first+worlds || !end.IsZero() && time.Now().After(end)
	}
	for n := first; !done(n) && goesOn(t); {
		from := n
		t.Run(fmt.Sprintf("from %d", n), func(t *testing.T) {
			place := open(t)
			place.Command = command
			for range worldsPerDatabase {
				if done(n) || !goesOn(t) {
					break
				}
				n++
				try(t, place, seed, n-1)
			}
			counts.add(place.Counts)
		})
		t.Logf("seed %d, until %d: %v", seed, n, counts)
		if n == from { // there is no database
			break
		}
	}
	without, err := Known.Lift(os.Getenv("EXAUDIT_TORTURE_LIFT"))
	if err != nil {
		t.Fatal(err)
	}
	if missing := counts.Missing(without); counts.Worlds >= enough && len(missing) > 0 {
		t.Errorf("never carried out: %q", missing)
	}
}

// What is done behind exaudit's back is found.
func TestControls(t *testing.T) {
	t.Parallel()
	place := open(t)
	const unlocked = "ALTER TABLE exaudit.versions DISABLE TRIGGER ALL; %s; ALTER TABLE exaudit.versions ENABLE TRIGGER ALL"
	for name, c := range testall.SampleMap(map[string]struct{ behind, want string }{
		"a version is deleted":     {fmt.Sprintf(unlocked, "DELETE FROM exaudit.versions WHERE id = (SELECT max(id) FROM exaudit.versions)"), "recorded"},
		"a version is changed":     {fmt.Sprintf(unlocked, `UPDATE exaudit.versions SET before = '{"a": "z"}' WHERE id = (SELECT max(id) FROM exaudit.versions)`), "as of"},
		"a row is changed":         {"BEGIN; SET LOCAL session_replication_role = replica; UPDATE {0} SET a = 'z'; COMMIT", "twin"},
		"a statement is different": {"CREATE RULE other AS ON UPDATE TO {0} DO INSTEAD NOTHING", "twin"},
	}, 2) {
		table := Table{Name: "t", Columns: []Column{{Name: "id", Type: "int"}, {Name: "a", Type: "text"}}, Key: []int{0}}
		w := World{Tables: []Table{table}, Choices: []Choice{{Bits: ^uint64(0)}}, Ops: []Op{
			{SQL: "INSERT INTO {0} (id, a) VALUES (1, 'x')"}, {Kind: Mark}, {SQL: "UPDATE {0} SET a = 'y'"}, {Kind: Behind, SQL: c.behind},
		}}
		if name == "a statement is different" {
			w.Ops = append(w.Ops, Op{SQL: "UPDATE {0} SET a = 'v'"})
		}
		_, err := place.Check(t.Context(), w)
		if finding := new(Finding); !errors.As(err, &finding) || finding.Check != c.want {
			t.Errorf("%s: %v, want a finding of %q", name, err, c.want)
		}
		w.Ops = slices.DeleteFunc(w.Ops, func(op Op) bool { return op.Kind == Behind })
		if _, err := place.Check(t.Context(), w); err != nil {
			t.Errorf("without it: %v", err)
		}
	}
}

// goesOn reports whether to look for more after a finding: where exclusions are lifted.
func goesOn(t *testing.T) bool { return !t.Failed() || os.Getenv("EXAUDIT_TORTURE_LIFT") != "" }

// try carries out a world, and makes it small if it fails.
func try(t *testing.T, place *Place, seed, number uint64) {
	t.Helper()
	without, err := Known.Lift(os.Getenv("EXAUDIT_TORTURE_LIFT"))
	if err != nil {
		t.Fatal(err)
	}
	place.Without = without
	w := Generate(seed, number, without)
	_, err = place.Check(context.Background(), w)
	if err == nil {
		return
	}
	finding := new(Finding)
	if !errors.As(err, &finding) {
		t.Fatalf("seed %d, world %d: %v", seed, number, err)
	}
	t.Logf("seed %d, world %d: %v", seed, number, err)
	defer func(command string) { place.Command, place.Only = command, "" }(place.Command)
	place.Command, place.Only = "", finding.Check
	small := Shrink(w, 2*time.Minute, func(w World) bool {
		var same *Finding
		_, err := place.Check(context.Background(), w)
		if err != nil && !errors.As(err, &same) {
			t.Logf("while shrinking: %v", err)
		}
		return errors.As(err, &same) && same.Check == finding.Check
	})
	script, err := open(t).Check(context.Background(), small) // where versions are numbered from 1
	text := fmt.Sprintf("-- seed %d, world %d\n%s-- %v\n-- undone: %+v\n", seed, number, script, err, small.Choices)
	file := filepath.Join(os.TempDir(), fmt.Sprintf("torture-%d-%d.sql", seed, number))
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Error(err)
	}
	t.Errorf("%s\n%s", file, text)
}

// built is the program exaudit, made for this test.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "exaudit")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/exaudit/exaudit/cmd/exaudit").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// opened are how many databases there were. Every other one follows the schema by event triggers.
var opened atomic.Int64

func open(t *testing.T) *Place {
	t.Helper()
	db := auditdb.New(t, "")
	place, err := Open(context.Background(), db.URL)
	if err != nil {
		t.Fatal(err)
	}
	place.Role, place.Without, place.Follows = db.Role(t, ""), Known, opened.Add(1)%2 == 0
	if place.Follows {
		if _, err := triggers.Install(context.Background(), db.Pool, nil, triggers.FollowDDL(audit.FollowDDL{})); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { place.Close(context.Background()) })
	return place
}

func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv("EXAUDIT_TORTURE_" + name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
