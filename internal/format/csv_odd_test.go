package format_test

import (
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
)

// TestOddCell names the cell for which a column of numbers or times became text.
func TestOddCell(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		fsys := disk.NewMemory()
		fsys.Add("a.csv", []byte(text))
		in, err := format.Open(fsys, "a.csv", format.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if got := in.Columns()[0].Odd; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	f("x\nNA\n1\n2\n", `line 2: "NA" is no number`)
	f("x\n1\n2.5\nn/a\n", `line 4: "n/a" is no number`)
	f("x\n2024-05-01T00:00:00Z\n2024-02-30T00:00:00Z\n", `line 3: "2024-02-30T00:00:00Z" is no time`)
	f("x\n7\nseven\nup\n", "")
	f("x\n1\n2\n", "")
	f("x\n\n", "")
}
