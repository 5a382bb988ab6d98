package wire

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

func typeOf(t testing.TB, text string) schema.Type {
	t.Helper()
	parsed, err := schema.ParseType(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestReadNested reads values of nested types and writes them again.
func TestReadNested(t *testing.T) {
	t.Parallel()
	f := func(kind, text, want string) {
		t.Helper()
		cells, err := ReadCells([]byte(text), schema.Field{Name: "x", Type: typeOf(t, kind)})
		var got string
		switch {
		case err != nil:
			got = err.Error()
		case cells.List:
			got = string(AppendCells(nil, cells.Column))
		default:
			got = "one " + string(AppendCells(nil, cells.Column))
		}
		if got != want {
			t.Errorf("%s of %s: %s, want %s", kind, text, got, want)
		}
	}
	f("list<int64>", "[1, null, \"2\", 3e0]", "one [[1,null,2,3]]")
	f("list<int64>", "[]", "one [[]]")
	f("list<int64>", "[null]", "one [[null]]")
	f("list<int64>", "null", "one [null]")
	f("list<int64>", "[null, [1], []]", "[null,[1],[]]")
	f("list<int64>", "[[]]", "[[]]")
	f("list<list<string>>", `[["a"], null]`, `one [[["a"],null]]`)
	f("list<list<string>>", `[[["a"]], null]`, `[[["a"]],null]`)
	f("list<decimal(2)>", `["1.5", 2]`, `one [["1.50","2.00"]]`)
	f("list<json>", `[{"a":[1]}, 2]`, `one [[{"a":[1]},2]]`)
	f("list<map<bool>>", `[{"b":true,"a":null}]`, `one [[{"a":null,"b":true}]]`)
	f("map<list<date>>", `{"z":["2024-05-01"],"":[]}`, `one [{"":[],"z":["2024-05-01"]}]`)
	f("map<int64>", `[{"a":1},null]`, `[{"a":1},null]`)
	f("vector(2)", "[1, 2.5]", "one [[1,2.5]]")
	f("vector(2)", "[[1, 2.5], null]", "[[1,2.5],null]")
	f("vector(2)", "[null, null]", "[null,null]")

	f("vector(2)", "[1]", "x is [1], which has 1 numbers; send 2")
	f("vector(2)", "[1, null]", "x is [1, null], whose element 1 is null; a vector holds numbers alone")
	f("list<int64>", `[1, "x"]`,
		`x is [1, "x"], whose element 1 is "x", not an int64; send a whole number, or its digits in quotes`)
	f("list<int64>", `[[1], [true]]`, `row 2: x is [true], whose element 0 is true, not an int64; `+
		`send a whole number, or its digits in quotes`)
	f("list<int64>", "1", "x is 1, not a list<int64>; send an array")
	f("map<int64>", `{"a":{}}`, `x is {"a":{}}, whose value of "a" is {}, not an int64; `+
		`send a whole number, or its digits in quotes`)
	f("map<int64>", "1", "x is 1, not a map<int64>; send an object")
	f("map<int64>", `{"a":1,"\u0061":1}`, `line 1, column 8: the key "a" stands twice in one object`)
}

// TestNestedLeavesNothing lets a value fail behind elements that were good: the values around it are
// what they are.
func TestNestedLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, good, bad string }{
		{"list<bool>", "[true]", "[false,1]"}, {"list<float64>", "[1.5]", "[2.5,true]"},
		{"list<decimal(1)>", `["1.5"]`, `["2.5","x"]`}, {"list<string>", `["a"]`, `["bb",1]`},
		{"list<list<int64>>", "[[1]]", "[[2],[3,true]]"}, {"map<vector(1)>", `{"a":[1]}`, `{"b":[2],"c":[true]}`},
		{"list<map<int64>>", `[{"a":1}]`, `[{"b":2},{"c":true}]`},
	} {
		r, err := newCellReader(schema.Field{Name: "x", Type: typeOf(t, c.kind)}, 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{c.good, c.bad, c.good} {
			if err := r.next(&scanner{text: []byte(text), limit: eventDepth}); err != nil {
				t.Fatal(err)
			}
		}
		column := r.finish()
		if got, want := string(AppendCells(nil, column)), fmt.Sprintf("[%s,null,%s]", c.good, c.good); got != want ||
			len(r.errors) != 1 || column.Child.Length != int(column.Offsets[3]) {
			t.Errorf("%s: %s, want %s; %v", c.kind, got, want, r.errors)
		}
	}
}

// FuzzReadNested reads anything: it never panics, and what it accepts it writes and reads again.
func FuzzReadNested(f *testing.F) {
	kinds := []string{"list<int64>", "map<list<json>>", "vector(2)", "list<list<string>>", "list<map<decimal(2)>>"}
	for i, text := range []string{"[1,null]", `{"a":[{},"x"]}`, "[[1,2],null]", `[["é"],[]]`, `[{"a":"1.50"}]`} {
		f.Add(uint8(i), []byte(text))
	}
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		field := schema.Field{Name: "x", Type: typeOf(t, kinds[int(kind)%len(kinds)])}
		cells, err := ReadCells(text, field)
		if err != nil {
			return
		}
		written := AppendCells(nil, cells.Column)
		again, err := ReadCells(written, field)
		if strings.Trim(string(written), "[]nul,") == "" {
			return // nothing but nulls and empty lists: it may be read as one value
		}
		if err != nil || again.Column.Length != cells.Column.Length {
			t.Fatalf("%s of %s: %v", written, text, err)
		}
		for i := range cells.Column.Length {
			if !batch.Same(cells.Column, i, again.Column, i) {
				t.Fatalf("%s of %s: %s", written, text, AppendCells(nil, again.Column))
			}
		}
	})
}
