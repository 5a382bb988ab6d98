package leakage

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// table is label rows with features, whole in memory.
type table struct {
	times    []int64
	target   *batch.Column
	features []Feature
	columns  []*batch.Column
	after    []*batch.Column // by feature, all rows
	events   [][]int64
}

// feature adds a column. Values that are nil are null; after is nil if nothing changes.
func (d *table) feature(name string, values, after []any, ages []int64) {
	c := columnOf(values)
	later := c
	if after != nil {
		later = columnOf(after)
	}
	events := make([]int64, len(d.times))
	for i := range events {
		events[i] = engine.NoTime
		if ages != nil && ages[i] >= 0 {
			events[i] = d.times[i] - ages[i]
		}
	}
	d.features = append(d.features, Feature{Name: name, Reference: "v." + name, Type: c.Type})
	d.columns, d.after, d.events = append(d.columns, c), append(d.after, later), append(d.events, events)
}

// columnOf makes a column of Go values: bool, int, float64, string or nil.
func columnOf(values []any) *batch.Column {
	c := &batch.Column{Type: schema.Of(schema.Float64), Length: len(values)}
	for _, v := range values {
		switch v.(type) {
		case bool:
			c.Type = schema.Of(schema.Bool)
		case int:
			c.Type = schema.Of(schema.Int64)
		case string:
			c.Type = schema.Of(schema.String)
		}
	}
	c.Valid = make([]bool, len(values))
	for i, v := range values {
		c.Valid[i] = v != nil
		switch c.Type.Kind {
		case schema.Bool:
			x, _ := v.(bool)
			c.Bools = append(c.Bools, x)
		case schema.Int64:
			x, _ := v.(int)
			c.Ints = append(c.Ints, int64(x))
		case schema.Float64:
			x, _ := v.(float64)
			c.Floats = append(c.Floats, x)
		default:
			x, _ := v.(string)
			if i == 0 {
				c.Offsets = []uint32{0}
			}
			c.Data = append(c.Data, x...)
			c.Offsets = append(c.Offsets, uint32(len(c.Data)))
		}
	}
	return c
}

// report measures the table, whose rows come in so many groups of random members.
func (d *table) report(groups int, seed uint64) *Report {
	a := New(Config{
		Name: "outcome", Target: d.target, Times: slices.Clone(d.times), Features: d.features,
	})
	members := make([][]uint32, groups)
	random := rand.New(rand.NewPCG(seed, 1))
	for row := range d.times {
		g := random.IntN(groups)
		members[g] = append(members[g], uint32(row))
	}
	for _, g := range random.Perm(groups) {
		rows := members[g]
		var later []uint32
		for _, row := range a.Later() {
			if _, found := slices.BinarySearch(rows, row); found {
				later = append(later, row)
			}
		}
		group, after := &Group{Rows: rows}, []*batch.Column{}
		for f, c := range d.columns {
			group.Columns = append(group.Columns, batch.Gather(c, rows))
			after = append(after, batch.Gather(d.after[f], later))
			events := make([]int64, len(rows))
			for i, row := range rows {
				events[i] = d.events[f][row]
			}
			group.Events = append(group.Events, events)
		}
		a.Add(group)
		a.AddLater(later, after)
	}
	return a.Report(1 + groups%2)
}

// has reports whether there is a finding of a kind about a feature.
func (r *Report) has(kind Kind, feature string) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind == kind && f.Feature == feature })
}

func show(t *testing.T, r *Report) {
	t.Helper()
	t.Logf("target %q, %d rows, %d later, note %q", r.Target, r.Rows, r.Later, r.Note)
	for _, f := range r.Findings {
		t.Logf("%s: %s", f.Kind, f)
	}
}

// fill calls f for each row.
func fill(rows int, f func(i int) any) []any {
	out := make([]any, rows)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func ages(rows int, f func(i int) int64) []int64 {
	out := make([]int64, rows)
	for i := range out {
		out[i] = f(i)
	}
	return out
}

func ExampleFinding() {
	d := &table{}
	y := fill(400, func(i int) any { return mix(uint64(i))%4 == 0 })
	for i := range y {
		d.times = append(d.times, int64(i)*schema.Day)
	}
	d.target = columnOf(y)
	status := map[any]string{true: "closed", false: "open"}
	d.feature("status", fill(400, func(i int) any { return status[y[i]] }), nil, nil)
	for _, f := range d.report(1, 1).Findings {
		fmt.Println(f.Message)
		fmt.Println(f.Hint)
	}
	// Output:
	// status has the value of outcome, or a coding of it (share of equal rows 1.000)
	// see what is behind it: fettle why v.status KEY=VALUE --at TIME, with the key and time of label row 1
}
