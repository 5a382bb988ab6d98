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

// modes computes the values in the mode that is asked for, and those in the other mode. Where nothing
// was ever pushed the modes are one, nothing is computed twice, and there are no others.
func modes(ctx context.Context, s *plan.Selection, rows engine.Rows, history History, options Options) (
	values, others []*engine.Value, report *engine.Report, err error) {
	if options.Mode == AsServed {
		rows.Served = options.Served
	}
	values, report, err = evaluate(ctx, s, rows, history, options)
	if err != nil || options.Served == nil {
		return values, nil, report, err
	}
	other := rows
	if other.Served = options.Served; rows.Served != nil {
		other.Served = nil
	}
	if others, _, err = evaluate(ctx, s, other, history, options); err != nil {
		return nil, nil, nil, err
	}
	return values, others, report, nil
}

// differs reports whether two columns of one feature differ in a row, in value or in status.
func differs(a, b *engine.Value, row int) bool {
	return a.Status[row] != b.Status[row] || !batch.Same(a.Column, row, b.Column, row)
}
