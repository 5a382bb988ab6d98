package window

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRanges compares every structure with a plain loop over the selected values.
func TestRanges(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	var selection Selection
	var lane, floats Lane
	compared := 0
	for range 400 {
		n := r.IntN(120)
		words, values := make([]uint64, n), make([]int64, n)
		reals := make([]float64, n)
		density := r.IntN(3)
		for i := range n {
			if r.IntN(2)+density > 0 {
				words[i] = 1 << 5
			}
			values[i] = r.Int64N(20) - 10
			reals[i] = float64(values[i])
		}
		selection.Build(n, words, 1, 5)
		lane.ResetInts(&selection, values)
		floats.ResetFloats(&selection, reals)
		from, to := 0, 0
		for to < n {
			to += r.IntN(n - to + 1)
			from = min(to, from+r.IntN(5))
			extra := someAfter(r, to, n)
			got := Range{From: selection.Rank(from), To: selection.Rank(to)}
			var want []int64
			for i := from; i < to; i++ {
				if words[i] != 0 {
					want = append(want, values[i])
				}
			}
			for _, i := range extra {
				if selection.Has(int(i)) {
					got.Extra = append(got.Extra, int32(selection.Rank(int(i))))
					want = append(want, values[i])
				}
			}
			compared += check(t, &lane, &floats, got, want)
			if r.IntN(3) == 0 {
				break
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d ranges compared", compared)
	}
}

func someAfter(r *rand.Rand, to, n int) []int32 {
	var extra []int32
	for i := to + 1; i < n; i++ {
		if r.IntN(10) == 0 {
			extra = append(extra, int32(i))
		}
	}
	return extra
}

func check(t *testing.T, lane, floats *Lane, got Range, want []int64) int {
	t.Helper()
	var sum int64
	different := map[int64]bool{}
	for _, x := range want {
		sum += x
		different[x] = true
	}
	if n := got.To - got.From + len(got.Extra); n != len(want) {
		t.Fatalf("%d values, want %d", n, len(want))
	}
	acc, _ := lane.Sum(got.From, got.To, got.Extra)
	if int64(acc[0]) != sum {
		t.Fatalf("sum %d, want %d", int64(acc[0]), sum)
	}
	if d := lane.Distinct(1, got.From, got.To, got.Extra); d != len(different) {
		t.Fatalf("distinct %d, want %d", d, len(different))
	}
	if d := floats.Distinct(0, got.From, got.To, got.Extra); d != len(different) {
		t.Fatalf("distinct floats %d, want %d", d, len(different))
	}
	if len(want) == 0 {
		return 0
	}
	if x := lane.ExtremeInt(got.From, got.To, got.Extra, false); x != slices.Min(want) {
		t.Fatalf("least %d, want %d", x, slices.Min(want))
	}
	if x := floats.ExtremeFloat(got.From, got.To, got.Extra, true); x != float64(slices.Max(want)) {
		t.Fatalf("most %v, want %d", x, slices.Max(want))
	}
	return 1
}
