package leakage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// customers is a generator apart from the one that leaks are planted in: customers with a hidden
// temper, whose history and whose outcome both follow from it. No feature knows more than it may, but
// all of them tell something, some a lot, and many tell where in time a row is. Labels are as rare as
// 1 in 100, and become more frequent with time.
type customers struct {
	random *rand.Rand
	table
	temper []float64
	days   []float64 // since the beginning
	y      []float64
}

func newCustomers(seed uint64) *customers {
	c := &customers{random: rand.New(rand.NewPCG(seed, 99))}
	rows := 3000 + c.random.IntN(7000)
	rare := []float64{0.01, 0.02, 0.1, 0.4}[seed%4]
	weight := []float64{1, 2, 3}[seed%3] // how much the temper decides
	number := seed%5 == 4
	var outcome []any
	for range rows {
		day := 400 * math.Sqrt(c.random.Float64())
		temper := c.random.NormFloat64()
		c.days, c.temper = append(c.days, day), append(c.temper, temper)
		c.times = append(c.times, 1_600_000_000_000_000+int64(day*float64(schema.Day)))
		// The logistic curve of temper and day, about as often as rare says.
		chance := 1 / (1 + math.Exp(-weight*temper-day/400+weight-math.Log(rare/(1-rare))))
		y := 0.0
		if c.random.Float64() < chance {
			y = 1
		}
		if number {
			y = math.Round(100*math.Exp(0.8*temper+day/200+0.6*c.random.NormFloat64())) / 100
			outcome = append(outcome, y)
		} else {
			outcome = append(outcome, y == 1)
		}
		c.y = append(c.y, y)
	}
	c.target = columnOf(outcome)
	return c
}

// mood is temper with noise: how well a feature knows it.
func (c *customers) mood(i int, noise float64) float64 {
	return c.temper[i] + noise*c.random.NormFloat64()
}

// make adds a feature of one of twelve sorts: skewed, sparse, categorical, coded, trending, identifying,
// and ones that keep moving just after the label's time.
func (c *customers) make(sort int) {
	rows := len(c.times)
	noise := 0.3 + 3*c.random.Float64()
	null := []float64{0, 0, 0.2, 0.9}[c.random.IntN(4)]
	list := fill(rows, func(i int) any {
		if c.random.Float64() < null+0.05*math.Tanh(-c.temper[i])*math.Min(null, 0.1)*10 {
			return nil
		}
		x := c.mood(i, noise)
		switch sort {
		case 0:
			return math.Exp(2 * x) // skewed
		case 1:
			return int(math.Max(0, math.Floor(x*3-4))) // sparse counts
		case 2:
			return []string{"de", "fr", "nl", "se", "it", "pl"}[int(math.Abs(x*2))%6]
		case 3:
			return int(math.Abs(x*3)) % 17 // codes
		case 4:
			return c.days[i]*(1+0.1*x) + 5 // a total that grows with time
		case 5:
			return int(c.days[i] * 24) // an ever-growing number, like a document's
		case 6:
			return fmt.Sprint("u", c.random.IntN(rows)) // names of few rows
		case 7:
			return x > 2.2 // a rare flag
		case 8:
			return math.Sin(c.days[i]/7*2*math.Pi) + 0.1*x // seasons
		case 9:
			return fmt.Sprint("week ", int(c.days[i]/7)) // names that go with time
		case 10:
			return 0.0 // hardly ever anything else
		default:
			return math.Floor(100*math.Exp(x)) / 100
		}
	})
	c.feature(fmt.Sprintf("f%d_%d", sort, len(c.columns)), list, c.moved(list), c.ages())
}

// moved changes some values just after the time, whatever the outcome.
func (c *customers) moved(list []any) []any {
	part := []float64{0, 0.02, 0.5, 1}[c.random.IntN(4)]
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
		if c.random.Float64() >= part {
			continue
		}
		switch x := v.(type) {
		case float64:
			out[i] = x + c.random.ExpFloat64()
		case int:
			out[i] = x + 1
		}
	}
	return out
}

// ages are of a day for the calm and of hours for the restless, with bursts of minutes; of some
// features every row has an event at its own time; some have ages in whole days.
func (c *customers) ages() []int64 {
	sort := c.random.IntN(5)
	return ages(len(c.times), func(i int) int64 {
		age := c.random.ExpFloat64() * float64(schema.Day) * math.Exp(-0.8*c.temper[i])
		switch {
		case sort == 0:
			return 0
		case sort == 1 && c.y[i] == 1 && c.random.Float64() < 0.5:
			return int64(c.random.ExpFloat64() * 10 * float64(schema.Minute)) // a burst before
		case sort == 2:
			return int64(age/float64(schema.Day)) * schema.Day
		case sort == 3 && c.random.Float64() < 0.7:
			return -1
		default:
			return int64(age)
		}
	})
}

// TestClean counts false alarms among features that know nothing they should not.
func TestClean(t *testing.T) {
	t.Parallel()
	measured, alarms := 0, 0
	kinds := map[Kind]int{}
	for seed := range uint64(20) {
		c := newCustomers(seed)
		for k := range 12 {
			c.make((k + int(seed)) % 12)
		}
		r := c.report(1+int(seed%3), seed)
		if r.Target == "" || r.Later == 0 {
			t.Fatalf("seed %d was not measured: %+v", seed, r)
		}
		measured += len(c.features)
		for _, f := range r.Findings {
			alarms++
			kinds[f.Kind]++
			t.Logf("seed %d: %s: %s", seed, f.Kind, f)
		}
	}
	t.Logf("%d false alarms in %d clean features: %v", alarms, measured, kinds)
	if measured < 200 {
		t.Errorf("%d features are fewer than 200", measured)
	}
	if alarms*200 > measured {
		t.Errorf("%d false alarms in %d clean features", alarms, measured)
	}
}
