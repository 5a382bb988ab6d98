package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/state"
)

// campaign crashes an ingester again and again, with clients and a reader at work. The journals of
// the clients, and what the reader saw, are the oracle.
type campaign struct {
	t        *testing.T
	rng      *rand.Rand
	fs       *disk.Fragile
	wall     *clock.Fake
	line     *clock.Timeline
	reserved int64
	layout   *state.Layout
	state    *fake
	log      *log.Log
	in       *ingest.Ingester

	mu      sync.Mutex
	number  int64 // of the last row
	acked   []*attempt
	seen    map[uint64]int64 // by sequence, the time at which a read saw it first
	visible map[uint64]int64 // by sequence, its time of visibility, for ever
	// readings are the reads of this life: when, and how many records were visible.
	readings []reading
	stats    campaignStats
}

// attempt is one request.
type attempt struct {
	request ingest.PushRequest
	rows    []campaignRow
	result  *ingest.PushResult
}

type reading struct {
	at      int64
	visible int
}

type campaignRow struct {
	id        string
	eventTime int64
	bad       bool
}

type campaignStats struct {
	cycles, kills, requests, acked, inFlight, duplicates, repeated   int
	torn, replayed, marks, lostBatches, reads, seen, unackedButThere int
	lost                                                             int64
}

const campaignCycles = 510 // each with requests in flight and some acknowledged

func TestCrashes(t *testing.T) {
	t.Parallel()
	const seed = 20261124
	start := time.Now()
	c := &campaign{t: t, rng: rand.New(rand.NewPCG(seed, 0)), wall: clock.NewFake(noon)}
	source := payments()
	c.layout = &state.Layout{Plan: &plan.Plan{Sources: []*plan.Source{source}},
		Sources: []state.Source{{ID: 7, Plan: source}}}
	for round := 0; c.stats.cycles < campaignCycles && !t.Failed(); round++ {
		if round%20 == 0 {
			c.begin()
		}
		c.cycle()
	}
	s := c.stats
	t.Logf("seed %d: %+v in %v", seed, s, time.Since(start).Round(time.Millisecond))
	for what, enough := range map[string]bool{
		"cycles": s.cycles >= 500, "acknowledged": s.acked >= 3000, "in flight": s.inFlight >= 500,
		"duplicates": s.duplicates >= 500, "keys": s.repeated >= 300, "replayed": s.replayed >= 500,
		"torn": s.torn >= 50, "marks": s.marks >= 100, "batches lost": s.lostBatches >= 200,
		"seen": s.seen >= 500, "durable, not acknowledged": s.unackedButThere >= 30, "kills": s.kills >= 30,
	} {
		if !enough {
			t.Errorf("%s: the campaign did not exercise enough", what)
		}
	}
}

// begin starts with an empty directory.
func (c *campaign) begin() {
	c.fs, c.state, c.reserved = disk.NewFragile(), &fake{}, 0
	c.acked, c.readings, c.seen, c.visible = nil, nil, map[uint64]int64{}, map[uint64]int64{}
}

// cycle is one life and its end.
func (c *campaign) cycle() {
	c.open()
	if c.t.Failed() {
		return
	}
	c.check()
	before := len(c.acked)
	c.fs.StopAfter(1 + c.rng.IntN(60))
	inFlight := c.work()
	c.stats.inFlight += inFlight
	if inFlight > 0 && len(c.acked) > before {
		c.stats.cycles++
	}
	c.end()
}

func (c *campaign) open() {
	c.line = clock.NewTimeline(c.wall, c.reserved, func(until int64) error {
		c.reserved = until // it outlives every crash
		return nil
	})
	var err error
	position := c.state.Position()
	options := log.Options{Clock: c.wall, SegmentBytes: int64(2000 + c.rng.IntN(8000)), Known: position.Sequence}
	var report *log.Report
	if c.log, report, err = log.Open(c.fs, "log", options); err != nil {
		c.t.Fatal(err)
	}
	if len(report.Damages) > 0 {
		c.t.Errorf("damage: %v", report.Damages)
	}
	c.in, err = ingest.Open(context.Background(), ingest.Options{Log: c.log, State: c.state,
		Timeline: c.line, Clock: c.wall, Plans: func() *state.Layout { return c.layout },
		BatchBytes: 200 + c.rng.IntN(2000), Timeout: 10 * time.Second})
	if err != nil {
		c.t.Fatal(err)
	}
	recovery := c.in.Report()
	c.stats.replayed += recovery.Records
	c.stats.marks += recovery.Marks
}

// work lets clients push and a reader read until the machine stops. It returns how many requests
// were not answered.
func (c *campaign) work() (inFlight int) {
	var clients, reader sync.WaitGroup
	stop := make(chan struct{})
	for range 1 + c.rng.IntN(5) {
		rng := rand.New(rand.NewPCG(c.rng.Uint64(), 0))
		clients.Go(func() {
			for c.push(rng) {
			}
			c.mu.Lock()
			inFlight++
			c.mu.Unlock()
		})
	}
	reader.Go(func() { c.read(stop) })
	clients.Wait()
	close(stop)
	reader.Wait()
	return inFlight
}

// push sends a request, new or again, and enters the answer into the journal.
func (c *campaign) push(rng *rand.Rand) bool {
	a := c.draw(rng)
	result, err := c.in.Push(context.Background(), a.request)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.requests++
	if err != nil {
		if !c.fs.Stopped() {
			c.t.Errorf("push: %v", err)
		}
		return false
	}
	if result.Accepted+result.Duplicates+result.QuarantinedRows != int64(len(a.rows)) {
		c.t.Errorf("%d rows were answered by %+v", len(a.rows), result)
	}
	c.stats.acked++
	if result.Repeated {
		c.stats.repeated++
	}
	c.stats.duplicates += int(result.Duplicates)
	a.result = result
	c.acked = append(c.acked, a)
	return true
}

// draw makes a request of new events and copies of earlier ones, or takes an earlier one again.
func (c *campaign) draw(rng *rand.Rand) *attempt {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall.Advance(int64(rng.IntN(1000)))
	if n := len(c.acked); n > 0 && rng.IntN(6) == 0 {
		if old := c.acked[n-1-rng.IntN(min(n, 20))]; old.request.IdempotencyKey != "" {
			return &attempt{request: old.request, rows: old.rows}
		}
	}
	a := &attempt{}
	text := ""
	for range 1 + rng.IntN(4) {
		number := c.number + 1
		if number > 1 && rng.IntN(3) == 0 {
			number -= 1 + int64(rng.IntN(int(min(number-1, 12))))
		}
		c.number = max(c.number, number)
		row := campaignRow{id: fmt.Sprintf("i%d", number), eventTime: noon - number}
		row.bad = rng.IntN(15) == 0
		if row.bad {
			text += "{}\n"
		} else {
			text += event(row.id, row.eventTime)
		}
		a.rows = append(a.rows, row)
	}
	a.request = jsonl(text)
	if rng.IntN(3) == 0 {
		a.request.IdempotencyKey = fmt.Sprintf("k%d", rng.Uint64())
	}
	return a
}

// read draws times and notes what is visible at each of them.
func (c *campaign) read(stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		at, err := c.line.Read()
		if err != nil {
			c.t.Error(err)
			return
		}
		c.state.mu.Lock()
		batches := c.state.batches
		c.state.mu.Unlock()
		c.mu.Lock()
		c.stats.reads++
		c.readings = append(c.readings, reading{at, 0})
		for _, b := range slices.Backward(batches) {
			if b.to.VisibleAt > at {
				continue
			}
			c.readings[len(c.readings)-1].visible += len(b.records)
			if c.seen[b.records[0].Sequence] != 0 {
				continue
			}
			for _, r := range b.records {
				c.seen[r.Sequence] = at
				c.stats.seen++
			}
		}
		c.mu.Unlock()
		time.Sleep(20 * time.Microsecond)
	}
}

// end crashes the machine or kills the process, and lets state lose batches that were not flushed.
func (c *campaign) end() {
	c.fs.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.in.Close(ctx); err != nil {
		c.t.Error(err)
	}
	_ = c.log.Close()
	if c.rng.IntN(8) == 0 {
		c.fs.Kill()
		c.stats.kills++
	} else {
		loss := c.fs.Crash(c.rng)
		c.stats.torn += loss.Torn
		c.stats.lost += loss.Lost
	}
	s := c.state
	before := len(s.batches)
	s.flushed += c.rng.IntN(before - s.flushed + 1)
	if c.rng.IntN(3) == 0 {
		s.flushed = before // everything was flushed, also what no mark covers
	}
	c.stats.lostBatches += before - s.flushed
	s.batches = slices.Clone(s.batches[:s.flushed])
	s.forget()
}

// check compares what is there after an opening with the journals.
func (c *campaign) check() {
	ids, _, counts := c.state.rows()
	if counts.In != counts.Accepted+counts.Duplicates+counts.Quarantined {
		c.t.Errorf("the accounts do not close: %+v", counts)
	}
	if counts.Accepted != int64(len(ids)) {
		c.t.Errorf("%d events were accepted, %d are there", counts.Accepted, len(ids))
	}
	records := c.checkVisible()
	acknowledged := map[uint64]bool{}
	for _, a := range c.acked {
		record, found := records[a.result.Position.Sequence]
		if !found || !acknowledged[a.result.Position.Sequence] && (record.Counts.In != int64(len(a.rows)) ||
			record.Counts.Accepted != a.result.Accepted || record.Counts.Duplicates != a.result.Duplicates) {
			c.t.Errorf("request at %v: %+v, state has %+v", a.result.Position, a.result, record)
		}
		acknowledged[a.result.Position.Sequence] = true
		for _, row := range a.rows {
			if at, there := ids[row.id]; !row.bad && (!there || at != row.eventTime) {
				c.t.Errorf("event %s at %d is acknowledged, state has %d, %v", row.id, row.eventTime, at, there)
			}
		}
	}
	c.stats.unackedButThere += len(records) - len(acknowledged)
	c.checkMarks()
}

// checkVisible checks the times of visibility: whatever a read saw has the same for ever.
func (c *campaign) checkVisible() map[uint64]state.Record {
	records := map[uint64]state.Record{}
	visible := map[uint64]int64{}
	for _, b := range c.state.batches {
		for _, r := range b.records {
			if _, twice := records[r.Sequence]; twice {
				c.t.Errorf("sequence %d was applied twice", r.Sequence)
			}
			records[r.Sequence], visible[r.Sequence] = r, b.to.VisibleAt
		}
	}
	for sequence, at := range c.seen {
		if v, there := visible[sequence]; !there || v > at {
			c.t.Errorf("sequence %d was seen at %d, and is visible from %d on (%v)", sequence, at, v, there)
		}
		if before, known := c.visible[sequence]; known && before != visible[sequence] {
			c.t.Errorf("sequence %d was visible from %d, now from %d", sequence, before, visible[sequence])
		}
	}
	maps.Copy(c.visible, visible)
	// S(T) is a function: what is visible at the time of a read is what was visible then.
	times := slices.Sorted(maps.Values(visible))
	for _, r := range c.readings {
		now, _ := slices.BinarySearch(times, r.at+1)
		if now != r.visible {
			c.t.Errorf("a read at %d saw %d records, now %d are visible then", r.at, r.visible, now)
		}
	}
	c.readings = nil
	return records
}

// checkMarks reads the marks: they rise, and say what state says.
func (c *campaign) checkMarks() {
	last := c.in.Visible()
	if p := c.state.Position(); p.Sequence > last.Sequence {
		c.t.Errorf("state is at %v, visible is %v", p, last)
	}
	reader := c.log.Reader(0)
	defer reader.Close()
	var before ingest.Mark
	through := map[uint64]int64{}
	for {
		entry, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			c.t.Error(err)
			return
		}
		if entry.Op != log.Mark {
			continue
		}
		m, err := ingest.DecodeMark(entry)
		if err != nil || m.Through <= before.Through || m.VisibleAt <= before.VisibleAt {
			c.t.Errorf("mark %+v after %+v: %v", m, before, err)
		}
		before = m
		through[m.Through] = m.VisibleAt
	}
	for _, b := range c.state.batches {
		if through[b.to.Sequence] != b.to.VisibleAt {
			c.t.Errorf("batch through %d is visible at %d, its mark says %d", b.to.Sequence,
				b.to.VisibleAt, through[b.to.Sequence])
		}
	}
}
