package app

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/state"
)

// A replay lives through a history again: it begins with an empty online store, pushes the events
// through the real ingest in the order in which they could be known, under a clock that stands where
// the history was, and asks the real serving path at the time of each label.
//
// Events need not be pushed one by one. What happens between two instants at which anything is
// looked at is seen by nobody, so the events of such an interval are pushed together, at its end.
// Instants that are looked at are the labels' times, and the grid instants of refreshed views behind
// them together with their times of publication. Sources whose rules read received_at are the
// exception: there every event arrives at its own time.
type replay struct {
	plan      *plan.Plan // its own: sources are changed to be pushed
	selection *plan.Selection
	live      *live
	wall      *clock.Fake
	server    *serve.Server
	query     *serve.Query
	feeds     []*replayFeed
	// corrupt, if set, spoils the online store: a test must see it found.
	corrupt func(engine.Events) engine.Events

	events, reads int64
}

// replayFeed is the events of one source in the order in which they are pushed.
type replayFeed struct {
	source  *plan.Source
	columns []*batch.Column // stored ones
	fields  []schema.Field
	arrival []int64  // when each event is pushed
	order   []uint32 // rows by arrival, then position
	next    int
	exact   bool
}

// newReplay prepares a replay of a plan, which it changes, of the features selected from it.
func newReplay(ctx context.Context, p *plan.Plan, s *plan.Selection, history engine.Events) (_ *replay, err error) {
	r := &replay{plan: p, selection: s, wall: clock.NewFake(schema.MinTime)}
	layout := &state.Layout{Plan: p}
	for _, source := range s.Sources() {
		feed, err := readFeed(ctx, p, source, history)
		if err != nil {
			return nil, err
		}
		r.feeds = append(r.feeds, feed)
		source.Push, source.Paths = true, nil
		feed.addPositions()
		layout.Sources = append(layout.Sources, state.Source{ID: uint32(len(layout.Sources) + 1), Plan: source})
	}
	r.live, err = openLive(ctx, liveOptions{
		Disk: disk.NewMemory(), Path: "replay", Wall: r.wall, Last: math.MinInt64, Memory: true, Layout: layout, Whole: true,
	})
	if err != nil {
		return nil, err
	}
	nothing := func(ctx context.Context, feed state.Feed) error {
		return r.live.state.Fill(ctx, feed, func(func(*engine.Chunk, []uint64) error) error { return nil })
	}
	if err := r.live.fill(ctx, nothing); err != nil {
		return nil, err
	}
	current := &serve.Current{Plan: p, Since: func(*plan.View) int64 { return engine.NoTime }}
	r.server = serve.New(serve.Options{
		Current:  func() *serve.Current { return current },
		State:    r.stateAt,
		Timeline: r.live.timeline, SampleRate: -1, Timeout: replayTimeout, MaxRows: math.MaxInt32,
	})
	return r, nil
}

// stateAt is the online store as the server sees it.
func (r *replay) stateAt(t int64) engine.Events {
	if r.corrupt != nil {
		return r.corrupt(r.live.state.At(t))
	}
	return r.live.state.At(t)
}

// readFeed reads the whole history of a source and finds out when each event could be known.
func readFeed(ctx context.Context, p *plan.Plan, source *plan.Source, history engine.Events) (*replayFeed, error) {
	f := &replayFeed{source: source}
	request := &engine.ScanRequest{Source: source, Workers: 1}
	for i, c := range source.Columns {
		if c.Expr == nil {
			request.Columns = append(request.Columns, i)
			f.fields = append(f.fields, schema.Field{Name: c.Name, Type: c.Type})
		}
	}
	var views []*plan.View
	for _, v := range p.Views {
		if v.Source == source {
			views = append(views, v)
		}
	}
	f.exact = readsReceipt(source, views)
	intake, err := engine.NewIntake(source, views)
	if err != nil {
		return nil, err
	}
	var mutex sync.Mutex
	var chunks []*engine.Chunk
	err = history.Scan(ctx, request, func(_ int, c *engine.Chunk) error {
		mutex.Lock()
		defer mutex.Unlock()
		chunks = append(chunks, c)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(chunks, func(a, b *engine.Chunk) int { return int(a.Ordinal - b.Ordinal) })
	pieces := make([][]*batch.Column, len(request.Columns))
	for _, c := range chunks {
		f.addChunk(c, intake, request.Columns)
		for i, column := range c.Columns {
			pieces[i] = append(pieces[i], column)
		}
	}
	for i, all := range pieces {
		none := batch.Repeat(schema.NullOf(f.fields[i].Type), 0)
		f.columns = append(f.columns, batch.Concat(append([]*batch.Column{none}, all...)))
	}
	f.order = make([]uint32, len(f.arrival))
	for i := range f.order {
		f.order[i] = uint32(i)
	}
	sort.SliceStable(f.order, func(i, j int) bool { return f.arrival[f.order[i]] < f.arrival[f.order[j]] })
	return f, nil
}

// addChunk appends when the events of a chunk arrive. Events of a live feed whose rules read the
// time of receipt arrive when they did; all others when they could be known. One that never can be
// known arrives at its own time, to be left out by serving as it was by training.
func (f *replayFeed) addChunk(c *engine.Chunk, intake *engine.Intake, columns []int) {
	wide := *c
	wide.Columns = make([]*batch.Column, len(f.source.Columns))
	for i, column := range columns {
		wide.Columns[column] = c.Columns[i]
	}
	available := intake.Read(&wide).Available
	for row, at := range available {
		switch {
		case at == math.MaxInt64:
			at = c.EventTime[row]
		case f.exact && c.ReceivedAt != nil && c.ReceivedAt[row] != engine.NoTime:
			at = c.ReceivedAt[row]
		}
		f.arrival = append(f.arrival, at)
	}
}

// readsReceipt reports whether a value can depend on when exactly an event was received.
func readsReceipt(source *plan.Source, views []*plan.View) bool {
	found := false
	look := func(e *plan.Expr) {
		e.Walk(func(node *plan.Expr) { found = found || node.Op == plan.ReceivedAt })
	}
	look(source.Available)
	look(source.Where)
	look(source.DeleteWhen)
	for _, c := range source.Columns {
		look(c.Expr)
	}
	for _, v := range views {
		look(v.Where)
		for _, f := range v.Features {
			look(f.Expr)
		}
		for _, a := range v.Aggregates {
			look(a.Where)
			for _, arg := range a.Args {
				look(arg)
			}
		}
	}
	return found
}

// advance pushes everything that arrives up to an instant, and waits until it can be seen.
func (r *replay) advance(ctx context.Context, to int64) error {
	for {
		at, found := r.nextArrival(to)
		if !found {
			break
		}
		if err := r.push(ctx, at); err != nil {
			return err
		}
	}
	r.wall.Set(to)
	return nil
}

// nextArrival returns the instant at which the next events are pushed: theirs, if some source is
// exact, or else the end of the interval.
func (r *replay) nextArrival(to int64) (at int64, found bool) {
	at = to
	for _, f := range r.feeds {
		if f.next == len(f.order) || f.arrival[f.order[f.next]] > to {
			continue
		}
		found = true
		if f.exact {
			at = min(at, f.arrival[f.order[f.next]])
		}
	}
	return at, found
}

// push pushes what arrives up to an instant, as of that instant. The sources are applied as one
// batch, so that all of it is visible at the instant and not a microsecond later.
func (r *replay) push(ctx context.Context, at int64) error {
	r.wall.Set(at)
	resume := r.live.ingest.Pause()
	var last *ingest.PushResult
	for _, f := range r.feeds {
		result, err := f.push(ctx, r.live.ingest, at)
		if err != nil {
			resume()
			return err
		}
		if result != nil {
			last = result
			r.events += result.Accepted
		}
	}
	resume()
	if last == nil {
		return nil
	}
	return r.live.ingest.Wait(ctx, last.Position)
}

// pushRows bounds a request; long histories before the first label come in several.
const pushRows = 100_000

// push pushes the events of one source that arrive up to an instant; nil if there are none.
func (f *replayFeed) push(ctx context.Context, to *ingest.Ingester, at int64) (*ingest.PushResult, error) {
	var last *ingest.PushResult
	for f.next < len(f.order) && f.arrival[f.order[f.next]] <= at {
		end := f.next
		for end < len(f.order) && end-f.next < pushRows && f.arrival[f.order[end]] <= at {
			end++
		}
		rows := slices.Clone(f.order[f.next:end])
		slices.Sort(rows) // in the order of position, which decides between events of one time
		f.next = end
		body, err := f.body(rows)
		if err != nil {
			return nil, err
		}
		result, err := to.Push(ctx, ingest.PushRequest{
			Source: f.source.Name, Format: format.JSONL, Body: body, MaxBad: 0, Atomic: true,
		})
		if err != nil {
			return nil, fmt.Errorf("replay %s at %s: %w", f.source.Name, schema.FormatTime(at), err)
		}
		if result.Duplicates > 0 {
			return nil, fmt.Errorf("replay %s at %s: %d events of history were taken for duplicates",
				f.source.Name, schema.FormatTime(at), result.Duplicates)
		}
		if last == nil {
			last = &ingest.PushResult{}
		}
		last.Accepted += result.Accepted
		last.Position = result.Position
	}
	return last, nil
}

// body writes events as a client would.
func (f *replayFeed) body(rows []uint32) ([]byte, error) {
	var body bytes.Buffer
	out, err := format.Create(&body, format.JSONL, f.fields)
	if err != nil {
		return nil, err
	}
	columns := make([]*batch.Column, len(f.columns))
	for i, c := range f.columns {
		columns[i] = batch.Gather(c, rows)
	}
	if err := out.Write(&batch.Batch{Fields: f.fields, Columns: columns, Rows: len(rows)}); err != nil {
		return nil, err
	}
	return body.Bytes(), out.Close()
}

// instants returns the instants at which anything is looked at, in order: the times of the labels,
// and behind each the grid instants of refreshed views, through up to as many views as may refer to
// each other, with their times of publication.
func (r *replay) instants(times []int64, valid []bool) ([]int64, error) {
	known := map[int64]bool{}
	for i, t := range times {
		if valid == nil || valid[i] {
			known[t] = true
		}
	}
	kinds := map[plan.Freshness]*plan.Boundary{}
	for _, v := range r.plan.Views {
		b, err := plan.NewBoundary(v.Freshness)
		if err != nil {
			return nil, err
		}
		if !b.Immediate() {
			kinds[v.Freshness] = b
		}
	}
	fresh := sortedInstants(known)
	for range longestReference {
		var found []int64
		for f, b := range kinds {
			for _, t := range fresh {
				at := b.At(t)
				for _, instant := range []int64{at, at + f.ReadyAfter} {
					if !known[instant] {
						known[instant] = true
						found = append(found, instant)
					}
				}
			}
		}
		fresh = found
	}
	return sortedInstants(known), nil
}

// longestReference is how many views may refer to each other in a row.
const longestReference = 5

func sortedInstants(known map[int64]bool) []int64 {
	all := make([]int64, 0, len(known))
	for t := range known {
		all = append(all, t)
	}
	slices.Sort(all)
	return all
}

// close stops the parts.
func (r *replay) close(ctx context.Context) error { return r.live.close(ctx) }
