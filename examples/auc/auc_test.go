package auc

import "testing"

func TestOf(t *testing.T) {
	t.Parallel()
	f := func(want float64, rows ...Row) {
		t.Helper()
		if got := Of(rows); got != want {
			t.Errorf("%v: %v, want %v", rows, got, want)
		}
	}
	yes := func(x float64) Row { return Row{Value: x, Positive: true} }
	no := func(x float64) Row { return Row{Value: x} }
	f(1, no(1), yes(2), no(0), yes(3))
	f(0, yes(1), no(2))
	f(0.5, yes(1), no(1), no(1), yes(1))
	f(0.71875, yes(1), yes(3), no(1), no(0), no(3), yes(4), no(2), yes(2))
	f(0, Row{Missing: true, Positive: true}, no(-5))
	f(0.5, Row{Missing: true, Positive: true}, Row{Missing: true})
}
