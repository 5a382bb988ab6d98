package format_test

import (
	"errors"
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
)

// BenchmarkRead reads all readable columns of the file that FETTLE_BENCH_FILE names, or those that
// FETTLE_BENCH_COLUMNS counts from the first on.
func BenchmarkRead(b *testing.B) {
	name := os.Getenv("FETTLE_BENCH_FILE")
	if name == "" {
		b.Skip("FETTLE_BENCH_FILE is not set")
	}
	limit := len(os.Getenv("FETTLE_BENCH_COLUMNS")) // one character per column
	var rows int64
	before := cpuTime()
	for b.Loop() {
		rows = readAll(b, name, limit)
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(rows*int64(b.N)), "cpu-ns/row")
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func readAll(b *testing.B, name string, limit int) (rows int64) {
	input, err := format.Open(disk.OS{}, name, format.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer input.Close()
	var wanted []format.Wanted
	for i, c := range input.Columns() {
		if c.Unsupported == "" && (limit == 0 || i < limit) {
			wanted = append(wanted, format.Wanted{Column: i, Type: c.Type})
		}
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		b.Fatal(err)
	}
	defer scan.Close()
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			b.Fatal(err)
		}
		err = unit.Read(func(p *format.Part) error {
			rows += int64(p.Batch.Rows)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// cpuTime returns the nanoseconds that the process has worked: on a shared machine it says more
// than the time that went by.
func cpuTime() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
