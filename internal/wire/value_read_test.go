package wire

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

func cellField(t *testing.T, kind string) schema.Field {
	t.Helper()
	parsed, err := schema.ParseType(kind)
	if err != nil {
		t.Fatal(err)
	}
	return schema.Field{Name: "x", Type: parsed}
}

func TestReadCells(t *testing.T) {
	t.Parallel()
	cases := []struct{ kind, text, want string }{
		{"bool", `true`, `true`},
		{"bool", ` [ true , false,null ] `, `[true,false,null]`},
		{"int64", `12`, `12`},
		{"int64", `-0`, `0`},
		{"int64", `1.0`, `1`},
		{"int64", `-1.50e1`, `-15`},
		{"int64", `120e-1`, `12`},
		{"int64", `0e999999999999`, `0`},
		{"int64", `"-42"`, `-42`},
		{"int64", `9223372036854775807`, `9223372036854775807`},
		{"int64", `"-9223372036854775808"`, `-9223372036854775808`},
		{"int64", `9.223372036854775807e18`, `9223372036854775807`},
		{"int64", `[]`, `[]`},
		{"duration", `60000000`, `60000000`},
		{"float64", `12.5`, `12.5`},
		{"float64", `-0.0`, `0`},
		{"float64", `1e-400`, `0`},
		{"float64", `[1,2.5,null]`, `[1,2.5,null]`},
		{"decimal(2)", `"12.5"`, `"12.50"`},
		{"decimal(2)", `12.5`, `"12.50"`},
		{"decimal(2)", `125e-2`, `"1.25"`},
		{"decimal(2)", `0.00`, `"0.00"`},
		{"decimal(2)", `-0.05`, `"-0.05"`},
		{"string", `"a"`, `"a"`},
		{"string", `" a"`, `" a"`},
		{"string", `""`, `""`},
		{"string", `"\u00e9\ud83d\ude00\/\b\f\n\r\t\\\""`, "\"é😀/\\u0008\\u000c\\n\\r\\t\\\\\\\"\""},
		{"string", `["a",null,"b"]`, `["a",null,"b"]`},
		{"bytes", `"AP8Q"`, `"AP8Q"`},
		{"bytes", `""`, `""`},
		{"timestamp", `"2026-01-01T01:00:00+01:00"`, `"2026-01-01T00:00:00.000000Z"`},
		{"timestamp", `"2026-01-01T00:00:00.1234567Z"`, `"2026-01-01T00:00:00.123456Z"`},
		{"date", `"2026-02-28"`, `"2026-02-28"`},
		{"json", `{"a":[1,2]}`, `{"a":[1,2]}`},
		{"json", `[[1],{"b":2}]`, `[[1],{"b":2}]`},
		{"string", `null`, `null`},
	}
	for _, c := range cases {
		cells, err := ReadCells([]byte(c.text), cellField(t, c.kind))
		if err != nil {
			t.Errorf("%s %s: %v", c.kind, c.text, err)
			continue
		}
		var got []byte
		if cells.List {
			got = AppendCells(nil, cells.Column)
		} else {
			got = AppendCell(nil, cells.Column, 0)
		}
		if string(got) != c.want || cells.List != strings.HasPrefix(strings.TrimSpace(c.text), "[") {
			t.Errorf("%s %s: %s, want %s", c.kind, c.text, got, c.want)
		}
	}
}

func TestReadCellsRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 2000)
	cases := []struct {
		kind, text string
		row        int64
		want       string
	}{
		{"bool", `"true"`, 0, `x is "true", not a bool; send true or false`},
		{"bool", `1`, 0, "not a bool"},
		{"int64", `1.5`, 0, "x is 1.5, not a whole number; send a whole number, or its digits in quotes"},
		{"int64", `[1,"2",1.5]`, 3, "x is 1.5, not a whole number"},
		{"int64", `1e-1`, 0, "not a whole number"},
		{"int64", `9223372036854775808`, 0, "more than an int64 holds"},
		{"int64", `1e19`, 0, "more than an int64 holds"},
		{"int64", `1e999999999999`, 0, "more than an int64 holds"},
		{"int64", `"-9223372036854775809"`, 0, "more than an int64 holds"},
		{"int64", `"+1"`, 0, "not an int64"},
		{"int64", `" 1"`, 0, "not an int64"},
		{"int64", `"1.0"`, 0, "not an int64"},
		{"int64", `"-"`, 0, "not an int64"},
		{"int64", `""`, 0, "not an int64"},
		{"int64", `true`, 0, "not an int64"},
		{"int64", `[1,[2]]`, 2, "x is [2], not an int64"},
		{"int64", `{"a":1}`, 0, "not an int64"},
		{"int64", long, 0, "more than an int64 holds"},
		{"duration", `"1h"`, 0, "send a whole number of microseconds"},
		{"float64", `"1"`, 0, "send a number, such as 12.5"},
		{"float64", `1e400`, 0, "more than a float64 holds"},
		{"float64", `NaN`, 0, "stands where a value should be"},
		{"float64", `Infinity`, 0, "stands where a value should be"},
		{"float64", `01`, 0, "not written as JSON"},
		{"decimal(2)", `"1.234"`, 0, "up to 2 digits after the point"},
		{"decimal(2)", `1.234`, 0, "up to 2 digits after the point"},
		{"decimal(2)", `"` + long + `"`, 0, "38 in all"},
		{"decimal(2)", `1e37`, 0, "38 in all"},
		{"decimal(2)", `true`, 0, "send a string"},
		{"string", `1`, 0, "x is 1, not a string; send a string in quotes"},
		{"string", `["a",true]`, 2, "x is true"},
		{"bytes", `"a"`, 0, "base64"},
		{"bytes", `"AP8Q\n"`, 0, "base64"},
		{"bytes", `7`, 0, "base64"},
		{"timestamp", `"2026-01-01T00:00:00"`, 0, "a time without a zone; send RFC 3339 with a zone"},
		{"timestamp", `"1800-01-01T00:00:00Z"`, 0, "outside the years 1900 to 2200"},
		{"timestamp", `1767225600`, 0, "send RFC 3339"},
		{"date", `"2026-02-30"`, 0, "YYYY-MM-DD"},
		{"date", `20260230`, 0, "YYYY-MM-DD"},
		{"json", `{"a":1,"a":2}`, 0, "stands twice"},
		{"list<int64>", `1`, 0, "send an array"},
		{"string", `"a" "b"`, 0, "behind the end"},
		{"string", ``, 0, "the text ends"},
		{"string", `["a"`, 0, "the text ends"},
		{"string", "\"\xff\"", 0, "not UTF-8"},
		{"string", `"\ud800"`, 0, "surrogate"},
	}
	for _, c := range cases {
		cells, err := ReadCells([]byte(c.text), cellField(t, c.kind))
		var input *InputError
		if !errors.As(err, &input) || cells != nil {
			t.Errorf("%s %.40s: %v", c.kind, c.text, err)
			continue
		}
		if input.Field != "x" || input.Row != c.row || !strings.Contains(input.Error(), c.want) {
			t.Errorf("%s %.40s: field %s row %d: %s", c.kind, c.text, input.Field, input.Row, input)
		}
		if len(err.Error()) > 500 {
			t.Errorf("%s %.40s: an error of %d bytes", c.kind, c.text, len(err.Error()))
		}
	}
}

func TestReadCellsListsErrors(t *testing.T) {
	t.Parallel()
	_, err := ReadCells([]byte(`[1,"a",2,true,null]`), cellField(t, "int64"))
	var all InputErrors
	if !errors.As(err, &all) || len(all) != 2 || all[0].Row != 2 || all[1].Row != 4 {
		t.Fatalf("%v", err)
	}
	want := `row 2: x is "a", not an int64; send a whole number, or its digits in quotes (and 1 more)`
	if err.Error() != want {
		t.Errorf("%s", err)
	}
	many := "[" + strings.Repeat("true,", 5000) + "true]"
	if _, err = ReadCells([]byte(many), cellField(t, "int64")); !errors.As(err, &all) || len(all) != mostErrors {
		t.Errorf("%d errors", len(all))
	}
}

func TestCellsRows(t *testing.T) {
	t.Parallel()
	one, err := ReadCells([]byte(`"a"`), cellField(t, "string"))
	if err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{0, 1, 3} {
		c := one.Rows(rows)
		if c.Length != rows || rows > 0 && c.Text(rows-1) != "a" {
			t.Errorf("%d rows: %v", rows, c)
		}
	}
}

// FuzzReadCells reads any text as any type. What is read is written and read again, to the same bits.
func FuzzReadCells(f *testing.F) {
	kinds := []string{"bool", "int64", "duration", "float64", "decimal(3)", "decimal(38)", "string", "bytes",
		"timestamp", "date", "json"}
	for i := range kinds {
		for _, text := range []string{`[1,"2",null]`, `"2026-01-01T00:00:00Z"`, `1.5e3`, `["a\u00e9","AA=="]`,
			`true`, `{"a":[1]}`, `-0.0`, `"2026-01-01"`, `1e-330`, `[[]]`, `"1.25"`} {
			f.Add(uint8(i), []byte(text))
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		field := cellField(t, kinds[int(kind)%len(kinds)])
		cells, err := ReadCells(text, field)
		if err != nil {
			var input *InputError
			if !errors.As(err, &input) || input.Field != "x" || input.Message == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		written := AppendCells(nil, cells.Column)
		again, err := ReadCells(written, field)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if again.Column.Length != cells.Column.Length {
			t.Fatalf("%d rows, then %d", cells.Column.Length, again.Column.Length)
		}
		for i := range cells.Column.Length {
			a, b := cells.Column.Value(i), again.Column.Value(i)
			if a.Null != b.Null || a.Int != b.Int || a.Dec != b.Dec || a.Text != b.Text ||
				math.Float64bits(a.Float) != math.Float64bits(b.Float) {
				t.Fatalf("row %d: %v, then %v", i, a, b)
			}
		}
	})
}

func BenchmarkReadCells(b *testing.B) {
	for _, kind := range []schema.Kind{schema.Int64, schema.Float64, schema.String, schema.Timestamp} {
		text := []byte("[")
		for i := range 500 {
			if i > 0 {
				text = append(text, ',')
			}
			switch kind {
			case schema.String:
				text = fmt.Appendf(text, `"item-%d"`, i)
			case schema.Timestamp:
				text = AppendTime(text, int64(i)*1e6)
			case schema.Float64:
				text = fmt.Append(text, float64(i)*1.37)
			default:
				text = fmt.Append(text, i*1000)
			}
		}
		text = append(text, ']')
		field := schema.Field{Name: "x", Type: schema.Of(kind)}
		b.Run(kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := ReadCells(text, field); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
