package engine

import (
	"context"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Events gives the events of sources. It is what the engine knows of files, logs and stores.
type Events interface {
	// Scan calls emit for every chunk of events, from at most request.Workers goroutines at a time,
	// each with its own worker number from 0. It returns when every emit has returned; an error of
	// emit ends the scan.
	Scan(ctx context.Context, request *ScanRequest, emit func(worker int, chunk *Chunk) error) error
}

// Twice is implemented by Events that can be asked for some columns later: when it is known of
// which few rows they are wanted.
type Twice interface {
	Events
	// Later reports whether a source may be scanned a second time for a column. The second scan
	// has the chunks of the first, with their ordinals and rows; a difference is found out, and
	// then the source is scanned once more for all columns at a time.
	Later(source *plan.Source, column int) bool
}

// Pass says which scan of a source a request is for.
type Pass uint8

// The passes of a source whose columns are read in two.
const (
	FirstPass  Pass = iota // or the only one
	SecondPass             // for columns that the first did not read
	Anew                   // instead of the two before
)

// ScanRequest says what is wanted of a source. Whoever has events by entity may leave out those
// that no feed asks for; whoever has not gives all of them.
type ScanRequest struct {
	Source  *plan.Source
	Columns []int // stored columns, as indexes in Source.Columns
	Workers int
	Feeds   []FeedRequest
	Pass    Pass
}

// FeedRequest is the events that the views of one key mapping want.
type FeedRequest struct {
	View *plan.View // any of them: its Key is the mapping
	// Keys are the entities asked about: columns in the order of the entity's key. A row with a
	// null is no entity, and one entity may stand in many rows.
	Keys []*batch.Column
	// From and To bound the event times that windows read: From <= event_time < To.
	From, To int64
	// Least is the least boundary asked about.
	Least int64
	// Newest asks also for the newest event before To that is available and visible as of each
	// boundary from Least on; it may lie before From.
	Newest bool
}

// Chunk is a run of events of one source. The engine keeps it, so it must not be reused.
type Chunk struct {
	// Feed is 0 for a chunk that all feeds of the request look at, and else one more than the index
	// of the only one that does.
	Feed int
	// Ordinal orders chunks: all positions of a chunk come before those of a greater ordinal.
	Ordinal   int64
	EventTime []int64 // microseconds UTC, valid instants
	// ReceivedAt is when live events were received, NoTime for rows of files; nil: all are of files.
	ReceivedAt []int64
	// Visible is from when on serving could see each event; NoTime: always; nil: always, for all.
	Visible []int64
	Columns []*batch.Column // in the order of the columns asked for
}

// requests describes what the feeds want. It must come after their entities are numbered.
func (s *sourceScan) requests(traced bool) []FeedRequest {
	requests := make([]FeedRequest, len(s.feeds))
	for i, f := range s.feeds {
		requests[i] = f.request()
		if traced { // a trace lists the events that do not count, too
			requests[i].From, requests[i].To = NoTime, math.MaxInt64
		}
	}
	return requests
}

// request joins what the tasks of the feed read.
func (f *feed) request() FeedRequest {
	r := FeedRequest{From: math.MaxInt64, To: math.MinInt64, Least: math.MaxInt64}
	var sets []*keySet
	for _, t := range f.tasks {
		r.View = t.task.view
		r.Newest = r.Newest || t.newest != nil
		t.reach(&r)
		known := false
		for _, set := range sets {
			known = known || set == t.task.keys
		}
		if !known {
			sets = append(sets, t.task.keys)
		}
	}
	r.Keys = sets[0].columns
	if len(sets) == 1 {
		return r
	}
	r.Keys = make([]*batch.Column, len(sets[0].columns))
	for i := range r.Keys {
		var pieces []*batch.Column
		for _, set := range sets {
			pieces = append(pieces, set.columns[i])
		}
		r.Keys[i] = batch.Concat(pieces)
	}
	return r
}

// reach widens the request to all windows of the task's rows. The ends of windows grow with the
// boundary, so the least and the greatest boundary decide.
func (t *taskFold) reach(r *FeedRequest) {
	set := t.task.bound
	least, greatest := int64(math.MaxInt64), int64(math.MinInt64)
	for i, b := range set.at {
		if set.valid == nil || set.valid[i] {
			least, greatest = min(least, b), max(greatest, b)
		}
	}
	if least > greatest {
		return // no row has a time
	}
	r.Least = min(r.Least, least)
	for _, w := range t.windows {
		from, _ := windowEnds(w.Window, least, t.shift)
		_, to := windowEnds(w.Window, greatest, t.shift)
		r.From, r.To = min(r.From, from), max(r.To, to)
	}
	if t.newest != nil {
		r.To = max(r.To, greatest+t.shift)
	}
}
