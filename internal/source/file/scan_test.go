package file_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
)

func fields(text string) (fields []schema.Field) {
	for _, word := range strings.Fields(text) {
		name, kind, _ := strings.Cut(word, ":")
		t, err := schema.ParseType(kind)
		if err != nil {
			panic(err)
		}
		fields = append(fields, schema.Field{Name: name, Type: t})
	}
	return fields
}

// fixture is a source over files in memory; its event time is column 0.
func fixture(files map[string]string, columns string) (*disk.Memory, file.Config) {
	fsys := disk.NewMemory()
	for name, text := range files {
		fsys.Add(name, []byte(text))
	}
	return fsys, file.Config{Name: "s", Root: ".", Paths: []string{"*.csv"}, Columns: fields(columns),
		EventTime: file.EventTime{ZoneColumn: -1}, ID: -1}
}

// scan returns the rows in order, as "file/row time cells".
func scan(t *testing.T, fsys disk.FS, config file.Config, workers int) ([]string, *file.Report, error) {
	t.Helper()
	source, err := file.Open(fsys, config)
	if err != nil {
		return nil, nil, err
	}
	request := file.ScanRequest{Workers: workers}
	for i := range config.Columns {
		request.Columns = append(request.Columns, i)
	}
	var mu sync.Mutex
	var chunks []*file.Chunk
	report, err := source.Scan(t.Context(), request, func(_ int, c *file.Chunk) error {
		mu.Lock()
		defer mu.Unlock()
		chunks = append(chunks, c)
		return nil
	})
	slices.SortFunc(chunks, func(a, b *file.Chunk) int { return cmp.Compare(a.Ordinal, b.Ordinal) })
	var rows []string
	for _, c := range chunks {
		for i := range c.Rows() {
			row := fmt.Sprintf("%d/%d %s", c.File, c.Row(i), strings.TrimPrefix(schema.FormatTime(c.EventTime[i]), "2024-"))
			for _, column := range c.Columns[1:] {
				row += " " + column.Value(i).String()
			}
			rows = append(rows, row)
		}
	}
	return rows, report, err
}

func expect(t *testing.T, got []string, want string) {
	t.Helper()
	if text := strings.Join(got, "\n"); text != strings.TrimSpace(want) {
		t.Errorf("got\n%s\nwant\n%s", text, strings.TrimSpace(want))
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	fsys, config := fixture(map[string]string{
		"b.csv": "x,ts,n\n1.5,2024-05-01T00:00:00Z,\n",
		"a.csv": "ts,n,x\n2024-05-02T00:00:00+02:00,7,nan\n2024-05-03T00:00:00Z,8,-0.0\n",
	}, "ts:timestamp n:int64 x:float64")
	rows, report, err := scan(t, fsys, config, 2)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rows, `
0/1 05-01T22:00:00.000000Z 7 null
0/2 05-03T00:00:00.000000Z 8 0.0
1/1 05-01T00:00:00.000000Z null 1.5`)
	if report.Rows != 3 || report.Kept != 3 || report.NonFinite != 1 {
		t.Errorf("report %+v", report)
	}
	a := report.Files[0]
	if a.Path != "a.csv" || a.Rows != 2 || a.Size != 67 || len(a.SHA256) != 64 {
		t.Errorf("file %+v", a)
	}
}

// TestScanJSONL reads JSON lines beside CSV: the columns are those of the source, a computed one
// excepted, and whether times have a zone is told by each file.
func TestScanJSONL(t *testing.T) {
	t.Parallel()
	lines := `{"ts":"2024-05-01T00:00:00","n":1,"other":true}` + "\n\n" +
		`{"n":2}` + "\n" + `{"ts":"2024-05-02T00:00:00","n":"x"}` + "\nnothing\n" +
		`{"ts":"2024-05-03 00:00:00.5","n":"4"}`
	fsys, config := fixture(map[string]string{
		"a.jsonl": lines, "b.csv": "n,ts\n5,2024-05-01T00:00:00Z\n",
	}, "ts:timestamp n:int64")
	config.Columns = append(config.Columns, schema.Field{Type: schema.Of(schema.Int64)})
	config.Paths, config.EventTime.Zone, config.MaxBad = []string{"*"}, "Europe/Berlin", 3
	source, err := file.Open(fsys, config)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var rows []string
	report, err := source.Scan(t.Context(), file.ScanRequest{Columns: []int{1}}, func(_ int, c *file.Chunk) error {
		mu.Lock()
		defer mu.Unlock()
		for i := range c.Rows() {
			rows = append(rows, fmt.Sprintf("%d/%d %s %s", c.File, c.Row(i), schema.FormatTime(c.EventTime[i]),
				c.Columns[0].Value(i)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(rows)
	expect(t, rows, `
0/1 2024-04-30T22:00:00.000000Z 1
0/5 2024-05-02T22:00:00.500000Z 4
1/1 2024-05-01T00:00:00.000000Z 5`)
	expect(t, list(report.Quarantined), `
a.jsonl: row 2, ts: null_time: the event time is null
a.jsonl: row 3 (line 4), n: bad_type: the string "x" is not an int64
a.jsonl: row 4 (line 5): bad_record: it is not a JSON object; write one object per line: {"field": value}`)
	config.EventTime.Zone = ""
	_, _, err = scan(t, fsys, config, 1)
	if err == nil || !strings.Contains(err.Error(), "a.jsonl: column ts has times without a zone") {
		t.Errorf("times without a zone: %v", err)
	}
}

func TestScanTimes(t *testing.T) {
	t.Parallel()
	f := func(text, columns string, change func(*file.Config), want string) {
		t.Helper()
		fsys, config := fixture(map[string]string{"a.csv": text}, columns)
		change(&config)
		rows, report, err := scan(t, fsys, config, 1)
		if err != nil {
			rows = append(rows, err.Error())
		} else {
			rows = append(rows, fmt.Sprintf("folds %d gaps %d", report.Folds, report.Gaps))
		}
		expect(t, rows, want)
	}
	paris := func(c *file.Config) { c.EventTime.Zone = "Europe/Paris" }
	f("ts,other\n2024-03-31 02:30:00,2024-07-01 00:00:00\n2024-10-27 02:30:00,\n", "ts:timestamp other:timestamp", paris, `
0/1 03-31T01:30:00.000000Z 2024-06-30T22:00:00.000000Z
0/2 10-27T00:30:00.000000Z null
folds 1 gaps 1`)
	f("ts,other\n2024-05-01T00:00:00Z,2024-07-01 00:00:00\n", "ts:timestamp other:timestamp", func(*file.Config) {},
		"source s: a.csv: column other has times without a zone; say it with "+
			"event_time: {column: .., timezone: ..}")
	f("ts\n2024-05-01\n", "ts:date", paris, "0/1 04-30T22:00:00.000000Z\nfolds 0 gaps 0")
	f("ts\n1714521600\n", "ts:int64", func(c *file.Config) { c.EventTime.Unit = schema.Second },
		"0/1 05-01T00:00:00.000000Z\nfolds 0 gaps 0")
	f("ts\n1714521599999999999\n", "ts:int64", func(c *file.Config) { c.EventTime.Unit = file.Nanosecond },
		"0/1 04-30T23:59:59.999999Z\nfolds 0 gaps 0")
	// A date far out of range stays out of range in every zone.
	for _, day := range []string{"1850-01-01", "2900-01-01"} {
		for _, name := range []string{"America/New_York", "Asia/Tokyo"} {
			zoned := func(c *file.Config) { c.EventTime.Zone, c.MaxBad = name, 1 }
			f("ts\n2024-05-01\n"+day+"\n", "ts:date", zoned, map[string]string{
				"America/New_York": "0/1 05-01T04:00:00.000000Z\nfolds 0 gaps 0",
				"Asia/Tokyo":       "0/1 04-30T15:00:00.000000Z\nfolds 0 gaps 0",
			}[name])
		}
	}
	f("ts\n1\n", "ts:int64", func(*file.Config) {},
		"source s: event time column ts is an integer; say its unit: s, ms, us or ns")
	f("ts\nx\n", "ts:string", func(*file.Config) {},
		"source s: event time column ts is string; it must be a timestamp, a date or an int64")
	f("ts,z\n2024-05-01 00:00:00,Asia/Tokyo\n2024-05-01 00:00:00,UTC\n2024-05-01 00:00:00,Mars\n2024-05-01 00:00:00,\n",
		"ts:timestamp z:string", func(c *file.Config) { c.EventTime.ZoneColumn = 1; c.MaxBad = 2 }, `
0/1 04-30T15:00:00.000000Z Asia/Tokyo
0/2 05-01T00:00:00.000000Z UTC
folds 0 gaps 0`)
}

func TestScanBadRows(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("ts,n\n")
	for range 10000 {
		text.WriteString("2024-05-01T00:00:00Z,1\n")
	}
	text.WriteString("2024-05-01T00:00:00Z,x\n,2\n" +
		"2300-01-01T00:00:00Z,3\nnever,y\n1\n" +
		"1800-01-01T00:00:00Z,3\n2024-05-01T00:00:00Z,4\n")
	fsys, config := fixture(map[string]string{"a.csv": text.String()}, "ts:timestamp n:int64")
	want := `
a.csv: row 10001 (line 10002), n: bad_type: "x" is not an int64
a.csv: row 10002, ts: null_time: the event time is null
a.csv: row 10003, ts: bad_time: 2300-01-01T00:00:00.000000Z is outside of the years 1900 to 2200
a.csv: row 10004 (line 10005), ts: bad_type: "never" is not a time; write it as 2024-05-01T12:30:00Z
a.csv: row 10004 (line 10005), n: bad_type: "y" is not an int64
a.csv: row 10005 (line 10006): bad_record: 1 fields, the header has 2
a.csv: row 10006, ts: bad_time: 1800-01-01T00:00:00.000000Z is outside of the years 1900 to 2200`
	_, _, err := scan(t, fsys, config, 2)
	var bad *file.BadRowsError
	if !errors.As(err, &bad) || bad.Total != 6 || bad.Allowed != 0 {
		t.Fatalf("error %v", err)
	}
	expect(t, list(bad.Bad), want)
	config.MaxBad = 6
	rows, report, err := scan(t, fsys, config, 2)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, list(report.Quarantined), want)
	if report.Rows != 10007 || report.Kept != 10001 || report.BadRows != 6 ||
		rows[10000] != "0/10007 05-01T00:00:00.000000Z 4" {
		t.Errorf("rows %d, kept %d, bad %d, last %s", report.Rows, report.Kept, report.BadRows, rows[len(rows)-1])
	}
}

func list(bad []file.Bad) (lines []string) {
	for _, b := range bad {
		lines = append(lines, b.String())
	}
	return lines
}

func TestListIsCut(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 4 {
		files[fmt.Sprintf("%d.csv", i)] = "ts,n\n" + strings.Repeat(",1\n", 9000)
	}
	fsys, config := fixture(files, "ts:timestamp n:int64")
	_, _, err := scan(t, fsys, config, 2)
	var bad *file.BadRowsError
	if !errors.As(err, &bad) || bad.Total != 36000 || len(bad.Bad) != file.MaxListed {
		t.Fatalf("error %v", err)
	}
	if last := bad.Bad[file.MaxListed-1]; last.File != 0 || last.Row != file.MaxListed {
		t.Errorf("last listed %+v", last)
	}
	if n := strings.Count(err.Error(), "\n"); n != 11 {
		t.Errorf("the message has %d lines", n)
	}
}

func TestScanIDs(t *testing.T) {
	t.Parallel()
	fsys, config := fixture(map[string]string{
		"a.csv": "ts,id,n\n2024-05-01T00:00:00Z,x,1\n,y,2\n2024-05-01T00:00:00Z,x,3\n2024-05-01T00:00:00Z,,4\n",
		"b.csv": "ts,id,n\n2024-05-02T00:00:00Z,y,5\n2024-05-02T00:00:00Z,x,6\n" +
			"2024-05-01T00:00:00Z,,7\n2024-05-01T00:00:00Z,\"\",8\n2024-05-01T00:00:00Z,\"\",9\n",
	}, "ts:timestamp id:string n:int64")
	config.ID, config.MaxBad = 1, 2
	rows, report, err := scan(t, fsys, config, 2)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, rows, `
0/1 05-01T00:00:00.000000Z x 1
0/4 05-01T00:00:00.000000Z null 4
1/1 05-02T00:00:00.000000Z y 5
1/3 05-01T00:00:00.000000Z null 7
1/4 05-01T00:00:00.000000Z  8`)
	expect(t, list(report.Quarantined), `
a.csv: row 2, ts: null_time: the event time is null
b.csv: row 2, id: id_conflict: the id x was there before, with another event time`)
	if report.Rows != 9 || report.Kept != 5 || report.Duplicates != 2 || report.BadRows != 2 {
		t.Errorf("report %+v", report)
	}
}

// TestScanIDsAgainstMap compares with a map, over several files in both formats, for ids of several
// types, with one goroutine and with more.
func TestScanIDsAgainstMap(t *testing.T) {
	t.Parallel()
	for seed, kind := range []string{"string", "int64", "decimal(2)", "bool", "date"} {
		fsys := disk.NewMemory()
		config := file.Config{Name: "s", Root: ".", Paths: []string{"*"}, EventTime: file.EventTime{ZoneColumn: -1},
			Columns: fields("ts:timestamp id:" + kind), ID: 1, MaxBad: 1 << 30}
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		seen := map[string]int64{}
		var want []string
		conflicts, duplicates := int64(0), int64(0)
		for f := range 5 {
			table := idTable(r, config.Columns, 4000+r.IntN(3000))
			addTable(t, fsys, fmt.Sprintf("%d.%s", f, []string{"csv", "parquet"}[f%2]), table)
			for i := range table.Rows {
				at, id := table.Columns[0].Ints[i], table.Columns[1].Value(i)
				first, known := seen[id.String()]
				switch {
				case !id.Null && known && first == at:
					duplicates++
					continue
				case !id.Null && known:
					conflicts++
					continue
				case !id.Null:
					seen[id.String()] = at
				}
				want = append(want, fmt.Sprintf("%d/%d %s %s", f, i+1,
					strings.TrimPrefix(schema.FormatTime(at), "2024-"), id))
			}
		}
		for _, workers := range []int{1, 4} {
			rows, report, err := scan(t, fsys, config, workers)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(rows, want) {
				t.Errorf("%s, %d workers: %d rows, want %d", kind, workers, len(rows), len(want))
			}
			if report.Duplicates != duplicates || report.BadRows != conflicts {
				t.Errorf("%s: %d duplicates, %d conflicts; want %d, %d", kind, report.Duplicates,
					report.BadRows, duplicates, conflicts)
			}
		}
	}
}

func idTable(r *rand.Rand, fields []schema.Field, rows int) *batch.Batch {
	at, id := batch.NewBuilder(fields[0].Type), batch.NewBuilder(fields[1].Type)
	for range rows {
		at.Append(schema.Value{Type: fields[0].Type, Int: 1714521600000000 + r.Int64N(3)})
		v := schema.Value{Type: fields[1].Type, Int: r.Int64N(20000), Null: r.IntN(10) == 0}
		switch v.Type.Kind {
		case schema.Bool:
			v.Int %= 2
		case schema.String:
			v.Text, v.Int = fmt.Sprintf("id-%d", v.Int), 0
		case schema.Decimal:
			v.Dec, v.Int = schema.Int128From(v.Int), 0
		}
		id.Append(v)
	}
	return batch.New(fields, []*batch.Column{at.Column(), id.Column()})
}

func addTable(t *testing.T, fsys *disk.Memory, name string, table *batch.Batch) {
	t.Helper()
	kind, _, err := format.Detect(name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	output, err := format.Create(&out, kind, table.Fields)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(output.Write(table), output.Close()); err != nil {
		t.Fatal(err)
	}
	fsys.Add(name, out.Bytes())
}

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	f := func(files map[string]string, columns string, want ...string) {
		t.Helper()
		fsys, config := fixture(files, columns)
		_, _, err := scan(t, fsys, config, 2)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v, want %q", err, part)
			}
		}
	}
	f(nil, "ts:timestamp", `source s: no file matches "*.csv" in .`)
	f(map[string]string{"a.csv": "ts\n", "b.csv": "x\n"}, "ts:timestamp n:int64",
		"a.csv: it has no column n, which the source declares", "b.csv: it has no column ts", "b.csv: it has no column n")
	f(map[string]string{"a.csv": "ts,ts\n"}, "ts:timestamp", "a.csv: it has two columns ts")
	f(map[string]string{"a.csv": ""}, "ts:timestamp", "a.csv: it is empty")
}

func TestScanStops(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("%02d.csv", i)] = "ts,id\n2024-05-01T00:00:00Z,1\n"
	}
	fsys, config := fixture(files, "ts:timestamp id:int64")
	config.ID = 1
	source, err := file.Open(fsys, config)
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("full")
	_, err = source.Scan(t.Context(), file.ScanRequest{Workers: 3}, func(int, *file.Chunk) error { return failure })
	if !errors.Is(err, failure) {
		t.Errorf("error %v, want %v", err, failure)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = source.Scan(ctx, file.ScanRequest{Workers: 3}, func(int, *file.Chunk) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	table := idTable(rand.New(rand.NewPCG(1, 1)), fields("ts:timestamp id:int64"), 3000)
	addTable(t, fsys, "a.parquet", table)
	addTable(t, fsys, "b.parquet", table)
	source, err := file.Open(fsys, file.Config{Name: "s", Root: ".", Paths: []string{"?.parquet"}, ID: -1,
		Columns: table.Fields, EventTime: file.EventTime{ZoneColumn: -1}})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	_, err = source.Scan(t.Context(), file.ScanRequest{Progress: func(done, total int64) {
		seen = append(seen, fmt.Sprint(done, "/", total))
	}}, func(int, *file.Chunk) error { return nil })
	if err != nil || strings.Join(seen, " ") != "3000/6000 6000/6000" {
		t.Errorf("%q, %v", seen, err)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	fsys.Add("a.csv", []byte("a,b,c\n1,,2024-05-01\n"))
	fsys.Add("b.csv", []byte("c,a,b\n2024-05-02,2,x\n"))
	fsys.Add("c.csv", []byte("a\n1.5\n"))
	f := func(rows bool, want string, paths ...string) {
		t.Helper()
		columns, err := file.Columns(fsys, file.Files{Root: ".", Paths: paths, Rows: rows})
		var got []string
		for _, c := range columns {
			got = append(got, c.Name+":"+c.Type.String())
		}
		if err != nil {
			got = []string{err.Error()}
		}
		expect(t, []string{strings.Join(got, " ")}, want)
	}
	f(true, "a:int64 b:string c:date", "a.csv", "b.csv")
	f(false, "a:null b:null c:null", "a.csv", "b.csv")
	f(true, `no file matches "e.csv" in .`, "e.csv")
	f(true, "a:float64 b:string c:date", "?.csv")
	fsys.Add("e.jsonl", []byte("{}"))
	f(true, "e.jsonl: JSON lines have no header; declare the columns in fields", "e.jsonl", "a.csv")
	f(false, "e.jsonl: JSON lines have no header; declare the columns in fields", "e.jsonl")
	fsys.Add("d.csv", []byte("a\ntrue\n"))
	f(true, "a.csv and d.csv: column a is float64 in one and bool in the other; declare its type in fields", "?.csv")
}
