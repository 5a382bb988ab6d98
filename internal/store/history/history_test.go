package history_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store/history"
)

// allFields has every type that events can have.
func allFields() []schema.Field {
	return []schema.Field{
		{Name: "ok", Type: schema.Of(schema.Bool)}, {Name: "n", Type: schema.Of(schema.Int64)},
		{Name: "x", Type: schema.Of(schema.Float64)}, {Name: "money", Type: schema.DecimalOf(2)},
		{Name: "card", Type: schema.Of(schema.String)}, {Name: "raw", Type: schema.Of(schema.Bytes)},
		{Name: "ts", Type: schema.Of(schema.Timestamp)}, {Name: "day", Type: schema.Of(schema.Date)},
		{Name: "took", Type: schema.Of(schema.Duration)}, {Name: "body", Type: schema.Of(schema.JSON)},
		{Name: "point", Type: schema.Type{Kind: schema.Vector, Size: 2}},
		{Name: "waits", Type: schema.ListOf(schema.Of(schema.Duration))},
		{Name: "parts", Type: schema.MapOf(schema.ListOf(schema.Of(schema.String)))},
	}
}

// randomValue is null in one of five.
func randomValue(random *rand.Rand, t schema.Type) schema.Value {
	if random.IntN(5) == 0 {
		return schema.NullOf(t)
	}
	v := schema.Value{Type: t}
	switch t.Kind {
	case schema.Bool:
		v.Int = random.Int64N(2)
	case schema.Float64:
		v.Float = random.NormFloat64()
	case schema.Vector:
		v.Items = []schema.Value{schema.FloatValue(random.Float64()), schema.FloatValue(0)}
	case schema.List:
		for range random.IntN(4) {
			v.Items = append(v.Items, randomValue(random, *t.Elem))
		}
	case schema.Map:
		for _, key := range []string{"", "a", "é"}[random.IntN(4):] {
			v.Items = append(v.Items, schema.StringValue(key), randomValue(random, *t.Elem))
		}
	case schema.Decimal:
		v.Dec = schema.Int128{Lo: random.Uint64N(1 << 40)}
	case schema.String, schema.Bytes:
		v.Text = fmt.Sprintf("c%d", random.IntN(9))
	case schema.JSON:
		v.Text = fmt.Sprintf(`{"a":%d}`, random.IntN(1000))
	case schema.Date:
		v.Int = random.Int64N(40_000)
	default:
		v.Int = random.Int64N(1 << 50)
	}
	return v
}

// randomRows are the rows of one record.
func randomRows(random *rand.Rand, fields []schema.Field, sequence uint64, n int) *history.Rows {
	r := &history.Rows{}
	for i := range n {
		r.Orders = append(r.Orders, history.Order(sequence, i))
		at := random.Int64N(1 << 50)
		r.EventTime = append(r.EventTime, at)
		r.ReceivedAt = append(r.ReceivedAt, at+random.Int64N(1000)-500)
		r.VisibleAt = append(r.VisibleAt, at+2000)
		if random.IntN(7) == 0 {
			at = history.Never
		}
		r.Available = append(r.Available, at)
		r.Ops = append(r.Ops, uint8(1+random.IntN(3)))
	}
	for _, field := range fields {
		b := batch.NewBuilder(field.Type)
		for range n {
			b.Append(randomValue(random, field.Type))
		}
		r.Columns = append(r.Columns, b.Column())
	}
	return r
}

// texts writes rows for comparison, a line each.
func texts(r *history.Rows, columns int) []string {
	var out []string
	for i := range r.Orders {
		op := uint8(1)
		if r.Ops != nil {
			op = r.Ops[i]
		}
		s := fmt.Sprintf("%x %d %d %d %d %d", r.Orders[i], r.EventTime[i], r.ReceivedAt[i],
			r.Available[i], r.VisibleAt[i], op)
		for _, c := range r.Columns[:columns] {
			s += " " + c.Value(i).String()
		}
		out = append(out, s)
	}
	return out
}

// scanned returns all rows of a view, in order.
func scanned(t testing.TB, v *history.View, request history.Request) []string {
	t.Helper()
	var mutex sync.Mutex
	var runs []*history.Rows
	err := v.Scan(context.Background(), request, func(_ int, r *history.Rows) error {
		mutex.Lock()
		defer mutex.Unlock()
		runs = append(runs, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(runs, func(a, b *history.Rows) int {
		if a.Orders[0] < b.Orders[0] {
			return -1
		}
		return 1
	})
	var out []string
	for _, r := range runs {
		out = append(out, texts(r, len(request.Fields))...)
	}
	return out
}

func open(t testing.TB, fsys disk.FS) *history.History {
	t.Helper()
	h, err := history.Open(fsys, "history")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func add(t testing.TB, h *history.History, source string, part history.Part) {
	t.Helper()
	if err := h.Append(context.Background(), source, part); err != nil {
		t.Fatal(err)
	}
}

// Parts of random sizes give back the rows of every type, bit for bit, before and after reopening.
func TestRowsComeBack(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	fsys, fields := disk.NewFragile(), allFields()
	h := open(t, fsys)
	var want []string
	rows, empty := 0, 0
	for next := uint64(5); next < 400; {
		part := history.Part{From: next, To: next + random.Uint64N(20), Fields: fields}
		for s := part.From; s <= part.To && random.IntN(6) > 0; s++ {
			r := randomRows(random, fields, s, random.IntN(30))
			part.Rows = append(part.Rows, r)
			want = append(want, texts(r, len(fields))...)
			rows += len(r.Orders)
		}
		if len(part.Rows) == 0 {
			empty++
		}
		add(t, h, "clicks", part)
		next = part.To + 1
		if h.Position("clicks") != part.To {
			t.Fatalf("position %d, want %d", h.Position("clicks"), part.To)
		}
	}
	if rows < 1000 || empty < 3 {
		t.Fatalf("exercised %d rows, %d empty parts", rows, empty)
	}
	for range 2 {
		v := h.View("clicks")
		if got := scanned(t, v, history.Request{Fields: fields, Workers: 3}); !slices.Equal(got, want) {
			t.Fatalf("%d rows came back of %d, or others", len(got), len(want))
		}
		if v.Rows() != int64(rows) || v.First() != 5 {
			t.Fatalf("rows %d, first %d", v.Rows(), v.First())
		}
		next := uint64(5)
		for _, p := range v.Parts() {
			if p.From != next {
				t.Fatalf("part %+v begins elsewhere than at %d", p, next)
			}
			next = p.To + 1
		}
		report, err := h.Check(context.Background(), "clicks")
		if err != nil || len(report.Damages)+len(report.Unknown) > 0 || report.Rows != int64(rows) {
			t.Fatalf("check: %+v, %v", report, err)
		}
		h = open(t, fsys)
	}
}

func TestScanUpTo(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	h, fields := open(t, disk.NewFragile()), allFields()[:2]
	var all [][]string
	for p := range uint64(5) {
		part := history.Part{From: p*10 + 1, To: p*10 + 10, Fields: fields}
		for s := part.From; s <= part.To; s++ {
			r := randomRows(random, fields, s, 3)
			part.Rows = append(part.Rows, r)
			all = append(all, texts(r, len(fields)))
		}
		add(t, h, "clicks", part)
	}
	for to := uint64(1); to <= 50; to++ {
		want := slices.Concat(all[:to]...)
		got := scanned(t, h.View("clicks"), history.Request{Fields: fields, To: to, Workers: 2})
		if !slices.Equal(got, want) {
			t.Fatalf("up to %d: %d rows, want %d", to, len(got), len(want))
		}
	}
}

// A column that was added to the source later is null in older parts; one of another type is an
// error, and only if it is asked for.
func TestColumnsChange(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 3))
	h := open(t, disk.NewFragile())
	n, x := schema.Field{Name: "n", Type: schema.Of(schema.Int64)},
		schema.Field{Name: "x", Type: schema.Of(schema.Float64)}
	text := schema.Field{Name: "n", Type: schema.Of(schema.String)}
	for i, fields := range [][]schema.Field{{n}, {x, n}, {x, text}} {
		s := uint64(i + 1)
		rows := randomRows(random, fields, s, 4)
		add(t, h, "clicks", history.Part{From: s, To: s, Fields: fields, Rows: []*history.Rows{rows}})
	}
	v := h.View("clicks")
	var nulls int
	err := v.Scan(context.Background(), history.Request{Fields: []schema.Field{x}, To: 1},
		func(_ int, r *history.Rows) error { nulls += r.Columns[0].NullCount(); return nil })
	if err != nil || nulls != 4 {
		t.Fatalf("%d nulls, %v; want 4", nulls, err)
	}
	if got := scanned(t, v, history.Request{Fields: []schema.Field{n, x}, To: 2}); len(got) != 8 {
		t.Fatalf("%d rows, want 8", len(got))
	}
	err = v.Scan(context.Background(), history.Request{Fields: []schema.Field{n}},
		func(int, *history.Rows) error { return nil })
	if !errors.Is(err, history.ErrColumns) {
		t.Fatalf("got %v, want ErrColumns", err)
	}
}

func TestRefusedParts(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 4))
	h, fields := open(t, disk.NewFragile()), allFields()[:2]
	good := func(from, to uint64) history.Part {
		return history.Part{From: from, To: to, Fields: fields,
			Rows: []*history.Rows{randomRows(random, fields, from, 2)}}
	}
	add(t, h, "clicks", good(1, 10))
	short := good(11, 12)
	short.Rows[0].ReceivedAt = nil
	missing := good(11, 12)
	missing.Rows[0].Columns = missing.Rows[0].Columns[:1]
	outside := good(11, 12)
	outside.Rows[0].Orders[1] = history.Order(13, 0)
	twice := good(11, 12)
	twice.Rows = append(twice.Rows, twice.Rows[0])
	nested := history.Part{From: 11, To: 12,
		Fields: []schema.Field{{Name: "l", Type: schema.ListOf(schema.Of(schema.Int64))}},
		Rows:   []*history.Rows{randomRows(random, nil, 11, 0)}}
	nested.Rows = nil
	for _, c := range []struct {
		name, source string
		part         history.Part
		want         error
	}{
		{"again", "clicks", good(1, 10), history.ErrOverlap},
		{"overlap", "clicks", good(10, 20), history.ErrOverlap},
		{"gap", "clicks", good(12, 20), history.ErrGap},
		{"backwards", "clicks", good(11, 10), history.ErrInvalid},
		{"times", "clicks", short, history.ErrInvalid},
		{"columns", "clicks", missing, history.ErrInvalid},
		{"range", "clicks", outside, history.ErrInvalid},
		{"order", "clicks", twice, history.ErrInvalid},
		{"name", "../clicks", good(11, 12), history.ErrInvalid},
	} {
		if err := h.Append(context.Background(), c.source, c.part); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if h.Position("clicks") != 10 || len(h.Parts("clicks")) != 1 {
		t.Fatalf("position %d, parts %v", h.Position("clicks"), h.Parts("clicks"))
	}
	add(t, h, "clicks", nested)
}

// Scans go on beside appends, and each sees the parts that were there when it began.
func TestScanBesideAppends(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 5))
	h, fields := open(t, disk.NewFragile()), allFields()[:2]
	var group sync.WaitGroup
	group.Go(func() {
		for s := uint64(1); s <= 60; s++ {
			rows := randomRows(random, fields, s, 2)
			part := history.Part{From: s, To: s, Fields: fields, Rows: []*history.Rows{rows}}
			if err := h.Append(context.Background(), "clicks", part); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		group.Go(func() {
			for range 30 {
				v := h.View("clicks")
				rows := 0
				var mutex sync.Mutex
				err := v.Scan(context.Background(), history.Request{Fields: fields, Workers: 2},
					func(_ int, r *history.Rows) error {
						mutex.Lock()
						defer mutex.Unlock()
						rows += len(r.Orders)
						return nil
					})
				if err != nil || rows != 2*int(v.Position()) {
					t.Errorf("%d rows at position %d, %v", rows, v.Position(), err)
				}
			}
		})
	}
	group.Wait()
}

func TestScanStops(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 6))
	h, fields := open(t, disk.NewFragile()), allFields()[:2]
	for s := uint64(1); s <= 10; s++ {
		add(t, h, "clicks", history.Part{From: s, To: s, Fields: fields,
			Rows: []*history.Rows{randomRows(random, fields, s, 2)}})
	}
	stop := errors.New("stop")
	err := h.Scan(context.Background(), "clicks", fields, 3, func(int, *history.Rows) error { return stop })
	if !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err = h.Scan(ctx, "clicks", fields, 3, func(int, *history.Rows) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := h.Append(ctx, "clicks", history.Part{From: 11, To: 11}); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}
