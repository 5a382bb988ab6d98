package ingest_test

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// held is a state that holds back an answer about ids until it is told.
type held struct {
	fake
	asked, tell chan struct{}
}

func (h *held) Known(ctx context.Context, source uint32, ids []string, since int64) ([]state.Identity, error) {
	known, err := h.fake.Known(ctx, source, ids, since)
	if len(ids) == 2 {
		close(h.asked)
		<-h.tell
	}
	return known, err
}

// What is applied between the question about ids and the decision is known all the same.
func TestAppliedMeanwhile(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	h := &held{asked: make(chan struct{}), tell: make(chan struct{})}
	f.state = h
	f.open()
	answer := make(chan *ingest.PushResult)
	go func() {
		r, err := f.in.Push(context.Background(), jsonl(event("a", noon)+event("b", noon)))
		if err != nil {
			t.Error(err)
		}
		answer <- r
	}()
	<-h.asked
	for _, id := range []string{"a", "c"} {
		if err := f.in.Wait(t.Context(), f.push(event(id, noon)).Position); err != nil {
			t.Fatal(err)
		}
	}
	close(h.tell)
	f.counts(<-answer, 1, 1, 0)
}

// gate is a disk whose syncs wait to be let through, with an error or without.
type gate struct {
	disk.Cutter
	pass chan error
}

type gateFile struct {
	disk.File
	pass chan error
}

func (g gate) Create(name string) (disk.File, error) {
	file, err := g.Cutter.Create(name)
	return gateFile{file, g.pass}, err
}

// Write fails for a full disk; headers pass.
func (f gateFile) Write(b []byte) (int, error) {
	if len(b) == 32 {
		return f.File.Write(b)
	}
	if err := <-f.pass; err != nil {
		return 0, err
	}
	return f.File.Write(b)
}

// A duplicate does not rest on an append that may still fail, and a copy that comes meanwhile is
// one if it does not.
func TestCopyOfAnAppendUnderWay(t *testing.T) {
	t.Parallel()
	for _, keyed := range []bool{false, true} {
		for _, outcome := range []error{nil, syscall.ENOSPC} {
			copyUnderWay(t, keyed, outcome)
		}
	}
}

func copyUnderWay(t *testing.T, keyed bool, outcome error) {
	f := newFixture(t)
	pass := make(chan error)
	f.fs = gate{disk.NewMemory(), pass}
	f.open()
	request := jsonl(event("a", noon))
	if keyed {
		request = jsonl(`{"ts":"2024-10-04T00:00:00Z"}`) // nothing but the key tells copies
		request.IdempotencyKey = "k"
	}
	type answer struct {
		*ingest.PushResult
		error
	}
	push := func() chan answer {
		done := make(chan answer, 1)
		go func() {
			r, err := f.in.Push(context.Background(), request)
			done <- answer{r, err}
		}()
		return done
	}
	first := push()
	for n := 0; n == 0; n, _ = f.in.Unapplied() {
		time.Sleep(time.Millisecond)
	}
	second := push()
	select {
	case a := <-second:
		t.Errorf("the copy is answered before the first is durable: %+v", a)
	case <-time.After(20 * time.Millisecond):
	}
	pass <- outcome
	if a := <-first; outcome == nil && a.error != nil || outcome != nil && !errors.Is(a.error, log.ErrFull) {
		t.Errorf("%+v", a)
	}
	close(pass)
	a := <-second
	switch {
	case a.error != nil:
		t.Errorf("the copy: %v", a.error)
	case outcome != nil && (a.Accepted != 1 || a.Repeated):
		t.Errorf("the copy of what was lost: %+v", a.PushResult)
	case outcome == nil && keyed != a.Repeated || outcome == nil && !keyed && a.Duplicates != 1:
		t.Errorf("the copy of what is durable: %+v", a.PushResult)
	}
	f.close()
}

// A full disk holds marks back, and with them what reads can see, until there is space.
func TestMarkOnAFullDisk(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	pass := make(chan error)
	f.fs = gate{disk.NewMemory(), pass}
	refused := make(chan error, 10)
	f.tune = func(o *ingest.Options) { o.Observer.Failed = func(err error) { refused <- err } }
	go func() { pass <- nil }()
	f.open()
	r := f.push(event("a", noon))
	pass <- syscall.ENOSPC
	if err := <-refused; !errors.Is(err, log.ErrFull) {
		t.Errorf("%v", err)
	}
	at, err := f.line.Read()
	if visible := f.state.Position().VisibleAt; err != nil || at >= visible {
		t.Errorf("a read at %d sees what is visible from %d on, without a durable mark: %v", at, visible, err)
	}
	close(pass)
	if err := f.in.Wait(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
	if at, _ := f.line.Read(); at < f.state.Position().VisibleAt {
		t.Errorf("reads are held at %d", at)
	}
}

// A log that fails takes the ingester along, reads stay below what has no mark, and the next
// opening writes the mark.
func TestMarkFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	memory := disk.NewMemory()
	pass := make(chan error)
	f.fs = gate{memory, pass}
	go func() { pass <- nil }()
	f.open()
	r := f.push(event("a", noon))
	pass <- syscall.EIO
	if err := f.in.Wait(t.Context(), r.Position); !errors.Is(err, ingest.ErrStopped) {
		t.Errorf("%v", err)
	}
	f.fails(ingest.ErrStopped, jsonl(event("b", noon)))
	visible := f.state.Position().VisibleAt
	if at, err := f.line.Read(); err != nil || at >= visible {
		t.Errorf("a read at %d sees what is visible from %d on: %v", at, visible, err)
	}
	f.close()
	f.fs = memory
	f.line = clock.NewTimeline(f.wall, f.line.Last(), nil)
	f.open()
	if report := f.in.Report(); report.Marks != 1 || report.Records != 0 {
		t.Errorf("%+v", report)
	}
	if at, err := f.line.Read(); err != nil || at < visible {
		t.Errorf("read at %d, visible from %d: %v", at, visible, err)
	}
}
