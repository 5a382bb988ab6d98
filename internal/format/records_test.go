package format_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Records gives bad rows the numbers that a scan gives them, and their text.
func TestRecords(t *testing.T) {
	t.Parallel()
	texts := map[format.Format]string{
		format.JSONL: "\xEF\xBB\xBF{\"a\":1}\n\n  \r\n{\"a\":\"x\"}\r\n[]\n{\"a\":2}\n{\"a\":{}",
		format.CSV: "a,b\r\n1,2\r\n\r\nx,\"two\nlines\"\r\n1,2,3\n" +
			"1,\"not \"closed\n7,8\n\ny,z\n\"o\"\"p\",q",
	}
	bad := 0
	for kind, text := range texts {
		rows := map[int64]string{}
		lines := map[int64]int64{}
		format.Records(kind, []byte(text), func(row, line int64, record []byte) bool {
			rows[row], lines[row] = string(record), line
			return true
		})
		fsys := disk.NewMemory()
		fsys.Add("t."+string(kind), []byte(text))
		fields := []schema.Field{{Name: "a", Type: schema.Of(schema.Int64)}}
		input, err := format.Open(fsys, "t."+string(kind), format.Options{Fields: fields})
		if err != nil {
			t.Fatal(err)
		}
		scan, err := input.Scan([]format.Wanted{{Column: 0, Type: schema.Of(schema.Int64)}})
		if err != nil {
			t.Fatal(err)
		}
		total := 0
		for {
			unit, err := scan.Next()
			if err != nil {
				break
			}
			err = unit.Read(func(p *format.Part) error {
				total += p.Batch.Rows
				for _, b := range p.Bad {
					bad++
					if lines[b.Row] != b.Line {
						t.Errorf("%s: row %d is on line %d, a scan says %d", kind, b.Row, lines[b.Row], b.Line)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(rows) != total || strings.TrimSpace(rows[1]) == "" {
			t.Errorf("%s: %d records, a scan has %d rows: %v", kind, len(rows), total, fmt.Sprint(rows))
		}
	}
	if bad < 7 {
		t.Errorf("only %d bad cells were compared", bad)
	}
}
