package engine

import (
	"context"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// sourceScan is one pass over a source for all feeds that want it. Feeds and programs are set up
// before the scan; while it runs only the counts change, under the mutex. Programs are shared by
// the text of their expression.
type sourceScan struct {
	source     *plan.Source
	feeds      []*feed
	compiled   *programs
	programs   map[string]*expr.Program // of this source, by the text of the expression
	where      *expr.Program
	deleteWhen *expr.Program
	available  *expr.Program
	changes    *corrections // nil: the source has none
	computed   map[int]*expr.Program
	columns    []int       // stored columns to read
	position   map[int]int // of a stored column among columns
	memory     *memory     // nil: as much as there is
	late       []int       // columns of newest rows that are read in a second pass
	pass       Pass        // of the scan under way

	mutex  sync.Mutex
	counts SourceCounts
}

// newSourceScan compiles the source's own rules: they hold for every feed, whatever its views.
func newSourceScan(source *plan.Source, compiled *programs) (*sourceScan, error) {
	s := &sourceScan{
		source: source, compiled: compiled, programs: map[string]*expr.Program{}, computed: map[int]*expr.Program{},
		position: map[int]int{},
	}
	for _, rule := range []struct {
		to   **expr.Program
		from *plan.Expr
	}{{&s.where, source.Where}, {&s.deleteWhen, source.DeleteWhen}, {&s.available, source.Available}} {
		if rule.from == nil {
			continue
		}
		program, err := s.program(rule.from)
		if err != nil {
			return nil, err
		}
		*rule.to = program
	}
	if source.Op != nil {
		s.changes = newCorrections(source)
		for _, column := range []int{source.ID, *source.Op} {
			if err := s.read(column); err != nil {
				return nil, err
			}
		}
	}
	if source.Sequence >= 0 {
		return s, s.read(source.Sequence)
	}
	return s, nil
}

// program compiles an expression over the source's columns once, and notes what it reads. It must
// not be called once the scan runs, because the columns to read are fixed then.
func (s *sourceScan) program(e *plan.Expr) (*expr.Program, error) {
	c, err := s.compiled.compile(e)
	if err != nil {
		return nil, err
	}
	if program := s.programs[c.key]; program != nil {
		return program, nil
	}
	program := c.program
	s.programs[c.key] = program
	for _, leaf := range program.Leaves() {
		if leaf.Op != plan.ColumnOf {
			continue
		}
		if err := s.read(leaf.Index); err != nil {
			return nil, err
		}
	}
	return program, nil
}

// programsOf compiles a list of expressions.
func (s *sourceScan) programsOf(list []*plan.Expr) ([]*expr.Program, error) {
	var programs []*expr.Program
	for _, e := range list {
		program, err := s.program(e)
		if err != nil {
			return nil, err
		}
		programs = append(programs, program)
	}
	return programs, nil
}

// read notes that a column is needed: a stored one is read, a computed one compiled.
func (s *sourceScan) read(column int) error {
	if e := s.source.Columns[column].Expr; e != nil {
		if s.computed[column] != nil {
			return nil
		}
		program, err := s.program(e)
		s.computed[column] = program
		return err
	}
	if _, known := s.position[column]; !known {
		s.position[column] = len(s.columns)
		s.columns = append(s.columns, column)
	}
	return nil
}

// feed returns the feed of a key mapping, making it if there is none. Sources have few key
// mappings, so they are compared one by one.
func (s *sourceScan) feed(view *plan.View) (*feed, error) {
	key := make([]*expr.Program, len(view.Key))
	for i, e := range view.Key {
		program, err := s.program(e)
		if err != nil {
			return nil, err
		}
		key[i] = program
	}
	// Equal expressions are one program.
	for _, f := range s.feeds {
		if slices.Equal(f.key, key) {
			return f, nil
		}
	}
	// Where events are corrected, the place of a row among those of its id matters.
	f := &feed{scan: s, key: key, keepOrigin: s.changes != nil}
	if column := s.source.Sequence; column >= 0 {
		switch t := s.source.Columns[column].Type; t.Kind {
		case schema.String, schema.Bytes, schema.Decimal:
			f.sequences = newInterner(t)
		}
	}
	s.feeds = append(s.feeds, f)
	return f, nil
}

// run reads the source once and hands every chunk to the feeds. Progress is called under the mutex,
// so a caller's function need not be safe for concurrent use.
func (s *sourceScan) run(ctx context.Context, events Events, options Options) error {
	for _, f := range s.feeds {
		if err := f.number(); err != nil {
			return err
		}
	}
	emit := func(_ int, chunk *Chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.collect(chunk); err != nil {
			return err
		}
		if options.Progress != nil {
			s.mutex.Lock()
			options.Progress(s.source.Name, s.counts.Events)
			s.mutex.Unlock()
		}
		return nil
	}
	if err := s.chooseLate(events, options); err != nil {
		return err
	}
	request := &ScanRequest{
		Source: s.source, Columns: s.columns, Workers: options.Workers,
		Feeds: s.requests(options.Trace != nil), Pass: s.pass,
	}
	if err := events.Scan(ctx, request, emit); err != nil {
		if len(s.late) > 0 && ctx.Err() == nil {
			return errLate // which may say less than the error of all columns
		}
		return err
	}
	if s.changes != nil {
		s.changes.complete()
	}
	for _, f := range s.feeds {
		f.complete()
	}
	return s.memory.finish()
}

// complete fixes the order of parts and of interned values once all events are in. Before it, both
// depend on which worker was faster; what is folded must not.
func (f *feed) complete() {
	sort.Slice(f.parts, func(i, j int) bool { return f.parts[i].ordinal < f.parts[j].ordinal })
	for _, v := range f.values {
		if v.interner != nil {
			v.interner.sort()
		}
	}
	if f.sequences != nil {
		f.sequences.sort()
	}
}

// chunkScope is the event scope of one chunk: it computes each expression once. It belongs to the
// one goroutine that was given the chunk.
type chunkScope struct {
	scan    *sourceScan
	chunk   *Chunk
	results map[*expr.Program]*batch.Column
	nulls   expr.Counts
	keep    []bool // false: filtered by the source, or never available; nil: all kept
	deleted []bool // tombstones; nil: none
	// corrects is the rows that replace or delete an event, whether they are filtered or not; identity
	// is the event that each row is about. nil: the source has no corrections.
	corrects []bool
	identity []eventID
	ready    []int64
}

// Rows implements expr.Environment.
func (c *chunkScope) Rows() int { return len(c.chunk.EventTime) }

// Leaf implements expr.Environment.
func (c *chunkScope) Leaf(e *plan.Expr) *batch.Column {
	switch e.Op {
	case plan.ColumnOf:
		if program := c.scan.computed[e.Index]; program != nil {
			return c.eval(program)
		}
		return c.chunk.Columns[c.scan.position[e.Index]]
	case plan.EventTime:
		return &batch.Column{Type: schema.Of(schema.Timestamp), Length: c.Rows(), Ints: c.chunk.EventTime}
	case plan.ReceivedAt:
		if c.chunk.ReceivedAt == nil {
			return batch.Repeat(schema.NullOf(schema.Of(schema.Timestamp)), c.Rows())
		}
		return timesColumn(c.chunk.ReceivedAt)
	default:
		panic("BUG: an event has no such leaf")
	}
}

// eval returns the column of a program over all rows of the chunk, filtered ones included: a column
// is shared by feeds and filters, and rows must keep their positions.
func (c *chunkScope) eval(program *expr.Program) *batch.Column {
	if column := c.results[program]; column != nil {
		return column
	}
	column := program.Eval(c, &c.nulls)
	c.results[program] = column
	return column
}

// truth returns the rows where a bool column is true. Null is not true. The result may be the
// column's own memory and must not be changed.
func truth(c *batch.Column) []bool {
	if c.Valid == nil {
		return c.Bools
	}
	out := make([]bool, c.Length)
	for i := range out {
		out[i] = c.Valid[i] && c.Bools[i]
	}
	return out
}

// collect reduces one chunk for every feed.
func (s *sourceScan) collect(chunk *Chunk) error {
	scope := &chunkScope{scan: s, chunk: chunk, results: map[*expr.Program]*batch.Column{}}
	counts := SourceCounts{Events: int64(len(chunk.EventTime))}
	if s.deleteWhen != nil {
		scope.deleted = truth(scope.eval(s.deleteWhen))
	}
	if s.where != nil {
		scope.keep = keepOrDeleted(truth(scope.eval(s.where)), scope.deleted, &counts)
	}
	if s.changes != nil {
		scope.corrects = s.changes.find(scope)
	}
	scope.availability(&counts)
	if s.changes != nil {
		s.changes.collect(scope)
	}
	for i, f := range s.feeds {
		if chunk.Feed == 0 || chunk.Feed == i+1 {
			if err := f.collect(scope); err != nil {
				return err
			}
		}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.counts.Events += counts.Events
	s.counts.Filtered += counts.Filtered
	s.counts.Raised += counts.Raised
	s.counts.Never += counts.Never
	s.counts.Made.Add(scope.nulls)
	return nil
}

// keepOrDeleted keeps the rows that pass the source's filter, and all tombstones. A tombstone that
// is filtered would leave the row that it deletes alive.
func keepOrDeleted(passes, deleted []bool, counts *SourceCounts) []bool {
	keep := make([]bool, len(passes))
	for i, pass := range passes {
		keep[i] = pass || deleted != nil && deleted[i]
		if !keep[i] {
			counts.Filtered++
		}
	}
	return keep
}

// availability sets when each event can be known, nil if that is its own time for all. Rows that
// can never be known are left out. The default is the event's own time for files and the time of
// receipt for live events. An availability before the event's own time is raised to it: nothing is
// known before it happens.
func (c *chunkScope) availability(counts *SourceCounts) {
	times := c.chunk.EventTime
	if c.scan.available == nil {
		if c.chunk.ReceivedAt == nil {
			return
		}
		c.ready = make([]int64, len(times))
		for i, t := range times {
			c.ready[i] = max(t, c.chunk.ReceivedAt[i])
		}
		return
	}
	rule := c.eval(c.scan.available)
	c.ready = make([]int64, len(times))
	later := false
	for i, t := range times {
		switch {
		case c.keep != nil && !c.keep[i] && (c.corrects == nil || !c.corrects[i]):
			c.ready[i] = t // filtered out before its availability matters
		case rule.IsNull(i):
			counts.Never++
			c.drop(i)
			c.ready[i] = math.MaxInt64
			later = true
		case rule.Ints[i] < t:
			counts.Raised++
			c.ready[i] = t
		default:
			c.ready[i] = rule.Ints[i]
			later = later || rule.Ints[i] > t
		}
	}
	// Without a late event the list would only repeat the times; folding is faster without it.
	if !later {
		c.ready = nil
	}
}

// drop leaves a row out. It makes the list of kept rows if the source has no filter.
func (c *chunkScope) drop(row int) {
	if c.keep == nil {
		c.keep = make([]bool, c.Rows())
		for i := range c.keep {
			c.keep[i] = true
		}
	}
	c.keep[row] = false
}
