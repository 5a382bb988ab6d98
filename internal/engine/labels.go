package engine

import (
	"context"
	"sort"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Select evaluates expressions of the event scope for the events of a source that pass its own
// filter and where, and returns a column each, in the order of position. Tombstones are left out.
// Availability plays no part: a label is what is to be predicted, and may be known long after its
// time. The order does not depend on the number of workers.
func Select(ctx context.Context, events Events, source *plan.Source, where *plan.Expr,
	wanted []*plan.Expr, options Options) ([]*batch.Column, error) {
	scan, err := newSourceScan(source, &programs{})
	if err != nil {
		return nil, err
	}
	var filter *expr.Program
	if where != nil {
		if filter, err = scan.program(where); err != nil {
			return nil, err
		}
	}
	programs := make([]*expr.Program, len(wanted))
	for i, e := range wanted {
		if programs[i], err = scan.program(e); err != nil {
			return nil, err
		}
	}
	var mutex sync.Mutex
	var pieces []piece
	emit := func(_ int, chunk *Chunk) error {
		p := scan.selected(chunk, filter, programs)
		mutex.Lock()
		defer mutex.Unlock()
		pieces = append(pieces, p)
		return ctx.Err()
	}
	request := &ScanRequest{Source: source, Columns: scan.columns, Workers: options.withDefaults().Workers}
	if err := events.Scan(ctx, request, emit); err != nil {
		return nil, err
	}
	return joined(pieces, wanted), nil
}

// piece is what one chunk gives to a selection. The chunk itself is not kept, only what was
// selected of it, unless every row was.
type piece struct {
	ordinal int64
	columns []*batch.Column
}

// selected evaluates the programs over one chunk and keeps the rows that pass. A row counts if both
// filters are true, which null is not. It is called by several goroutines at once; the scan is not
// changed.
func (s *sourceScan) selected(chunk *Chunk, filter *expr.Program, programs []*expr.Program) piece {
	scope := &chunkScope{scan: s, chunk: chunk, results: map[*expr.Program]*batch.Column{}}
	var tests [][]bool
	for _, program := range []*expr.Program{s.where, filter} {
		if program != nil {
			tests = append(tests, truth(scope.eval(program)))
		}
	}
	var deleted []bool
	if s.deleteWhen != nil {
		deleted = truth(scope.eval(s.deleteWhen))
	}
	var rows []uint32
	for i := range chunk.EventTime {
		keep := deleted == nil || !deleted[i]
		for _, test := range tests {
			keep = keep && test[i]
		}
		if keep {
			rows = append(rows, uint32(i))
		}
	}
	p := piece{ordinal: chunk.Ordinal}
	for _, program := range programs {
		column := scope.eval(program)
		if len(rows) < len(chunk.EventTime) {
			column = batch.Gather(column, rows)
		}
		p.columns = append(p.columns, column)
	}
	return p
}

// joined puts the pieces one after the other in the order of their chunks. The empty column in
// front gives the type when there is no piece.
func joined(pieces []piece, wanted []*plan.Expr) []*batch.Column {
	sort.Slice(pieces, func(i, j int) bool { return pieces[i].ordinal < pieces[j].ordinal })
	columns := make([]*batch.Column, len(wanted))
	for k, e := range wanted {
		list := []*batch.Column{batch.NewBuilder(e.Type).Column()}
		for _, p := range pieces {
			list = append(list, p.columns[k])
		}
		columns[k] = batch.Concat(list)
	}
	return columns
}
