package triggers

import "testing"

func TestSameTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		words, quoted string
		want          bool
	}{
		{"orders", "public.orders", true},
		{"Orders", "public.orders", true},
		{"public.orders", "public.orders", true},
		{"sales.orders", "public.orders", false},
		{"User", `public."User"`, false},
		{`"User"`, `public."User"`, true},
		{`"Sales"."my.table"`, `"Sales"."my.table"`, true},
		{`"my.table"`, `"Sales"."my.table"`, true},
		{`"say ""hi"""`, `public."say ""hi"""`, true},
	} {
		if got := sameTable(c.words, c.quoted); got != c.want {
			t.Errorf("%s means %s: %v, want %v", c.words, c.quoted, got, c.want)
		}
	}
}
