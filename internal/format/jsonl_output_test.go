package format_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

func isObject(line string) bool {
	var fields map[string]json.RawMessage
	return json.Unmarshal([]byte(line), &fields) == nil && fields != nil
}

// allTypes returns rows of every type that JSON lines, CSV and Parquet have in common.
func allTypes(seed uint64, rows int) *batch.Batch {
	r := rand.New(rand.NewPCG(seed, 9))
	columns := make([]*batch.Column, len(everyField))
	for i, field := range everyField {
		b := batch.NewBuilder(field.Type)
		for range rows {
			v := randomValue(r, field.Type, 0.1)
			if field.Type.Kind == schema.Duration && !v.Null {
				v.Int = int64(r.Uint64()) >> r.IntN(64)
			}
			b.Append(v)
		}
		columns[i] = b.Column()
	}
	return batch.New(everyField, columns)
}

// TestRoundTripAllFormats writes rows of all types to one format after another, each from what was
// read from the one before.
func TestRoundTripAllFormats(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 5000} {
		table := allTypes(uint64(rows)+1, rows)
		want := cells(table)
		chain := []format.Format{format.JSONL, format.Parquet, format.JSONL, format.CSV, format.JSONL}
		for _, kind := range chain {
			data := write(t, kind, table)
			if cut := write(t, kind, table, rows/3, rows/2); !bytes.Equal(data, cut) {
				t.Fatalf("%s: other batches gave another file", kind)
			}
			input := openFields(t, "t."+string(kind), data, everyField)
			table = readTable(t, input, everyField)
			compareRows(t, cells(table), want)
		}
	}
}

// readTable reads all rows as one batch.
func readTable(t testing.TB, input format.Input, fields []schema.Field) *batch.Batch {
	t.Helper()
	var wanted []format.Wanted
	pieces := make([][]*batch.Column, len(fields))
	for i, field := range fields {
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
		pieces[i] = []*batch.Column{batch.NewBuilder(field.Type).Column()}
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		t.Fatal(err)
	}
	defer scan.Close()
	for {
		unit, err := scan.Next()
		if err != nil {
			break
		}
		err = unit.Read(func(p *format.Part) error {
			for _, bad := range p.Bad {
				t.Fatalf("bad cell %+v", bad)
			}
			for i, c := range p.Batch.Columns {
				pieces[i] = append(pieces[i], c)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	columns := make([]*batch.Column, len(fields))
	for i := range columns {
		columns[i] = batch.Concat(pieces[i])
	}
	return batch.New(fields, columns)
}

// TestJSONLText shows how each type is written.
func TestJSONLText(t *testing.T) {
	t.Parallel()
	values := map[schema.Kind]schema.Value{
		schema.Bool: {Int: 1}, schema.Int64: {Int: -9007199254740993}, schema.Float64: {Float: 1e21},
		schema.Decimal: {Dec: schema.Int128From(-5)}, schema.Bytes: {Text: "\xFF\x00"},
		schema.String:    {Text: "a\"\\\n\x01<é\u2028"},
		schema.Timestamp: {Int: 1714566600000001}, schema.Date: {Int: 19844}, schema.Duration: {Int: 90},
		schema.JSON: {Text: "{\"a\":\n [1, \"\\n\"]}"},
	}
	var columns []*batch.Column
	for _, field := range everyField {
		b := batch.NewBuilder(field.Type)
		v := values[field.Type.Kind]
		v.Type = field.Type
		b.Append(v)
		b.Append(schema.NullOf(field.Type))
		columns = append(columns, b.Column())
	}
	got := string(write(t, format.JSONL, batch.New(everyField, columns)))
	want := `{"span":90,"b":true,"i":-9007199254740993,"f":1e+21,"d":"-0.005","s":"a\"\\\n\u0001<é` + "\u2028" +
		`","x":"/wA=","t":"2024-05-01T12:30:00.000001Z","day":"2024-05-01","j":{"a":  [1, "\n"]}}` + "\n" +
		`{"span":null,"b":null,"i":null,"f":null,"d":null,"s":null,"x":null,"t":null,"day":null,"j":null}` + "\n"
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	for _, line := range strings.Split(strings.TrimSuffix(got, "\n"), "\n") {
		if !isObject(line) {
			t.Errorf("not an object: %s", line)
		}
	}
	twice := []schema.Field{feature[0], feature[0]}
	if _, err := format.Create(&bytes.Buffer{}, format.JSONL, twice); err == nil {
		t.Error("two columns of one name were accepted")
	}
}
