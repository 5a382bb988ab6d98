package file_test

import (
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
)

// BenchmarkScan reads every column of the file that FETTLE_BENCH_FILE names. The first timestamp is
// the event time; FETTLE_BENCH_ID names the column of ids.
func BenchmarkScan(b *testing.B) {
	name := os.Getenv("FETTLE_BENCH_FILE")
	if name == "" {
		b.Skip("FETTLE_BENCH_FILE is not set")
	}
	config := file.Config{Name: "bench", Root: filepath.Dir(name), Paths: []string{filepath.Base(name)}, ID: -1}
	columns, err := file.Columns(disk.OS{}, file.Files{Root: config.Root, Paths: config.Paths, Rows: true})
	if err != nil {
		b.Fatal(err)
	}
	request := file.ScanRequest{Workers: runtime.GOMAXPROCS(0), SkipHash: os.Getenv("FETTLE_BENCH_HASH") == ""}
	config.EventTime = eventTime(columns)
	for i, c := range columns {
		config.Columns = append(config.Columns, schema.Field{Name: c.Name, Type: c.Type})
		request.Columns = append(request.Columns, i)
		if c.Name == os.Getenv("FETTLE_BENCH_ID") {
			config.ID = i
		}
	}
	var rows atomic.Int64
	before := cpuTime()
	for b.Loop() {
		source, err := file.Open(disk.OS{}, config)
		if err != nil {
			b.Fatal(err)
		}
		_, err = source.Scan(b.Context(), request, func(_ int, c *file.Chunk) error {
			rows.Add(int64(c.Rows()))
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(rows.Load()), "cpu-ns/row")
	b.ReportMetric(float64(rows.Load())/b.Elapsed().Seconds()/1e6, "Mrows/s")
}

func eventTime(columns []format.Column) file.EventTime {
	for i, c := range columns {
		if c.Type.Kind == schema.Timestamp {
			return file.EventTime{Column: i, Zone: "America/New_York", ZoneColumn: -1}
		}
	}
	return file.EventTime{ZoneColumn: -1}
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
