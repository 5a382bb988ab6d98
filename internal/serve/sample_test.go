package serve

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
)

// cells builds a column.
func cells(t schema.Type, values ...schema.Value) *batch.Column {
	b := batch.NewBuilder(t)
	for _, v := range values {
		b.Append(v)
	}
	return b.Column()
}

// fullSample has a value of every type; docs/formats/sample.md lists it.
func fullSample() *sample { return sampleWith(append(flatValues(), nestedValues()...)) }

func flatValues() []schema.Value {
	return []schema.Value{
		schema.BoolValue(true), schema.IntValue(math.MinInt64), schema.FloatValue(0.1),
		{Type: schema.DecimalOf(2), Dec: schema.Int128{Hi: -1, Lo: 1 << 63}},
		schema.StringValue("text"), {Type: schema.Of(schema.Bytes), Text: "\x00\xff"},
		{Type: schema.Of(schema.Timestamp), Int: -1}, {Type: schema.Of(schema.Date), Int: 20454},
		{Type: schema.Of(schema.Duration), Int: 1}, {Type: schema.Of(schema.JSON), Text: "{}"},
	}
}

func nestedValues() []schema.Value {
	texts, ints := schema.ListOf(schema.Of(schema.String)), schema.Of(schema.Int64)
	a, b := schema.StringValue("a"), schema.StringValue("b")
	return []schema.Value{
		{Type: texts, Items: []schema.Value{b, schema.NullOf(a.Type), schema.StringValue("")}}, {Type: texts},
		{
			Type:  schema.Type{Kind: schema.Vector, Size: 2},
			Items: []schema.Value{schema.FloatValue(0.1), schema.FloatValue(-3)},
		},
		{Type: schema.MapOf(ints), Items: []schema.Value{a, schema.IntValue(1), b, schema.NullOf(ints)}},
		{
			Type:  schema.ListOf(texts),
			Items: []schema.Value{{Type: texts}, {Type: texts, Items: []schema.Value{a}}, schema.NullOf(texts)},
		},
	}
}

func sampleWith(values []schema.Value) *sample {
	s := &sample{id: "6f1c", at: 1_767_225_600_000_000, position: log.Position{Epoch: 3, Sequence: 1042}, rows: 2}
	s.places = []uint32{0, 7}
	s.model, s.served, s.maxAge = "fraud@3", true, schema.Hour
	text := schema.Of(schema.String)
	s.roles = []sampleRole{{name: "card", entity: "card", key: []schema.Field{{Name: "card_id", Type: text}}}}
	s.keys = [][]*batch.Column{{cells(text, schema.StringValue("c1"), schema.NullOf(text))}}
	s.fields = []schema.Field{{Name: "amount", Type: schema.Of(schema.Float64)}}
	s.request = []*batch.Column{
		cells(s.fields[0].Type, schema.FloatValue(12.5), schema.FloatValue(math.SmallestNonzeroFloat64)),
	}
	for i, v := range values {
		kind := v.Type.String()
		s.features = append(s.features, sampleFeature{
			name: "card.v." + kind, view: "v", feature: kind, version: strings.Repeat("0a", 16), kind: v.Type,
		})
		s.values = append(s.values, sampleValue{
			column: cells(v.Type, v, schema.NullOf(v.Type)),
			status: []sampleStatus{sampleStatus(i % int(sampledEnd)), sampledMissing},
			time:   []int64{s.at - int64(i), engine.NoTime},
		})
	}
	return s
}

func TestSampleRoundTrip(t *testing.T) {
	t.Parallel()
	raw := fullSample().encode()
	s, head, err := decodeSample(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.encode(), raw) || len(head) == 0 {
		t.Error("another encoding after decoding")
	}
	want := fullSample()
	if s.id != want.id || s.at != want.at || s.position != want.position || s.maxAge != want.maxAge || !s.served ||
		s.model != want.model || s.places[1] != 7 {
		t.Errorf("%+v", s)
	}
	for i, v := range s.values {
		for row := range 2 {
			if !batch.Same(v.column, row, want.values[i].column, row) || v.status[row] != want.values[i].status[row] ||
				v.time[row] != want.values[i].time[row] {
				t.Errorf("%s row %d: %v", s.features[i].name, row, v.column.Value(row))
			}
		}
	}
}

// TestSampleV1 reads what the first release wrote, which every later one must.
func TestSampleV1(t *testing.T) {
	t.Parallel()
	samples := map[string]*sample{
		"v1.sample": sampleWith(flatValues()), "v1-nested.sample": sampleWith(nestedValues()),
	}
	for name, s := range samples {
		path := filepath.Join("testdata", name)
		raw, err := os.ReadFile(path)
		if os.Getenv("UPDATE") != "" {
			raw = s.encode()
			err = os.WriteFile(path, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := decodeSample(raw); err != nil || !bytes.Equal(raw, s.encode()) {
			t.Errorf("%s: the format changed without another version: %v", name, err)
		}
	}
}

// TestSampleDamage flips every bit and cuts at every byte: nothing passes.
func TestSampleDamage(t *testing.T) {
	t.Parallel()
	raw := fullSample().encode()
	for i := range raw {
		for bit := range 8 {
			damaged := bytes.Clone(raw)
			damaged[i] ^= 1 << bit
			if _, _, err := decodeSample(damaged); err == nil {
				t.Fatalf("bit %d of byte %d", bit, i)
			}
		}
		if _, _, err := decodeSample(raw[:i]); err == nil {
			t.Fatalf("cut at %d", i)
		}
	}
	newer := bytes.Clone(raw)
	newer[0] = sampleVersion + 1
	if _, _, err := decodeSample(newer); err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("a newer format: %v", err)
	}
}

// TestSampleTrustsNoCount gives counts that the bytes do not pay for, behind a good checksum.
func TestSampleTrustsNoCount(t *testing.T) {
	t.Parallel()
	raw := fullSample().encode()
	body := raw[:len(raw)-4]
	refused := 0
	for i := 1; i < len(body)-9; i++ {
		damaged := bytes.Clone(body)
		binary.PutUvarint(damaged[i:], math.MaxUint32)
		damaged = binary.LittleEndian.AppendUint32(damaged, crc32.Checksum(damaged, castagnoli))
		if _, _, err := decodeSample(damaged); err != nil {
			refused++
		}
	}
	if refused < 100 {
		t.Errorf("%d of %d refused", refused, len(body))
	}
}

// FuzzDecodeSample gives any bytes to the decoder, behind a good checksum. What it takes, it writes
// in the same way.
func FuzzDecodeSample(f *testing.F) {
	f.Add([]byte{})
	f.Add(fullSample().encode())
	f.Add((&sample{}).encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := decodeSample(raw); err == nil && len(raw) < 5 {
			t.Fatal("too short")
		}
		if len(raw) < 5 {
			return
		}
		body := append([]byte{sampleVersion}, raw[1:len(raw)-4]...)
		sealed := binary.LittleEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
		s, head, err := decodeSample(sealed)
		if err != nil {
			return
		}
		again, _, err := decodeSample(s.encode())
		if err != nil || !bytes.Equal(again.encode(), s.encode()) || head == "" {
			t.Fatalf("not stable: %v", err)
		}
	})
}

func TestKeyHash(t *testing.T) {
	t.Parallel()
	text := schema.Of(schema.String)
	hash := func(keys ...*batch.Column) uint64 { return keyHash([][]*batch.Column{keys}, 0) }
	of := func(v schema.Value) *batch.Column { return cells(v.Type, v) }
	seen := map[uint64]int{}
	for i, keys := range [][]*batch.Column{
		{of(schema.StringValue("1")), of(schema.StringValue("23"))},
		{of(schema.StringValue("12")), of(schema.StringValue("3"))},
		{of(schema.NullOf(text)), of(schema.StringValue("3"))},
		{of(schema.StringValue("")), of(schema.StringValue("3"))},
		{of(schema.IntValue(1)), of(schema.IntValue(2))},
		{of(schema.IntValue(-1)), of(schema.IntValue(2))},
		{of(schema.IntValue(0)), of(schema.BoolValue(true))},
		{of(schema.IntValue(0)), of(schema.BoolValue(false))},
	} {
		h := hash(keys...)
		if other, known := seen[h]; known {
			t.Errorf("keys %d and %d have one hash", other, i)
		}
		seen[h] = i
	}
}
