package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// State that lost everything is made again from the log, with the same times of visibility.
func TestReplayAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	for n := range 20 {
		r := f.push(event(fmt.Sprint(n), noon) + "{}\n")
		if n%3 == 0 {
			f.wall.Advance(second)
			if err := f.in.Wait(t.Context(), r.Position); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.close()
	old := f.state.(*fake)
	f.state = &fake{}
	f.open()
	made := f.state.(*fake)
	if len(made.batches) != len(old.batches) {
		t.Fatalf("%d batches, there were %d", len(made.batches), len(old.batches))
	}
	for i, b := range made.batches {
		if b.to != old.batches[i].to || fmt.Sprint(b.records[0].Counts) != fmt.Sprint(old.batches[i].records[0].Counts) {
			t.Errorf("batch %d is %+v, was %+v", i, b.to, old.batches[i].to)
		}
	}
	if r := f.in.Report(); r.Records != 20 || r.Rows != 20 || r.Marks != 0 || r.Recalled != 20 {
		t.Errorf("%+v", r)
	}
}

// What of the log cannot be read is named, and the rest is applied.
func TestDamagedLog(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	fragile := disk.NewFragile()
	f.fs = fragile
	f.open()
	for n := range 10 {
		if err := f.in.Wait(t.Context(), f.push(event(fmt.Sprint(n), noon)).Position); err != nil {
			t.Fatal(err)
		}
	}
	f.close()
	names, err := fragile.ReadDir("log")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name.Name(), ".log") {
			if err := fragile.Flip("log/"+name.Name(), 8*300); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.state = &fake{}
	f.open()
	ids, _, _ := f.state.(*fake).rows()
	if damages := f.in.Report().Damages; len(damages) != 1 || damages[0].Records() == 0 || len(ids) < 8 {
		t.Errorf("%v, %d events", damages, len(ids))
	}
	f.counts(f.push(event("new", noon)), 1, 0, 0)
}

// Only the youngest part of a long log is searched for keys and quarantined rows.
func TestRecallIsBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.tune = func(o *ingest.Options) { o.RecallBytes, o.Quarantines, o.Keys = 3000, 5, 5 }
	f.open()
	for n := range 200 {
		request := jsonl(event(fmt.Sprint(n), noon) + "{}\n")
		request.IdempotencyKey = fmt.Sprint("k", n)
		f.send(request)
	}
	f.reopen()
	if r := f.in.Report(); r.Recalled < 5 || r.Recalled > 40 {
		t.Errorf("%+v", r)
	}
	entries, err := f.in.Quarantine(t.Context(), "payments", 100)
	if err != nil || len(entries) != 5 || entries[0].Position.Sequence < entries[4].Position.Sequence {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	request := jsonl(event("199", noon) + "{}\n")
	request.IdempotencyKey = "k199"
	if r := f.send(request); !r.Repeated {
		t.Errorf("%+v", r)
	}
	request = jsonl(event("0", noon) + "{}\n")
	request.IdempotencyKey = "k0"
	if r := f.send(request); r.Repeated || r.Duplicates != 1 {
		t.Errorf("%+v", r)
	}
}

func TestRefusesToOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t).open()
	f.push(event("a", noon))
	f.close()
	var err error
	if f.log, _, err = log.Open(f.fs, "log", log.Options{Clock: f.wall}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.log.Close() }()
	refused := func(want string) {
		t.Helper()
		_, err := ingest.Open(context.Background(), f.options())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f.state = &fake{batches: []fakeBatch{{to: state.Position{Epoch: 1, Sequence: 99, VisibleAt: noon}}}}
	refused("the log ends at")
	f.state = &fake{failing: errors.New("state is broken")}
	refused("state is broken")
	f.state = &fake{}
	f.layout.Sources[0].Plan.Columns[0].Type.Kind++
	refused("does not have the columns of source payments")
	f.layout.Sources[0].Plan.Columns[0].Type.Kind--
	if _, err := f.log.Append(t.Context(), []log.Record{{Op: log.Delete, Target: 7}}); err != nil {
		t.Fatal(err)
	}
	refused("does not know operation 3")
}
