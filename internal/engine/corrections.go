package engine

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// corrections is what the rows that replace or delete events do. The rows of one id are its states: the
// insert first, then its corrections in the order of (sequence, position). At a boundary the last of
// them that is available is the one that counts, unless it deletes. So a state counts until the first
// moment at which a later one is available.
//
// Only corrections are kept, by the id they are about: memory follows their number, and an event that
// nobody corrects costs one look-up.
type corrections struct {
	source *plan.Source
	seeds  [2]maphash.Seed

	mutex sync.Mutex
	byID  map[eventID][]correction
}

// eventID is 127 bits of a hash of an id, and in the last bit whether the row is a correction. The zero
// value is that of a null.
type eventID [2]uint64

// aboutEvent returns the id alone, as the rows of one event have it in common.
func (id eventID) aboutEvent() eventID { return eventID{id[0], id[1] | 1} }

// correction is one row that replaces or deletes, and its place among the rows of its id.
type correction struct {
	place rowPlace
	ready int64
	// until is, once all are known, the least ready of this correction and all later ones.
	until int64
}

// rowPlace orders the rows of an id.
type rowPlace struct {
	sequenced bool // false: the sequence is null, or the source has none
	sequence  int64
	ordinal   int64
	row       int64
}

func (p rowPlace) compare(q rowPlace) int {
	switch {
	case p.sequenced != q.sequenced && q.sequenced:
		return -1
	case p.sequenced != q.sequenced:
		return 1
	case p.sequenced && p.sequence != q.sequence:
		return cmp.Compare(p.sequence, q.sequence)
	}
	return cmp.Or(cmp.Compare(p.ordinal, q.ordinal), cmp.Compare(p.row, q.row))
}

func newCorrections(source *plan.Source) *corrections {
	return &corrections{
		source: source, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		byID: map[eventID][]correction{},
	}
}

// find returns the rows of a chunk that replace or delete, and gives the scope the ids of all rows.
func (c *corrections) find(scope *chunkScope) []bool {
	ops := scope.chunk.Columns[scope.scan.position[*c.source.Op]]
	corrects := make([]bool, scope.Rows())
	for row := range corrects {
		corrects[row] = !ops.IsNull(row) && ops.Text(row) != "insert"
	}
	ids := scope.chunk.Columns[scope.scan.position[c.source.ID]]
	scope.identity = make([]eventID, ids.Length)
	for row := range scope.identity {
		if !ids.IsNull(row) {
			scope.identity[row] = c.identity(ids, row, corrects[row])
		}
	}
	return corrects
}

func (c *corrections) identity(ids *batch.Column, row int, corrects bool) eventID {
	var text string
	switch ids.Type.Kind {
	case schema.String, schema.Bytes:
		text = ids.Text(row)
	default:
		text = ids.Value(row).String()
	}
	id := eventID{maphash.String(c.seeds[0], text), maphash.String(c.seeds[1], text) | 1}
	if !corrects {
		id[1]--
	}
	return id
}

// collect keeps the corrections of a chunk, whose availability is known by now, and leaves out the rows
// that delete: they are no events. One that is never available does nothing.
func (c *corrections) collect(scope *chunkScope) {
	ops := scope.chunk.Columns[scope.scan.position[*c.source.Op]]
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for row, corrects := range scope.corrects {
		if !corrects {
			continue
		}
		ready := scope.chunk.EventTime[row]
		if scope.ready != nil {
			ready = scope.ready[row]
		}
		id := scope.identity[row]
		place := rowPlace{ordinal: scope.chunk.Ordinal, row: int64(row)}
		if column := c.source.Sequence; column >= 0 {
			place.sequence, place.sequenced = sequenceAt(scope.chunk.Columns[scope.scan.position[column]], row)
		}
		c.byID[id] = append(c.byID[id], correction{place: place, ready: ready})
		if ops.Text(row) == "delete" {
			scope.drop(row)
		}
	}
}

// sequenceAt returns the sequence of a row as an integer of the same order. Sequences of text have
// none, and sources with corrections have no such.
func sequenceAt(c *batch.Column, row int) (sequence int64, known bool) {
	if c.IsNull(row) {
		return 0, false
	}
	switch c.Type.Kind {
	case schema.Float64:
		return orderedBits(c.Floats[row]), true
	case schema.Bool:
		return intOf(c, row), true
	default:
		return c.Ints[row], true
	}
}

// complete puts the corrections of each id in order. Before it they lie as the workers came.
func (c *corrections) complete() {
	for _, list := range c.byID {
		slices.SortFunc(list, func(a, b correction) int { return a.place.compare(b.place) })
		until := int64(math.MaxInt64)
		for i := len(list) - 1; i >= 0; i-- {
			until = min(until, list[i].ready)
			list[i].until = until
		}
	}
}

// until returns the moment from which on a row counts no more; math.MaxInt64: never.
func (c *corrections) until(id eventID, place rowPlace) int64 {
	list := c.byID[id.aboutEvent()]
	switch {
	case len(list) == 0 || id == (eventID{}):
		return math.MaxInt64
	case id[1]&1 == 0: // the insert, which all corrections follow
		return list[0].until
	}
	next := sort.Search(len(list), func(k int) bool { return list[k].place.compare(place) > 0 })
	if next == len(list) {
		return math.MaxInt64
	}
	return list[next].until
}

// correct fills in until when each event of the partition counts. It comes before the events are put
// in order, because it finds their sequences as they were scattered.
func (w *partition) correct(f *feed) {
	changes := f.scan.changes
	w.rows.until = w.rows.until[:0]
	if changes == nil || len(changes.byID) == 0 {
		return
	}
	r := &w.rows
	r.until = resized(r.until, len(r.time))
	for i, id := range r.identity {
		origin := r.origin[i]
		place := rowPlace{ordinal: f.parts[origin>>32].ordinal, row: int64(uint32(origin))}
		if len(r.sequence) > 0 && (len(r.unsequenced) == 0 || !r.unsequenced[i]) {
			place.sequence, place.sequenced = r.sequence[i], true
		}
		r.until[i] = changes.until(id, place)
	}
}
