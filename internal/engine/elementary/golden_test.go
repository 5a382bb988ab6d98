package elementary_test

import (
	"flag"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine/elementary"
)

var vectors = flag.String("vectors", "testdata/golden.txt", "vectors of testdata/golden.py")

// call computes a function by its name in the vectors.
func call(name string, args []float64) float64 {
	one := map[string]func(float64) float64{
		"exp": elementary.Exp, "exp2": elementary.Exp2, "log": elementary.Log,
		"log2": elementary.Log2, "log10": elementary.Log10, "log1p": elementary.Log1p,
		"sin": elementary.Sin, "cos": elementary.Cos, "tan": elementary.Tan,
		"asin": elementary.Asin,
	}
	if f, is := one[name]; is {
		return f(args[0])
	}
	return map[string]func(x, y float64) float64{
		"pow": elementary.Pow, "atan2": elementary.Atan2, "sinturn": elementary.SinTurn,
		"costurn": elementary.CosTurn,
	}[name](args[0], args[1])
}

// TestGolden compares every bit with values that mpmath computed: all must be the nearest float64.
func TestGolden(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(*vectors)
	if err != nil {
		t.Fatal(err)
	}
	seen, bad := map[string]int{}, 0
	for number, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		words := strings.Fields(line)
		numbers := make([]float64, len(words)-1)
		for i, word := range words[1:] {
			bits, err := strconv.ParseUint(word, 16, 64)
			if err != nil {
				t.Fatalf("line %d: %v", number+1, err)
			}
			numbers[i] = math.Float64frombits(bits)
		}
		args, want := numbers[:len(numbers)-1], numbers[len(numbers)-1]
		seen[words[0]]++
		if got := call(words[0], args); math.Float64bits(got) != math.Float64bits(want) && bad < 20 {
			bad++
			t.Errorf("line %d: %s%v is %v (%x), want %v", number+1, words[0], args, got,
				math.Float64bits(got), want)
		}
	}
	total := 0
	for _, n := range seen {
		total += n
	}
	t.Logf("%d vectors of %d functions", total, len(seen))
	if len(seen) != 14 || total < 14*100 {
		t.Errorf("too few vectors: %v", seen)
	}
}
