package file_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
)

func bodyConfig() file.Config {
	return file.Config{Name: "s", ID: 0, Columns: []schema.Field{
		{Name: "id", Type: schema.Of(schema.String)}, {}, // a computed column keeps its place
		{Name: "ts", Type: schema.Of(schema.Timestamp)}, {Name: "x", Type: schema.Of(schema.Float64)}},
		EventTime: file.EventTime{Column: 2, ZoneColumn: -1}}
}

// A body has all rows in their places; those that are bad are so for the reasons a scan gives.
func TestReadBody(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	const rows = 40_000 // several blocks
	bad := 0
	for i := range rows {
		switch {
		case i%1000 == 7:
			bad++
			text.WriteString("{\"x\":\"much\"}\n")
		default:
			fmt.Fprintf(&text, "{\"id\":\"i%d\",\"ts\":\"2024-05-01T00:00:00Z\",\"x\":%d,\"more\":null}\n", i%10, i)
		}
	}
	plain := strings.ReplaceAll(text.String(), ",\"more\":null", "")
	body, err := file.ReadBody(bodyConfig(), format.JSONL, []byte(plain), rows)
	if err != nil {
		t.Fatal(err)
	}
	if body.Rows != rows || len(body.EventTime) != rows || body.Columns[1] != nil || body.Columns[3].Length != rows {
		t.Fatalf("%d rows, %d times", body.Rows, len(body.EventTime))
	}
	for i := range rows {
		if body.BadRows[i] != (i%1000 == 7) || !body.BadRows[i] && body.Columns[3].Floats[i] != float64(i) {
			t.Fatalf("row %d: bad %v, %v", i+1, body.BadRows[i], body.Columns[3].Value(i))
		}
	}
	if len(body.Bad) != 2*bad || body.Codes[format.BadType] != int64(bad) || body.Bad[0].Row != 8 {
		t.Errorf("%d problems, %v, first %v", len(body.Bad), body.Codes, body.Bad[0])
	}
	fsys := disk.NewMemory()
	fsys.Add("body.jsonl", []byte(plain))
	config := bodyConfig()
	config.Paths, config.ID, config.MaxBad = []string{"body.jsonl"}, -1, rows
	scanned := badOf(t, fsys, config)
	if len(scanned) != len(body.Bad) {
		t.Fatalf("%d problems, a scan has %d", len(body.Bad), len(scanned))
	}
	for i, b := range body.Bad {
		want := scanned[i]
		want.Path = b.Path
		if b != want {
			t.Errorf("%v, a scan says %v", b, want)
		}
	}
	// A field that nobody stores makes every row bad; they are counted, and some are listed.
	body, err = file.ReadBody(bodyConfig(), format.JSONL, []byte(text.String()), rows)
	if err != nil {
		t.Fatal(err)
	}
	unknown, last := body.Codes[format.UnknownField], body.Bad[len(body.Bad)-1]
	if unknown != rows-int64(bad) || last.Row != file.MaxListed {
		t.Errorf("%d rows have unknown fields, the last that is listed is %d", unknown, last.Row)
	}
}

func badOf(t *testing.T, fsys disk.FS, config file.Config) []file.Bad {
	t.Helper()
	s, err := file.Open(fsys, config)
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Scan(t.Context(), file.ScanRequest{}, func(int, *file.Chunk) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return report.Quarantined
}

func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	f := func(kind format.Format, text string, limit int, want error, message string) {
		t.Helper()
		_, err := file.ReadBody(bodyConfig(), kind, []byte(text), limit)
		if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), message) {
			t.Errorf("%v, want %v, %q", err, want, message)
		}
	}
	f(format.CSV, "id,ts,x,y\n", 9, file.ErrLayout, "no column y")
	f(format.CSV, "id,ts\n", 9, file.ErrLayout, "no column x")
	f(format.JSONL, "{}\n{}\n", 1, file.ErrTooManyRows, "more than 1")
	f(format.JSONL, `{"ts":"2024-05-01T00:00:00"}`, 9, file.ErrLayout, "without a zone")
	f(format.Parquet, "PAR1", 9, nil, "body")
	for _, kind := range []format.Format{format.CSV, format.JSONL, format.Parquet} {
		if body, err := file.ReadBody(bodyConfig(), kind, nil, 9); err != nil || body.Rows != 0 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// testdata/bomb.arrows is 19 kB of zeros that were packed well: 12 columns of 6 million numbers.
func TestBodyThatUnpacks(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/bomb.arrows")
	if err != nil {
		t.Fatal(err)
	}
	config := file.Config{Name: "s", ID: -1, EventTime: file.EventTime{ZoneColumn: -1, Unit: 1}}
	for i := range 12 {
		config.Columns = append(config.Columns, schema.Field{Name: fmt.Sprint("c", i), Type: schema.Of(schema.Int64)})
	}
	_, err = file.ReadBody(config, format.ArrowStream, body, 1000)
	if err == nil || !strings.Contains(err.Error(), "it unpacks to more than 64 MiB; send less at a time") {
		t.Error(err)
	}
}
