// Package auc measures how well one number tells two kinds of rows apart.
package auc

import (
	"cmp"
	"slices"
)

// Row is a row's number and its kind. Missing rows come before all numbers.
type Row struct {
	Value    float64
	Missing  bool
	Positive bool
}

// Of returns the chance that a positive row has a greater value than a negative one, ties counting
// half: 0.5 is guessing, 1 is certainty. It sorts the rows.
func Of(rows []Row) float64 {
	slices.SortFunc(rows, compare)
	var ranks, positives float64
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && compare(rows[from], rows[to]) == 0 {
			to++
		}
		for _, row := range rows[from:to] {
			if row.Positive {
				ranks += float64(from+to+1) / 2
				positives++
			}
		}
		from = to
	}
	negatives := float64(len(rows)) - positives
	return (ranks - positives*(positives+1)/2) / (positives * negatives)
}

func compare(a, b Row) int {
	switch {
	case a.Missing && b.Missing:
		return 0
	case a.Missing:
		return -1
	case b.Missing:
		return 1
	default:
		return cmp.Compare(a.Value, b.Value)
	}
}
