package log_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

// campaign crashes a log again and again while clients append to it. The clients' journals of what
// was acknowledged are the oracle.
type campaign struct {
	t     *testing.T
	rng   *rand.Rand
	fs    *disk.Fragile
	seed  uint64
	cycle int
	// journals: what was tried, by its number, and what must be there, by its sequence.
	tried   map[uint64]try
	must    map[uint64]uint64
	highest uint64
	// removable is up to where records may have been removed.
	removable uint64
	stats     campaignStats
	mu        sync.Mutex
	number    atomic.Uint64
}

// try is one record that a client tried to append, with those that went with it.
type try struct{ first, count uint64 }

// campaignStats is what was exercised.
type campaignStats struct {
	cycles, crashes, kills, idle         int
	acknowledged, inFlight, seen         int
	torn, holed, cuts, recoveredInFlight int
	stoppedInOpen, failedCalls, full     int
	cutBytes, lostBytes                  int64
	removed, rolled                      int
}

const campaignCycles = 3000

func TestCrashes(t *testing.T) {
	t.Parallel()
	start := time.Now()
	c := &campaign{t: t, seed: 20260801}
	c.rng = rand.New(rand.NewPCG(c.seed, 0))
	for c.cycle = 0; c.stats.cycles < campaignCycles && !t.Failed(); c.cycle++ {
		if c.cycle%40 == 0 {
			c.fs = disk.NewFragile()
			c.tried, c.must, c.highest = map[uint64]try{}, map[uint64]uint64{}, 0
			c.removable = 1
		}
		c.run()
	}
	s := c.stats
	t.Logf("seed %d: %d cycles with appends in flight (%d crashes, %d kills; %d idle ones not counted) in %v",
		c.seed, s.cycles, s.crashes, s.kills, s.idle, time.Since(start).Round(time.Millisecond))
	t.Logf("%d acknowledged, %d in flight at the crash, %d of these recovered whole, %d seen by readers",
		s.acknowledged, s.inFlight, s.recoveredInFlight, s.seen)
	t.Logf("%d torn files, %d with holes, %d unsynced bytes lost; %d tails cut, %d bytes",
		s.torn, s.holed, s.lostBytes, s.cuts, s.cutBytes)
	t.Logf("%d crashes while opening, %d appends failed by the disk, %d times full, %d segments begun, %d removed",
		s.stoppedInOpen, s.failedCalls, s.full, s.rolled, s.removed)
	for what, enough := range map[string]bool{
		"cycles": s.cycles >= 1000, "in flight": s.inFlight >= 3000, "torn": s.torn >= 200,
		"holed": s.holed >= 200, "cuts": s.cuts >= 500, "cut bytes": s.cutBytes >= 50_000,
		"kills": s.kills >= 100, "recovered": s.recoveredInFlight >= 300,
		"opening": s.stoppedInOpen >= 100, "failed calls": s.failedCalls >= 50, "full": s.full >= 50,
		"segments": s.rolled >= 3000, "removed": s.removed >= 100,
		"acknowledged": s.acknowledged >= 10_000, "seen": s.seen >= 500,
	} {
		if !enough {
			t.Errorf("%s: the campaign did not exercise enough", what)
		}
	}
}

// payload is what a client appends under a number: the number, and bytes that follow from it.
func payload(number uint64) []byte {
	rng := rand.New(rand.NewPCG(number, 7))
	b := binary.LittleEndian.AppendUint64(nil, number)
	for range rng.IntN(200) {
		b = append(b, byte(rng.Uint32()))
	}
	return b
}

// run is one life of the log and its end.
func (c *campaign) run() {
	l := c.open()
	if c.t.Failed() {
		return
	}
	c.check(l)
	failing := c.rng.IntN(12) == 0
	if failing {
		c.fs.FailCall(1+c.rng.IntN(20), errDisk)
	}
	if c.rng.IntN(12) == 0 {
		c.fs.SetSpace(int64(c.rng.IntN(3000)))
	}
	c.fs.StopAfter(1 + c.rng.IntN(40))
	inFlight := c.clients(l)
	if inFlight == 0 {
		c.stats.idle++
	} else {
		c.stats.cycles++
	}
	c.stats.inFlight += inFlight
	c.fs.SetSpace(-1)
	c.end(failing)
	_ = l.Close()
}

// end stops the machine, or only the process. A process alone is not ended after a failed call: what
// a failed sync forgot and a restart reads from memory is beyond the log's promise.
func (c *campaign) end(failed bool) {
	c.fs.Stop()
	if !failed && c.rng.IntN(8) == 0 {
		c.fs.Kill()
		c.stats.kills++
		return
	}
	loss := c.fs.Crash(c.rng)
	c.stats.crashes++
	c.stats.torn += loss.Torn
	c.stats.holed += loss.Holed
	c.stats.lostBytes += loss.Lost
}

// open opens the log, sometimes with a crash in between.
func (c *campaign) open() *log.Log {
	options := log.Options{SegmentBytes: int64(500 + c.rng.IntN(6000)), BatchAppends: 1 + c.rng.IntN(8)}
	interrupted := c.rng.IntN(6) == 0
	if interrupted {
		c.fs.StopAfter(1 + c.rng.IntN(5))
	}
	l, report, err := log.Open(c.fs, "log", options)
	if err != nil && interrupted && c.fs.Stopped() {
		c.stats.stoppedInOpen++
		c.fs.Crash(c.rng)
		l, report, err = log.Open(c.fs, "log", options)
	} else if interrupted {
		c.fs.StopAfter(0)
	}
	if err != nil {
		c.t.Errorf("seed %d, cycle %d: open: %v", c.seed, c.cycle, err)
		return nil
	}
	for _, damage := range report.Damages {
		c.t.Errorf("seed %d, cycle %d: %v", c.seed, c.cycle, damage)
	}
	for _, cut := range report.Cuts {
		c.stats.cuts++
		c.stats.cutBytes += cut.Bytes
	}
	if report.Next <= c.highest {
		c.t.Errorf("seed %d, cycle %d: sequence %d is given again", c.seed, c.cycle, report.Next)
	}
	return l
}

// check compares the log with the journals. What it holds without having acknowledged it becomes a
// part of what must be there, because readers were shown it.
func (c *campaign) check(l *log.Log) {
	fail := func(what string, sequence uint64) {
		c.t.Errorf("seed %d, cycle %d: sequence %d: %s", c.seed, c.cycle, sequence, what)
	}
	r := l.Reader(0)
	defer r.Close()
	found := map[uint64]uint64{} // number to sequence
	want := r.Position()
	for ; ; want++ {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || e.Sequence != want || len(e.Payload) < 8 {
			c.t.Errorf("seed %d, cycle %d: sequence %d, want %d: %v", c.seed, c.cycle, e.Sequence, want, err)
			return
		}
		number := binary.LittleEndian.Uint64(e.Payload)
		if _, tried := c.tried[number]; !tried || !bytes.Equal(e.Payload, payload(number)) {
			fail("nobody appended these bytes", want)
		}
		if found[number] != 0 {
			fail("it is there twice", want)
		}
		found[number] = want
		acknowledged, known := c.must[want]
		if known && acknowledged != number {
			fail("another record is there", want)
		}
		if !known {
			c.stats.recoveredInFlight++
		}
		c.must[want] = number
	}
	if l.First() > c.removable {
		fail("records were removed that were to stay", c.removable)
	}
	if want <= c.highest {
		fail("an acknowledged record is missing", want)
	}
	for number, sequence := range found { // appends are there whole, in order
		group := c.tried[number]
		for n := group.first; n < group.first+group.count; n++ {
			if at, whole := found[n]; (!whole && sequence-(number-group.first) >= l.First()) ||
				(whole && at-sequence != n-number) {
				fail("its append is not there whole", sequence)
			}
		}
	}
	c.highest = want - 1
}

// clients append until the log ends, and a reader follows. It returns how many appends had no
// answer.
func (c *campaign) clients(l *log.Log) (inFlight int) {
	var group sync.WaitGroup
	var unanswered atomic.Int64
	first, segments := l.First(), l.Segments()
	for range 1 + c.rng.IntN(6) {
		rng := rand.New(rand.NewPCG(c.rng.Uint64(), 0))
		group.Go(func() {
			for c.append(l, rng, &unanswered) {
			}
		})
	}
	if c.rng.IntN(3) == 0 {
		group.Go(func() {
			before := l.Last().Sequence
			n, _ := l.RemoveBefore(before)
			c.mu.Lock()
			defer c.mu.Unlock()
			c.removable = max(c.removable, before)
			c.stats.removed += n
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	var reading sync.WaitGroup
	from := l.Last().Sequence
	reading.Go(func() { c.follow(ctx, l, from) })
	group.Wait()
	cancel()
	reading.Wait()
	for sequence := range c.must {
		if sequence < first {
			delete(c.must, sequence)
		}
	}
	c.stats.rolled += max(0, l.Segments()-segments)
	return int(unanswered.Load())
}

// append makes one append and enters it into the journals. It returns false at the end.
func (c *campaign) append(l *log.Log, rng *rand.Rand, unanswered *atomic.Int64) bool {
	count := uint64(1 + rng.IntN(4))
	first := c.number.Add(count) - count + 1
	var list []log.Record
	c.mu.Lock()
	for n := first; n < first+count; n++ {
		c.tried[n] = try{first, count}
		list = append(list, log.Record{Op: log.Insert, Payload: payload(n)})
	}
	c.mu.Unlock()
	position, err := l.Append(context.Background(), list)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.stats.acknowledged += int(count)
		for n := range count {
			c.acknowledge(position.Sequence-count+1+n, first+n)
		}
		return true
	case errors.Is(err, log.ErrFull):
		c.stats.full++
		if rng.IntN(3) == 0 {
			c.fs.SetSpace(-1)
		}
		return true
	case c.fs.Stopped():
		unanswered.Add(1)
		return false
	default:
		c.stats.failedCalls++
		return !errors.Is(err, log.ErrFailed)
	}
}

func (c *campaign) acknowledge(sequence, number uint64) {
	if before, known := c.must[sequence]; known && before != number {
		c.t.Errorf("seed %d, cycle %d: sequence %d is %d and %d", c.seed, c.cycle, sequence, before, number)
	}
	c.must[sequence] = number
	c.highest = max(c.highest, sequence)
}

// follow reads what becomes visible: it must survive as what was acknowledged must.
func (c *campaign) follow(ctx context.Context, l *log.Log, after uint64) {
	r := l.Reader(after + 1)
	defer r.Close()
	for {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			if l.Wait(ctx, r.Position()-1) != nil {
				return
			}
			continue
		}
		if err != nil {
			// A reader that is slower than RemoveBefore is told so.
			if !c.fs.Stopped() && !errors.Is(err, log.ErrRemoved) {
				c.t.Errorf("seed %d, cycle %d: reader: %v", c.seed, c.cycle, err)
			}
			return
		}
		c.mu.Lock()
		c.stats.seen++
		c.acknowledge(e.Sequence, binary.LittleEndian.Uint64(e.Payload))
		c.mu.Unlock()
	}
}
