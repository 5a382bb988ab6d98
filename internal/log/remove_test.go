package log_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

// six appends six records, each in a segment of its own.
func six(t *testing.T, fsys disk.Cutter) *log.Log {
	t.Helper()
	l, _ := open(t, fsys, log.Options{SegmentBytes: 1})
	for _, payload := range []string{"a", "b", "c", "d", "e", "f"} {
		appendAll(t, l, payload)
	}
	return l
}

func TestRemoveBefore(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	l := six(t, fsys)
	r := l.Reader(2)
	if e, err := r.Next(); err != nil || string(e.Payload) != "b" {
		t.Fatalf("%s, %v", e.Payload, err)
	}
	for _, c := range []struct {
		before uint64
		want   int
		rest   string
	}{
		{0, 0, "1-1=a 1-2=b 1-3=c 1-4=d 1-5=e 1-6=f"},
		{1, 0, "1-1=a 1-2=b 1-3=c 1-4=d 1-5=e 1-6=f"},
		{4, 3, "1-4=d 1-5=e 1-6=f"},
		{4, 0, "1-4=d 1-5=e 1-6=f"},
		{99, 2, "1-6=f"},
	} {
		if n, err := l.RemoveBefore(c.before); n != c.want || err != nil {
			t.Errorf("before %d: removed %d, %v", c.before, n, err)
		}
		equal(t, "rest", readAll(t, l, 0), c.rest)
	}
	if _, err := r.Next(); !errors.Is(err, log.ErrRemoved) {
		t.Errorf("a reader of what was removed: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, report := open(t, fsys, log.Options{}); report.First != 6 || len(report.Damages) > 0 {
		t.Errorf("report %+v", report)
	}
}

// TestRemoveInterrupted stops and fails at each call that RemoveBefore makes.
func TestRemoveInterrupted(t *testing.T) {
	t.Parallel()
	for call := 1; call <= 6; call++ {
		for seed := range uint64(20) {
			fsys := disk.NewFragile()
			l := six(t, fsys)
			failing := seed%4 == 0
			if failing {
				fsys.FailCall(call, errors.New("a bad day"))
			} else {
				fsys.StopAfter(call)
			}
			_, err := l.RemoveBefore(4)
			if stopped := call <= 5; (err != nil) != stopped {
				t.Fatalf("call %d: %v", call, err)
			}
			if failing && call <= 2 {
				if n, err := l.RemoveBefore(4); n != 3 || err != nil {
					t.Errorf("again: removed %d, %v", n, err)
				}
			}
			fsys.Stop()
			fsys.Crash(rand.New(rand.NewPCG(uint64(call), seed)))
			l, report := open(t, fsys, log.Options{})
			if len(report.Damages) > 0 {
				t.Fatalf("call %d, seed %d: %v", call, seed, report.Damages[0])
			}
			equal(t, "rest", readAll(t, l, 4), "1-4=d 1-5=e 1-6=f")
			appendAll(t, l, "g")
		}
	}
}
