package log_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/log"
)

const benchPayload = 200

// BenchmarkFsync is the floor: one write of a record's size and one sync on the same disk.
func BenchmarkFsync(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	data := make([]byte, benchPayload+44)
	for b.Loop() {
		if _, err := file.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := file.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}

// BenchmarkAppend appends from many goroutines, one record or a hundred at a time.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ appenders, records int }{{1, 1}, {32, 1}, {256, 1}, {1, 100}, {32, 100}} {
		b.Run(fmt.Sprintf("appenders=%d/records=%d", c.appenders, c.records), func(b *testing.B) {
			commits := 0
			l, _, err := log.Open(disk.OS{}, filepath.Join(b.TempDir(), "log"), log.Options{
				Observer: log.Observer{Committed: func(log.Commit) { commits++ }},
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			appendMany(b, l, c.appenders, c.records)
			b.StopTimer()
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N*c.records)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(commits)/b.Elapsed().Seconds(), "syncs/s")
		})
	}
}

// appendMany makes b.N appends from a number of goroutines.
func appendMany(b *testing.B, l *log.Log, appenders, count int) {
	var group sync.WaitGroup
	for a := range appenders {
		group.Go(func() {
			list := make([]log.Record, count)
			for n := range list {
				list[n] = log.Record{Op: log.Insert, ReceivedAt: 1, Payload: make([]byte, benchPayload)}
			}
			for n := a; n < b.N; n += appenders {
				if _, err := l.Append(context.Background(), list); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkRead reads a log of 100,000 records from memory, as recovery does.
func BenchmarkRead(b *testing.B) {
	m := disk.NewMemory()
	l, _ := open(b, m, log.Options{})
	list := make([]log.Record, 1000)
	for n := range list {
		list[n] = log.Record{Op: log.Insert, ReceivedAt: 1, Payload: make([]byte, benchPayload)}
	}
	for range 100 {
		if _, err := l.Append(context.Background(), list); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(l.Bytes())
	for b.Loop() {
		r := l.Reader(0)
		for {
			if _, err := r.Next(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		r.Close()
	}
}
