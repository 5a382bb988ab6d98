package ingest

import (
	"github.com/fettle-ml/fettle/internal/log"
)

// decision is a request on its way from the decision to state.
type decision struct {
	source     uint32
	receivedAt int64
	pending    *log.Pending
	payloads   [][]byte
	bytes      int
	ids        []string // of accepted rows
	times      []int64

	// What it does to the quarantine, and whether that was entered.
	listed   int
	resolved []RowID
	noted    bool
}

// failed reports whether the decision will never count.
func (d *decision) failed() bool {
	_, settled, err := d.pending.Settled()
	return settled && err != nil
}

// flights holds the ids of events that state may not know yet: from the decision until after they
// are applied. Its methods are called under the ingester's mutex.
//
// A request asks state for its ids before it takes the mutex. What is applied in between is in
// neither answer, unless the ids stay here until no request that asked earlier is left. So each
// request enters at the current generation, each batch ends one, and ids are dropped when all who
// entered before their end have left.
type flights struct {
	ids        map[flightKey]flight
	generation uint64
	inside     map[uint64]int // requests by the generation at which they entered
	landed     []landed       // by generation
}

type flightKey struct {
	source uint32
	id     string
}

type flight struct {
	eventTime int64
	of        *decision
}

type landed struct {
	generation uint64
	decisions  []*decision
}

func newFlights() *flights {
	return &flights{ids: map[flightKey]flight{}, inside: map[uint64]int{}}
}

func (f *flights) enter() (generation uint64) {
	f.inside[f.generation]++
	return f.generation
}

func (f *flights) leave(generation uint64) {
	if f.inside[generation]--; f.inside[generation] == 0 {
		delete(f.inside, generation)
	}
	f.sweep()
}

// find returns the flight of an id. One whose append failed counts for nothing.
func (f *flights) find(source uint32, id string) (flight, bool) {
	found, ok := f.ids[flightKey{source, id}]
	if ok && found.of.failed() {
		return flight{}, false
	}
	return found, ok
}

func (f *flights) add(d *decision) {
	for i, id := range d.ids {
		f.ids[flightKey{d.source, id}] = flight{d.times[i], d}
	}
}

// land takes note that state knows the ids of decisions, or that they failed.
func (f *flights) land(decisions []*decision) {
	f.generation++
	f.landed = append(f.landed, landed{f.generation, decisions})
	f.sweep()
}

func (f *flights) sweep() {
	oldest := f.generation
	for generation := range f.inside {
		oldest = min(oldest, generation)
	}
	for len(f.landed) > 0 && f.landed[0].generation <= oldest {
		for _, d := range f.landed[0].decisions {
			for _, id := range d.ids {
				if key := (flightKey{d.source, id}); f.ids[key].of == d {
					delete(f.ids, key)
				}
			}
		}
		f.landed = f.landed[1:]
	}
}
