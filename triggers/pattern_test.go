package triggers_test

import (
	"strings"
	"testing"

	"github.com/exaudit/exaudit/internal/auditdb"
	"github.com/exaudit/exaudit/triggers"
)

// A pattern means the same here and in the database.
func TestPattern(t *testing.T) {
	t.Parallel()
	db := auditdb.New(t, "")
	names := [][2]string{{"public", "orders"}, {"public", "order_1"}, {"public", "orderx1"}, {"Shop", "Order"}, {"shop", "a.b"}, {"shop", "a%b"},
		{"shop", `a\b`}, {"shop", "a*b"}, {"shop", `q"q`}, {"shop", "größe"}, {"shop", "x"}, {"shop", "日本"}, {"shop", ""}}
	for pattern, want := range map[string]string{
		"public.*":           "public.orders public.order_1 public.orderx1",
		"public.order_?":     "public.order_1",
		"PUBLIC.Order?*":     "public.orders public.order_1 public.orderx1",
		`"Shop"."Order"`:     "Shop.Order",
		`shop."a.b"`:         "shop.a.b",
		`shop."a%b"`:         "shop.a%b",
		`shop."a\b"`:         `shop.a\b`,
		`shop."a*b"`:         "shop.a*b",
		`shop.a?b`:           `shop.a.b shop.a%b shop.a\b shop.a*b`,
		`shop."q""q"`:        `shop.q"q`,
		"shop.gr??e":         "shop.größe",
		"shop.größe":         "shop.größe",
		"shop.??":            "shop.日本",
		"shop.?":             "shop.x",
		"*.x":                "shop.x",
		"?ublic.*s":          "public.orders",
		`"shop".*"b"`:        `shop.a.b shop.a%b shop.a\b shop.a*b`,
		`shop."%"`:           "",
		`"public"."order_"?`: "public.order_1",
	} {
		p, err := triggers.ParsePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		var here, there []string
		for _, n := range names {
			if p.Match(n[0], n[1]) {
				here = append(here, n[0]+"."+n[1])
			}
			if one[bool](t, db.Pool, `SELECT $1::text LIKE $2 AND $3::text LIKE $4`, n[0], p.SchemaLike(), n[1], p.NameLike()) {
				there = append(there, n[0]+"."+n[1])
			}
			quoted := one[string](t, db.Pool, `SELECT format('%I.%I', $1::text, $2::text)`, n[0], n[1])
			if n[1] != "" && p.Match(n[0], n[1]) != p.MatchQuoted(quoted) {
				t.Errorf("%s: %s is matched otherwise when quoted", pattern, quoted)
			}
		}
		if got := strings.Join(here, " "); got != want || got != strings.Join(there, " ") {
			t.Errorf("%s means %s here and %s there, want %s", pattern, got, strings.Join(there, " "), want)
		}
	}
	for _, wrong := range []string{"", ".", "a", "*", "a.", ".b", "a.b.c", `a."b`, "a b.c", "a.b;c", "a.[b]", "a.'b'", "a-b.c"} {
		if _, err := triggers.ParsePattern(wrong); err == nil {
			t.Errorf("%q is a pattern", wrong)
		}
	}
}
