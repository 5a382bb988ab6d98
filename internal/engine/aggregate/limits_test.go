package aggregate

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/window"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestCaps reads windows of just 10,000 values and of one more, from structures and directly.
func TestCaps(t *testing.T) {
	t.Parallel()
	const n = 10_050
	events := Events{Time: make([]int64, n), Arguments: make([]Values, 1)}
	for i := range n {
		events.Time[i] = int64(i)
		events.Arguments[0].Ints = append(events.Arguments[0].Ints, int64((i*7919)%n))
	}
	capped := map[string]bool{
		"mode": true, "top_k": true, "histogram": true, "collect_set": true, "entropy": true,
		"percentile": true, "median": true,
	}
	r := rand.New(rand.NewPCG(1, 1))
	checked := 0
	for _, s := range subjects {
		if s.two || s.name == "ewma" {
			continue
		}
		spec := Specification{Func: s.name, Arguments: []schema.Type{schema.Of(schema.Int64)}}
		if s.name == "decayed_count" {
			spec.Arguments = nil
		}
		if s.literal != nil {
			literal, _ := s.literal(r)
			spec.Literals = []schema.Value{literal}
		}
		f, err := New(spec)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time from structures
			f.Reset(&events)
			for _, in := range []window.Range{
				{To: Cap}, {To: Cap + 1}, {From: 3, To: Cap + 3}, {From: 3, To: Cap + 4}, {To: Cap + 1, Holes: []int32{70}},
				{From: 9, To: Cap + 11, Holes: []int32{9, 4000}}, {To: Cap + 2, Holes: []int32{70}}, {To: Cap},
			} {
				var out Result
				f.Read(&Question{Range: in, Boundary: n}, &out)
				if want := capped[s.name] && in.Count() > Cap; out.Cap != want || want && !out.Null {
					t.Errorf("%s of %d to %d without %v: %+v", s.name, in.From, in.To, in.Holes, out)
				}
				checked++
			}
		}
	}
	if checked < 300 {
		t.Errorf("only %d checked", checked)
	}
}

// TestLongRanges compares long windows that slide over many events, as in large entities, with
// windows read by a function that has just been reset.
func TestLongRanges(t *testing.T) {
	t.Parallel()
	const n = 12_000
	for _, s := range subjects {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(3, 4))
			families := []string{s.families[0]}
			if s.two {
				families = append(families, "few")
			}
			events := s.entity(r, families, n)
			spec := Specification{Func: s.name}
			var a asked
			if s.literal != nil {
				var literal schema.Value
				literal, a = s.literal(r)
				spec.Literals = []schema.Value{literal}
			}
			if s.name == "first_distinct" || s.name == "last_distinct" { // fewer values than are wanted
				spec.Literals = []schema.Value{schema.IntValue(100)}
				events.Arguments[0] = fill(r, "ints", n)
			}
			for i := range events.Arguments {
				spec.Arguments = append(spec.Arguments, typeOf(&events.Arguments[i]))
			}
			a.result = schema.Float64
			sliding, _ := New(spec)
			fresh, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			sliding.Reset(&events)
			compared := 0
			for to := 9500; to < n; to += 1 + r.IntN(250) {
				length := []int{9500, 9500, 4000}[compared%3]
				q := Question{Range: window.Range{From: to - length, To: to}, Boundary: events.Time[to]}
				if compared%3 == 1 {
					q.Range.Holes = someHoles(r, to-30, to)
				}
				var got, want Result
				sliding.Read(&q, &got)
				fresh.Reset(&events)
				fresh.Read(&q, &want)
				if x, y := text(&s, &events, &got, a), text(&s, &events, &want, a); x != y {
					t.Fatalf("%s to %d: %s, afresh %s", s.name, to, x, y)
				}
				compared++
			}
			if compared < 12 {
				t.Errorf("only %d ranges compared", compared)
			}
		})
	}
}

// TestDecayOverflows asks for tiles whose sums are not finite: recent ones, such that have faded, and
// such that only begin within the window, alone or with others.
func TestDecayOverflows(t *testing.T) {
	t.Parallel()
	const life = schema.Day
	f, err := New(Specification{
		Func: "decayed_sum", Arguments: []schema.Type{schema.Of(schema.Float64)},
		Literals: []schema.Value{{Type: schema.Of(schema.Duration), Int: life}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &subject{name: "decayed_sum"}
	const tile = life * tileLives
	lost, kept := 0, 0
	for spoilt := int64(0); spoilt < 30; spoilt += 3 { // the tile with three of the greatest numbers at its beginning
		var events Events
		var x Values
		x.Kind = window.Floats
		for k := range int64(30) {
			value := 1.0
			if k == spoilt {
				value = 1.7e308
			}
			events.Time = append(events.Time, k*tile, k*tile, k*tile, k*tile+life)
			x.Floats = append(x.Floats, value, value, value, 3)
		}
		events.Arguments = []Values{x}
		f.Reset(&events)
		for _, from := range []int{0, 1, 2, 3, 4, 20, 61} {
			for _, holes := range [][]int32{nil, {int32(from)}, {int32(from) + 3}} {
				q := Question{Range: window.Range{From: from, To: 120, Holes: holes}, Boundary: 30 * tile}
				var out Result
				f.Read(&q, &out)
				a := asked{life: life, boundary: q.Boundary}
				got, want := text(s, &events, &out, a), oracle(s.name, visible(&events, 0, q.Range), a)
				if got != want {
					t.Errorf("tile %d, from %d without %v: %s, want %s", spoilt, from, holes, got, want)
				}
				if lost++; got != "not finite" {
					lost--
					kept++
				}
			}
		}
	}
	if lost < 150 || kept < 20 {
		t.Errorf("only %d sums not finite and %d finite", lost, kept)
	}
}

// TestMemory gives functions an entity with very many events, then a small one: the values are right
// and the memory is given back.
func TestMemory(t *testing.T) {
	t.Parallel()
	const most = 600_000
	large := Events{Time: make([]int64, most), Arguments: []Values{{Ints: make([]int64, most)}}}
	for i := range most {
		large.Time[i], large.Arguments[0].Ints[i] = int64(i), int64(i%7000)
	}
	few := Events{Time: make([]int64, 40), Arguments: []Values{{Ints: large.Arguments[0].Ints[:40]}}}
	for _, name := range []string{"mode", "median", "approx_distinct"} {
		f, err := New(Specification{Func: name, Arguments: []schema.Type{schema.Of(schema.Int64)}})
		if err != nil {
			t.Fatal(err)
		}
		var out Result
		f.Reset(&large)
		for range 3 {
			f.Read(&Question{Range: window.Range{To: most}}, &out)
		}
		f.Reset(&few)
		for range 3 {
			out = Result{}
			f.Read(&Question{Range: window.Range{To: 40}}, &out)
		}
		switch f := f.(type) {
		case *frequency:
			if out.Positions[0] != 0 || cap(f.numbers)+cap(f.pairs)+cap(f.counts) > roomy {
				t.Errorf("mode: %+v, room for %d", out, cap(f.numbers)+cap(f.pairs)+cap(f.counts))
			}
		case *percentile:
			if out.Float != 19.5 || cap(f.numbers)+cap(f.pairs)+cap(f.wavelet.old) > roomy {
				t.Errorf("median: %+v", out)
			}
		}
	}
}

// TestShared reads windows through functions that share an index, for entities in which some of them
// are not asked at all, and compares with functions that have their own.
func TestShared(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	var sharing, alone []Function
	var names []string
	for _, s := range subjects {
		if s.two || len(s.families) != len(numbers) || s.literal != nil && s.name == "decayed_sum" {
			continue
		}
		spec := Specification{Func: s.name, Arguments: []schema.Type{schema.Of(schema.Float64)}}
		if s.literal != nil {
			literal, _ := s.literal(r)
			spec.Literals = []schema.Value{literal}
		}
		for _, list := range []*[]Function{&sharing, &alone} {
			f, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			*list = append(*list, f)
		}
		names = append(names, s.name)
	}
	var index Index
	compared := 0
	for entity := range 60 {
		n := []int{8, 300, 1500}[entity%3]
		own := Events{Time: make([]int64, n), Arguments: []Values{fill(r, []string{"money", "few"}[r.IntN(2)], n)}}
		shared := Events{Time: own.Time, Arguments: slices.Clone(own.Arguments)}
		shared.Arguments[0].Index = &index
		index.Forget()
		for k := range sharing {
			if r.IntN(3) == 0 {
				continue
			}
			sharing[k].Reset(&shared)
			alone[k].Reset(&own)
			for to := range 5 {
				q := Question{Range: window.Range{From: n * to / 10, To: n * (to + 5) / 10}}
				var got, want Result
				sharing[k].Read(&q, &got)
				alone[k].Read(&q, &want)
				s := &subject{name: names[k]}
				if x, y := text(s, &own, &got, asked{}), text(s, &own, &want, asked{}); x != y {
					t.Fatalf("%s of entity %d: %s, alone %s", names[k], entity, x, y)
				}
				compared++
			}
		}
	}
	if compared < 2000 {
		t.Errorf("only %d values compared", compared)
	}
}

// TestEwmaForgets compares long means, most of which are found from their newest values, with all
// steps.
func TestEwmaForgets(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	compared := 0
	for _, family := range []string{"money", "few", "wide", "tiny", "huge"} {
		for _, a := range []float64{0.01, 0.1, 0.3, 0.5, 0.9, 1} {
			events := Events{Arguments: []Values{fill(r, family, 3000)}}
			f := &ewma{a: a}
			f.Reset(&events)
			for to := 600; to <= 3000; to += 400 {
				in := window.Range{From: to - 600, To: to, Holes: someHoles(r, to-600, to)}
				var out Result
				f.Read(&Question{Range: in}, &out)
				if in.Count() == 0 {
					continue
				}
				first := in.Oldest()
				want := f.fold(in, first+1, events.Arguments[0].Floats[first])
				if out.Null || float(out.Float) != float(want) {
					t.Fatalf("%s, a %v, to %d: %v, want %v", family, a, to, out.Float, want)
				}
				compared++
			}
		}
	}
	if compared < 150 {
		t.Errorf("only %d means compared", compared)
	}
}

// TestRefused makes functions of what does not fit.
func TestRefused(t *testing.T) {
	t.Parallel()
	number := []schema.Type{schema.Of(schema.Float64)}
	literal := func(v schema.Value) []schema.Value { return []schema.Value{v} }
	hour := schema.Value{Type: schema.Of(schema.Duration), Int: schema.Day}
	tenths := schema.Value{Type: schema.DecimalOf(1), Dec: schema.Int128From(11)}
	cases := []Specification{
		{Func: "sum", Arguments: number},
		{Func: "first*", Arguments: number},
		{Func: "mode"},
		{Func: "mode", Arguments: number, Literals: literal(schema.IntValue(1))},
		{Func: "top_k", Arguments: number, Literals: literal(schema.IntValue(0))},
		{Func: "top_k", Arguments: number, Literals: literal(schema.IntValue(10_001))},
		{Func: "top_k", Arguments: number, Literals: literal(schema.FloatValue(1))},
		{Func: "percentile", Arguments: number, Literals: literal(schema.FloatValue(1.1))},
		{Func: "percentile", Arguments: number, Literals: literal(schema.IntValue(2))},
		{Func: "percentile", Arguments: number, Literals: literal(tenths)},
		{Func: "ewma", Arguments: number, Literals: literal(schema.FloatValue(-0.5))},
		{Func: "approx_percentile", Arguments: number, Literals: literal(schema.FloatValue(-0.1))},
		{Func: "ewma", Arguments: number, Literals: literal(schema.NullOf(number[0]))},
		{Func: "decayed_sum", Arguments: number, Literals: literal(schema.IntValue(5))},
		{Func: "decayed_count", Arguments: number, Literals: literal(hour)},
	}
	for _, c := range cases {
		if f, err := New(c); err == nil {
			t.Errorf("%+v made %T", c, f)
		}
	}
	for _, name := range []string{"first", "last"} {
		f, err := New(Specification{Func: name, Arguments: []schema.Type{schema.Of(schema.JSON)}})
		if err != nil {
			t.Fatal(err)
		}
		var out Result
		f.Reset(&Events{Arguments: make([]Values, 1)})
		f.Read(&Question{Range: window.Range{From: 2, To: 5, Holes: []int32{2, 4}}}, &out)
		if !slices.Equal(out.Positions, []int32{3}) || out.Null {
			t.Errorf("%s of text: %+v", name, out)
		}
	}
}

// TestDecimalFloat compares with fractions, beyond what one division can do.
func TestDecimalFloat(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	for range 2000 {
		digits := fill(r, []string{"cents", "bigcents"}[r.IntN(2)], 1).Decimals[0]
		scale := r.IntN(39)
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		want := round(new(big.Rat).SetFrac(digits.Big(), unit))
		if got := decimalFloat(digits, scale); float(got) != float(want) {
			t.Fatalf("%s at scale %d: %v, want %v", digits.Big(), scale, got, want)
		}
	}
}
