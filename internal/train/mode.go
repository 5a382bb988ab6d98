package train

import (
	"context"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Modes of a training set.
const (
	Ideal    = "ideal"     // an event counts if it was available as of the boundary
	AsServed = "as_served" // and if serving could see it
)

// modes computes the values in the mode that is asked for, and counts the cells in which the other
// mode differs. Where nothing was ever pushed the modes are one, and nothing is computed twice.
func modes(ctx context.Context, s *plan.Selection, rows engine.Rows, history History, options Options) (
	values []*engine.Value, report *engine.Report, differing int64, err error) {
	if options.Mode == AsServed {
		rows.Served = options.Served
	}
	values, report, err = evaluate(ctx, s, rows, history, options)
	if err != nil || options.Served == nil {
		return values, report, 0, err
	}
	other := rows
	if other.Served = options.Served; rows.Served != nil {
		other.Served = nil
	}
	others, _, err := evaluate(ctx, s, other, history, options)
	if err != nil {
		return nil, nil, 0, err
	}
	for i, v := range values {
		differing += differences(v, others[i])
	}
	return values, report, differing, nil
}

// differences counts the rows in which two columns of one feature differ, in value or in status.
func differences(a, b *engine.Value) int64 {
	var n int64
	for i, status := range a.Status {
		if status != b.Status[i] || !batch.Same(a.Column, i, b.Column, i) {
			n++
		}
	}
	return n
}
