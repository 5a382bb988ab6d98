package format_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// BenchmarkReadJSONL reads events of six fields, five of them wanted, in one goroutine.
func BenchmarkReadJSONL(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "{\"id\":\"e-%08d\",\"card\":\"c%d\",\"ts\":\"2024-05-%02dT12:%02d:00.250Z\","+
			"\"amount\":%d.%02d,\"n\":%d,\"note\":{\"lang\":\"en\",\"tags\":[1,2,3]}}\n",
			i, i%977, i%28+1, i%60, i%500, i%100, i)
	}
	fields := []schema.Field{
		{Name: "id", Type: schema.Of(schema.String)}, {Name: "card", Type: schema.Of(schema.String)},
		{Name: "ts", Type: schema.Of(schema.Timestamp)}, {Name: "amount", Type: schema.Of(schema.Float64)},
		{Name: "n", Type: schema.Of(schema.Int64)},
	}
	var wanted []format.Wanted
	for i, field := range fields {
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	b.SetBytes(int64(text.Len()))
	before := cpuTime()
	for b.Loop() {
		input, err := openLines(b, text.String(), format.Options{Fields: fields})
		if err != nil {
			b.Fatal(err)
		}
		scan, err := input.Scan(wanted)
		if err != nil {
			b.Fatal(err)
		}
		for {
			unit, err := scan.Next()
			if err != nil {
				break
			}
			if err := unit.Read(func(*format.Part) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	seconds := float64(cpuTime()-before) / 1e9
	b.ReportMetric(float64(text.Len())*float64(b.N)/seconds/1e6, "MB/cpu-s")
}
