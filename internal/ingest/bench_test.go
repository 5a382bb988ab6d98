package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/log"
)

// unsynced is the machine's disk without waiting for it: what is measured is our own work.
type unsynced struct{ disk.Cutter }

type unsyncedFile struct{ disk.File }

func (u unsynced) Create(name string) (disk.File, error) {
	file, err := u.Cutter.Create(name)
	return unsyncedFile{file}, err
}

func (unsyncedFile) Sync() error { return nil }

// forgetful is a state that keeps ids only.
type forgetful struct{ fake }

func BenchmarkPush(b *testing.B) {
	for _, synced := range []bool{false, true} {
		for _, rows := range []int{1, 1000} {
			for _, clients := range []int{1, 32} {
				b.Run(fmt.Sprintf("fsync=%v/rows=%d/clients=%d", synced, rows, clients), func(b *testing.B) {
					benchmarkPush(b, synced, rows, clients)
				})
			}
		}
	}
}

func benchmarkPush(b *testing.B, synced bool, rows, clients int) {
	f := newFixture(b)
	f.state = &forgetful{}
	f.fs = disk.OS{}
	if !synced {
		f.fs = unsynced{disk.OS{}}
	}
	f.line = clock.NewTimeline(clock.System{}, 0, nil)
	var err error
	if f.log, _, err = log.Open(f.fs, b.TempDir(), log.Options{}); err != nil {
		b.Fatal(err)
	}
	if f.in, err = ingest.Open(b.Context(), f.options()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(f.close)
	b.ReportAllocs()
	b.SetParallelism((clients + 1) / 2)
	start := time.Now()
	var next = make(chan int, 1)
	next <- 0
	run := func(pb *testing.PB) {
		for pb.Next() {
			from := <-next
			next <- from + rows
			var body strings.Builder
			for i := range rows {
				body.WriteString(event(fmt.Sprint("event-", from+i), noon+int64(from+i)))
			}
			if _, err := f.in.Push(context.Background(), jsonl(body.String())); err != nil {
				b.Error(err)
				return
			}
		}
	}
	if clients > 1 {
		b.RunParallel(run)
	} else {
		for b.Loop() {
			from := <-next
			next <- from + rows
			var body strings.Builder
			for i := range rows {
				body.WriteString(event(fmt.Sprint("event-", from+i), noon+int64(from+i)))
			}
			if _, err := f.in.Push(context.Background(), jsonl(body.String())); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N*rows)/time.Since(start).Seconds(), "rows/s")
}
