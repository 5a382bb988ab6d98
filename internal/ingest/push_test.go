package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
)

func TestPush(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	r := f.push(event("a", noon) + event("b", noon-second) + event("a", noon))
	f.counts(r, 2, 1, 0)
	f.counts(f.push(event("b", noon-second)+event("c", noon)), 1, 1, 0)
	r = f.push(event("a", noon+1) + `{"id":null,"ts":"2024-10-04"}` + "\n\n" + event("d", noon+6*minute) +
		`{"ts":"2024-10-04T00:00:00Z"}` + "\n" + `{"id":"e","id":"e"}` + "\n" +
		`{"id":"f","ts":"2024-10-04T00:00:00Z","twice":1,"nope":2}` + "\n" + `{"id":"g"}` + "\n" +
		`{"id":"h","ts":"2024-10-04T00:00:00Z","amount":"x","n":1.5}`)
	f.counts(r, 1, 0, 7)
	var got strings.Builder
	for _, q := range r.Quarantined {
		fmt.Fprintf(&got, "%d %d %s %s\n", q.Row, q.Line, q.Field, q.Code)
	}
	want := "1 1 id id_conflict\n2 2 ts bad_type\n3 4 ts too_far_in_future\n5 6  bad_record\n" +
		"6 7 twice unknown_field\n6 7 nope unknown_field\n7 8 ts null_time\n8 9 amount bad_type\n8 9 n bad_type\n"
	if got.String() != want {
		t.Errorf("quarantined:\n%swant:\n%s", got.String(), want)
	}
	if err := f.in.Wait(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
	ids, nulls, counts := f.state.(*fake).rows()
	if len(ids) != 3 || nulls != 1 || counts != (state.Counts{In: 13, Accepted: 4, Duplicates: 2, Quarantined: 7}) {
		t.Errorf("ids %v, %d nulls, %+v", ids, nulls, counts)
	}
}

// A quarantined row does not use up its id.
func TestIDsOfBadRowsStayFree(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	f.counts(f.push(event("a", noon+day)+`{"id":"b"}`+"\n"+event("a", noon)+event("b", noon)), 2, 0, 2)
	f.counts(f.push(event("a", noon)+event("a", noon+1)+event("b", noon)), 0, 2, 1)
	f.wall.Advance(day + 1) // beyond the horizon, ids are forgotten
	f.counts(f.push(event("a", noon)+event("a", noon)), 1, 1, 0)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	csv := ingest.PushRequest{Source: "payments", Format: format.CSV, MaxBad: -1,
		Body: []byte("id,ts,card,amount,n,ok\na,2024-10-04T10:00:00Z,c,1.5,1,true\n" +
			"b,never,c,1,1,false\n\"c\n\",2024-10-04T10:00:00Z,,,,\nd,2024-10-05T00:00:00Z,,,x,\n")}
	r := f.send(csv)
	f.counts(r, 2, 0, 2)
	if q := r.Quarantined; q[0].Line != 3 || q[1].Line != 6 || q[1].Row != 4 {
		t.Errorf("%v", q)
	}
	fields := []schema.Field{{Name: "id", Type: schema.Of(schema.String)},
		{Name: "ts", Type: schema.Of(schema.Timestamp)}, {Name: "card", Type: schema.Of(schema.String)},
		{Name: "amount", Type: schema.Of(schema.Float64)}, {Name: "n", Type: schema.Of(schema.Int64)},
		{Name: "ok", Type: schema.Of(schema.Bool)}}
	columns := make([]*batch.Column, len(fields))
	for i, field := range fields {
		columns[i] = batch.Repeat(schema.NullOf(field.Type), 3)
	}
	columns[1] = &batch.Column{Type: fields[1].Type, Length: 3, Ints: []int64{noon, noon + day, noon + 1}}
	columns[4] = &batch.Column{Type: fields[4].Type, Length: 3, Ints: []int64{1, 2, 3}}
	for _, kind := range []format.Format{format.Parquet, format.ArrowFile, format.ArrowStream} {
		var body bytes.Buffer
		out, err := format.Create(&body, kind, fields)
		if err == nil {
			err = errors.Join(out.Write(batch.New(fields, columns)), out.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		r = f.send(ingest.PushRequest{Source: "payments", Format: kind, Body: body.Bytes(), MaxBad: -1})
		f.counts(r, 2, 0, 1)
		f.fails(ingest.ErrBody, ingest.PushRequest{Source: "payments", Format: kind, Body: body.Bytes()[:body.Len()/2]})
	}
	entries, err := f.in.Quarantine(t.Context(), "payments", 10)
	if err != nil || len(entries) != 5 || !strings.Contains(entries[0].Text, `"n":2`) ||
		entries[3].Text != "b,never,c,1,1,false" || entries[4].Row != 4 {
		t.Errorf("%+v, %v", entries, err)
	}
	csv.Body = []byte("id,ts,card,amount,n,ok,more\n")
	f.fails(ingest.ErrBody, csv)
	csv.Body = []byte("id,ts\n")
	f.fails(ingest.ErrBody, csv)
	csv.Format, csv.Body = format.Parquet, []byte("PAR1")
	f.fails(ingest.ErrBody, csv)
	f.counts(f.push(""), 0, 0, 0)
	f.counts(f.push("\n \n"), 0, 0, 0)
}

func TestRejected(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	f.tune = func(o *ingest.Options) { o.MaxRows = 3 }
	f.reopen()
	request := jsonl(event("a", noon) + "{}\n[]\n")
	request.Atomic = true
	before := f.log.Last()
	_, err := f.in.Push(t.Context(), request)
	var rejected *ingest.RejectedError
	if !errors.As(err, &rejected) || rejected.Rows != 2 || len(rejected.Quarantined) != 2 {
		t.Errorf("%v", err)
	}
	request.Atomic, request.MaxBad = false, 1
	if _, err := f.in.Push(t.Context(), request); !errors.As(err, &rejected) {
		t.Errorf("%v", err)
	}
	if f.log.Last() != before {
		t.Error("something was written")
	}
	request.MaxBad = 2
	f.counts(f.send(request), 1, 0, 2)
	f.fails(ingest.ErrTooLarge, jsonl("{}\n{}\n{}\n{}\n"))
	request.Source = "nothing"
	f.fails(ingest.ErrUnknownSource, request)
	f.layout.Sources[0].Plan.Push = false
	f.fails(ingest.ErrNotPushed, jsonl("{}"))
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	request := jsonl(`{"ts":"2024-10-04T00:00:00Z"}` + "\n{}\n")
	request.IdempotencyKey = "k"
	first := f.send(request)
	f.counts(first, 1, 0, 1)
	for round := range 2 {
		again := f.send(request)
		f.counts(again, 1, 0, 1)
		if !again.Repeated || again.Position != first.Position || len(again.Quarantined) != 1 {
			t.Errorf("round %d: %+v", round, again)
		}
		other := request
		other.Body = []byte(`{"ts":"2024-10-04T00:00:01Z"}`)
		f.fails(ingest.ErrConflict, other)
		f.reopen()
	}
	f.wall.Advance(day + 1)
	if late := f.send(request); late.Repeated {
		t.Error("remembered for ever")
	}
	request.IdempotencyKey = strings.Repeat("k", 300)
	f.fails(ingest.ErrBody, request)
}

// A large request takes several records, which stay together.
func TestLargeRequest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.tune = func(o *ingest.Options) { o.RecordBytes = 2000 }
	f.open()
	var body strings.Builder
	long := strings.Repeat("x", 900)
	for i := range 3 {
		fmt.Fprintf(&body, "{\"id\":\"a%d\",\"ts\":\"2024-10-04T00:00:00Z\",\"card\":\"%s%d\"}\n", i, long, i)
	}
	request := jsonl(body.String() + "{}\n")
	request.IdempotencyKey = "k"
	r := f.send(request)
	f.counts(r, 3, 0, 1)
	if r.Position.Sequence < 2 {
		t.Errorf("position %v", r.Position)
	}
	f.reopen()
	if again := f.send(request); !again.Repeated || again.Position != r.Position || len(again.Quarantined) != 1 {
		t.Errorf("%+v", again)
	}
	request.IdempotencyKey = ""
	f.counts(f.send(request), 0, 3, 1)
	f.fails(ingest.ErrTooLarge, jsonl(`{"ts":"2024-10-04T00:00:00Z","card":"`+strings.Repeat(long, 3)+`"}`))
}

func TestRetry(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	f.push(event("a", noon+10*minute) + event("b", noon) + event("c", noon+day) + "[]\n")
	f.push(event("a", noon+10*minute) + event("b", noon+1))
	f.send(ingest.PushRequest{Source: "payments", Format: format.CSV, MaxBad: -1,
		Body: []byte("id,ts,card,amount,n,ok\n\"x\ny\",2024-10-04T12:10:00Z,c,1.5,1,true\n")})
	f.counts(f.push(event("x\ny", noon)), 1, 0, 0)
	f.wall.Advance(10 * minute)
	list := func(want string) {
		t.Helper()
		entries, err := f.in.Quarantine(t.Context(), "payments", 100)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range entries {
			got += fmt.Sprintf("%d:%s ", e.Row, e.Problems[0].Code)
		}
		if got != want {
			t.Errorf("quarantine %q, want %q", got, want)
		}
	}
	list("1:too_far_in_future 1:too_far_in_future 2:id_conflict " +
		"1:too_far_in_future 3:too_far_in_future 4:bad_record ")
	r, err := f.in.Retry(t.Context(), "payments")
	if err != nil {
		t.Fatal(err)
	}
	f.counts(r, 1, 1, 3)
	for range 2 {
		list("1:too_far_in_future 2:id_conflict 3:too_far_in_future 4:bad_record ")
		f.reopen()
	}
	before := f.log.Last()
	r, err = f.in.Retry(t.Context(), "payments")
	if err != nil || r.Accepted+r.Duplicates != 0 || f.log.Last() != before {
		t.Errorf("retried again: %+v, %v", r, err)
	}
	_, _, counts := f.state.(*fake).rows()
	if counts != (state.Counts{In: 10, Accepted: 3, Duplicates: 1, Quarantined: 6}) {
		t.Errorf("%+v", counts)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	slow := make(chan struct{})
	f.state = &fake{slow: slow}
	f.open()
	r := f.push(event("a", noon))
	short, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := f.in.Wait(short, r.Position); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	unknown := r.Position
	unknown.Sequence += 10
	if err := f.in.Wait(t.Context(), unknown); !errors.Is(err, ingest.ErrPosition) {
		t.Errorf("%v", err)
	}
	close(slow)
	if err := f.in.Wait(t.Context(), r.Position); err != nil {
		t.Fatal(err)
	}
}

// What waits to be applied is bounded: requests wait for room, as long as they can.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	slow := make(chan struct{})
	f.state = &fake{slow: slow}
	f.tune = func(o *ingest.Options) { o.MaxUnapplied = 2000 }
	f.open()
	taken := 0
	for ; taken < 1000; taken++ {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		_, err := f.in.Push(ctx, jsonl(event(fmt.Sprint(taken), noon)))
		cancel()
		if err != nil {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
	}
	if _, bytes := f.in.Unapplied(); taken < 10 || taken > 100 || bytes < 2000 || bytes > 3000 {
		t.Errorf("%d requests were taken, %d bytes wait", taken, bytes)
	}
	close(slow)
	f.counts(f.push(event("last", noon)), 1, 0, 0)
}

func TestStateFails(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	broken := &fake{failing: errors.New("no space in state")}
	f.state = broken
	f.open()
	r := f.push(event("a", noon))
	if err := f.in.Wait(t.Context(), r.Position); !errors.Is(err, ingest.ErrStopped) {
		t.Errorf("wait: %v", err)
	}
	f.fails(ingest.ErrStopped, jsonl(event("b", noon)))
	f.wall.Advance(second)
	if at, err := f.line.Read(); at != noon+second || err != nil {
		t.Errorf("reads stand at %d: %v", at, err)
	}
	broken.failing = nil
	f.reopen()
	f.counts(f.push(event("a", noon)), 0, 1, 0)
}

// Concurrent clients share syncs, and no event counts twice.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.fs = slowDisk{disk.NewMemory()}
	var syncs, records atomic.Int64
	f.logs.Observer.Committed = func(c log.Commit) { syncs.Add(1); records.Add(int64(c.Records)) }
	f.open()
	const clients, each = 32, 30
	var accepted, duplicates atomic.Int64
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for n := range each {
				r := f.push(event(fmt.Sprintf("%d-%d", client, n), noon) + event(fmt.Sprintf("shared-%d", n), noon))
				accepted.Add(r.Accepted)
				duplicates.Add(r.Duplicates)
			}
		})
	}
	group.Wait()
	f.close()
	if accepted.Load() != clients*each+each || duplicates.Load() != clients*each-each {
		t.Errorf("%d accepted, %d duplicates", accepted.Load(), duplicates.Load())
	}
	ids, _, counts := f.state.(*fake).rows()
	if len(ids) != clients*each+each || counts.In != 2*clients*each {
		t.Errorf("%d events in state, %+v", len(ids), counts)
	}
	per := float64(records.Load()) / float64(syncs.Load())
	t.Logf("%d records in %d syncs: %.1f for each", records.Load(), syncs.Load(), per)
	if per <= 4 {
		t.Errorf("%.1f records for each sync, want more than 4", per)
	}
}

// slowDisk takes as long for a sync as a fast disk.
type slowDisk struct{ disk.Cutter }

type slowFile struct{ disk.File }

func (d slowDisk) Create(name string) (disk.File, error) {
	file, err := d.Cutter.Create(name)
	return slowFile{file}, err
}

func (f slowFile) Sync() error {
	time.Sleep(time.Millisecond)
	return f.File.Sync()
}
