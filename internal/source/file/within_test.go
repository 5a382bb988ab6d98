package file

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestScanWithin counts the rows of Parquet row groups that are read: only groups with a wanted
// time are, all rows are counted, and a source with an id reads all.
func TestScanWithin(t *testing.T) {
	t.Parallel()
	const group, groups = 1 << 17, 4
	fields := []schema.Field{{Name: "t", Type: schema.Of(schema.Timestamp)}, {Name: "n", Type: schema.Of(schema.Int64)}}
	times, numbers := make([]int64, group*groups), make([]int64, group*groups)
	for i := range times {
		times[i], numbers[i] = int64(i)*schema.Second, int64(i)
	}
	var out bytes.Buffer
	output, err := format.Create(&out, format.Parquet, fields)
	if err != nil {
		t.Fatal(err)
	}
	table := batch.New(fields, []*batch.Column{
		{Type: fields[0].Type, Length: len(times), Ints: times}, {Type: fields[1].Type, Length: len(times), Ints: numbers},
	})
	if err := output.Write(table); err != nil {
		t.Fatal(err)
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
	fsys := disk.NewMemory()
	fsys.Add("p/a.parquet", out.Bytes())
	config := Config{Name: "s", Root: "p", Paths: []string{"*.parquet"}, Columns: fields, ID: -1,
		EventTime: EventTime{Column: 0, ZoneColumn: -1}}
	at := func(row int64) int64 { return row * schema.Second }
	for _, f := range []struct {
		name   string
		within *Interval
		id     int
		want   int64 // row groups that are read
	}{
		{"all", nil, -1, 4},
		{"none", &Interval{at(group * groups), at(group * 9)}, -1, 0},
		{"empty", &Interval{1, 0}, -1, 0},
		{"the second", &Interval{at(group), at(2 * group)}, -1, 1},
		{"from the last of the first", &Interval{at(group - 1), at(2 * group)}, -1, 2},
		{"to the first of the third", &Interval{at(group), at(2*group) + 1}, -1, 2},
		{"with an id", &Interval{at(group), at(2 * group)}, 1, 4},
	} {
		config.ID = f.id
		source, err := Open(fsys, config)
		if err != nil {
			t.Fatal(err)
		}
		var read atomic.Int64
		report, err := source.Scan(t.Context(), ScanRequest{Columns: []int{1}, Workers: 2, Within: f.within},
			func(_ int, c *Chunk) error { read.Add(int64(c.Rows())); return nil })
		if err != nil {
			t.Fatal(err)
		}
		if read.Load() != f.want*group || report.Rows != group*groups || report.Kept != report.Rows ||
			report.Skipped != report.Rows-read.Load() || report.Files[0].Rows != report.Rows {
			t.Errorf("%s: read %d groups, want %d; report %+v", f.name, read.Load()/group, f.want, report)
		}
	}
}
