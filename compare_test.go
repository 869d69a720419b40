package exaudit_test

import (
	"context"
	"strings"
	"testing"

	"github.com/exaudit/exaudit"
	"github.com/exaudit/exaudit/audit"
	"github.com/exaudit/exaudit/internal/reason"
	"github.com/exaudit/exaudit/patch"
)

const placesSchema = `
	CREATE SCHEMA shop;
	CREATE DOMAIN shop.address AS jsonb;
	CREATE DOMAIN shop.home AS shop.address;
	CREATE TABLE places (id int PRIMARY KEY, info jsonb, home shop.home, tags text[])`

const placesRows = `
	INSERT INTO places VALUES (1, '{"address": {"street": "A"}, "lines": [1, 2], "n": 1}', '{"street": "A"}', '{a,b}');
	UPDATE places SET info = '{"address": {"street": "B"}, "lines": [0, 1, 2], "n": 2}', home = '{"street": "B"}', tags = '{z,a,b}'`

// patchOf is the patch of the update of places, as text.
func patchOf(t *testing.T, v *audit.Version) string {
	t.Helper()
	return patch.Text(v.Patch)
}

// What is primitive is compared as a whole by every reader, as the table's options say or the caller.
func TestPrimitive(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, placesSchema, "places")
	db.Exec(t, placesRows)

	const (
		fine = `~ home.street: "A" → "B"
~ info.address.street: "A" → "B"
+ info.lines[0]: 0
~ info.n: 1 → 2
+ tags[0]: "z"
`
		byPlace = `~ home.street: "A" → "B"
~ info.address: {"street":"A"} → {"street":"B"}
+ info.lines[0]: 0
~ info.n: 1 → 2
~ tags: ["a","b"] → ["z","a","b"]
`
		byType = `~ home: {"street":"A"} → {"street":"B"}
~ info.address.street: "A" → "B"
~ info.lines[0]: 1 → 0
~ info.lines[1]: 2 → 1
+ info.lines[2]: 2
~ info.n: 1 → 2
~ tags[0]: "a" → "z"
~ tags[1]: "b" → "a"
+ tags[2]: "b"
`
		byBase = `~ home: {"street":"A"} → {"street":"B"}
~ info: {"address":{"street":"A"},"lines":[1,2],"n":1} → {"address":{"street":"B"},"lines":[0,1,2],"n":2}
+ tags[0]: "z"
`
	)
	places := exaudit.Primitive("info/address", "/tags")
	types := []exaudit.PatchOption{exaudit.PrimitiveTypes("shop.address", "no.such"), exaudit.Positional()}
	read := func(opts ...exaudit.PatchOption) map[string]string {
		t.Helper()
		texts := make(map[string]string)
		var ofRow []exaudit.HistoryOption
		var ofTable []exaudit.VersionsOption
		for _, o := range opts {
			ofRow, ofTable = append(ofRow, o), append(ofTable, o)
		}
		for name, of := range map[string]func() ([]*audit.Version, error){
			"History": func() ([]*audit.Version, error) { return exaudit.Collect(adb.History(ctx, "places", 1, ofRow...)) },
			"History with states": func() ([]*audit.Version, error) {
				return exaudit.Collect(adb.HistoryWithStates(ctx, "places", 1, ofRow...))
			},
			"History, filtered": func() ([]*audit.Version, error) {
				return exaudit.Collect(adb.History(ctx, "places", 1, append(ofRow, exaudit.ByColumn("info"))...))
			},
			"Versions": func() ([]*audit.Version, error) {
				return exaudit.Collect(adb.Versions(ctx, append(ofTable, exaudit.ByTable("places"))...))
			},
			"Version": func() ([]*audit.Version, error) {
				v, err := adb.Version(ctx, 2, opts...)
				return []*audit.Version{nil, v}, err
			},
		} {
			versions, err := of()
			if err != nil || len(versions) != 2 {
				t.Fatalf("%s: %d versions, %v", name, len(versions), err)
			}
			texts[name] = patchOf(t, versions[1])
		}
		return texts
	}
	wantAll := func(of, want string, texts map[string]string) {
		t.Helper()
		for name, text := range texts {
			if text != want {
				t.Errorf("%s, %s:\n%swant:\n%s", of, name, text, want)
			}
		}
	}
	wantAll("without options", fine, read())
	wantAll("by place", byPlace, read(places))
	wantAll("by type", byType, read(types...))
	wantAll("by the type beneath", byBase, read(exaudit.PrimitiveTypes("jsonb")))

	install := func(o audit.TableOptions) error {
		_, err := adb.Install(ctx, []string{"places"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"places": o}})
		return err
	}
	if err := install(audit.TableOptions{Primitive: []string{"info/address", "tags"}}); err != nil {
		t.Fatal(err)
	}
	wantAll("by place, of the table", byPlace, read())
	if err := install(audit.TableOptions{PrimitiveTypes: []string{"shop.address"}, Positional: true}); err != nil {
		t.Fatal(err)
	}
	wantAll("by type, of the table", byType, read())
	for _, o := range []audit.TableOptions{
		{Primitive: []string{"nothing/there"}}, {Primitive: []string{""}}, {Primitive: []string{"info", "info"}},
		{PrimitiveTypes: []string{"address"}}, {PrimitiveTypes: []string{"int4; SELECT"}}, {PrimitiveTypes: []string{" "}},
	} {
		if err := install(o); !reason.Is(err, audit.InvalidOption) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	wantAll("after refused ones", byType, read())

	// a table that is gone
	db.Exec(t, "DROP TABLE places")
	if got := patchOf(t, historyOf(t, adb, "places", 1, exaudit.Primitive("info"))[1]); !strings.Contains(got, "~ info: {") {
		t.Errorf("of a dropped table:\n%s", got)
	}
}

// Whole rows come with patches that are compared in the same way.
func TestPrimitiveOfTypedHistory(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, adb := audited(t, `CREATE TABLE notes (id int PRIMARY KEY, info jsonb)`)
	if _, err := adb.Install(ctx, []string{"notes"}, &exaudit.InstallOptions{TableOptions: map[string]audit.TableOptions{"notes": {Primitive: []string{"info/a"}}}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, `INSERT INTO notes VALUES (1, '{"a": [1], "b": [1], "c": [1]}'); UPDATE notes SET info = '{"a": [2], "b": [2], "c": [2]}'`)
	type note struct {
		ID   int32
		Info []byte
	}
	for i, v := range collect[note](t, adb, "notes", 1, exaudit.Primitive("info/b")) {
		if got := patchOf(t, v.Version); i == 1 && got != "~ info.a: [1] → [2]\n~ info.b: [1] → [2]\n~ info.c[0]: 1 → 2\n" {
			t.Errorf("got:\n%s", got)
		}
	}
}
