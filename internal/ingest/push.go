package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// PushRequest is some events of one source.
type PushRequest struct {
	Source string
	// Format is what the body is written in; Body is not changed.
	Format format.Format
	Body   []byte
	// MaxBad is how many rows may be bad before nothing is stored and the answer is a
	// *RejectedError; -1: any number. Atomic allows none.
	MaxBad int
	Atomic bool
	// IdempotencyKey, if not empty, makes the request count once, however often it is sent with
	// the same body.
	IdempotencyKey string
}

// PushResult is the answer to a request. Accepted + Duplicates + QuarantinedRows is the number of
// its rows.
type PushResult struct {
	Accepted, Duplicates, QuarantinedRows int64
	// Quarantined says what is wrong with quarantined rows, with the first ones if there are many.
	Quarantined []Quarantined
	// Position is that of the request in the log; see Wait. A request that changes nothing has one
	// that is visible already.
	Position log.Position
	// Repeated says that the request had been answered before, with the same answer.
	Repeated bool
}

// maxKey is how long an Idempotency-Key may be.
const maxKey = 256

// Push takes events in. When it returns without an error, the decision about each row is durable.
// After log.ErrUncertain it may be or not; sending the request again is safe if its source has an id
// or if it has an IdempotencyKey.
func (g *Ingester) Push(ctx context.Context, request PushRequest) (*PushResult, error) {
	if len(request.IdempotencyKey) > maxKey {
		return nil, fmt.Errorf("%w: an Idempotency-Key has at most %d bytes", ErrBody, maxKey)
	}
	source, err := g.find(request.Source)
	if err != nil {
		return nil, err
	}
	started := g.options.Clock.Now()
	d, err := g.newDraft(&request, source)
	if err != nil {
		return nil, err
	}
	return g.push(ctx, d, started)
}

// find returns a source that is pushed to.
func (g *Ingester) find(name string) (state.Source, error) {
	layout := g.options.Plans()
	for _, source := range layout.Sources {
		if source.Plan.Name != name {
			continue
		}
		if !source.Plan.Push || source.Plan.Unchecked {
			return state.Source{}, fmt.Errorf("source %s: %w", name, ErrNotPushed)
		}
		return source, nil
	}
	return state.Source{}, fmt.Errorf("source %s: %w", name, ErrUnknownSource)
}

// push decides about a draft and waits until that is durable.
func (g *Ingester) push(ctx context.Context, d *draft, started int64) (*PushResult, error) {
	if d.body.Rows == 0 {
		return &PushResult{Position: g.Visible()}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.options.Timeout)
	defer cancel()
	made, repeated, err := g.settle(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", d.source.Plan.Name, err)
	}
	if repeated != nil {
		return g.repeat(repeated)
	}
	o := d.outcome
	result := &PushResult{Accepted: o.counts.Accepted, Duplicates: o.counts.Duplicates,
		QuarantinedRows: o.counts.Quarantined, Quarantined: listed(o.bad)}
	if made == nil { // a retry that settles nothing
		result.Position = g.Visible()
		return result, nil
	}
	if result.Position, err = made.pending.Wait(ctx); err != nil {
		return nil, fmt.Errorf("source %s: %w", d.source.Plan.Name, err)
	}
	g.note(made)
	g.options.Observer.Pushed(Pushed{Source: d.source.Plan.Name, Accepted: result.Accepted,
		Duplicates: result.Duplicates, Quarantined: result.QuarantinedRows, Codes: o.codes,
		Late: o.late(d, made.receivedAt), BodyBytes: int64(len(d.request.Body)),
		LogBytes: int64(made.bytes), Micros: g.options.Clock.Now() - started})
	return result, nil
}

// settle makes the decision about a request and hands it to the log, in the order of decisions.
func (g *Ingester) settle(ctx context.Context, d *draft) (*decision, *remembered, error) {
	g.mu.Lock()
	generation := g.flights.enter()
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.flights.leave(generation)
	}()
	if err := g.prepare(ctx, d); err != nil {
		return nil, nil, err
	}
	for {
		wait, made, repeated, err := g.attempt(ctx, d)
		if wait == nil || err != nil {
			return made, repeated, err
		}
		select {
		case <-wait:
		case <-g.stopped:
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("waiting for its turn: %w", ctx.Err())
		}
	}
}

// prepare asks state for the ids and works out the likely decision, while others hold the mutex.
func (g *Ingester) prepare(ctx context.Context, d *draft) error {
	stamp, err := g.options.Timeline.Stamp()
	if err != nil {
		return err
	}
	d.known = make([]state.Identity, len(d.ids))
	if len(d.ids) > 0 {
		known, err := g.options.State.Known(ctx, d.source.ID, d.ids, stamp-d.source.Plan.Dedup)
		if err != nil {
			return fmt.Errorf("look up ids: %w", err)
		}
		copy(d.known, known)
	}
	_, err = d.decide(stamp, d.known)
	return err
}

// attempt decides under the mutex. It returns what to wait for if the decision would rest on one
// that is not durable yet: on an id, a key, or on room for more.
func (g *Ingester) attempt(ctx context.Context, d *draft) (
	wait <-chan struct{}, made *decision, repeated *remembered, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.refusal(); err != nil {
		return nil, nil, nil, err
	}
	if g.unapplied > g.options.MaxUnapplied {
		return g.applied, nil, nil, nil
	}
	stamp, err := g.options.Timeline.Stamp()
	if err != nil {
		return nil, nil, nil, err
	}
	if wait, repeated, err = g.keys.find(d, stamp); wait != nil || repeated != nil || err != nil {
		return wait, nil, repeated, err
	}
	known, wait := g.flying(d, stamp)
	if wait != nil {
		return wait, nil, nil, nil
	}
	o, err := d.decide(stamp, known)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := d.permitted(o); err != nil {
		return nil, nil, nil, err
	}
	if d.retried != nil && o.counts.Accepted+o.counts.Duplicates == 0 {
		return nil, nil, nil, nil
	}
	made, err = g.enqueue(ctx, d, stamp)
	return nil, made, nil, err
}

// flying adds to what state knew the ids of events that it may not have known.
func (g *Ingester) flying(d *draft, stamp int64) (known []state.Identity, wait <-chan struct{}) {
	known = d.known
	for i, id := range d.ids {
		found, ok := g.flights.find(d.source.ID, id)
		if !ok || found.of.receivedAt < stamp-d.source.Plan.Dedup {
			continue
		}
		if _, settled, _ := found.of.pending.Settled(); !settled {
			return nil, found.of.pending.Done()
		}
		if &known[0] == &d.known[0] {
			known = slices.Clone(known)
		}
		known[i] = state.Identity{Known: true, EventTime: found.eventTime}
	}
	return known, nil
}

// permitted refuses what has more bad rows than the request allows.
func (d *draft) permitted(o *outcome) error {
	allowed := int64(d.request.MaxBad)
	if d.request.Atomic {
		allowed = 0
	}
	if allowed < 0 || o.counts.Quarantined <= allowed || d.retried != nil {
		return nil
	}
	return &RejectedError{Source: d.source.Plan.Name, Rows: o.counts.Quarantined, Allowed: allowed,
		Quarantined: listed(o.bad)}
}

// enqueue hands the decision to the log and to the applier.
func (g *Ingester) enqueue(ctx context.Context, d *draft, stamp int64) (*decision, error) {
	o := d.outcome
	pending, err := g.options.Log.Enqueue(ctx, o.records(d.source.ID, stamp))
	if err != nil {
		if errors.Is(err, log.ErrTooLarge) {
			err = fmt.Errorf("%w: %w", ErrTooLarge, err)
		}
		return nil, err
	}
	made := &decision{source: d.source.ID, receivedAt: stamp, pending: pending,
		payloads: o.payloads, bytes: o.bytes, resolved: o.resolved}
	if d.retried == nil {
		made.listed = len(o.bad)
	}
	for _, row := range o.rows {
		if d.id != nil && d.id[row] >= 0 {
			made.ids = append(made.ids, strings.Clone(d.ids[d.id[row]]))
			made.times = append(made.times, d.body.EventTime[row])
		}
	}
	g.flights.add(made)
	g.keys.add(d, stamp, pending)
	g.unapplied += made.bytes
	g.queue = append(g.queue, made)
	select {
	case g.wake <- struct{}{}:
	default:
	}
	return made, nil
}
