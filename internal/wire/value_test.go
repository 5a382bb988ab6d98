package wire

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// columnOf builds a column of one type.
func columnOf(t schema.Type, values ...schema.Value) *batch.Column {
	b := batch.NewBuilder(t)
	for _, v := range values {
		b.Append(v)
	}
	return b.Column()
}

func intOf(k schema.Kind, x int64) schema.Value { return schema.Value{Type: schema.Of(k), Int: x} }

func textOf(k schema.Kind, s string) schema.Value { return schema.Value{Type: schema.Of(k), Text: s} }

func decimalOf(scale int, v schema.Int128) schema.Value {
	return schema.Value{Type: schema.DecimalOf(scale), Dec: v}
}

func TestAppendCell(t *testing.T) {
	t.Parallel()
	least := schema.Int128{Hi: math.MinInt64}
	cases := []struct {
		value schema.Value
		want  string
	}{
		{schema.BoolValue(true), `true`},
		{schema.BoolValue(false), `false`},
		{schema.IntValue(math.MinInt64), `-9223372036854775808`},
		{schema.IntValue(math.MaxInt64), `9223372036854775807`},
		{schema.FloatValue(12.5), `12.5`},
		{schema.FloatValue(3), `3`},
		{schema.FloatValue(0.30000000000000004), `0.30000000000000004`},
		{schema.FloatValue(1e21), `1e+21`},
		{schema.FloatValue(1e20), `100000000000000000000`},
		{schema.FloatValue(1e-7), `1e-7`},
		{schema.FloatValue(-1e-6), `-0.000001`},
		{schema.FloatValue(math.SmallestNonzeroFloat64), `5e-324`},
		{schema.FloatValue(math.MaxFloat64), `1.7976931348623157e+308`},
		{schema.FloatValue(math.NaN()), `null`},
		{schema.FloatValue(math.Inf(-1)), `null`},
		{decimalOf(2, schema.Int128From(1250)), `"12.50"`},
		{decimalOf(2, schema.Int128From(-5)), `"-0.05"`},
		{decimalOf(0, schema.Int128From(0)), `"0"`},
		{decimalOf(38, schema.Int128From(1)), `"0.00000000000000000000000000000000000001"`},
		{decimalOf(3, least), `"-170141183460469231731687303715884105.728"`},
		{schema.StringValue("a\"b\\\n\x01é"), `"a\"b\\\n\u0001é"`},
		{schema.StringValue("a\xff"), "\"a\ufffd\""},
		{textOf(schema.Bytes, "\x00\xff\x10"), `"AP8Q"`},
		{textOf(schema.Bytes, strings.Repeat("ab", 50)+"c"), `"` + strings.Repeat("YWJhYmFi", 16) + `YWJhYmM="`},
		{textOf(schema.JSON, `{"a": [1]}`), `{"a": [1]}`},
		{textOf(schema.JSON, `{"a": `), `"{\"a\": "`},
		{intOf(schema.Timestamp, 1_767_225_600_000_001), `"2026-01-01T00:00:00.000001Z"`},
		{intOf(schema.Timestamp, -1), `"1969-12-31T23:59:59.999999Z"`},
		{intOf(schema.Date, -1), `"1969-12-31"`},
		{intOf(schema.Duration, 90_000_000), `90000000`},
		{schema.NullOf(schema.Of(schema.String)), `null`},
	}
	for _, c := range cases {
		column := columnOf(c.value.Type, c.value)
		if got := string(AppendCell([]byte("x"), column, 0)); got != "x"+c.want {
			t.Errorf("cell %s: %s, want %s", c.value, got, c.want)
		}
		if got := string(AppendValue(nil, c.value)); got != c.want {
			t.Errorf("value %s: %s, want %s", c.value, got, c.want)
		}
		if !json.Valid([]byte(c.want)) {
			t.Errorf("%s is not JSON", c.want)
		}
	}
}

func TestAppendNested(t *testing.T) {
	t.Parallel()
	whole, text := schema.Of(schema.Int64), schema.Of(schema.String)
	items := columnOf(whole, schema.IntValue(1), schema.NullOf(whole), schema.IntValue(3))
	keys := columnOf(text, schema.StringValue("a"), schema.StringValue("b"), schema.StringValue("\""))
	list := &batch.Column{Type: schema.ListOf(whole), Length: 2, Offsets: []uint32{0, 0, 3}, Child: items}
	pairs := &batch.Column{
		Type: schema.MapOf(whole), Length: 2, Offsets: []uint32{0, 2, 3}, Keys: keys, Child: items,
	}
	for c, want := range map[*batch.Column]string{
		list:              `[[],[1,null,3]]`,
		pairs:             `[{"a":1,"b":null},{"\"":3}]`,
		pairs.Slice(1, 2): `[{"\"":3}]`,
	} {
		if got := string(AppendCells(nil, c)); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	got := AppendValue(AppendValue(nil, list.Value(1)), pairs.Value(0))
	if string(got) != `[1,null,3]{"a":1,"b":null}` {
		t.Errorf("%s", got)
	}
}

// TestFloatsAreAsGo compares with the encoder of the standard library, which other languages agree
// with, and reads back the same bits.
func TestFloatsAreAsGo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for i := range 100_000 {
		x := math.Float64frombits(r.Uint64())
		if i%2 == 0 {
			x = float64(r.Int64N(1e9)) / 1000
		}
		if math.IsNaN(x) || math.IsInf(x, 0) || x == 0 {
			continue
		}
		want, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		got := AppendValue(nil, schema.FloatValue(x))
		if string(got) != string(want) {
			t.Fatalf("%s, want %s", got, want)
		}
		back, err := ReadCells(got, schema.Field{Name: "x", Type: schema.Of(schema.Float64)})
		if err != nil || math.Float64bits(back.Column.Floats[0]) != math.Float64bits(x) {
			t.Fatalf("%s: %v, %v", got, back, err)
		}
	}
}

func TestAppendCellAllocatesNothing(t *testing.T) {
	columns := []*batch.Column{
		columnOf(schema.Of(schema.Float64), schema.FloatValue(0.1)),
		columnOf(schema.Of(schema.Timestamp), intOf(schema.Timestamp, 1)),
		columnOf(schema.Of(schema.Date), intOf(schema.Date, 1)),
		columnOf(schema.DecimalOf(2), decimalOf(2, schema.Int128From(123))),
		columnOf(schema.Of(schema.Bytes), textOf(schema.Bytes, "bytes")),
		columnOf(schema.Of(schema.JSON), textOf(schema.JSON, `{"a":1}`)),
		columnOf(schema.Of(schema.String), schema.StringValue("text")),
	}
	buffer := make([]byte, 0, 1024)
	allocated := testing.AllocsPerRun(100, func() {
		buffer = buffer[:0]
		for _, c := range columns {
			buffer = AppendCell(buffer, c, 0)
		}
	})
	if allocated > 0 {
		t.Errorf("%g allocations", allocated)
	}
}

func BenchmarkAppendCells(b *testing.B) {
	column := columnOf(schema.Of(schema.Float64))
	for i := range 500 {
		column.Floats = append(column.Floats, float64(i)*1.37)
	}
	column.Length = 500
	var buffer []byte
	for b.Loop() {
		buffer = AppendCells(buffer[:0], column)
	}
}
