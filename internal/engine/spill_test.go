package engine

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// memorySpill keeps runs in memory, counts what happens to them, and may fail.
type memorySpill struct {
	mutex         sync.Mutex
	created, open int
	written       int64
	room          int64 // bytes until writing fails; 0: no end
	damage        bool
}

var errFull = errors.New("no space left")

func (s *memorySpill) Create() (Run, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.created++
	s.open++
	return &memoryRun{spill: s}, nil
}

type memoryRun struct {
	spill *memorySpill
	data  []byte
}

func (r *memoryRun) Write(data []byte) (int, error) {
	r.spill.written += int64(len(data))
	if r.spill.room > 0 && r.spill.written > r.spill.room {
		return 0, errFull
	}
	r.data = append(r.data, data...)
	return len(data), nil
}

func (r *memoryRun) ReadAt(data []byte, offset int64) (int, error) {
	n, err := bytes.NewReader(r.data).ReadAt(data, offset)
	if r.spill.damage && n > 0 {
		data[n/2] ^= 4
	}
	return n, err
}

func (r *memoryRun) Close() error {
	r.spill.mutex.Lock()
	defer r.spill.mutex.Unlock()
	r.spill.open--
	return nil
}

// randomRows makes rows and wanted features of a random case, with columns of the newest row too.
func randomRows(r *rand.Rand, c *testCase) (Rows, []Wanted) {
	for column := range testColumns {
		if r.IntN(3) == 0 {
			c.view.Features = append(c.view.Features, &plan.Feature{
				Name: "newest_" + testColumns[column].Name, Type: testColumns[column].Type, Expr: columnOf(column),
			})
		}
	}
	var wanted []Wanted
	for i := range c.view.Features {
		wanted = append(wanted, Wanted{View: c.view, Feature: i})
	}
	return Rows{Count: len(c.times), Times: c.times, Roles: []Keys{
		{Entity: c.view.Entity, Columns: []*batch.Column{valuesColumn(textType, c.keys...)}},
	}}, wanted
}

func sameValues(t *testing.T, seed uint64, got, want []*Value) int {
	t.Helper()
	for f := range want {
		if !slices.Equal(got[f].Status, want[f].Status) || !slices.Equal(got[f].Time, want[f].Time) {
			t.Fatalf("seed %d feature %d: another status or time", seed, f)
		}
		for i := range want[f].Status {
			if a, b := got[f].Column.Value(i), want[f].Column.Value(i); !sameValue(a, b) {
				t.Fatalf("seed %d feature %d row %d: %s, want %s", seed, f, i, a, b)
			}
		}
	}
	return len(want) * len(want[0].Status)
}

// TestSpilled compares evaluations in hardly any memory with those in all there is: partitions are
// loaded back in portions, and large entities in slices of time.
func TestSpilled(t *testing.T) {
	t.Parallel()
	cells, spilled, sliced, refused := 0, 0, 0, 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 5))
		c := randomCase(r)
		for _, a := range c.view.Aggregates { // a window without a length needs all events of an entity
			if a.Window.Kind == plan.All && seed%4 > 0 {
				a.Window = plan.Window{Kind: plan.Sliding, Length: 1 + r.Int64N(20)}
			}
		}
		rows, wanted := randomRows(r, c)
		if len(wanted) == 0 {
			continue
		}
		chunks := split(r, c.events)
		want, _, err := Evaluate(t.Context(), memoryEvents{chunks}, rows, wanted, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		for limit := int64(1 + r.IntN(4000)); ; limit += limit / 2 {
			disk := &memorySpill{}
			options := Options{Workers: 1 + r.IntN(3), Memory: limit, Spill: disk}
			got, _, err := Evaluate(t.Context(), memoryEvents{chunks}, rows, wanted, options)
			if disk.open != 0 {
				t.Fatalf("seed %d: %d runs are left", seed, disk.open)
			}
			if errors.Is(err, ErrMemory) { // a window does not fit: as it should be with so little
				refused++
				continue
			}
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			cells += sameValues(t, seed, got, want)
			if disk.created > 0 {
				spilled++
			}
			break
		}
	}
	for seed := range uint64(100) {
		sliced += compareLarge(t, seed)
	}
	t.Logf("%d cells, %d spilled, %d with slices, %d refused", cells, spilled, sliced, refused)
	if cells < 40_000 || spilled < 50 || sliced < 90 || refused < 50 {
		t.Error("too little was compared")
	}
}

// compareLarge asks one entity of many events for short windows and newest rows, with memory for a
// part of its events. It returns 1 if that was enough.
func compareLarge(t *testing.T, seed uint64) int {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 6))
	c := randomCase(r)
	c.events = nil
	const spread = 30_000
	for range 3000 {
		e := randomEvent(r, spread)
		e.values[colKey] = schema.StringValue("a")
		c.events = append(c.events, e)
	}
	if r.IntN(2) == 0 {
		slices.SortFunc(c.events, func(a, b testEvent) int { return int(a.time - b.time) })
	}
	longest := int64(0)
	for _, a := range c.view.Aggregates {
		a.Window = plan.Window{Kind: plan.Sliding, Length: 1 + r.Int64N(900), Offset: r.Int64N(100)}
		longest = max(longest, a.Window.Length+a.Window.Offset)
	}
	for i := range c.times {
		c.times[i], c.keys[i] = r.Int64N(spread), schema.StringValue(string("ab"[r.IntN(2)]))
		if r.IntN(2) == 0 { // the longest window begins with an event
			c.times[i] = c.events[r.IntN(len(c.events))].time + longest
		}
	}
	rows, wanted := randomRows(r, c)
	chunks := split(r, c.events)
	want, _, err := Evaluate(t.Context(), memoryEvents{chunks}, rows, wanted, Options{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for limit := int64(20_000); ; limit += limit / 8 {
		disk := &memorySpill{}
		got, _, err := Evaluate(t.Context(), memoryEvents{chunks}, rows, wanted,
			Options{Workers: 2, Memory: limit, Spill: disk})
		if errors.Is(err, ErrMemory) {
			refused++
			continue
		}
		if err != nil || disk.open != 0 {
			t.Fatalf("seed %d: %v, %d runs are left", seed, err, disk.open)
		}
		sameValues(t, seed, got, want)
		// What is just enough for the largest window is not enough for all events.
		return min(1, refused)
	}
}

func TestSpillFails(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 7))
	c := randomCase(r)
	for len(c.events) < 100 {
		c = randomCase(r)
	}
	rows, wanted := randomRows(r, c)
	for _, f := range []struct {
		disk *memorySpill
		want error
	}{{&memorySpill{room: 100}, errFull}, {&memorySpill{damage: true}, errRun}} {
		_, _, err := Evaluate(t.Context(), memoryEvents{split(r, c.events)}, rows, wanted,
			Options{Workers: 2, Memory: 4000, Spill: f.disk})
		if !errors.Is(err, f.want) || f.disk.open != 0 {
			t.Errorf("%v, want %v; %d runs are left", err, f.want, f.disk.open)
		}
	}
}
