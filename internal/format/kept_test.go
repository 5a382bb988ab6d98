package format_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
)

// TestBesideKept leaves rows out of labels of every format: what is written is what labels without
// those rows give.
func TestBesideKept(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 9))
	const rows = 3000
	cells := func(i int) (string, string) { return fmt.Sprintf("%04d", i), strings.Repeat("x", i%7) }
	kept := 0
	for round, share := range []float64{0, 0.01, 0.5, 0.99, 1} {
		keep := make([]bool, rows)
		csv, some := "id,note\n", "id,note\n"
		lines, someLines := "", ""
		n := 0
		for i := range keep {
			if keep[i] = r.Float64() < share; round == 2 {
				keep[i] = i/700%2 == 1 // in long runs
			}
			id, note := cells(i)
			row := id + `,"` + note + "\"\n"
			line := fmt.Sprintf(`{"id":"%s", "note": ["%s", null, "b"]}`+"\n", id, note)
			csv += row
			lines += line
			if keep[i] {
				some += row
				someLines += line
				n++
			}
		}
		kept += n
		for _, c := range []struct {
			name, all, some string
		}{{"l.csv", csv, some}, {"l.jsonl", lines, someLines}} {
			kinds := []format.Format{format.CSV, format.JSONL}
			if strings.HasSuffix(c.name, "jsonl") {
				kinds = kinds[1:]
			}
			for _, kind := range kinds {
				got := besideKept(t, kind, openBytes(t, c.name, []byte(c.all)), keep)
				if n == 0 && kind != format.CSV {
					continue // types of nothing are not known
				}
				want, err := beside(t, kind, openBytes(t, c.name, []byte(c.some)), n)
				if err != nil {
					t.Fatal(err)
				}
				if kind == format.CSV && c.name == "l.csv" && !bytes.Equal(got, want) {
					t.Errorf("share %v, %s as %s differs", share, c.name, kind)
				}
				if kind == format.JSONL && c.name == "l.jsonl" && !bytes.Equal(got, want) {
					t.Errorf("share %v, %s as %s differs", share, c.name, kind)
				}
			}
		}
		// Parquet with nulls, texts and numbers: what is read back is what was kept.
		all, err := beside(t, format.Parquet, openBytes(t, "l.csv", []byte(csv)), rows)
		if err != nil {
			t.Fatal(err)
		}
		renamed := bytes.ReplaceAll(all, []byte("v.n"), []byte("w.n"))
		got := besideKept(t, format.CSV, openBytes(t, "l.parquet", renamed), keep)
		back := besideKept(t, format.Parquet, openBytes(t, "l.parquet", renamed), keep)
		text := besideKeptRead(t, openBytes(t, "b.parquet", bytes.ReplaceAll(back, []byte("v.n"), []byte("u.n"))), n)
		if want := strings.ReplaceAll(string(got), "v.n", "u.n"); dropLast(text) != want {
			t.Errorf("share %v: parquet differs", share)
		}
	}
	if kept < 3000 {
		t.Errorf("only %d rows were kept", kept)
	}
}

// besideKept writes a feature beside the kept rows of labels, in batches of odd sizes.
func besideKept(t *testing.T, kind format.Format, labels format.Input, keep []bool) []byte {
	t.Helper()
	n := 0
	for _, k := range keep {
		if k {
			n++
		}
	}
	var out bytes.Buffer
	output, err := format.CreateBesideKept(&out, kind, format.Kept{Labels: labels, Rows: keep}, feature)
	if err != nil {
		t.Fatal(err)
	}
	for from := 0; from < n; {
		size := min(n-from, 1+from%500)
		if err := output.Write(numbers(from, size)); err != nil {
			t.Fatal(err)
		}
		from += size
	}
	if n == 0 {
		if err := output.Write(&batch.Batch{Fields: feature, Columns: numbers(0, 0).Columns}); err != nil {
			t.Fatal(err)
		}
	}
	if err := output.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// besideKeptRead writes a file of rows as CSV, with one more column.
func besideKeptRead(t *testing.T, input format.Input, rows int) string {
	t.Helper()
	text, err := beside(t, format.CSV, input, rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dropLast takes the last column off CSV.
func dropLast(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString(line[:strings.LastIndex(line, ",")] + "\n")
	}
	return out.String()
}
