package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// foldAll folds every task, as soon as its keys are known: first those of the rows, then those at
// the end of links. A source is read once for all tasks whose keys are known at that time. It is
// read again only when a link leads to it whose key is itself a value of the same source.
func (e *evaluation) foldAll(ctx context.Context, events Events) error {
	for {
		scans, waiting, err := e.nextScans()
		if err != nil {
			return err
		}
		for _, s := range scans {
			if err := e.foldSource(ctx, events, s); err != nil {
				return err
			}
		}
		if !waiting {
			return nil
		}
	}
}

// nextScans gathers, by source, the tasks that are not folded and whose keys can be computed.
// Views without a source are folded at once. waiting says that other tasks are left. The order of
// scans is the order in which tasks were made, which depends on the plan and the wanted features
// alone. Links cannot form a cycle in a plan, so some task always makes progress.
func (e *evaluation) nextScans() (scans []*sourceScan, waiting bool, err error) {
	bySource := map[*plan.Source]*sourceScan{}
	progress := false
	for _, t := range e.order {
		switch {
		case t.folded:
		case !t.keys.ready():
			waiting = true
		case !t.readsSource():
			if err := t.keys.resolve(); err != nil {
				return nil, false, err
			}
			t.folded, progress = true, true
		default:
			s := bySource[t.view.Source]
			if s == nil {
				if s, err = newSourceScan(t.view.Source, e.programs); err != nil {
					return nil, false, err
				}
				bySource[t.view.Source] = s
				scans = append(scans, s)
			}
			if err := s.add(t); err != nil {
				return nil, false, err
			}
			progress = true
		}
	}
	// Without this a mistake in following links would loop for ever instead of failing.
	if waiting && !progress {
		panic("BUG: tasks wait for each other")
	}
	return scans, waiting || len(scans) > 0, nil
}

// readsSource reports whether any value of the task depends on events. A view may read only
// requests, references or the time, and then its source is not opened.
func (t *task) readsSource() bool {
	for _, wanted := range t.aggregates {
		if wanted {
			return true
		}
	}
	return len(t.newest) > 0 || t.newestTime
}

// add prepares the fold of a task. The scan must not have begun: the task may add columns,
// selections and lanes to its feed.
func (s *sourceScan) add(t *task) error {
	f, err := s.feed(t.view)
	if err != nil {
		return err
	}
	fold, err := newTaskFold(t, f)
	if err != nil {
		return err
	}
	t.fold = fold
	f.tasks = append(f.tasks, fold)
	return nil
}

// foldSource reads a source and folds the tasks of its feeds. Tasks that wait for this source's
// values can settle their keys when it returns.
func (e *evaluation) foldSource(ctx context.Context, events Events, s *sourceScan) error {
	s.memory = e.memory
	err := e.tryFold(ctx, events, s)
	if errors.Is(err, errLate) {
		s.restart()
		err = e.tryFold(ctx, events, s)
	}
	if err == nil {
		e.count(s)
	}
	return err
}

func (e *evaluation) tryFold(ctx context.Context, events Events, s *sourceScan) error {
	if err := s.run(ctx, events, e.options); err != nil {
		return err
	}
	return e.foldFeeds(ctx, events, s, s.feeds)
}

// foldFeeds folds the tasks of feeds of a source whose events are all there.
func (e *evaluation) foldFeeds(ctx context.Context, events Events, s *sourceScan, feeds []*feed) error {
	for _, f := range feeds {
		for _, t := range f.tasks {
			t.allocate()
		}
		if err := f.foldPartitions(ctx, e.options.Workers); err != nil {
			return err
		}
		for _, t := range f.tasks {
			t.arrange()
		}
		f.forget(e.memory)
	}
	if err := s.readLate(ctx, events, feeds, e.options); err != nil {
		return err
	}
	for _, f := range feeds {
		for _, t := range f.tasks {
			t.finish()
			if e.options.Trace != nil {
				e.options.Trace.complete(t)
			}
			t.task.folded = true
			t.feed = nil // the events may go before another source is read
		}
	}
	return nil
}

// forget lets the events of a feed go, except for the newest rows of chunks.
func (f *feed) forget(m *memory) {
	for _, p := range f.parts {
		m.release(p.bytes)
		p.rows, p.bytes = eventRows{}, 0
	}
}

// count adds what one scan saw to the report. A source read again for links counts once. Adding up
// the second reading would report events that do not exist.
func (e *evaluation) count(s *sourceScan) {
	if e.report.Sources[s.source.Name] == nil {
		counts := s.counts
		e.report.Sources[s.source.Name] = &counts
	}
	for _, f := range s.feeds {
		for _, t := range f.tasks {
			e.report.NoKey[t.task.view.Name] = f.noKey
		}
	}
}

// foldPartitions works through the partitions on all workers. Workers take the next partition when
// they are done with one, so that a heavy entity holds up a single worker. They write to shared
// columns without a lock: an entity is in one partition and a row has one entity, so no place is
// written twice.
func (f *feed) foldPartitions(ctx context.Context, workers int) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	share := f.scan.memory.share(min(workers, f.partitions()))
	work := func() {
		r := f.scan.compiled.reader(f)
		defer f.scan.compiled.release(r)
		for p := next.Add(1) - 1; int(p) < f.partitions() && ctx.Err() == nil; p = next.Add(1) - 1 {
			if err := r.foldPartition(ctx, int(p), share); err != nil {
				stop(err)
			}
		}
	}
	// A goroutine of its own would cost a single row more than its fold.
	var group sync.WaitGroup
	for range min(workers, f.partitions()) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
	return context.Cause(ctx)
}

// foldPartition folds every entity of a partition for every task, as many at a time as the share of
// memory lets; 0: no bound. Entities without events are skipped: their rows keep what the columns
// began with, that is null, or 0 for counts.
func (r *reader) foldPartition(ctx context.Context, p int, share int64) error {
	r.number = p
	if share > 0 && r.feed.tooMany(p, share) {
		return r.foldPortions(ctx, p, share)
	}
	if err := r.partition.load(r.feed, p, everything); err != nil {
		return err
	}
	r.foldLoaded(p)
	return nil
}

// foldLoaded folds the entities that have events in the partition.
func (r *reader) foldLoaded(p int) {
	for local := range len(r.partition.offsets) - 1 {
		from, end := r.partition.offsets[local], r.partition.offsets[local+1]
		if from == end {
			continue
		}
		r.enter(int(from), int(end))
		entity := local<<r.feed.partitionBits | p
		for _, t := range r.feed.tasks {
			if t.offsets[entity] < t.offsets[entity+1] {
				r.foldRows(t, entity)
			}
		}
	}
}

// taskFold is what one task reads of its feed, and the columns it fills. Workers only write the
// leaves, the times of groups and the newest rows, each at its own places.
type taskFold struct {
	task       *task
	feed       *feed
	numbers    []int32 // entity of each row
	order      []int32 // rows by entity, then by boundary
	offsets    []int32 // of each entity in order
	windows    []foldWindow
	groups     []*group
	aggregates map[int]*leaf
	newest     *newestFold

	columns       map[int]*batch.Column // finished aggregates, by index
	newestColumns map[int]*batch.Column // of the newest rows, by column of the source
	shift         int64                 // 1 with edge at
}

// foldWindow is a window of a task, and the number of its sessions in the feed if it has any.
type foldWindow struct {
	plan.Window
	sessions int
}

// group is the aggregates of one window and one filter: those that share their contributing events.
// Its times are at the places of rows in taskFold.order until the fold is finished, then at the
// rows.
type group struct {
	window int
	base   int // selection
	time   []int64
	reads  []*read
	// general is read after the others, each at its own cost.
	general []general
}

// newestFold is the newest row of each task row. Rows without one have NoTime; origin says nothing
// there.
type newestFold struct {
	live   int // selection of rows that pass the view's filter and are no tombstones
	time   []int64
	origin []uint64
	from   *rowSources // once all are found
}

// newTaskFold declares to the feed everything that the task reads of events: aggregates with their
// selections and lanes, and the columns of the newest row. A trace needs the origin of every event.
func newTaskFold(t *task, f *feed) (*taskFold, error) {
	fold := &taskFold{task: t, feed: f, aggregates: map[int]*leaf{}}
	f.keepOrigin = f.keepOrigin || t.evaluation.options.Trace != nil
	f.served = f.served || t.evaluation.rows.Served != nil
	if t.view.Edge == plan.At {
		fold.shift = 1
	}
	for i, wanted := range t.aggregates {
		if !wanted {
			continue
		}
		if err := fold.addAggregate(i); err != nil {
			return nil, err
		}
	}
	if len(t.newest) == 0 && !t.newestTime {
		return fold, nil
	}
	live, err := f.selection(conditions(t.view, nil))
	if err != nil {
		return nil, err
	}
	fold.newest = &newestFold{live: live}
	f.keepOrigin = true
	if t.received && !slices.Contains(f.newest, receivedAt) {
		f.newest = append(f.newest, receivedAt)
	}
	for _, column := range slices.Sorted(maps.Keys(t.newest)) {
		if !slices.Contains(f.newest, column) {
			f.newest = append(f.newest, column)
		}
	}
	return fold, nil
}

// noTimes is where event times begin: 0 would be an instant of 1970, not the absence of one.
func noTimes(rows int) []int64 {
	times := make([]int64, rows)
	for i := range times {
		times[i] = NoTime
	}
	return times
}

// group lists the rows of each entity one after the other. Their order by boundary is left to
// rowsOf, which runs on the workers. Rows without an entity are in no list.
func (t *taskFold) group(entities int) {
	t.offsets = make([]int32, entities+1)
	for _, number := range t.numbers {
		if number >= 0 {
			t.offsets[number+1]++
		}
	}
	for e := range entities {
		t.offsets[e+1] += t.offsets[e]
	}
	for _, l := range t.aggregates {
		if l.made != nil && l.made.asked.lists {
			l.made.arenas = make([]arena, t.feed.partitions())
		}
	}
	t.order = make([]int32, t.offsets[entities])
	next := append([]int32(nil), t.offsets[:entities]...)
	for row, number := range t.numbers {
		if number >= 0 {
			t.order[next[number]] = int32(row)
			next[number]++
		}
	}
}

// rowsOf returns the rows of an entity in the order of their boundaries, and the place of the first
// in the order of all rows. It sorts in place, so only the worker that folds the entity may call
// it. Rows with one boundary get equal values, so their order among each other does not matter.
func (t *taskFold) rowsOf(entity int) (rows []int32, first int) {
	first = int(t.offsets[entity])
	rows, bound := t.order[first:t.offsets[entity+1]], t.task.bound.at
	slices.SortFunc(rows, func(a, b int32) int { return cmp.Compare(bound[a], bound[b]) })
	return rows, first
}

// leaf is a column of aggregate values under construction. While it is folded a value stands at its
// row's place in taskFold.order, so that an entity writes one run of memory; finish brings the
// values to their rows. A place is written at most once.
type leaf struct {
	kind      schema.Type
	group     *group // has the times of the newest contributing events
	zero      bool   // no event gives 0, not null
	interner  *interner
	ints      []int64
	floats    []float64
	decimals  []schema.Int128
	valid     []bool
	made      *generalLeaf // of package aggregate; nil: of lanes
	capped    bool         // failed is needed
	failed    []bool       // a cap was exceeded; nil: never
	nonFinite atomic.Int64
	overflow  atomic.Int64
}

// allocate makes room for what the task fills. It comes when the task is about to be folded: many
// groups of rows may wait for that.
func (t *taskFold) allocate() {
	rows := t.task.evaluation.rows.Count
	for _, g := range t.groups {
		g.time = noTimes(rows)
	}
	for _, l := range t.aggregates {
		l.allocate(rows)
	}
	if t.newest != nil {
		t.newest.time, t.newest.origin = noTimes(rows), make([]uint64, rows)
	}
}

// allocate makes room for one value of each row. Text and bool are held as integers until the end.
func (l *leaf) allocate(rows int) {
	l.valid = make([]bool, rows)
	if l.capped {
		l.failed = make([]bool, rows)
	}
	switch {
	case l.made != nil && l.made.allocate(l, rows):
	case l.interner != nil:
		l.ints = make([]int64, rows)
	case l.kind.Kind == schema.Float64:
		l.floats = make([]float64, rows)
	case l.kind.Kind == schema.Decimal:
		l.decimals = make([]schema.Int128, rows)
	default:
		l.ints = make([]int64, rows)
	}
}

// setInt stores an integer, a truth value or a rank.
func (l *leaf) setInt(at int, x int64) { l.ints[at], l.valid[at] = x, true }

// setFloat stores a result; one that is not finite becomes null and is counted. The difference of
// such a number with itself is not 0. Adding 0 turns a negative zero into the positive one, so that
// equal values have equal bits.
func (l *leaf) setFloat(at int, x float64) {
	if x-x != 0 {
		l.nonFinite.Add(1)
		return
	}
	l.floats[at], l.valid[at] = x+0, true
}

// setDecimal stores a result that fits, else counts it.
func (l *leaf) setDecimal(at int, x schema.Int128, fits bool) {
	if !fits {
		l.overflow.Add(1)
		return
	}
	l.decimals[at], l.valid[at] = x, true
}

// setInt64 stores a sum of integers, or counts it as too large for its type.
func (l *leaf) setInt64(at int, x int64, fits bool) {
	if !fits {
		l.overflow.Add(1)
		return
	}
	l.setInt(at, x)
}
