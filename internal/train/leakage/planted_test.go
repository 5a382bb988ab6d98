package leakage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// world is the rows that leaks are planted into: one target of one of four types.
type world struct {
	random *rand.Rand
	table
	y []float64 // the target as a number
	z []bool    // whether it is the class, or above the middle
}

// newWorld draws labels: classes as bool, integer or text, or a number.
func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 7))}
	rows, kind := 1500+w.random.IntN(3000), int(seed%4)
	rate := 0.03 + 0.5*w.random.Float64()
	var values []any
	for range rows {
		w.times = append(w.times, 1_700_000_000_000_000+w.random.Int64N(365*schema.Day))
		z := w.random.Float64() < rate
		y := 0.0
		if z {
			y = 1
		}
		switch kind {
		case 0:
			values = append(values, z)
		case 1:
			values = append(values, int(y))
		case 2:
			values = append(values, map[bool]string{true: "churned", false: "stayed"}[z])
		case 3:
			y = math.Exp(w.random.NormFloat64())
			z = y > 1
			values = append(values, y)
		}
		w.y, w.z = append(w.y, y), append(w.z, z)
	}
	w.target = columnOf(values)
	return w
}

func (w *world) rows() int { return len(w.times) }

// somewhat is null in a part of the rows.
func (w *world) somewhat(part float64, f func(i int) any) []any {
	return fill(w.rows(), func(i int) any {
		if w.random.Float64() < part {
			return nil
		}
		return f(i)
	})
}

// usualAges are those of rows whose newest event is a day old, about.
func (w *world) usualAges() []int64 {
	return ages(w.rows(), func(int) int64 { return int64(w.random.ExpFloat64() * float64(schema.Day)) })
}

// noise plants a feature that knows nothing, beside which the leak must be found.
func (w *world) noise() {
	w.feature("noise", w.somewhat(0.1, func(int) any { return w.random.NormFloat64() }), nil, w.usualAges())
}

// plantPower: a sum of what happened before and after, so that the outcome weighs in without being it.
func plantPower(w *world) {
	kind := w.random.IntN(3)
	w.feature("leak", w.somewhat(0.01, func(i int) any {
		x := w.y[i] * 5
		if w.target.Type.Kind == schema.Float64 {
			x = math.Log(w.y[i]) * 12
		}
		x += w.random.NormFloat64()
		switch kind {
		case 0:
			return -x
		case 1:
			return int(math.Floor(x * 10))
		default:
			return x
		}
	}), nil, w.usualAges())
}

// plantCopy: the outcome under another name, mostly null, sometimes negated or in other units.
func plantCopy(w *world) {
	kind := w.random.IntN(3)
	w.feature("leak", w.somewhat(0.7*w.random.Float64(), func(i int) any {
		y := w.y[i]
		if w.random.IntN(500) == 0 {
			y = w.y[w.random.IntN(w.rows())] // lost on the way
		}
		switch {
		case w.target.Type.Kind == schema.Float64:
			return 3 - 100*y
		case kind == 0:
			return y == 0
		case kind == 1:
			return fmt.Sprint("status ", y)
		default:
			return 7 - 2*y
		}
	}), nil, w.usualAges())
}

// plantAfter: the row of the outcome has the label's own time, so that it counts a moment later; what
// was there before is an old outcome, or nothing.
func plantAfter(w *world) {
	kind := w.random.IntN(3)
	before := fill(w.rows(), func(i int) any {
		switch {
		case kind == 0:
			return nil
		case kind == 1 && w.target.Type.Kind != schema.Float64:
			return float64(w.random.IntN(40))
		default:
			return w.y[w.random.IntN(w.rows())]
		}
	})
	after := fill(w.rows(), func(i int) any {
		if old, ok := before[i].(float64); ok && kind == 1 && w.target.Type.Kind != schema.Float64 {
			return old + w.y[i]
		}
		return w.y[i]
	})
	w.feature("leak", before, after, w.usualAges())
}

// plantAvailability: a source that says nothing of when its events could be known.
func plantAvailability(w *world) {
	w.feature("leak", w.somewhat(0.1, func(int) any { return w.random.ExpFloat64() }), nil, w.usualAges())
	w.features[len(w.features)-1].Default = []string{"payments"}
}

// plantTiming: the outcome is an event among others, entered a moment before the label's time.
func plantTiming(w *world) {
	own := w.usualAges()
	moment := []int64{0, schema.Second, 40 * schema.Second}[w.random.IntN(3)]
	for i, z := range w.z {
		if z && w.random.IntN(10) > 0 {
			own[i] = moment
		}
	}
	w.feature("leak", w.somewhat(0.1, func(int) any { return w.random.ExpFloat64() }), nil, own)
}

// TestPlanted plants 5 kinds of leaks, 20 of each, and all must be found.
func TestPlanted(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		kind  Kind
		plant func(*world)
	}{
		{Power, plantPower}, {Copy, plantCopy}, {After, plantAfter}, {Availability, plantAvailability},
		{Timing, plantTiming},
	}
	const seeds = 20
	found, planted, falseAlarms := 0, 0, 0
	for _, k := range kinds {
		for seed := range uint64(seeds) {
			w := newWorld(seed)
			w.noise()
			k.plant(w)
			w.noise()
			r := w.report(1+int(seed%5), seed)
			planted++
			if r.has(k.kind, "leak") {
				found++
			} else {
				t.Errorf("%s, seed %d: not found", k.kind, seed)
				show(t, r)
			}
			for _, f := range r.Findings {
				if f.Feature != "leak" {
					falseAlarms++
					t.Errorf("%s, seed %d: %s", k.kind, seed, f)
				}
			}
		}
	}
	t.Logf("%d of %d planted leaks found, %d false alarms beside them", found, planted, falseAlarms)
	if planted < 100 || found < planted {
		t.Errorf("found %d of %d", found, planted)
	}
}
