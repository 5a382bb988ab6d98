package log_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

func open(t testing.TB, fsys disk.Cutter, options log.Options) (*log.Log, *log.Report) {
	t.Helper()
	l, report, err := log.Open(fsys, "log", options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, report
}

func records(payloads ...string) []log.Record {
	var list []log.Record
	for n, payload := range payloads {
		list = append(list, log.Record{Op: log.Insert, Target: 7, ReceivedAt: int64(100 + n),
			Payload: []byte(payload)})
	}
	return list
}

func appendAll(t testing.TB, l *log.Log, payloads ...string) log.Position {
	t.Helper()
	position, err := l.Append(context.Background(), records(payloads...))
	if err != nil {
		t.Fatal(err)
	}
	return position
}

// readAll lists what a log holds from a sequence on: position=payload, or !from-to for damage.
func readAll(t testing.TB, l *log.Log, from uint64) string {
	t.Helper()
	r := l.Reader(from)
	defer r.Close()
	var out []string
	for {
		e, err := r.Next()
		var damage *log.Damage
		switch {
		case errors.Is(err, io.EOF):
			return strings.Join(out, " ")
		case errors.As(err, &damage):
			out = append(out, fmt.Sprintf("!%d-%d", damage.From, damage.To))
		case err != nil:
			return strings.Join(append(out, err.Error()), " ")
		default:
			out = append(out, fmt.Sprintf("%s=%s", e.Position, e.Payload))
		}
	}
}

func equal(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]disk.Cutter{"memory": disk.NewMemory(), "fragile": disk.NewFragile()} {
		l, report := open(t, fsys, log.Options{})
		if report.Next != 1 || report.First != 1 || len(report.Cuts)+len(report.Damages) > 0 {
			t.Errorf("%s: report %+v", name, report)
		}
		if last := l.Last(); last.Sequence != 0 {
			t.Errorf("%s: last %v", name, last)
		}
		if got := appendAll(t, l, "a", "b"); got != (log.Position{Epoch: 1, Sequence: 2}) {
			t.Errorf("%s: position %v", name, got)
		}
		appendAll(t, l, "")
		equal(t, name, readAll(t, l, 0), "1-1=a 1-2=b 1-3=")
		equal(t, name, readAll(t, l, 2), "1-2=b 1-3=")
		equal(t, name, readAll(t, l, 4), "")
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Append(context.Background(), records("x")); !errors.Is(err, log.ErrClosed) {
			t.Errorf("%s: append to a closed log: %v", name, err)
		}
		l, report = open(t, fsys, log.Options{})
		if report.Next != 4 || report.Segments != 1 || len(report.Cuts)+len(report.Damages) > 0 {
			t.Errorf("%s: report %+v", name, report)
		}
		appendAll(t, l, "d")
		equal(t, name, readAll(t, l, 3), "1-3= 2-4=d")
	}
}

func TestOnTheRealDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/deep/log"
	for life := range 3 {
		l, _, err := log.Open(disk.OS{}, dir, log.Options{SegmentBytes: 100})
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, l, fmt.Sprint("a", life), strings.Repeat("x", 200))
		appendAll(t, l, fmt.Sprint("b", life))
		if life == 2 {
			if n, err := l.RemoveBefore(7); n != 4 || err != nil {
				t.Errorf("removed %d, %v", n, err)
			}
			equal(t, "read", readAll(t, l, 9), "3-9=b2")
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	report, err := log.Check(disk.OS{}, dir)
	if err != nil || report.First != 7 || report.Next != 10 || report.Segments != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestFieldsAreKept(t *testing.T) {
	t.Parallel()
	fake := clock.NewFake(5000)
	fsys := disk.NewMemory()
	l, _ := open(t, fsys, log.Options{Clock: fake})
	list := []log.Record{
		{Op: log.Insert, Target: 1, ReceivedAt: -5, Payload: []byte("a")},
		{Op: log.Replace, Target: 1<<32 - 1, Payload: bytes.Repeat([]byte{0}, 3<<20)},
		{Op: log.Delete, Target: 3, ReceivedAt: 9000},
		{Op: log.Mark, ReceivedAt: 9001, Payload: []byte{1}},
	}
	if _, err := l.Append(context.Background(), list); err != nil {
		t.Fatal(err)
	}
	fake.Set(4000) // the clock goes back, the log's times do not
	if _, err := l.Append(context.Background(), list[1:2]); err != nil {
		t.Fatal(err)
	}
	want := append(list, list[1])
	want[1].ReceivedAt, want[4].ReceivedAt = 5000, 5000
	r := l.Reader(0)
	defer r.Close()
	for n, w := range want {
		e, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e.Op != w.Op || e.Target != w.Target || e.Key != 0 || e.ReceivedAt != w.ReceivedAt ||
			!bytes.Equal(e.Payload, w.Payload) {
			t.Errorf("record %d: %d %d %d %d", n, e.Op, e.Target, e.ReceivedAt, len(e.Payload))
		}
	}
}

func TestRefusedRecords(t *testing.T) {
	t.Parallel()
	l, _ := open(t, disk.NewMemory(), log.Options{AppendBytes: 1000})
	f := func(want error, list ...log.Record) {
		t.Helper()
		if _, err := l.Append(context.Background(), list); !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
	f(log.ErrInvalid)
	f(log.ErrInvalid, log.Record{})
	f(log.ErrInvalid, log.Record{Op: 5})
	f(log.ErrInvalid, log.Record{Op: 0xff})
	f(log.ErrInvalid, log.Record{Op: log.Insert, Key: 1})
	f(log.ErrTooLarge, log.Record{Op: log.Insert, Payload: make([]byte, 957)})
	f(log.ErrTooLarge, log.Record{Op: log.Insert, Payload: make([]byte, log.MaxPayload+1)})
	f(nil, log.Record{Op: log.Insert, Payload: make([]byte, 956)})
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.Append(cancelled, records("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if last := l.Last(); last.Sequence != 1 {
		t.Errorf("last %v", last)
	}
}

func TestPosition(t *testing.T) {
	t.Parallel()
	p := log.Position{Epoch: 3, Sequence: 1042}
	if got, err := log.ParsePosition(p.String()); got != p || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "3", "3-", "-3", "03-1", "3-1 ", "3-+1", "4294967296-1", "1-1-1"} {
		if _, err := log.ParsePosition(bad); err == nil {
			t.Errorf("%q passed", bad)
		}
	}
	before := log.Position{Epoch: 2, Sequence: 2000}
	if before.Compare(p) >= 0 || p.Compare(before) <= 0 || p.Compare(p) != 0 {
		t.Error("positions are not ordered")
	}
}

func TestReadersSeeWhatIsAppended(t *testing.T) {
	t.Parallel()
	l, _ := open(t, disk.NewMemory(), log.Options{SegmentBytes: 500})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	const appenders, each = 8, 60
	var group sync.WaitGroup
	for a := range appenders {
		group.Go(func() {
			for n := range each {
				if _, err := l.Append(ctx, records(fmt.Sprint(a, "/", n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		group.Go(func() {
			r := l.Reader(1)
			defer r.Close()
			next := map[string]int{}
			for count := uint64(0); count < appenders*each; {
				e, err := r.Next()
				if errors.Is(err, io.EOF) {
					err = l.Wait(ctx, count)
					if err == nil {
						continue
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				count++
				a, n, _ := strings.Cut(string(e.Payload), "/")
				if e.Sequence != count || n != fmt.Sprint(next[a]) {
					t.Errorf("sequence %d is %s, want %s/%d", e.Sequence, e.Payload, a, next[a])
				}
				next[a]++
			}
		})
	}
	group.Wait()
}

func TestWait(t *testing.T) {
	t.Parallel()
	l, _ := open(t, disk.NewMemory(), log.Options{})
	appendAll(t, l, "a")
	if err := l.Wait(context.Background(), 0); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := l.Wait(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Wait(context.Background(), 1); !errors.Is(err, log.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// stuck is a disk whose Sync waits.
type stuck struct {
	disk.Cutter
	wait chan struct{}
}

type stuckFile struct {
	disk.File
	wait chan struct{}
}

func (s *stuck) Create(name string) (disk.File, error) {
	file, err := s.Cutter.Create(name)
	return &stuckFile{file, s.wait}, err
}

func (f *stuckFile) Sync() error {
	<-f.wait
	return f.File.Sync()
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	fsys := &stuck{disk.NewMemory(), wait}
	l, _ := open(t, fsys, log.Options{Timeout: 20 * time.Millisecond, BatchAppends: 1})
	if _, err := l.Append(context.Background(), records("a")); !errors.Is(err, log.ErrUncertain) ||
		!errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append to a disk that does not answer: %v", err)
	}
	for range 3 { // the first waits in the queue, the next ones for a place in it
		if _, err := l.Append(context.Background(), records("b")); errors.Is(err, log.ErrUncertain) ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("append behind it: %v", err)
		}
	}
	if err := l.Close(); err == nil {
		t.Error("close did not tell that the disk hangs")
	}
	if l.Last().Sequence != 0 {
		t.Error("a record is acknowledged that is not synced")
	}
	close(wait)
	if err := l.Wait(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	equal(t, "read", readAll(t, l, 0), "1-1=a")
}

func TestGroupCommit(t *testing.T) {
	t.Parallel()
	wait := make(chan struct{})
	var mu sync.Mutex
	var commits []string
	observer := log.Observer{Committed: func(c log.Commit) {
		mu.Lock()
		defer mu.Unlock()
		commits = append(commits, fmt.Sprintf("%d/%d", c.Appends, c.Records))
	}}
	l, _ := open(t, &stuck{disk.NewMemory(), wait}, log.Options{BatchAppends: 6, Observer: observer})
	var group sync.WaitGroup
	group.Go(func() { appendAll(t, l, "first") })
	wait <- struct{}{} // the header's sync; the first batch is in the next one
	for range 6 {
		group.Go(func() { appendAll(t, l, "a", "b") })
	}
	for l.Waiting() < 6 {
		time.Sleep(time.Millisecond)
	}
	close(wait)
	group.Wait()
	if got := strings.Join(commits, " "); got != "1/1 6/12" {
		t.Errorf("commits %s", got)
	}
}
