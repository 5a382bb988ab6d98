package leakage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// plain is rows of a boolean target that is true in every fourth one, more or less.
func plain(rows int) (*table, []bool) {
	d, z := &table{}, make([]bool, rows)
	for i := range z {
		z[i] = mix(uint64(i)+77)%4 == 0
		d.times = append(d.times, int64(mix(uint64(i)+5)%1000)*schema.Hour)
	}
	d.target = columnOf(fill(rows, func(i int) any { return z[i] }))
	return d, z
}

// give adds a feature whose column is of any type.
func (d *table) give(name string, c *batch.Column) {
	d.feature(name, fill(len(d.times), func(int) any { return nil }), nil, nil)
	last := len(d.columns) - 1
	d.columns[last], d.after[last], d.features[last].Type = c, c, c.Type
}

// TestGroups checks that neither the size nor the order of the groups changes a byte of the report.
func TestGroups(t *testing.T) {
	t.Parallel()
	reports := map[string]bool{}
	for _, groups := range []int{1, 2, 7, 40} {
		w := newWorld(8)
		plantPower(w)
		plantCopy(w)
		plantAfter(w)
		plantTiming(w)
		text, err := json.Marshal(w.report(groups, uint64(groups)))
		if err != nil {
			t.Fatal(err)
		}
		reports[string(text)] = true
	}
	if len(reports) != 1 {
		t.Errorf("%d different reports: %v", len(reports), reports)
	}
}

// TestTypes gives a leak and noise in each type: the leak is found and the noise is not.
func TestTypes(t *testing.T) {
	t.Parallel()
	d, z := plain(2000)
	pick := func(leaky bool, i int) bool { return leaky && z[i] || !leaky && mix(uint64(i)+123)%4 == 0 }
	for _, leaky := range []bool{true, false} {
		prefix := map[bool]string{true: "leak_", false: "noise_"}[leaky]
		number := func(f func(bool, int) int64) []int64 {
			return ages(2000, func(i int) int64 { return f(pick(leaky, i), i) })
		}
		d.feature(prefix+"bool", fill(2000, func(i int) any { return pick(leaky, i) }), nil, nil)
		d.feature(prefix+"string", fill(2000, func(i int) any { return fmt.Sprint(pick(leaky, i)) }), nil, nil)
		decimals := &batch.Column{Type: schema.DecimalOf(2), Length: 2000}
		list := &batch.Column{Type: schema.ListOf(schema.Of(schema.Bool)), Length: 2000, Offsets: []uint32{0}}
		for i := range 2000 {
			n := int64(100)
			if pick(leaky, i) {
				n = 2_000_000_000_000
				list.Offsets = append(list.Offsets, list.Offsets[i]+2)
			} else {
				list.Offsets = append(list.Offsets, list.Offsets[i]+1)
			}
			decimals.Decimals = append(decimals.Decimals, schema.Int128From(n))
		}
		list.Child = batch.Repeat(schema.BoolValue(true), int(list.Offsets[2000]))
		d.give(prefix+"decimal", decimals)
		d.give(prefix+"list", list)
		d.give(prefix+"duration", &batch.Column{Type: schema.Of(schema.Duration), Length: 2000,
			Ints: number(func(b bool, i int) int64 {
				if b {
					return -int64(i)
				}
				return int64(i)
			})})
		d.give(prefix+"timestamp", &batch.Column{Type: schema.Of(schema.Timestamp), Length: 2000,
			Ints: number(func(b bool, i int) int64 {
				if b {
					return d.times[i] - schema.Day
				}
				return d.times[i] - schema.Hour
			})})
		d.give(prefix+"date", &batch.Column{Type: schema.Of(schema.Date), Length: 2000,
			Ints: number(func(b bool, i int) int64 {
				if day := schema.FloorDiv(d.times[i], schema.Day); b {
					return day - 2
				}
				return schema.FloorDiv(d.times[i], schema.Day)
			})})
	}
	r := d.report(3, 1)
	show(t, r)
	for i, f := range d.features {
		leaky := i < len(d.features)/2
		if found := r.has(Copy, f.Name) || r.has(Power, f.Name); found != leaky {
			t.Errorf("%s: found is %v", f.Name, found)
		}
	}
	if len(r.Findings) != 7 {
		t.Errorf("%d findings, not 7", len(r.Findings))
	}
}

// TestNothing gives columns that say nothing, and rows that are too few.
func TestNothing(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{0, 1, 3, 49, 50, 300} {
		d, z := plain(rows)
		d.feature("null", fill(rows, func(int) any { return nil }), nil, nil)
		d.feature("constant", fill(rows, func(int) any { return 3 }), nil, ages(rows, func(int) int64 { return 0 }))
		d.feature("name", fill(rows, func(i int) any { return fmt.Sprint(i) }), nil, nil)
		if rows < 60 {
			d.feature("leak", fill(rows, func(i int) any { return z[i] }), nil, nil)
		}
		for _, target := range []*batch.Column{d.target, nil, columnOf(fill(rows, func(int) any { return nil })),
			columnOf(fill(rows, func(int) any { return "same" }))} {
			d.target = target
			if r := d.report(2, 3); len(r.Findings) > 0 {
				t.Errorf("%d rows: %v", rows, r.Findings)
			}
		}
	}
}

// TestNotes checks that a report without a target says why.
func TestNotes(t *testing.T) {
	t.Parallel()
	d, _ := plain(200)
	cases := []struct {
		target *batch.Column
		want   string
	}{
		{columnOf(fill(200, func(int) any { return 1 })), "one value"},
		{columnOf(fill(200, func(i int) any {
			if i > 30 {
				return nil
			}
			return i % 2
		})), "31 label rows"},
	}
	for _, c := range cases {
		d.target = c.target
		if r := d.report(1, 1); !strings.Contains(r.Note, c.want) {
			t.Errorf("note %q, want %q", r.Note, c.want)
		}
	}
	many := columnOf(fill(mostValues+5, func(i int) any { return fmt.Sprint(i) }))
	a := New(Config{Target: many, Times: make([]int64, mostValues+5)})
	if r := a.Report(1); !strings.Contains(r.Note, "too many") || r.Target != "" {
		t.Errorf("%+v", r)
	}
}

// TestTargets finds a copy of a target of many texts, of small integers, and of one with nulls, and
// looks at rows with a target only.
func TestTargets(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 5))
	const rows = 6000
	texts := fill(rows, func(int) any { return fmt.Sprint("class ", int(random.ExpFloat64()*6)) })
	integers := fill(rows, func(int) any { return random.IntN(5) })
	nulls := fill(rows, func(i int) any {
		if i%3 == 0 {
			return nil
		}
		return integers[i].(int) > 2
	})
	for name, values := range map[string][]any{"texts": texts, "integers": integers, "nulls": nulls} {
		d, _ := plain(rows)
		d.target = columnOf(values)
		d.feature("leak", fill(rows, func(i int) any {
			if values[i] == nil {
				return "open"
			}
			return fmt.Sprint("was ", values[i])
		}), nil, nil)
		d.feature("noise", fill(rows, func(int) any { return fmt.Sprint("was ", random.IntN(5)) }), nil, nil)
		r := d.report(2, 2)
		show(t, r)
		if !r.has(Copy, "leak") || len(r.Findings) != 1 || name == "nulls" && r.Rows != rows/3*2 {
			t.Errorf("%s: %d findings in %d rows", name, len(r.Findings), r.Rows)
		}
	}
}

// TestRows checks that rows without a time or key are left out, and that rare classes are seen.
func TestRows(t *testing.T) {
	t.Parallel()
	const rows = 200_000
	times, valid := make([]int64, rows), make([]bool, rows)
	values := fill(rows, func(i int) any { return i%1000 == 1 })
	for i := range valid {
		valid[i] = i%7 != 0
	}
	features := make([]Feature, 500)
	a := New(Config{Target: columnOf(values), Times: times, Valid: valid, Features: features})
	if len(a.rows) != 2097 || len(a.later) != mostLater {
		t.Errorf("%d rows, %d later", len(a.rows), len(a.later))
	}
	rare := 0
	for _, row := range a.rows {
		if !valid[row] {
			t.Fatalf("row %d has no key", row)
		}
		if values[row].(bool) {
			rare++
		}
	}
	if want := 171; rare < want {
		t.Errorf("%d rows of the rare class, want %d", rare, want)
	}
}

// TestMany checks that the list is bounded, and that what speaks of values comes first.
func TestMany(t *testing.T) {
	t.Parallel()
	d, z := plain(300)
	for k := range 120 {
		d.feature(fmt.Sprint("f", k), fill(300, func(int) any { return 1 }), nil, nil)
		d.features[k].Default = []string{"s"}
	}
	d.feature("leak", fill(300, func(i int) any { return z[i] }), nil, nil)
	r := d.report(1, 1)
	list, count := r.Suspicious(5)
	if r.Total != 121 || len(r.Findings) != mostFindings || count != 1 || len(list) != 1 || list[0].Feature != "leak" {
		t.Errorf("%d of %d findings, %v", len(r.Findings), r.Total, list)
	}
}

// TestUngiven leaves out what was evaluated after the labels' times, and rows that never came.
func TestUngiven(t *testing.T) {
	t.Parallel()
	w := newWorld(1)
	plantAfter(w)
	a := New(Config{Name: "y", Target: w.target, Times: w.times, Features: w.features})
	events := [][]int64{ages(w.rows(), func(int) int64 { return engine.NoTime })}
	rows := make([]uint32, w.rows())
	for i := range rows {
		rows[i] = uint32(i)
	}
	a.Add(&Group{Rows: rows, Columns: w.columns, Events: events})
	if r := a.Report(2); r.Later != 0 || r.has(After, "leak") {
		t.Errorf("%+v", r)
	}
	if r := New(Config{Name: "y", Target: w.target, Times: w.times, Features: w.features}).Report(2); len(r.Findings) > 0 {
		t.Errorf("without values: %v", r.Findings)
	}
}
