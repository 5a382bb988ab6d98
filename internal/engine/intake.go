package engine

import (
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Intake tells of arriving events which entities they are about, and what each view makes of them.
// It is what a store of entities needs to know before any value is asked for. It is immutable and
// safe for concurrent use.
type Intake struct {
	scan     *sourceScan
	views    []*plan.View
	mappings []Mapping
	keys     [][]*expr.Program // by mapping
	of       []int             // mapping of each view
	where    []*expr.Program   // of each view; nil: none
}

// Mapping is the views that find their entity in an event in the same way: by equal expressions.
type Mapping struct {
	Views []*plan.View
	// Text is equal for equal mappings of one source, also in other plans.
	Text string
}

// Arrivals is what an Intake reads of one chunk.
type Arrivals struct {
	// Keys are the key columns of each event, by mapping. A null in any of them: no entity.
	Keys [][]*batch.Column
	// Filtered and NoKey count, by view, the events that its filter or its source's leaves out, and
	// the other ones that have no entity.
	Filtered, NoKey []int64
	// Available is when each event can be known; math.MaxInt64: never. It says nothing about events
	// that the source's filter leaves out.
	Available []int64
}

// NewIntake compiles what views of one source ask of an event. The chunks that it reads must have a
// column for each stored column of the source, at its index.
func NewIntake(source *plan.Source, views []*plan.View) (*Intake, error) {
	scan, err := newSourceScan(source, &programs{})
	if err != nil {
		return nil, err
	}
	in := &Intake{scan: scan, views: views}
	for _, view := range views {
		if err := in.add(view); err != nil {
			return nil, err
		}
	}
	for i := range source.Columns {
		scan.position[i] = i
	}
	return in, nil
}

func (in *Intake) add(view *plan.View) error {
	text := ""
	for _, e := range view.Key {
		text += e.Key() + ";"
	}
	at := slices.IndexFunc(in.mappings, func(m Mapping) bool { return m.Text == text })
	if at < 0 {
		var keys []*expr.Program
		for _, e := range view.Key {
			program, err := in.scan.program(e)
			if err != nil {
				return err
			}
			keys = append(keys, program)
		}
		at = len(in.mappings)
		in.mappings = append(in.mappings, Mapping{Text: text})
		in.keys = append(in.keys, keys)
	}
	in.mappings[at].Views = append(in.mappings[at].Views, view)
	in.of = append(in.of, at)
	var where *expr.Program
	if view.Where != nil {
		var err error
		if where, err = in.scan.program(view.Where); err != nil {
			return err
		}
	}
	in.where = append(in.where, where)
	return nil
}

// Mappings returns the mappings in the order in which the views first use them.
func (in *Intake) Mappings() []Mapping { return in.mappings }

// Read reads one chunk. The columns may share its memory.
func (in *Intake) Read(chunk *Chunk) *Arrivals {
	scope := &chunkScope{scan: in.scan, chunk: chunk, results: map[*expr.Program]*batch.Column{}}
	var counts SourceCounts
	if in.scan.deleteWhen != nil {
		scope.deleted = truth(scope.eval(in.scan.deleteWhen))
	}
	if in.scan.where != nil {
		scope.keep = keepOrDeleted(truth(scope.eval(in.scan.where)), scope.deleted, &counts)
	}
	a := &Arrivals{Filtered: make([]int64, len(in.views)), NoKey: make([]int64, len(in.views))}
	for _, programs := range in.keys {
		columns := make([]*batch.Column, len(programs))
		for i, program := range programs {
			columns[i] = scope.eval(program)
		}
		a.Keys = append(a.Keys, columns)
	}
	for i := range in.views {
		a.count(i, scope, in)
	}
	scope.availability(&counts)
	a.Available = scope.ready
	if a.Available == nil {
		a.Available = slices.Clone(chunk.EventTime)
	}
	return a
}

// count counts what a view leaves out of a chunk. Tombstones are filtered by neither filter.
func (a *Arrivals) count(view int, scope *chunkScope, in *Intake) {
	var passes []bool
	if in.where[view] != nil {
		passes = truth(scope.eval(in.where[view]))
	}
	columns := a.Keys[in.of[view]]
	for row := range scope.Rows() {
		deleted := scope.deleted != nil && scope.deleted[row]
		if scope.keep != nil && !scope.keep[row] || passes != nil && !passes[row] && !deleted {
			a.Filtered[view]++
			continue
		}
		for _, c := range columns {
			if c.IsNull(row) {
				a.NoKey[view]++
				break
			}
		}
	}
}
