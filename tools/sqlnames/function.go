package main

import (
	"fmt"
	"strings"

	pg "github.com/wasilibs/go-pgquery"
)

// function checks the body of a function that pins nothing. Argument types and defaults are
// resolved when it is created, under the path of the statements around it.
func (c *checker) function(f node, definition string, location int) error {
	var language, body string
	for _, item := range f.list("options") {
		option := node(item.(map[string]any)).object("DefElem")
		switch option.text("defname") {
		case "language":
			language = option.object("arg").object("String").text("sval")
		case "as":
			body = names(option.object("arg").object("List").list("items"))[0]
		case "set":
			set := option.object("arg").object("VariableSetStmt")
			if set.text("name") != "search_path" {
				continue
			}
			if !isPinned(set) {
				c.add(location, "search_path is pinned to something else than "+strings.Join(pinnedPath, ", "))
			}
			return nil
		}
	}
	inner := checker{file: c.file, within: strings.Join(names(f.list("funcname")), ".") + ": "}
	inner.firstLine = c.firstLine + lineAt(c.text, location+strings.Index(definition, body)) - 1
	defer func() { c.findings = append(c.findings, inner.findings...) }()
	switch language {
	case "sql":
		return inner.script(body)
	case "plpgsql":
		return inner.plpgsql(definition)
	default:
		return fmt.Errorf("function %s is in language %q", inner.within, language)
	}
}

// block checks DO.
func (c *checker) block(do node) error {
	if c.pinned {
		return nil
	}
	for _, item := range do.list("args") {
		option := node(item.(map[string]any)).object("DefElem")
		if option.text("defname") != "as" {
			continue
		}
		body := option.object("arg").object("String").text("sval")
		inner := checker{file: c.file, within: "DO: "}
		inner.firstLine = c.firstLine + lineAt(c.text, strings.Index(c.text, body)) - 1
		err := inner.plpgsql("CREATE FUNCTION pg_temp.block() RETURNS void LANGUAGE plpgsql AS $block$" + body +
			"$block$")
		c.findings = append(c.findings, inner.findings...)
		return err
	}
	return nil
}

// plpgsql checks each expression of a function's body, and the types of its variables.
func (c *checker) plpgsql(definition string) error {
	encoded, err := pg.ParsePlPgSqlToJSON(definition)
	if err != nil {
		return fmt.Errorf("%s%w", c.within, err)
	}
	var functions []any
	if err := decodeTree(encoded, &functions); err != nil {
		return err
	}
	return c.plpgsqlNode(functions, 0)
}

// plpgsqlNode visits a value of the tree, line by line of the function's body. Nodes without a line
// of their own stand in that of the statement around them.
func (c *checker) plpgsqlNode(value any, line int) error {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			if err := c.plpgsqlNode(item, line); err != nil {
				return err
			}
		}
	case map[string]any:
		if own := node(value).number("lineno"); own > 0 {
			line = own
		}
		c.line = c.firstLine + max(line, 1) - 1
		for kind, child := range value {
			object, _ := child.(map[string]any)
			if err := c.plpgsqlKind(kind, object, line); err != nil {
				return err
			}
			if err := c.plpgsqlNode(child, line); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) plpgsqlKind(kind string, n node, line int) error {
	switch kind {
	case "PLpgSQL_rec":
		if n.number("lineno") > 0 && n["datatype"] == nil {
			c.line = c.firstLine + n.number("lineno") - 1
			c.report(0, "type record has no schema")
		}
	case "PLpgSQL_type":
		if line > 0 { // a variable's; those of arguments are looked up when the function is created
			return c.variable(strings.TrimSpace(n.text("typname")))
		}
	case "PLpgSQL_stmt_case":
		if n["t_expr"] != nil {
			c.line = c.firstLine + n.number("lineno") - 1
			c.report(0, "CASE x WHEN looks = up")
		}
	case "PLpgSQL_expr":
		return c.plpgsqlExpression(n)
	}
	return nil
}

// variable checks the type of one.
func (c *checker) variable(typeName string) error {
	if before, _, found := strings.Cut(typeName, "%"); found {
		if !strings.Contains(before, ".") {
			c.report(0, "type %s has no schema", typeName)
		}
		return nil
	}
	return c.fragment("SELECT NULL::" + typeName)
}

// plpgsqlExpression checks a statement, an expression or an assignment.
func (c *checker) plpgsqlExpression(expression node) error {
	query := expression.text("query")
	switch expression.number("parseMode") {
	case 0:
		return c.fragment(query)
	case 2:
		if strings.HasPrefix(query, `"__Case__Variable_`) {
			return nil // that of CASE, which is reported
		}
		return c.fragment("SELECT " + query)
	default:
		target, value, found := strings.Cut(query, ":=")
		if found {
			query = target + "=" + value
		}
		return c.fragment("UPDATE pg_catalog.variables SET " + query)
	}
}

// fragment checks a statement of a function's body.
func (c *checker) fragment(text string) error {
	tree, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s%w", c.within, err)
	}
	c.statement(tree)
	c.madeUp(tree)
	return nil
}
