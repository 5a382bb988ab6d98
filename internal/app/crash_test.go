package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/state"
)

// crashProject has a source with ids and one without. The views of cards have the same features;
// that of shops comes later, so that its feed is filled from what happened before.
const crashProject = `entity: card
key: {card: string}
---
source: sales
push: true
id: id
dedup: 30d
fields: {id: string, tag: int64, card: string, shop: string, amount: float64, at: timestamp}
event_time: at
---
source: clicks
push: true
fields: {tag: int64, card: string, shop: string, amount: float64, at: timestamp}
event_time: at
---
view: sold
entity: card
source: sales
features: FEATURES
---
view: clicked
entity: card
source: clicks
features: FEATURES
---
view: hourly
entity: card
source: sales
freshness: 1h
ready_after: 5m
features: {sum_1d: sum(amount) over 1d, newest: amount}
`

const crashShopView = `---
entity: shop
key: {shop: string}
---
view: shops
entity: shop
source: sales
features: FEATURES
`

const crashFeatures = `{sum_1h: sum(amount) over 1h, max_1h: max(amount) over 1h, count_1h: count() over 1h,
  sum_1d: sum(amount) over 1d, max_1d: max(amount) over 1d, count_1d: count() over 1d,
  count_all: count() over all, newest: amount}`

// crashMinima are what a campaign must have met, in all of its worlds together.
var crashMinima = map[string]int{
	"cycles": 1000, "crashes that lost bytes": 80, "torn files": 60, "power gone while opening": 80,
	"processes killed": 80, "events acknowledged": 4000, "requests in flight at the crash": 600,
	"in flight, there afterwards": 30, "in flight, gone": 400, "duplicates": 600, "keys answered again": 80,
	"rejected whole": 80, "values compared": 180_000, "of them not null": 120_000,
	"served answers computed again": 6000, "parts written": 150, "logs cut": 40,
	"flushes of state": 150, "feeds filled": 250, "marks written again": 120, "records replayed": 3000,
	"concurrent lives": 200,
}

// TestCrashes lets the power go at any moment of the whole road of an event, again and again.
func TestCrashes(t *testing.T) {
	t.Parallel()
	const worlds, cycles, seed = 60, 20, 20261123
	seen := &crashSeen{counts: map[string]int{}}
	began := time.Now()
	t.Run("worlds", func(t *testing.T) {
		for world := range uint64(worlds) {
			t.Run(fmt.Sprint(world), func(t *testing.T) {
				t.Parallel()
				newCrashWorld(t, seen, seed+world).run(cycles)
			})
		}
	})
	if t.Failed() {
		return // the other worlds ended early
	}
	t.Logf("%d worlds from seed %d in %v", worlds, seed, time.Since(began).Round(time.Millisecond))
	for _, what := range slices.Sorted(maps.Keys(seen.counts)) {
		t.Logf("%7d %s", seen.counts[what], what)
	}
	for what, least := range crashMinima {
		if seen.counts[what] < least {
			t.Errorf("%s: only %d, want %d", what, seen.counts[what], least)
		}
	}
}

// crashSeen counts what was exercised.
type crashSeen struct {
	mutex  sync.Mutex
	counts map[string]int
	failed atomic.Bool // a world is wrong: one is enough to look at
}

func (s *crashSeen) add(what string, n int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.counts[what] += n
}

// crashWorld is one data directory over many lives and deaths.
type crashWorld struct {
	t       *testing.T
	seed    uint64
	rng     *rand.Rand
	fs      *disk.Fragile
	cutter  disk.Cutter // what the lives see of fs; nil: fs
	wall    *clock.Fake
	layouts [2]*state.Layout // without and with the view of shops
	layout  *state.Layout
	seen    *crashSeen

	live   *live
	pushed *pushed
	server *serve.Server

	mutex   sync.Mutex
	journal *crashJournal
	answers []*serve.Answer // served, and not computed again yet
	old     []*serve.Answer // kept over several lives
	flying  []*crashPush    // in flight when the power went
	last    log.Position    // of what was acknowledged in this life
}

func newCrashWorld(t *testing.T, seen *crashSeen, seed uint64) *crashWorld {
	rng := rand.New(rand.NewPCG(seed, 9))
	w := &crashWorld{t: t, seed: seed, rng: rng, fs: disk.NewFragile(), wall: clock.NewFake(crashStart),
		seen: seen, journal: &crashJournal{rng: rng, wall: crashStart, rows: map[int64]*crashRow{}}}
	w.layouts = crashLayouts(t)
	w.layout = w.layouts[0]
	return w
}

// crashLayouts are the definitions without and with the view of shops.
func crashLayouts(t *testing.T) (layouts [2]*state.Layout) {
	t.Helper()
	for i, text := range []string{crashProject, crashProject + crashShopView} {
		text = strings.ReplaceAll(text, "FEATURES", crashFeatures)
		p, err := OpenProject(writeProject(t, map[string]string{"fettle.yaml": "project: p\n", "features/p.yaml": text}))
		if err != nil {
			t.Fatal(err)
		}
		definitions, err := p.Plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		layouts[i] = &state.Layout{Plan: definitions}
		for id, name := range crashSources {
			at := slices.IndexFunc(definitions.Sources, func(s *plan.Source) bool { return s.Name == name })
			layouts[i].Sources = append(layouts[i].Sources, state.Source{ID: uint32(id + 1), Plan: definitions.Sources[at]})
		}
	}
	return layouts
}

func (w *crashWorld) errorf(format string, values ...any) {
	w.t.Helper()
	w.t.Errorf("seed %d: %s", w.seed, fmt.Sprintf(format, values...))
}

func (w *crashWorld) run(cycles int) {
	for cycle := range cycles {
		if cycle == cycles/3 {
			w.layout = w.layouts[1]
		}
		if w.seen.failed.Load() {
			return
		}
		w.cycle()
		if w.t.Failed() {
			w.seen.failed.Store(true)
			w.t.Logf("seed %d, cycle %d", w.seed, cycle)
			return
		}
	}
	// A last life without a crash sees everything.
	if !w.open(w.t.Context()) || !w.check(w.t.Context()) {
		w.errorf("the last life ended early")
	}
	if err := w.live.close(w.t.Context()); err != nil {
		w.errorf("close: %v", err)
	}
}

// cycle is one life and its end.
func (w *crashWorld) cycle() {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	w.seen.add("cycles", 1)
	if w.rng.IntN(4) == 0 {
		w.fs.StopAfter(1 + w.rng.IntN(40))
	}
	if w.open(ctx) && w.check(ctx) {
		w.work(ctx)
	}
	w.end(ctx)
}

// gone reports whether an error is none but the power that went.
func (w *crashWorld) gone(what string, err error) bool {
	w.t.Helper()
	if err != nil && !w.fs.Stopped() {
		w.errorf("%s: %v", what, err)
	}
	return err != nil
}

// open opens everything as a node does. It returns false if the power went.
func (w *crashWorld) open(ctx context.Context) bool {
	if w.rng.IntN(5) == 0 {
		w.wall.Set(w.wall.Now() - w.rng.Int64N(hourMicros/60)) // clocks are set back now and then
	}
	var fsys disk.Cutter = w.fs
	if w.cutter != nil {
		fsys = w.cutter
	}
	open := func() error {
		d, err := openDirectory(ctx, fsys, "data")
		if err != nil {
			return err
		}
		last, err := d.reserved()
		if err != nil {
			return err
		}
		w.live, err = openLive(ctx, liveOptions{Disk: fsys, Path: "data", Wall: w.wall, Last: last,
			Reserve: d.reserve, Layout: w.layout, SegmentBytes: 1 << 10})
		if err != nil {
			return err
		}
		w.pushed = newPushed(pushedOptions{Log: w.live.log, Parts: w.live.history, Targets: w.targets,
			Source: func(name string) *plan.Source { return w.layout.Sources[slices.Index(crashSources[:], name)].Plan }})
		return w.live.use(ctx, w.layout, w.fill)
	}
	w.live, w.last = nil, log.Position{}
	if w.gone("open", open()) {
		w.seen.add("power gone while opening", 1)
		return false
	}
	if damages := w.live.report.Damages; len(damages) > 0 {
		w.errorf("damage: %v", damages)
	}
	current := &serve.Current{Plan: w.layout.Plan}
	w.server = serve.New(serve.Options{Current: func() *serve.Current { return current }, State: w.live.state.At,
		Timeline: w.live.timeline, Position: w.live.ingest.Visible, Wait: w.live.ingest.Wait, SampleRate: -1,
		Timeout: time.Minute})
	recovery := w.live.ingest.Report()
	w.seen.add("records replayed", recovery.Records)
	w.seen.add("marks written again", recovery.Marks)
	return true
}

func (w *crashWorld) targets() map[uint32]pushedTarget {
	targets := map[uint32]pushedTarget{}
	for _, source := range w.layout.Sources {
		target := pushedTarget{Source: source.Plan.Name}
		for _, c := range source.Plan.Columns {
			target.Fields = append(target.Fields, schema.Field{Name: c.Name, Type: c.Type})
		}
		targets[source.ID] = target
	}
	return targets
}

// history is everything up to what the state has now.
func (w *crashWorld) history() *liveHistory {
	now := w.live.state.Position()
	return newLiveHistory(newHistory(&Project{Root: ".", disk: disk.NewMemory()}, 0), w.pushed, &now)
}

func (w *crashWorld) fill(ctx context.Context, feed state.Feed) error {
	w.seen.add("feeds filled", 1)
	return w.live.state.Fill(ctx, feed, func(add func(*engine.Chunk, []uint64) error) error {
		return w.history().fill(ctx, feed.Source.Plan, add)
	})
}

// work is what clients and the node do between two crashes.
func (w *crashWorld) work(ctx context.Context) {
	if w.rng.IntN(5) > 0 {
		w.fs.StopAfter(1 + w.rng.IntN(70))
	}
	if w.rng.IntN(3) == 0 {
		w.seen.add("concurrent lives", 1)
		w.together(ctx)
		return
	}
	for range 4 + w.rng.IntN(20) {
		if w.fs.Stopped() {
			return
		}
		switch w.rng.IntN(12) {
		case 0, 1:
			w.keep(ctx, w.rng)
		case 2:
			w.tick(w.rng.Int64N(2 * hourMicros))
		case 3:
			w.ask(ctx, false)
		default:
			if w.push(ctx, w.rng, true) {
				w.ask(ctx, true)
			}
		}
	}
}

// together lets clients push and read at once, while the node keeps house.
func (w *crashWorld) together(ctx context.Context) {
	var group sync.WaitGroup
	for range 2 + w.rng.IntN(3) {
		rng := rand.New(rand.NewPCG(w.rng.Uint64(), 1))
		group.Go(func() {
			for range 12 {
				if !w.push(ctx, rng, false) && w.fs.Stopped() {
					return
				}
			}
		})
	}
	reads, keeper := 5+w.rng.IntN(10), rand.New(rand.NewPCG(w.rng.Uint64(), 2))
	group.Go(func() {
		for range reads {
			w.ask(ctx, false)
			time.Sleep(100 * time.Microsecond) // lets the others do something between two reads
		}
	})
	if w.rng.IntN(2) == 0 {
		group.Go(func() { w.keep(ctx, keeper) })
	}
	if w.rng.IntN(2) == 0 {
		pause := time.Duration(w.rng.IntN(4000)) * time.Microsecond
		group.Go(func() {
			time.Sleep(pause)
			w.fs.Stop()
		})
	}
	group.Wait()
}

func (w *crashWorld) tick(by int64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.wall.Advance(by)
	w.journal.wall = w.wall.Now()
}

// keep makes state durable, moves records to history, and cuts the log, all or some of it.
func (w *crashWorld) keep(ctx context.Context, rng *rand.Rand) {
	switch rng.IntN(3) {
	case 0:
		if !w.gone("flush state", w.live.state.Flush(ctx)) {
			w.seen.add("flushes of state", 1)
		}
	case 1:
		report, err := w.pushed.FlushHistory(ctx, flushOptions{Least: rng.IntN(5), PartRows: 1 + rng.IntN(40)})
		w.gone("flush history", err)
		w.seen.add("parts written", report.Parts)
	default:
		first := w.live.log.First()
		err := (&Node{live: w.live, pushed: w.pushed}).keep(ctx)
		if !w.gone("keep", err) {
			w.seen.add("flushes of state", 1)
			if w.live.log.First() > first {
				w.seen.add("logs cut", 1)
			}
		}
	}
}

// choose draws a request, or takes one with a key again that the log still has.
func (w *crashWorld) choose(rng *rand.Rand, alone bool) *crashPush {
	j := w.journal
	if n := len(j.pushes); n > 0 && rng.IntN(6) == 0 {
		p := j.pushes[n-1-rng.IntN(min(n, 30))]
		kept := p.behind+1 >= w.live.log.First()
		if p.request.IdempotencyKey != "" && kept && p.state != pushUnknown && !p.flying && (alone || p.state != pushVague) {
			return p
		}
	}
	return j.draw(rng)
}

// push sends a request and enters the answer into the journal. It returns false if there is none.
func (w *crashWorld) push(ctx context.Context, rng *rand.Rand, alone bool) bool {
	w.tick(rng.Int64N(20_000_000))
	w.mutex.Lock()
	p := w.choose(rng, alone)
	before := p.state
	w.journal.send(p)
	p.flying = true
	if before != pushIn {
		p.behind = w.live.log.Last().Sequence
	}
	w.mutex.Unlock()
	result, err := w.live.ingest.Push(ctx, p.request)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	p.flying = false
	var rejected *ingest.RejectedError
	switch {
	case errors.As(err, &rejected) && p.request.Atomic && rejected.Rows == p.bad:
		w.seen.add("rejected whole", 1)
		p.state = pushOut
		return true
	case w.gone("push", err):
		w.flying = append(w.flying, p)
		w.seen.add("requests in flight at the crash", 1)
		return false
	}
	if p.request.Atomic && p.bad > 0 {
		w.errorf("an atomic request with %d bad rows was taken: %+v", p.bad, result)
	}
	if err := w.journal.acknowledge(p, before, result); err != nil {
		w.errorf("%v", err)
	}
	if result.Position.Compare(w.last) > 0 {
		w.last = result.Position
	}
	if result.Repeated {
		w.seen.add("keys answered again", 1)
		return true
	}
	w.seen.add("events acknowledged", int(result.Accepted))
	w.seen.add("duplicates", int(result.Duplicates))
	if alone {
		if n := w.journal.arrive(p); n != result.Accepted {
			w.errorf("%d rows are new, %+v: %s", n, result, p.request.Body)
		}
	}
	return true
}

// end takes the power away, or only the process, and drops what was open.
func (w *crashWorld) end(ctx context.Context) {
	if w.rng.IntN(12) == 0 && w.live != nil {
		_ = w.live.close(ctx) // an orderly end, after which the power goes all the same
	}
	w.fs.Stop()
	if w.live != nil {
		_ = w.live.close(ctx) // on a disk that is gone everything fails
	}
	if w.rng.IntN(8) == 0 {
		w.fs.Kill()
		w.seen.add("processes killed", 1)
		return
	}
	loss := w.fs.Crash(w.rng)
	w.seen.add("torn files", loss.Torn+loss.Holed)
	if loss.Lost > 0 {
		w.seen.add("crashes that lost bytes", 1)
	}
}
