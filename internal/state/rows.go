package state

import (
	"slices"
	"sort"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// rows is a run of rows of one entity in columns, by event time and then order. One goroutine fills
// it; a copy of the struct made by freeze may be read while the original grows.
type rows struct {
	eventTime []int64
	order     []uint64
	received  []int64 // engine.NoTime for rows of files
	visible   []int64 // engine.NoTime: always
	// known is when each row is surely known to every view, for sources whose own rules decide it;
	// nil: as soon as it happened and was received.
	known   []int64
	columns []batch.Column // by stored column

	// floor is the event time from which on no row of the entity is missing; engine.NoTime: none
	// is.
	floor int64
	// latest is the greatest time of visible. Requests from then on see every row.
	latest int64
	// pushed says that some row was received, not read from a file.
	pushed bool
	ruled  bool // known is kept
}

func newRows(types []schema.Type, ruled bool) *rows {
	return &rows{
		columns: emptyColumns(types), latest: engine.NoTime, floor: engine.NoTime, ruled: ruled,
	}
}

func (r *rows) len() int { return len(r.eventTime) }

// pushTimes appends all of a row but its columns.
func (r *rows) pushTimes(t times, order uint64) {
	r.eventTime = append(r.eventTime, t.event)
	r.order = append(r.order, order)
	r.received = append(r.received, t.received)
	r.visible = append(r.visible, t.visible)
	r.latest = max(r.latest, t.visible)
	r.pushed = r.pushed || t.received != engine.NoTime
}

// pushRun appends the rows [begin, end) of another run of the same feed.
func (r *rows) pushRun(from *rows, begin, end int) {
	r.eventTime = append(r.eventTime, from.eventTime[begin:end]...)
	r.order = append(r.order, from.order[begin:end]...)
	r.received = append(r.received, from.received[begin:end]...)
	r.visible = append(r.visible, from.visible[begin:end]...)
	if r.ruled {
		r.known = append(r.known, from.known[begin:end]...)
	}
	r.latest = max(r.latest, from.latest)
	r.pushed = r.pushed || from.pushed
	for i := range r.columns {
		pushRange(&r.columns[i], &from.columns[i], begin, end)
	}
}

// arrival is a row that was applied, in the columns it arrived in.
type arrival struct {
	times
	order   uint64
	known   int64
	columns []*batch.Column // by stored column
	row     int
}

// pushArrival appends a row that follows all others, column by column.
func (r *rows) pushArrival(a *arrival) {
	r.pushTimes(a.times, a.order)
	if r.ruled {
		r.known = append(r.known, a.known)
	}
	for i := range r.columns {
		pushCell(&r.columns[i], a.columns[i], a.row)
	}
}

// compare orders the place of a row of the run against that of an arrival.
func (r *rows) compare(i int, a *arrival) int {
	switch {
	case r.eventTime[i] != a.event:
		if r.eventTime[i] < a.event {
			return -1
		}
		return 1
	case r.order[i] != a.order:
		if r.order[i] < a.order {
			return -1
		}
		return 1
	default:
		return 0
	}
}

// follows reports whether an arrival comes after all rows of the run, so that it can be appended.
func (r *rows) follows(a *arrival) bool {
	return r.len() == 0 || r.compare(r.len()-1, a) < 0
}

// merged returns the run with the arrivals in their places. An arrival that is there already is the
// same row, and one before the floor is of no use. The arrays are new unless all are appended, so
// that readers of older ones see nothing of it.
func (r *rows) merged(arrivals []arrival) *rows {
	slices.SortStableFunc(arrivals, func(a, b arrival) int {
		if a.event != b.event || a.order == b.order {
			return compareInts(a.event, b.event)
		}
		if a.order < b.order {
			return -1
		}
		return 1
	})
	out, at := r, r.len()
	for i := range arrivals {
		a := &arrivals[i]
		if a.event < r.floor {
			continue
		}
		if out == r {
			if r.follows(a) {
				r.pushArrival(a)
				at = r.len()
				continue
			}
			out, at = r.emptied(), 0
		}
		next := at + sort.Search(r.len()-at, func(k int) bool { return r.compare(at+k, a) >= 0 })
		out.pushRun(r, at, next)
		if at = next; at == r.len() || r.compare(at, a) != 0 {
			if out.follows(a) {
				out.pushArrival(a)
			}
		}
	}
	if out != r {
		out.pushRun(r, at, r.len())
	}
	return out
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// emptied returns a run of the same form and floor, without rows, and with room for a few more than
// this one has.
func (r *rows) emptied() *rows {
	room := r.len() + r.len()/8 + 8
	out := &rows{
		eventTime: make([]int64, 0, room), order: make([]uint64, 0, room),
		received: make([]int64, 0, room), visible: make([]int64, 0, room),
		columns: make([]batch.Column, len(r.columns)),
		floor:   r.floor, latest: engine.NoTime, ruled: r.ruled,
	}
	for i := range r.columns {
		out.columns[i].Type = r.columns[i].Type
		if r.columns[i].Child != nil {
			out.columns[i] = emptyColumn(r.columns[i].Type)
		} else if r.columns[i].Offsets != nil {
			out.columns[i].Offsets = make([]uint32, 1, room+1)
			out.columns[i].Data = make([]byte, 0, len(r.columns[i].Data)+64)
		}
	}
	return out
}

// freeze returns what readers may keep.
func (r *rows) freeze() *rows {
	out := *r
	out.columns = slices.Clone(r.columns)
	for i := range out.columns {
		if out.columns[i].Child != nil {
			out.columns[i] = *frozen(&out.columns[i])
		}
	}
	return &out
}

// bytes is the memory that the run holds.
func (r *rows) bytes() int {
	n := rowsHeader + 8*(cap(r.eventTime)+cap(r.order)+cap(r.received)+cap(r.visible)+cap(r.known))
	for i := range r.columns {
		n += columnBytes(&r.columns[i])
	}
	return n
}

// rowsHeader is about the size of a rows itself.
const rowsHeader = 256

// from returns the first row at or after an event time.
func (r *rows) from(eventTime int64) int {
	return sort.Search(r.len(), func(i int) bool { return r.eventTime[i] >= eventTime })
}

// knownAt is when a row is surely known.
func (r *rows) knownAt(i int) int64 {
	if r.ruled {
		return r.known[i]
	}
	return max(r.eventTime[i], r.received[i])
}

// need is what a request wants of an entity.
type need struct {
	from, to int64 // event times [from, to)
	least    int64
	newest   bool
	at       int64 // rows with a later visible time are left out
}

// newNeed reads a request: an unbounded end is one that no event reaches.
func newNeed(f *engine.FeedRequest, at int64) need {
	n := need{from: f.From, to: f.To, least: f.Least, newest: f.Newest, at: at}
	if f.To == engine.NoTime {
		n.to = maxTime
	}
	return n
}

const maxTime = int64(1<<63 - 1)

// sure reports whether the row is the newest one, or older than it, as of every boundary that is
// asked about. Rows of earlier event times are then of no use to find the newest.
func (n *need) sure(r *rows, i int) bool {
	return r.eventTime[i] < n.least && r.knownAt(i) <= n.least &&
		r.visible[i] <= n.least && r.visible[i] <= n.at
}

// choose returns the rows [begin, end) that answer the need; false if the run does not go back far
// enough. Rows of the event time of a sure one are all given: which of them is the newest may
// depend on a column.
func (n *need) choose(r *rows) (begin, end int, ok bool) {
	if n.from < r.floor {
		return 0, 0, false
	}
	begin, end = r.from(n.from), r.from(n.to)
	if n.newest {
		i := r.from(n.least) - 1
		for i >= 0 && !n.sure(r, i) {
			i--
		}
		if i < 0 && r.floor != engine.NoTime {
			return 0, 0, false
		}
		begin = min(begin, r.from(r.eventTimeAt(i)))
	}
	return begin, max(begin, end), true
}

// eventTimeAt is the event time of a row; for -1 one before all.
func (r *rows) eventTimeAt(i int) int64 {
	if i < 0 {
		return engine.NoTime
	}
	return r.eventTime[i]
}
