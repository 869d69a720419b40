package main

import (
	"slices"
	"strings"
)

// lookups are the expressions for which PostgreSQL looks an operator up by itself.
var lookups = map[string]string{
	"AEXPR_DISTINCT": "IS DISTINCT FROM", "AEXPR_NOT_DISTINCT": "IS NOT DISTINCT FROM", "AEXPR_NULLIF": "nullif",
	"AEXPR_IN": "IN", "AEXPR_LIKE": "LIKE", "AEXPR_ILIKE": "ILIKE", "AEXPR_SIMILAR": "SIMILAR TO",
	"AEXPR_BETWEEN": "BETWEEN", "AEXPR_NOT_BETWEEN": "BETWEEN", "AEXPR_BETWEEN_SYM": "BETWEEN",
	"AEXPR_NOT_BETWEEN_SYM": "BETWEEN",
}

// node reports what could be redirected in one node, without those below it.
func (c *checker) node(kind string, n node) {
	location := n.number("location")
	switch kind {
	case "FuncCall":
		c.name(location, "function", names(n.list("funcname")))
		c.regArgument(n)
	case "A_Expr":
		c.expression(n)
	case "TypeName", "typeName", "returnType", "argType":
		c.name(location, "type", names(n.list("names")))
	case "TypeCast":
		c.regLiteral(n.object("arg"), last(names(n.object("typeName").list("names"))), location)
	case "CollateClause", "collClause":
		c.name(location, "collation", names(n.list("collname")))
	case "RangeVar", "relation", "view", "rel":
		c.relation(n)
	case "RangeTableSample":
		c.name(location, "sampling method", names(n.list("method")))
	case "CaseExpr":
		if n["arg"] != nil {
			c.report(location, "CASE x WHEN looks = up")
		}
	case "JoinExpr":
		if n["usingClause"] != nil || n["isNatural"] == true {
			c.report(location, "JOIN USING and NATURAL JOIN look = up")
		}
	case "SortBy":
		if n["useOp"] != nil {
			c.name(location, "operator", names(n.list("useOp")))
		}
	case "SubLink":
		switch operator := names(n.list("operName")); {
		case n.text("subLinkType") == "ANY_SUBLINK" && len(operator) == 0:
			c.report(location, "IN looks = up")
		case len(operator) > 0:
			c.name(location, "operator", operator)
		}
	case "CreateTrigStmt", "CreateEventTrigStmt":
		c.name(location, "function", names(n.list("funcname")))
	case "CreateFunctionStmt":
		c.name(location, "function", names(n.list("funcname")))
	case "ObjectWithArgs":
		c.name(location, "name", names(n.list("objname")))
	case "DropStmt":
		c.dropped(n)
	}
}

// name reports a name of one part.
func (c *checker) name(location int, what string, parts []string) {
	if len(parts) == 1 && !strings.Contains(parts[0], placeholder) {
		c.report(location, "%s %s has no schema", what, parts[0])
	}
}

func (c *checker) expression(n node) {
	location, name := n.number("location"), names(n.list("name"))
	construct, looksUp := lookups[n.text("kind")]
	// a bare NULL makes IS NULL of it
	if strings.HasSuffix(n.text("kind"), "DISTINCT") && (isNull(n.object("lexpr")) || isNull(n.object("rexpr"))) {
		return
	}
	if looksUp {
		c.report(location, "%s looks an operator up", construct)
		return
	}
	c.name(location, "operator", name)
}

func (c *checker) relation(n node) {
	name := n.text("relname")
	if name == "" || strings.Contains(name, placeholder) || n.text("schemaname") != "" ||
		slices.Contains(c.known, name) {
		return
	}
	c.report(n.number("location"), "relation %s has no schema", name)
}

// regArgument looks at the text of to_regclass('…') and the like, and of nextval('…').
func (c *checker) regArgument(n node) {
	function := last(names(n.list("funcname")))
	if arguments := n.list("args"); len(arguments) > 0 {
		argument := node(arguments[0].(map[string]any))
		switch {
		case strings.HasPrefix(function, "to_reg"):
			c.regLiteral(argument, strings.TrimPrefix(function, "to_"), n.number("location"))
		case slices.Contains([]string{"nextval", "currval", "setval"}, function):
			c.regLiteral(argument, "regclass", n.number("location"))
		}
	}
}

// regLiteral reports a text that becomes an object's oid by a look-up of its name.
func (c *checker) regLiteral(argument node, typeName string, location int) {
	literal, ok := constant(argument)
	if !ok || !strings.HasPrefix(typeName, "reg") || strings.Contains(literal, ".") ||
		slices.Contains([]string{"regnamespace", "regrole", "regexp_matches"}, typeName) {
		return
	}
	c.report(location, "%s '%s' has no schema", typeName, literal)
}

// dropped are the objects of DROP that stand in a schema. Triggers and policies are named after
// their table.
func (c *checker) dropped(n node) {
	least := 2
	switch n.text("removeType") {
	case "OBJECT_SCHEMA", "OBJECT_EVENT_TRIGGER", "OBJECT_ROLE", "OBJECT_EXTENSION":
		return
	case "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE":
		least = 3
	}
	for _, item := range n.list("objects") {
		object, _ := item.(map[string]any)
		list := node(object).object("List")
		if list == nil {
			continue
		}
		if parts := names(list.list("items")); len(parts) < least && !slices.Contains(parts, placeholder) {
			c.report(n.number("location"), "name %s has no schema", strings.Join(parts, "."))
		}
	}
}

func last(parts []string) string {
	if len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1]
}
