package log_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

var errDisk = errors.New("input/output error")

// TestEveryCallFails lets each call of a short life fail, one at a time. What was acknowledged
// before and after must be there, also after a crash, and a failed write or sync must end appending.
func TestEveryCallFails(t *testing.T) {
	t.Parallel()
	refused := 0
	for call := 1; call <= 40; call++ {
		fsys := disk.NewFragile()
		fsys.FailCall(call, errDisk)
		l, _, err := log.Open(fsys, "log", log.Options{SegmentBytes: 150})
		if err != nil {
			if !errors.Is(err, errDisk) {
				t.Errorf("call %d: open: %v", call, err)
			}
			if l, _, err = log.Open(fsys, "log", log.Options{SegmentBytes: 150}); err != nil {
				t.Fatalf("call %d: open again: %v", call, err)
			}
		}
		var acknowledged []string
		failed := false
		for n := range 8 {
			payload := fmt.Sprint("r", n)
			position, err := l.Append(context.Background(), records(payload))
			switch {
			case err == nil && failed:
				t.Fatalf("call %d: an append passed after a failure", call)
			case err == nil:
				acknowledged = append(acknowledged, fmt.Sprintf("%s=%s", position, payload))
			case errors.Is(err, log.ErrFailed):
				failed = true
			case !errors.Is(err, errDisk) || !strings.Contains(err.Error(), "create log segment"):
				t.Errorf("call %d: append: %v", call, err)
			}
		}
		if failed {
			refused++
			if !errors.Is(l.Err(), errDisk) {
				t.Errorf("call %d: %v", call, l.Err())
			}
		}
		want := strings.Join(acknowledged, " ")
		equal(t, fmt.Sprint("reads go on after call ", call), readAll(t, l, 0), want)
		_ = l.Close()
		fsys.Stop()
		fsys.Crash(rand.New(rand.NewPCG(1, uint64(call))))
		l, report := open(t, fsys, log.Options{})
		equal(t, fmt.Sprint("after call ", call), readAll(t, l, 0), want)
		if len(report.Damages) > 0 {
			t.Errorf("call %d: %s", call, describe(report))
		}
	}
	if refused < 10 {
		t.Errorf("only %d failures ended appending", refused)
	}
}

// TestFull lets the disk be full at every byte.
func TestFull(t *testing.T) {
	t.Parallel()
	for space := range int64(400) {
		fsys := disk.NewFragile()
		l, _ := open(t, fsys, log.Options{SegmentBytes: 150})
		fsys.SetSpace(space)
		var want []string
		full := 0
		for n := range 8 {
			payload := fmt.Sprint("r", n)
			position, err := l.Append(context.Background(), records(payload))
			if err == nil {
				want = append(want, fmt.Sprintf("%s=%s", position, payload))
				continue
			}
			full++
			if !errors.Is(err, log.ErrFull) || !disk.IsFull(err) || errors.Is(err, log.ErrFailed) {
				t.Fatalf("space %d: %v", space, err)
			}
		}
		if full == 0 {
			t.Errorf("space %d: the disk was not full", space)
		}
		fsys.SetSpace(-1)
		want = append(want, fmt.Sprintf("%s=after", appendAll(t, l, "after")))
		equal(t, fmt.Sprint("space ", space), readAll(t, l, 0), strings.Join(want, " "))
		fsys.Stop()
		fsys.Crash(rand.New(rand.NewPCG(2, uint64(space))))
		l, report := open(t, fsys, log.Options{})
		equal(t, fmt.Sprint("reopened, space ", space), readAll(t, l, 0), strings.Join(want, " "))
		if len(report.Damages) > 0 {
			t.Errorf("space %d: %s", space, describe(report))
		}
	}
}

func TestFullAndFailing(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	l, _ := open(t, fsys, log.Options{})
	appendAll(t, l, "a")
	fsys.SetSpace(10)
	fsys.FailCall(2, errDisk) // the cut after the write
	if _, err := l.Append(context.Background(), records("b")); !errors.Is(err, log.ErrFailed) ||
		!errors.Is(err, syscall.ENOSPC) || !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
	fsys.SetSpace(-1)
	if _, err := l.Append(context.Background(), records("c")); !errors.Is(err, log.ErrFailed) {
		t.Errorf("error %v", err)
	}
	equal(t, "read", readAll(t, l, 0), "1-1=a")
	_ = l.Close()
	fsys.Kill()
	l, report := open(t, fsys, log.Options{})
	equal(t, "report", describe(report), "-1-0000000001@77+10:2")
	equal(t, "read", readAll(t, l, 0), "1-1=a")
}

// TestRemoveOnFullDisk frees space where there is none.
func TestRemoveOnFullDisk(t *testing.T) {
	t.Parallel()
	fsys := disk.NewFragile()
	l := six(t, fsys)
	fsys.SetSpace(0)
	if _, err := l.Append(context.Background(), records("x")); !errors.Is(err, log.ErrFull) {
		t.Errorf("error %v", err)
	}
	if n, err := l.RemoveBefore(6); n != 5 || err != nil {
		t.Errorf("removed %d, %v", n, err)
	}
	appendAll(t, l, "g")
	equal(t, "read", readAll(t, l, 0), "1-6=f 1-7=g")
}
