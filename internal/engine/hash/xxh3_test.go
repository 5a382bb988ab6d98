package hash

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// pattern is the input of the vectors.
func pattern(n int) []byte {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(uint64(i) * 0x9E3779B1 >> 16)
	}
	return data
}

// TestGolden compares with vectors of the reference implementation: every length up to 259, and some
// around the ends of stripes and blocks.
func TestGolden(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) < 270 {
		t.Errorf("only %d vectors", len(lines))
	}
	for _, line := range lines {
		var n int
		var want uint64
		if _, err := fmt.Sscanf(line, "%d %x", &n, &want); err != nil {
			t.Fatal(err)
		}
		if got := Sum64(pattern(n)); got != want {
			t.Errorf("%d bytes: %016x, want %016x", n, got, want)
		}
	}
}

// FuzzSum64 looks for panics, and for reads beyond the input.
func FuzzSum64(f *testing.F) {
	for _, n := range []int{0, 1, 3, 4, 8, 9, 16, 17, 128, 129, 240, 241, 1024, 1025, 2100} {
		f.Add(pattern(n))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wide := append(append([]byte(nil), data...), 0xA5)
		if Sum64(data) != Sum64(wide[:len(data)]) {
			t.Error("the bytes behind the input matter")
		}
	})
}

func BenchmarkSum64(b *testing.B) {
	for _, n := range []int{8, 20, 100, 1000} {
		data := pattern(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(n))
			for range b.N {
				Sum64(data)
			}
		})
	}
}
