package sql

import (
	"regexp"
	"strings"
)

// Function is one that the migrations create in schema exaudit.
type Function struct {
	Name            string
	Owner           string
	SecurityDefiner bool
	Settings        []string // as pg_proc keeps them: name=value
	Body            string
	Definition      string // CREATE OR REPLACE FUNCTION …
}

var (
	functionStart = regexp.MustCompile(`(?m)^CREATE (OR REPLACE )?FUNCTION exaudit\.([a-z_]+)\(`)
	functionBody  = regexp.MustCompile(`(?s)\bAS (?:\$\$(.*?)\$\$|'(.*?)');`)
	functionOwner = regexp.MustCompile(`(?m)^ALTER FUNCTION exaudit\.([a-z_]+) OWNER TO (\w+);`)
	setting       = regexp.MustCompile(`(?m)^ +SET ([a-z_]+) = (.+?)(?: *--.*)?$`)
)

// Functions are those that a database has after all of the migrations.
func Functions() ([]Function, error) {
	migrations, err := Migrations()
	if err != nil {
		return nil, err
	}
	var list []Function
	owners := make(map[string]string)
	for _, m := range migrations {
		for _, at := range functionStart.FindAllStringSubmatchIndex(m.Up, -1) {
			f := function(m.Up[at[4]:at[5]], m.Up[at[0]:])
			if replaces := at[2] >= 0; replaces {
				list = without(list, f.Name)
			}
			list = append(list, f)
		}
		for _, match := range functionOwner.FindAllStringSubmatch(m.Up, -1) {
			owners[match[1]] = match[2]
		}
	}
	for i, f := range list {
		if owner, ok := owners[f.Name]; ok {
			list[i].Owner = owner
		}
	}
	return list, nil
}

func without(list []Function, name string) []Function {
	var rest []Function
	for _, f := range list {
		if f.Name != name {
			rest = append(rest, f)
		}
	}
	return rest
}

// function takes one apart; text begins with its CREATE.
func function(name, text string) Function {
	body := functionBody.FindStringSubmatchIndex(text)
	f := Function{Name: name, Owner: "exaudit_owner", Definition: text[:body[1]]}
	if body[2] >= 0 {
		f.Body = text[body[2]:body[3]]
	} else {
		f.Body = text[body[4]:body[5]]
	}
	head := text[:body[0]]
	f.SecurityDefiner = strings.Contains(head, "SECURITY DEFINER")
	for _, match := range setting.FindAllStringSubmatch(head, -1) {
		f.Settings = append(f.Settings, match[1]+"="+strings.Trim(match[2], "'"))
	}
	if !strings.HasPrefix(f.Definition, "CREATE OR REPLACE") {
		f.Definition = strings.Replace(f.Definition, "CREATE", "CREATE OR REPLACE", 1)
	}
	return f
}
