package ingest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
)

func entryOf(payload []byte) log.Entry {
	return log.Entry{Position: log.Position{Epoch: 2, Sequence: 9}, Record: log.Record{Op: log.Insert,
		Target: 7, ReceivedAt: noon, Payload: payload}}
}

// kinds are the types that can be stored, and nestedKinds some of those that have elements.
var kinds = []schema.Type{schema.Of(schema.Bool), schema.Of(schema.Int64), schema.Of(schema.Float64),
	schema.DecimalOf(3), schema.Of(schema.String), schema.Of(schema.Bytes), schema.Of(schema.Timestamp),
	schema.Of(schema.Date), schema.Of(schema.Duration), schema.Of(schema.JSON)}

var nestedKinds = []schema.Type{
	{Kind: schema.Vector, Size: 2}, schema.ListOf(schema.DecimalOf(3)), schema.MapOf(schema.Of(schema.Int64)),
	schema.ListOf(schema.ListOf(schema.Of(schema.String))),
	schema.MapOf(schema.ListOf(schema.Type{Kind: schema.Vector, Size: 1}))}

// randomValue draws a value, often an extreme one, sometimes null.
func randomValue(rng *rand.Rand, t schema.Type, nulls int) schema.Value {
	v := schema.Value{Type: t}
	if nulls > 0 && rng.IntN(4) < nulls {
		return schema.NullOf(t)
	}
	switch t.Kind {
	case schema.Bool:
		v.Int = int64(rng.IntN(2))
	case schema.Float64:
		v.Float = []float64{0, 1.5, -math.MaxFloat64, math.SmallestNonzeroFloat64, rng.Float64()}[rng.IntN(5)]
	case schema.Decimal:
		v.Dec = schema.Int128{Hi: int64(rng.Uint64()), Lo: rng.Uint64()}
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = strings.Repeat("ä", rng.IntN(4)) + fmt.Sprint(rng.IntN(9))
	case schema.Vector:
		for range t.Size {
			v.Items = append(v.Items, randomValue(rng, schema.Of(schema.Float64), 0))
		}
	case schema.List:
		for range rng.IntN(4) {
			v.Items = append(v.Items, randomValue(rng, *t.Elem, nulls))
		}
	case schema.Map:
		for _, key := range []string{"", "a", "ä"}[rng.IntN(4):] {
			v.Items = append(v.Items, schema.StringValue(key), randomValue(rng, *t.Elem, nulls))
		}
	default:
		v.Int = []int64{0, math.MinInt64, math.MaxInt64, noon + int64(rng.IntN(1000)), -1}[rng.IntN(5)]
	}
	return v
}

func randomRecord(rng *rand.Rand) (*ingest.Record, []schema.Field) {
	r := &ingest.Record{Duplicates: int64(rng.IntN(3)), Quarantined: int64(rng.IntN(3)),
		More: rng.IntN(2) == 0, Rest: rng.IntN(2) == 0}
	if rng.IntN(2) == 0 {
		r.Key, r.Body[5] = fmt.Sprint("key", rng.IntN(9)), 77
	}
	if rng.IntN(3) == 0 {
		r.Retry, r.Resolved = true, []ingest.RowID{{Sequence: 5, Row: 1}, {Sequence: 1 << 60, Row: 2}}
	}
	if rng.IntN(3) == 0 {
		r.Format, r.Header = "csv", []byte("a,b\n")
		r.Bad = []ingest.BadRow{{Row: 1, Line: 2, Text: []byte("x"), Cut: true, Problems: []ingest.Problem{
			{Field: "f", Code: "c", Message: "m"}, {}}}, {Row: 9}}
	}
	rows, nulls := rng.IntN(20), rng.IntN(5)
	var fields []schema.Field
	for n := range rng.IntN(12) {
		t := kinds[rng.IntN(len(kinds))]
		if rng.IntN(3) == 0 {
			t = nestedKinds[rng.IntN(len(nestedKinds))]
		}
		fields = append(fields, schema.Field{Name: fmt.Sprint("c", n), Type: t})
		b := batch.NewBuilder(t)
		for range rows {
			b.Append(randomValue(rng, t, nulls))
		}
		column := b.Column()
		if t.Kind == schema.Bool && rng.IntN(3) == 0 {
			column = batch.Repeat(randomValue(rng, t, nulls), rows)
		}
		r.Columns = append(r.Columns, column)
	}
	for range rows {
		r.EventTime = append(r.EventTime, noon+int64(rng.IntN(1_000_000)))
	}
	return r, fields
}

func valuesOf(r *ingest.Record) (out [][]schema.Value) {
	for _, c := range r.Columns {
		column := []schema.Value{}
		for i := range c.Length {
			column = append(column, c.Value(i))
		}
		out = append(out, column)
	}
	return out
}

func TestPayloadsAreReadBack(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for round := range 1500 {
		want, fields := randomRecord(rng)
		payload, err := ingest.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ingest.Decode(entryOf(payload), fields)
		if err != nil {
			t.Fatal(err)
		}
		if got.Source != 7 || got.ReceivedAt != noon || got.Sequence != 9 {
			t.Fatalf("%+v", got)
		}
		if got.Rows() > 0 && !reflect.DeepEqual(valuesOf(got), valuesOf(want)) {
			t.Fatalf("values\n%v, want\n%v", valuesOf(got), valuesOf(want))
		}
		if !bytes.Equal(fmt.Append(nil, got.EventTime), fmt.Append(nil, want.EventTime)) {
			t.Fatalf("times %v, want %v", got.EventTime, want.EventTime)
		}
		want.Source, want.ReceivedAt, want.Position = got.Source, got.ReceivedAt, got.Position
		want.Columns, want.EventTime, got.Columns, got.EventTime = nil, nil, nil, nil
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Fatalf("%+v\nwant %+v", got, want)
		}
		if round > 100 {
			continue
		}
		for n := range payload { // no beginning of a payload is one
			if _, err := ingest.Decode(entryOf(payload[:n]), fields); !errors.Is(err, ingest.ErrPayload) {
				t.Fatalf("%d of %d bytes: %v", n, len(payload), err)
			}
		}
	}
}

func TestRefusedPayloads(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(2, 1))
	r, fields := randomRecord(rng)
	for r.Rows() == 0 || len(fields) == 0 {
		r, fields = randomRecord(rng)
	}
	payload, err := ingest.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	f := func(want string, entry log.Entry, fields []schema.Field) {
		t.Helper()
		_, err := ingest.Decode(entry, fields)
		if !errors.Is(err, ingest.ErrPayload) || !strings.Contains(err.Error(), want) ||
			!strings.Contains(err.Error(), "2-9") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f("columns are not those of source 7", entryOf(payload), fields[1:])
	f("something follows", entryOf(append(bytes.Clone(payload), 0)), nil)
	newer := bytes.Clone(payload)
	newer[0]++
	f("newer than this release", entryOf(newer), nil)
	mark := entryOf(payload)
	mark.Op = log.Mark
	f("operation 4", mark, nil)
	f("ends too early", entryOf(nil), nil)
}

// FuzzDecode reads payloads of arbitrary bytes: it must not panic, and not take more memory than
// the documentation says.
func FuzzDecode(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 1))
	for range 30 {
		r, _ := randomRecord(rng)
		payload, err := ingest.Encode(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Add([]byte{1, 0, 0xff, 0xff, 0x03, 0, 0})
	f.Fuzz(func(t *testing.T, payload []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := ingest.Decode(entryOf(payload), nil)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 400*uint64(len(payload))+1<<20 {
			t.Fatalf("%d bytes of memory for %d bytes", took, len(payload))
		}
		mark := entryOf(payload)
		mark.Op = log.Mark
		_, _ = ingest.DecodeMark(mark)
		if err != nil {
			return
		}
		for _, c := range r.Columns {
			if c.Length != r.Rows() {
				t.Fatalf("a column has %d values, there are %d rows", c.Length, r.Rows())
			}
			for i := range c.Length {
				_ = c.Value(i)
			}
		}
		if len(r.Columns) > 0 && r.Rows() > 0 && len(payload) < 1<<16 {
			again, err := ingest.Encode(r)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ingest.Decode(entryOf(again), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// sample is a record with every field, type and encoding.
func sample() (*ingest.Record, []schema.Field) {
	r := &ingest.Record{More: true, Rest: true, Retry: true, Duplicates: 2, Quarantined: 3, Key: "key-1",
		Resolved: []ingest.RowID{{Sequence: 41, Row: 2}}, Format: "csv", Header: []byte("id,ts\n"),
		Bad: []ingest.BadRow{{Row: 4, Line: 6, Text: []byte("x,never"), Cut: true, Problems: []ingest.Problem{
			{Field: "ts", Code: "bad_type", Message: "never is no time"}}}},
		EventTime: []int64{noon, noon + 1, noon - 1, noon}}
	r.Body[0], r.Body[31] = 1, 255
	var fields []schema.Field
	add := func(t schema.Type, values ...schema.Value) {
		fields = append(fields, schema.Field{Name: fmt.Sprint("c", len(fields)), Type: t})
		b := batch.NewBuilder(t)
		for _, v := range values {
			v.Type = t
			b.Append(v)
		}
		r.Columns = append(r.Columns, b.Column())
	}
	null := schema.Value{Null: true}
	for _, t := range kinds {
		switch t.Kind {
		case schema.Float64:
			add(t, schema.FloatValue(1.5), null, schema.FloatValue(-0.1), schema.FloatValue(math.MaxFloat64))
		case schema.Decimal:
			add(t, schema.Value{Dec: schema.Int128From(-12345)}, null, null, schema.Value{Dec: schema.Int128{Hi: 1, Lo: 2}})
		case schema.String, schema.Bytes, schema.JSON:
			add(t, schema.StringValue(`"a"`), schema.StringValue(`"ä"`), null, schema.StringValue("1"))
			add(t, schema.StringValue("1"), schema.StringValue("1"), null, schema.StringValue("1"))
		case schema.Bool:
			add(t, schema.BoolValue(true), schema.BoolValue(false), null, schema.BoolValue(true))
		default:
			add(t, schema.IntValue(math.MinInt64), null, schema.IntValue(math.MaxInt64), schema.IntValue(-1))
			add(t, schema.IntValue(noon), schema.IntValue(noon+1), schema.IntValue(noon+2), null)
		}
	}
	return r, fields
}

// nestedSample is a record of columns that are nested, in every encoding: elements that are null, rows
// that are null, nothing but nulls, and texts with a dictionary.
func nestedSample() (*ingest.Record, []schema.Field) {
	r := &ingest.Record{EventTime: []int64{noon, noon + 1, noon - 1}}
	var fields []schema.Field
	add := func(t schema.Type, values ...schema.Value) {
		fields = append(fields, schema.Field{Name: fmt.Sprint("c", len(fields)), Type: t})
		b := batch.NewBuilder(t)
		for _, v := range values {
			v.Type = t
			b.Append(v)
		}
		r.Columns = append(r.Columns, b.Column())
	}
	null := schema.Value{Null: true}
	items := func(values ...schema.Value) schema.Value { return schema.Value{Items: values} }
	whole, text := schema.Of(schema.Int64), schema.Of(schema.String)
	x, y := schema.StringValue("x"), schema.StringValue("ä")
	add(schema.ListOf(whole), items(schema.IntValue(1), schema.NullOf(whole), schema.IntValue(-1<<63)), null, items())
	add(schema.ListOf(text), items(x, x, x, x), items(y, schema.NullOf(text)), null)
	add(schema.Type{Kind: schema.Vector, Size: 2}, items(schema.FloatValue(1.5), schema.FloatValue(-0.1)), null,
		items(schema.FloatValue(0), schema.FloatValue(math.MaxFloat64)))
	add(schema.MapOf(schema.Of(schema.Bool)), items(x, schema.BoolValue(true), y, schema.NullOf(schema.Of(schema.Bool))),
		items(), null)
	add(schema.MapOf(schema.ListOf(schema.DecimalOf(2))), null, null, items(x,
		schema.Value{Type: schema.ListOf(schema.DecimalOf(2)), Items: []schema.Value{
			{Type: schema.DecimalOf(2), Dec: schema.Int128{Hi: -1, Lo: 3}}}}))
	add(schema.ListOf(schema.Of(schema.JSON)), null, null, null)
	return r, fields
}

// TestSample reads what the first release wrote. The files are written anew by hand only, with the
// bytes that Encode gives.
func TestSample(t *testing.T) {
	t.Parallel()
	for name, sample := range map[string]func() (*ingest.Record, []schema.Field){
		"v1": sample, "v1-nested": nestedSample,
	} {
		want, fields := sample()
		payload, err := os.ReadFile("testdata/" + name + ".bin")
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile("testdata/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		r, err := ingest.Decode(entryOf(payload), fields)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(r); got != string(text) {
			t.Errorf("the sample says\n%s\n%s.txt has\n%s", got, name, text)
		}
		if now, err := ingest.Encode(want); err != nil || !bytes.Equal(now, payload) {
			t.Errorf("the sample %s is encoded otherwise now: %x, %v", name, now, err)
		}
	}
}

func describe(r *ingest.Record) string {
	var s strings.Builder
	fmt.Fprintf(&s, "more %v, rest %v, retry %v %v, duplicates %d, quarantined %d\n", r.More, r.Rest, r.Retry,
		r.Resolved, r.Duplicates, r.Quarantined)
	fmt.Fprintf(&s, "key %s %x\nformat %s, header %q\n", r.Key, r.Body, r.Format, r.Header)
	for _, b := range r.Bad {
		fmt.Fprintf(&s, "row %d, line %d, %q, cut %v: %q\n", b.Row, b.Line, b.Text, b.Cut, b.Problems)
	}
	fmt.Fprintf(&s, "event times %v\n", r.EventTime)
	for _, c := range r.Columns {
		fmt.Fprintf(&s, "%s:", c.Type)
		for i := range c.Length {
			fmt.Fprintf(&s, " %s", c.Value(i))
		}
		s.WriteString("\n")
	}
	return s.String()
}
