package sql

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Function is one that the migrations create.
type Function struct {
	Schema          string
	Name            string
	Owner           string
	SecurityDefiner bool
	Attributes      string   // IMMUTABLE, STABLE or VOLATILE, PARALLEL SAFE, STRICT, LEAKPROOF, in this order
	Executors       []string // the roles that may execute it, but for its owner, sorted
	Settings        []string // as pg_proc keeps them: name=value
	Body            string
	Definition      string // CREATE OR REPLACE FUNCTION …
}

var (
	functionStart = regexp.MustCompile(`(?m)^CREATE (OR REPLACE )?FUNCTION (exaudit|exaudit_internal)\.([a-z_]+)\(`)
	functionBody  = regexp.MustCompile(`(?s)\bAS (?:\$\$(.*?)\$\$|'(.*?)');`)
	functionOwner = regexp.MustCompile(`(?m)^ALTER FUNCTION (exaudit(?:_internal)?\.[a-z_]+) OWNER TO (\w+);`)
	functionGrant = regexp.MustCompile(`(?s)\bGRANT EXECUTE ON FUNCTION ([^;]*?)\s+TO ([a-z_, ]+);`)
	functionName  = regexp.MustCompile(`exaudit(?:_internal)?\.[a-z_0-9]+`)
	attribute     = regexp.MustCompile(`\b(IMMUTABLE|STABLE|PARALLEL SAFE|PARALLEL RESTRICTED|STRICT|LEAKPROOF)\b`)
	setting       = regexp.MustCompile(`(?m)^ +SET ([a-z_]+) = (.+?)(?: *--.*)?$`)
)

// QualifiedName is the name with its schema.
func (f Function) QualifiedName() string { return f.Schema + "." + f.Name }

// Functions are those that a database has after all of the migrations. The list is shared, and not to be changed.
func Functions() ([]Function, error) { return functions() }

var functions = sync.OnceValues(func() ([]Function, error) {
	migrations, err := Migrations()
	if err != nil {
		return nil, err
	}
	var list []Function
	owners := make(map[string]string)
	executors := make(map[string][]string)
	note, err := NoteSQL(Version)
	if err != nil {
		return nil, err
	}
	for _, m := range append(migrations, Migration{Up: note}) {
		for _, at := range functionStart.FindAllStringSubmatchIndex(m.Up, -1) {
			f := function(m.Up[at[4]:at[5]], m.Up[at[6]:at[7]], m.Up[at[0]:])
			if replaces := at[2] >= 0; replaces {
				list = without(list, f.QualifiedName())
			}
			list = append(list, f)
		}
		for _, match := range functionOwner.FindAllStringSubmatch(m.Up, -1) {
			owners[match[1]] = match[2]
		}
		for _, match := range functionGrant.FindAllStringSubmatch(m.Up, -1) {
			for _, name := range functionName.FindAllStringSubmatch(match[1], -1) {
				executors[name[0]] = append(executors[name[0]], strings.Split(match[2], ", ")...)
			}
		}
	}
	for i, f := range list {
		if owner, ok := owners[f.QualifiedName()]; ok {
			list[i].Owner = owner
		}
		list[i].Executors = others(executors[f.QualifiedName()], list[i].Owner)
	}
	return list, nil
})

// others are the roles but for the owner, sorted.
func others(roles []string, owner string) []string {
	list := slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return role == owner })
	slices.Sort(list)
	return slices.Compact(list)
}

func without(list []Function, name string) []Function {
	var rest []Function
	for _, f := range list {
		if f.QualifiedName() != name {
			rest = append(rest, f)
		}
	}
	return rest
}

// function takes one apart; text begins with its CREATE.
func function(schema, name, text string) Function {
	body := functionBody.FindStringSubmatchIndex(text)
	f := Function{Schema: schema, Name: name, Owner: "exaudit_owner", Definition: text[:body[1]]}
	if body[2] >= 0 {
		f.Body = text[body[2]:body[3]]
	} else {
		f.Body = strings.ReplaceAll(text[body[4]:body[5]], "''", "'")
	}
	head := text[:body[0]]
	f.SecurityDefiner = strings.Contains(head, "SECURITY DEFINER")
	f.Attributes = attributes(head)
	for _, match := range setting.FindAllStringSubmatch(head, -1) {
		f.Settings = append(f.Settings, match[1]+"="+strings.Trim(match[2], "'"))
	}
	if !strings.HasPrefix(f.Definition, "CREATE OR REPLACE") {
		f.Definition = strings.Replace(f.Definition, "CREATE", "CREATE OR REPLACE", 1)
	}
	return f
}

// attributes are in the order of Function.Attributes, however the definition has them.
func attributes(head string) string {
	found := attribute.FindAllString(head, -1)
	list := []string{"VOLATILE"}
	for _, volatility := range []string{"IMMUTABLE", "STABLE"} {
		if slices.Contains(found, volatility) {
			list[0] = volatility
		}
	}
	for _, other := range []string{"PARALLEL SAFE", "PARALLEL RESTRICTED", "STRICT", "LEAKPROOF"} {
		if slices.Contains(found, other) {
			list = append(list, other)
		}
	}
	return strings.Join(list, " ")
}

// View is the statement that makes a view what the migrations make it, "" where they do not.
func View(name string) (string, error) {
	migrations, err := Migrations()
	if err != nil {
		return "", err
	}
	statement := ""
	for _, m := range migrations {
		_, text, found := strings.Cut(m.Up, "\nCREATE VIEW "+name+" ")
		if found {
			text, _, _ = strings.Cut(text, ";\n")
			statement = "CREATE OR REPLACE VIEW " + name + " " + text + ";"
		}
	}
	return statement, nil
}
