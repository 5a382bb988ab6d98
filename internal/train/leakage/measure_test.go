package leakage

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// TestAreas compares areas under the curve with pairs that are counted one by one, over random ties,
// nulls, classes and blocks of time.
func TestAreas(t *testing.T) {
	t.Parallel()
	compared := 0
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 3))
		rows, classes, levels := 60+random.IntN(900), 2+random.IntN(3), 1+random.IntN(40)
		y := &target{classes: make([]string, classes)}
		values, null, times := make([]float64, rows), make([]bool, rows), make([]int64, rows)
		for i := range rows {
			y.class = append(y.class, uint8(random.IntN(classes)))
			values[i], null[i] = float64(random.IntN(levels)), random.IntN(4) == 0
			times[i] = random.Int64N(1000)
		}
		m := newMeasure(y, times)
		for _, k := range m.asked() {
			if !m.enough(k) {
				continue
			}
			got := m.ranked(values, null, []int{k}, true).figure
			want := 0.0
			for _, lowest := range []float64{math.Inf(-1), math.Inf(1)} {
				area := naiveArea(m, values, null, k, lowest)
				want = max(want, area, 1-area)
			}
			compared++
			if math.Abs(got-want) > 1e-12 {
				t.Errorf("seed %d, class %d: %v, want %v", seed, k, got, want)
			}
		}
	}
	if t.Logf("%d areas compared", compared); compared < 60 {
		t.Errorf("only %d areas compared", compared)
	}
}

func naiveArea(m *measure, values []float64, null []bool, class int, lowest float64) float64 {
	value := func(i int) float64 {
		if null[i] {
			return lowest
		}
		return values[i]
	}
	var won, all float64
	for i := range values {
		for j := range values {
			if int(m.target.class[i]) != class || int(m.target.class[j]) == class || m.block[i] != m.block[j] {
				continue
			}
			all++
			if value(i) > value(j) {
				won++
			} else if value(i) == value(j) {
				won += 0.5
			}
		}
	}
	return won / all
}

// TestTrend has a target that sets in halfway, and one that grows, both slowly. What grows with
// time tells both, and is no leak; what tells them within a tenth of the time is.
func TestTrend(t *testing.T) {
	t.Parallel()
	const rows = 4000
	random := rand.New(rand.NewPCG(1, 2))
	for _, number := range []bool{false, true} {
		d := &table{}
		var later []bool
		for i := range rows {
			d.times = append(d.times, int64(i)*schema.Hour)
			later = append(later, i+random.IntN(1600)-800 > rows/2)
		}
		growth := fill(rows, func(i int) any { return float64(i) + 200*random.NormFloat64() })
		if number {
			d.target = columnOf(growth)
		} else {
			d.target = columnOf(fill(rows, func(i int) any { return later[i] }))
		}
		d.feature("total", fill(rows, func(i int) any { return i / 3 }), nil, nil)
		d.feature("leak", fill(rows, func(i int) any {
			if number {
				return growth[i].(float64) + 20*random.NormFloat64()
			}
			if later[i] {
				return 4 + random.NormFloat64()
			}
			return random.NormFloat64()
		}), nil, nil)
		r := d.report(1, 1)
		if r.has(Power, "total") || !r.has(Power, "leak") {
			show(t, r)
			t.Errorf("number %v: %+v", number, r.Findings)
		}
	}
}

// TestHonest has what comes near to a finding and is none.
func TestHonest(t *testing.T) {
	t.Parallel()
	const rows = 3000
	random := rand.New(rand.NewPCG(9, 2))
	d, z := plain(rows)
	nearly := func(i int) any {
		if z[i] {
			return 2.2 + random.NormFloat64() // an area of 0.94
		}
		return random.NormFloat64()
	}
	strong := fill(rows, nearly)
	d.feature("strong", strong, fill(rows, func(i int) any {
		if random.IntN(2) == 0 {
			return strong[i]
		}
		return strong[i].(float64) + 0.01
	}), nil)
	// An area of 0.944 becomes one of 0.955, which by itself would be a finding.
	better := fill(rows, func(i int) any { return random.NormFloat64() + map[bool]float64{true: 2.25}[z[i]] })
	d.feature("better", better, fill(rows, func(i int) any {
		return better[i].(float64) + map[bool]float64{true: 0.15}[z[i]]*2*float64(random.IntN(2))
	}), nil)
	usual := func() int64 { return int64(random.ExpFloat64() * float64(schema.Day)) }
	d.feature("everywhere", strong, nil, ages(rows, func(i int) int64 {
		if z[i] && random.IntN(10) < 7 || random.IntN(20) == 0 {
			return 0
		}
		return usual()
	}))
	d.feature("bursts", strong, nil, ages(rows, func(i int) int64 {
		if z[i] {
			return int64(random.ExpFloat64() * 20 * float64(schema.Minute))
		}
		return usual()
	}))
	leak := fill(rows, func(i int) any { return nearly(i).(float64) + map[bool]float64{true: 3}[z[i]] })
	d.feature("leak", leak, fill(rows, func(i int) any {
		return leak[i].(float64) + map[bool]float64{true: 9}[z[i]]
	}), nil)
	r := d.report(2, 2)
	show(t, r)
	if len(r.Findings) != 1 || !r.has(Power, "leak") {
		t.Errorf("%d findings, want the power of the leak", len(r.Findings))
	}
}

// TestStraight finds a copy of a number that is mostly zero, and no copy in a number that is zero in
// most of the same rows.
func TestStraight(t *testing.T) {
	t.Parallel()
	const rows = 5000
	random := rand.New(rand.NewPCG(4, 2))
	d, z := plain(rows)
	amounts := fill(rows, func(i int) any {
		if !z[i] || i%3 == 0 {
			return 0.0
		}
		return 1 + random.ExpFloat64()
	})
	d.target = columnOf(amounts)
	d.feature("copy", fill(rows, func(i int) any { return 0.5 - amounts[i].(float64)/8 }), nil, nil)
	d.feature("zeros", fill(rows, func(i int) any {
		if amounts[i] == 0.0 {
			return 0.0
		}
		return 1 + random.ExpFloat64()
	}), nil, nil)
	r := d.report(2, 2)
	show(t, r)
	if !r.has(Copy, "copy") || r.has(Copy, "zeros") {
		t.Error("the copy alone should be found as one")
	}
}
