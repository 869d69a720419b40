package patch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/exaudit/exaudit/patch"
)

// decode is Decode for text that is known to be JSON.
func decode(text string) any {
	v, err := patch.Decode([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

func show(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func Example() {
	before := decode(`{"status":"new","total":1.0,"items":[{"sku":"a","qty":1}]}`)
	after := decode(`{"status":"paid","total":1.00,"items":[{"sku":"b","qty":7},{"sku":"a","qty":2}]}`)

	p := patch.Diff(before, after)
	fmt.Print(patch.Text(p))

	again, err := patch.Apply(after, patch.Reverse(p))
	if err != nil {
		panic(err)
	}
	show(again)
	// Output:
	// + items[0]: {"qty":7,"sku":"b"}
	// ~ items[0].qty: 1 → 2
	// ~ status: "new" → "paid"
	// ~ total: 1.0 → 1.00
	// {"items":[{"qty":1,"sku":"a"}],"status":"new","total":1.0}
}

func ExampleDiff() {
	p := patch.Diff(decode(`{"a":null,"b":1}`), decode(`{"b":2}`))
	for key, change := range p.(patch.Object) {
		switch change := change.(type) {
		case patch.Added:
			fmt.Println(key, "is new:", change.Value)
		case patch.Removed:
			fmt.Println(key, "is gone:", change.Value)
		case patch.Changed:
			fmt.Println(key, "was", change.From, "and is", change.To)
		case patch.Object, patch.List:
			fmt.Println(key, "changed within")
		}
	}
	// Unordered output:
	// a is gone: <nil>
	// b was 1 and is 2
}

func ExamplePositional() {
	before, after := decode(`["a","b"]`), decode(`["x","a","b"]`)
	show(patch.Diff(before, after))
	show(patch.Diff(before, after, patch.Positional()))
	// Output:
	// [[0,["+","x"]]]
	// [[0,["~","a","x"]],[1,["~","b","a"]],[2,["+","b"]]]
}

func ExamplePrimitive() {
	before := decode(`{"shops":[{"place":{"lat":1,"lon":2}}]}`)
	after := decode(`{"shops":[{"place":{"lat":1,"lon":3}}]}`)
	fmt.Print(patch.Text(patch.Diff(before, after)))
	fmt.Print(patch.Text(patch.Diff(before, after, patch.Primitive("/shops/*/place"))))
	// Output:
	// ~ shops[0].place.lon: 2 → 3
	// ~ shops[0].place: {"lat":1,"lon":2} → {"lat":1,"lon":3}
}

func ExampleSegments() {
	fmt.Printf("%q\n", patch.Segments("info/items/*/a~1b"))
	// Output: ["info" "items" "*" "a/b"]
}

func ExampleReverse() {
	p := patch.Diff(decode(`{"a":1}`), decode(`{"b":2}`))
	show(patch.Reverse(p))
	// Output: {"a":["+",1],"b":["-",2]}
}

func ExampleApply() {
	p := patch.Diff(decode(`{"price":1.0}`), decode(`{"price":2.0}`))
	_, err := patch.Apply(decode(`{"price":1.00}`), p)
	fmt.Println(err)

	var conflict *patch.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println(conflict.Path, conflict.Want, conflict.Found)
	}
	// Output:
	// patch: conflict at price: want 1.0, found 1.00
	// price 1.0 1.00
}

func ExampleAll() {
	p := patch.Diff(decode(`{"a":1,"b":{"c":[1]}}`), decode(`{"a":2,"b":{"c":[1,2]}}`))
	for path, change := range patch.All(p) {
		if path[0] == "b" {
			fmt.Println(path, path.Pointer(), change)
		}
	}
	// Output: b.c[1] /b/c/1 {2}
}

func ExampleDecode() {
	v, err := patch.Decode([]byte(`{"total":12345678901234567890.10}`))
	fmt.Println(v, err)
	// Output: map[total:12345678901234567890.10] <nil>
}

func ExampleValue() {
	v, err := patch.Value(struct {
		ID    int64   `json:"id"`
		Price float64 `json:"price"`
	}{9007199254740993, 1.1})
	fmt.Println(v, err)
	// Output: map[id:9007199254740993 price:1.1] <nil>
}

func ExampleMarshal() {
	text, err := patch.Marshal(patch.Object{
		"note":   patch.Added{Value: nil},
		"status": patch.Changed{From: "new", To: "paid"},
		"tags":   patch.List{{Index: 0, Change: patch.Removed{Value: "x"}}},
	})
	fmt.Println(string(text), err)
	// Output: {"note":["+",null],"status":["~","new","paid"],"tags":[[0,["-","x"]]]} <nil>
}

func ExampleUnmarshal() {
	p, err := patch.Unmarshal([]byte(`{"status":["~","new","paid"]}`))
	fmt.Printf("%#v %v\n", p, err)

	_, err = patch.Unmarshal([]byte(`{"status":["new","paid"]}`))
	fmt.Println(err)
	// Output:
	// patch.Object{"status":patch.Changed{From:"new", To:"paid"}} <nil>
	// patch: invalid syntax: the change of status is ["new","paid"]
}

func ExampleText() {
	p := patch.Diff(decode(`{"address":{"zip code":"1"}}`), decode(`{"address":{"zip code":"2"},"note":"\u001b[2J"}`))
	fmt.Print(patch.Text(p))
	// Output:
	// ~ address."zip code": "1" → "2"
	// + note: "\u001b[2J"
}

func ExampleWriteText() {
	p := patch.Diff(decode(`{"note":"short"}`), decode(`{"note":"a rather long one"}`))
	if err := patch.WriteText(os.Stdout, p, patch.Shorten(10)); err != nil {
		panic(err)
	}
	// Output: ~ note: "short" → "a rather …
}

func ExampleColor() {
	fmt.Printf("%q\n", patch.Text(patch.Added{Value: true}, patch.Color()))
	// Output: "\x1b[32m+ true\x1b[0m\n"
}

func ExampleRFC6902() {
	p := patch.Diff(decode(`{"n":1.0,"l":["a","b"]}`), decode(`{"n":1.00,"l":["x","b"]}`))
	for _, op := range patch.RFC6902(p) {
		show(op)
	}
	// Output:
	// {"op":"test","path":"/l/0","value":"a"}
	// {"op":"replace","path":"/l/0","value":"x"}
	// {"op":"test","path":"/n","value":1.0}
	// {"op":"replace","path":"/n","value":1.00}
}

func ExampleMerge() {
	// A mistake moved the order to Lund and dropped an item. Since then, the city was
	// changed again, and an item was added.
	before := decode(`{"city":"Malmö","paid":true,"items":["a","b"]}`)
	after := decode(`{"city":"Lund","paid":false,"items":["a"]}`)
	now := decode(`{"city":"Ystad","paid":false,"items":["a","c"]}`)

	merged, conflicts := patch.Merge(after, now, before)
	show(merged)
	for _, c := range conflicts {
		fmt.Println(c)
	}
	// Output:
	// {"city":"Ystad","items":["a","b","c"],"paid":true}
	// city: was "Lund", is now "Ystad", would become "Malmö"
}

func ExampleOverwrite() {
	merged, conflicts := patch.Merge(decode(`{"a":1}`), decode(`{"a":2,"b":2}`), decode(`{"a":0}`), patch.Overwrite())
	show(merged)
	show(conflicts)
	// Output:
	// {"a":0,"b":2}
	// [{"base":1,"ours":2,"path":["a"],"theirs":0}]
}

func ExampleConflict_Text() {
	c := patch.Conflict{Path: patch.Path{"items", 0, "note"}, Base: "as agreed on the phone", Ours: patch.Nothing, Theirs: "none"}
	fmt.Println(c.Text(patch.Shorten(12)))
	// Output:
	// items[0].note: was "as agreed o…, is now nothing, would become "none"
}
