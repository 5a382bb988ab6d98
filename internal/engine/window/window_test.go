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
		from, to, back := 0, 0, r.IntN(2) == 0
		for to < n {
			to += r.IntN(n - to + 1)
			from = min(to, from+r.IntN(5))
			if back { // as a session does that an event joins to the one before
				from = r.IntN(to + 1)
				to = from + r.IntN(to-from+1)
			}
			holes := someOf(r, from, to)
			got := selection.Ranks(Range{From: from, To: to, Holes: holes}, nil)
			var want []int64
			for i := from; i < to; i++ {
				if words[i] != 0 && !slices.Contains(holes, int32(i)) {
					want = append(want, values[i])
				}
			}
			compared += check(t, &lane, &floats, got, want)
			if r.IntN(6) == 0 {
				break
			}
		}
	}
	if compared < 300 {
		t.Errorf("only %d ranges compared", compared)
	}
}

func someOf(r *rand.Rand, from, to int) []int32 {
	var holes []int32
	density := r.IntN(4)
	for i := from; i < to; i++ {
		if r.IntN(4) < density {
			holes = append(holes, int32(i))
		}
	}
	return holes
}

func check(t *testing.T, lane, floats *Lane, got Range, want []int64) int {
	t.Helper()
	var sum int64
	different := map[int64]bool{}
	for _, x := range want {
		sum += x
		different[x] = true
	}
	if n := got.Count(); n != len(want) {
		t.Fatalf("%d values, want %d", n, len(want))
	}
	acc, _ := lane.Sum(got)
	if int64(acc[0]) != sum {
		t.Fatalf("sum %d, want %d", int64(acc[0]), sum)
	}
	if d := lane.Distinct(1, got); d != len(different) {
		t.Fatalf("distinct %d, want %d", d, len(different))
	}
	if d := floats.Distinct(0, got); d != len(different) {
		t.Fatalf("distinct floats %d, want %d", d, len(different))
	}
	if len(want) == 0 {
		return 0
	}
	if first, last := lane.Ints[got.Oldest()], lane.Ints[got.Newest()]; first != want[0] || last != want[len(want)-1] {
		t.Fatalf("first %d, last %d, want %d, %d", first, last, want[0], want[len(want)-1])
	}
	if x := lane.ExtremeInt(got, false); x != slices.Min(want) {
		t.Fatalf("least %d, want %d", x, slices.Min(want))
	}
	if x := floats.ExtremeFloat(got, true); x != float64(slices.Max(want)) {
		t.Fatalf("most %v, want %d", x, slices.Max(want))
	}
	return 1
}

// TestDistinctWindowsAreStartedWhenAsked keeps a lane from holding counts for windows of others.
func TestDistinctWindowsAreStartedWhenAsked(t *testing.T) {
	t.Parallel()
	var selection Selection
	selection.Build(3, []uint64{1, 1, 1}, 1, 0)
	var lane Lane
	for _, values := range [][]int64{{1, 2, 1}, {5, 6, 7}} {
		lane.ResetInts(&selection, values)
		want := 2
		if values[0] == 5 {
			want = 3
		}
		if got := lane.Distinct(40, Range{From: 0, To: 3}); got != want {
			t.Errorf("%v: %d distinct values, want %d", values, got, want)
		}
		for i := range 40 {
			if lane.windows[i].counts != nil {
				t.Fatalf("window %d has counts", i)
			}
		}
	}
}

// TestSessions compares sessions of available events with a loop over them, for holes anywhere.
func TestSessions(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	var sessions Sessions
	compared := 0
	for range 5_000 {
		n, gap := 1+r.IntN(30), 1+r.Int64N(6)
		times := make([]int64, n)
		for i := range times {
			times[i] = r.Int64N(60)
		}
		slices.Sort(times)
		sessions.Build(times, gap)
		to := r.IntN(n + 1)
		in := Range{From: 0, To: to, Holes: someOf(r, 0, to)}
		var want [][]int32 // the newest first
		for i := int32(in.To) - 1; i >= 0; i-- {
			if slices.Contains(in.Holes, i) {
				continue
			}
			if k := len(want) - 1; k >= 0 && times[want[k][0]]-times[i] < gap {
				want[k] = append([]int32{i}, want[k]...)
			} else {
				want = append(want, []int32{i})
			}
		}
		for back := range len(want) + 1 {
			got, found := sessions.Back(in, back)
			if found != (back < len(want)) {
				t.Fatalf("session %d of %d is found: %v", back, len(want), found)
			}
			if !found {
				continue
			}
			if list := positions(got); !slices.Equal(list, want[back]) {
				t.Fatalf("gap %d of %v, available %v: got %v, want %v", gap, times, positions(in), list, want[back])
			}
			last := times[want[back][len(want[back])-1]]
			longest := r.Int64N(20)
			kept := slices.DeleteFunc(slices.Clone(want[back]), func(i int32) bool { return times[i] < last-longest })
			if list := positions(sessions.Trim(got, longest)); !slices.Equal(list, kept) {
				t.Fatalf("the last %d of %v: got %v, want %v", longest, want[back], list, kept)
			}
			compared++
		}
	}
	if compared < 10_000 {
		t.Errorf("only %d sessions compared", compared)
	}
}

// positions lists a range; asking for the n-th newest must give the same.
func positions(in Range) []int32 {
	var list []int32
	for n := in.Count(); n > 0; n-- {
		list = append(list, int32(in.Back(n)))
	}
	for i, position := range list {
		if slices.Contains(in.Holes, position) || int(position) < in.From || int(position) >= in.To ||
			i > 0 && position <= list[i-1] {
			return nil
		}
	}
	return list
}
