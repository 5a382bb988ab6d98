package history_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store/history"
)

// crashCycle is what must hold of one directory over crashes: for each source the rows by sequence
// that a part was offered with, and how far parts were acknowledged.
type crashCycle struct {
	t            *testing.T
	random       *rand.Rand
	fs           *disk.Fragile
	fields       []schema.Field
	rows         map[string][][]string // by source, then sequence - 1
	acknowledged map[string]uint64
	refused      int
	unseen       int // parts that were there although Append failed
}

// run appends until the disk fails or a number of parts is there.
func (c *crashCycle) run(h *history.History, appends int) {
	for range appends {
		source := []string{"clicks", "cards"}[c.random.IntN(2)]
		position := h.Position(source)
		part := history.Part{From: position + 1, To: position + 1 + c.random.Uint64N(3), Fields: c.fields}
		c.rows[source] = c.rows[source][:position]
		for s := part.From; s <= part.To; s++ {
			r := randomRows(c.random, c.fields, s, c.random.IntN(4))
			part.Rows = append(part.Rows, r)
			c.rows[source] = append(c.rows[source], texts(r, len(c.fields)))
		}
		if err := h.Append(context.Background(), source, part); err == nil {
			c.acknowledged[source] = part.To
			continue
		}
		c.refused++
		if c.fs.Stopped() {
			return
		}
		c.check(h)
		if h.Position(source) != position && h.Position(source) != part.To {
			c.t.Fatalf("position %d after %d to %d was refused", h.Position(source), part.From, part.To)
		}
		// The next part must have the rows of this one if it turns out that this one is there.
		add := h.Append(context.Background(), source, part)
		switch {
		case add == nil, errors.Is(add, history.ErrOverlap):
			c.acknowledged[source] = part.To
		case c.fs.Stopped():
			return
		default:
			return
		}
	}
}

// check compares what is there with what was offered and acknowledged.
func (c *crashCycle) check(h *history.History) {
	c.t.Helper()
	for _, source := range []string{"clicks", "cards"} {
		v := h.View(source)
		position := v.Position()
		if position < c.acknowledged[source] || position > uint64(len(c.rows[source])) {
			c.t.Fatalf("%s is at %d; acknowledged is %d, offered %d", source, position,
				c.acknowledged[source], len(c.rows[source]))
		}
		if position > c.acknowledged[source] {
			c.unseen++
		}
		want := slices.Concat(c.rows[source][:position]...)
		if got := scanned(c.t, v, history.Request{Fields: c.fields}); !slices.Equal(got, want) {
			c.t.Fatalf("%s has other rows at %d: %d of %d", source, position, len(got), len(want))
		}
	}
}

func (c *crashCycle) reopened() *history.History {
	c.t.Helper()
	h := open(c.t, c.fs)
	c.check(h)
	for _, source := range []string{"clicks", "cards"} {
		if c.random.IntN(4) > 0 {
			continue // check reads everything once more
		}
		report, err := h.Check(context.Background(), source)
		if err != nil || len(report.Damages)+len(report.Unknown) > 0 {
			c.t.Fatalf("check: %+v, %v", report, err)
		}
	}
	for source := range c.rows {
		c.acknowledged[source] = h.Position(source)
		c.rows[source] = c.rows[source][:h.Position(source)]
	}
	return h
}

// Whatever call the machine stops at, after a crash the parts that were acknowledged are there with
// exactly their rows, and of the others all or nothing.
func TestCrashes(t *testing.T) {
	t.Parallel()
	const seed, cycles = 7, 304
	random := rand.New(rand.NewPCG(seed, 1))
	crashes, refused, unseen, parts := 0, 0, 0, 0
	for crashes < cycles {
		c := &crashCycle{t: t, random: random, fs: disk.NewFragile(), fields: allFields()[:2],
			rows: map[string][][]string{}, acknowledged: map[string]uint64{}}
		h := c.reopened()
		for range 4 { // so that the directories stay small
			c.fs.StopAfter(1 + random.IntN(40))
			c.run(h, 20)
			c.fs.Stop()
			c.fs.Crash(random)
			h = c.reopened()
			if random.IntN(4) == 0 { // the opening itself is interrupted, too
				c.fs.StopAfter(1 + random.IntN(4))
				_, _ = history.Open(c.fs, "history")
				c.fs.Stop()
				c.fs.Crash(random)
				h = c.reopened()
			}
			crashes++
		}
		refused, unseen = refused+c.refused, unseen+c.unseen
		parts += len(h.Parts("clicks")) + len(h.Parts("cards"))
	}
	t.Logf("seed %d: %d crashes, %d appends refused, %d parts there unacknowledged, %d parts",
		seed, crashes, refused, unseen, parts)
	if refused < 250 || unseen < 3 || parts < 300 {
		t.Errorf("exercised too little")
	}
}

// Whatever call fails, an append that failed can be tried again, and nothing is lost by a crash
// afterwards.
func TestFailingCalls(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	failed := 0
	for _, failure := range []error{syscall.EIO, syscall.ENOSPC} {
		for call := 1; call <= 20; call++ {
			for _, second := range []int{0, 1} { // a call after it fails as well
				c := &crashCycle{t: t, random: random, fs: disk.NewFragile(), fields: allFields()[:2],
					rows: map[string][][]string{}, acknowledged: map[string]uint64{}}
				h := c.reopened()
				c.fs.FailCall(call, failure)
				if second > 0 {
					c.fs.FailCall(call+second, failure)
				}
				c.run(h, 5)
				c.check(h)
				c.fs.Crash(random)
				c.reopened()
				failed += c.refused
			}
		}
	}
	if failed < 40 {
		t.Errorf("only %d appends failed", failed)
	}
}
