package engine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// available lists the positions [from, to) that a fence lets through as of its boundary.
func (f *fence) available(from, to int) []int {
	var positions []int
	in := f.split(from, to)
	for i := in.From; i < in.To; i++ {
		if !slices.Contains(in.Holes, int32(i)) {
			positions = append(positions, i)
		}
	}
	return positions
}

func TestFence(t *testing.T) {
	t.Parallel()
	const never = 1 << 60
	for _, c := range []struct {
		name         string
		times, ready []int64
		boundary     int64
		want         []int
		newest       int // before the end
	}{
		{"no rule", []int64{1, 2, 3}, nil, 2, []int{0, 1, 2}, 2},
		{"never later than its time", []int64{1, 2, 3}, []int64{1, 2, 3}, 2, []int{0, 1, 2}, 2},
		{"available at the boundary", []int64{1, 2, 3}, []int64{3, 4, 5}, 4, []int{0, 1}, 1},
		{"one comes late", []int64{1, 2, 3}, []int64{1, 9, 3}, 5, []int{0, 2}, 2},
		{"the newest comes late", []int64{1, 2, 3}, []int64{1, 2, 9}, 5, []int{0, 1}, 1},
		{"none yet", []int64{1, 2, 3}, []int64{7, 8, 9}, 6, nil, -1},
		{"two of the newest come late", []int64{1, 2, 3, 4}, []int64{1, never, never, 4}, 3, []int{0}, 0},
		{"all in the end", []int64{1, 2, 3}, []int64{9, 8, 7}, 9, []int{0, 1, 2}, 2},
	} {
		var f fence
		f.enter(c.times, c.ready, nil)
		f.restart()
		f.advance(c.boundary)
		if got := f.available(0, len(c.times)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if got := f.newest(len(c.times)); got != c.newest {
			t.Errorf("%s: the newest is %d, want %d", c.name, got, c.newest)
		}
	}
}

// TestFenceMoves compares with the definition as boundaries grow, for one entity after another.
func TestFenceMoves(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	var f fence
	for range 300 {
		n, before := 1+r.IntN(40), r.IntN(5)
		times, ready := make([]int64, n), make([]int64, before+n)
		for i := range times {
			times[i] = r.Int64N(50)
		}
		slices.Sort(times)
		for i, at := range times {
			ready[before+i] = at + []int64{0, 5, r.Int64N(60)}[r.IntN(3)]
		}
		f.enter(times, ready[before:], nil)
		for range 2 { // tasks
			f.restart()
			for b := int64(0); b < 120; b += r.Int64N(20) {
				f.advance(b)
				from := r.IntN(n + 1)
				to := from + r.IntN(n+1-from)
				var want []int
				for i := from; i < to; i++ {
					// Positions of which the fence knows nothing are cut by the window at the boundary.
					if ready[before+i] <= b && times[i] <= b {
						want = append(want, i)
					}
				}
				got := slices.DeleteFunc(f.available(from, to), func(i int) bool { return times[i] > b })
				if !slices.Equal(got, want) {
					t.Fatalf("as of %d in [%d, %d): got %v, want %v", b, from, to, got, want)
				}
			}
		}
	}
}
