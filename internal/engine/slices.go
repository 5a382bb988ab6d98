package engine

import (
	"context"
	"fmt"
	"math"
	"sort"
)

// laneBytes is about what a lane builds for an event: prefix sums of several words, and tables of
// extremes.
const laneBytes = 64

// eventBytes is about what an event takes while it is folded.
func (f *feed) eventBytes() int64 {
	for _, p := range f.parts {
		return p.rows.bytes(8)/8 + 8*int64(len(f.selections)) + laneBytes*int64(len(f.lanes))
	}
	return 1
}

// loadedBytes is what a loaded event takes. Lanes are of one entity at a time, so they count for
// large entities only.
func (f *feed) loadedBytes() int64 {
	for _, p := range f.parts {
		return p.rows.bytes(8) / 8
	}
	return 1
}

// tooMany reports whether a partition is larger than the share of a worker.
func (f *feed) tooMany(p int, share int64) bool {
	events := int64(0)
	for _, part := range f.parts {
		events += int64(part.events(p))
	}
	return events*f.loadedBytes() > share || events*f.eventBytes() > share && f.table.count > 0 &&
		f.entities(p) == 1
}

// foldPortions folds a partition some entities at a time, and an entity that is larger than the
// share in slices of time.
func (r *reader) foldPortions(ctx context.Context, p int, share int64) error {
	f := r.feed
	if err := r.partition.count(f, p, everything); err != nil {
		return err
	}
	offsets := append([]int32(nil), r.partition.offsets...)
	limit := int32(min(max(1, share/f.loadedBytes()), math.MaxInt32))
	largest := int32(min(max(1, share/f.eventBytes()), math.MaxInt32))
	for from := 0; from < len(offsets)-1 && ctx.Err() == nil; {
		if offsets[from+1]-offsets[from] > largest {
			if err := r.foldSlices(ctx, p, from, int(largest)); err != nil {
				return err
			}
			from++
			continue
		}
		to := from + 1
		for to < len(offsets)-1 && offsets[to+1]-offsets[from] <= limit &&
			offsets[to+1]-offsets[to] <= largest {
			to++
		}
		if offsets[to] > offsets[from] {
			only := everything
			only.from, only.to = int32(from), int32(to)
			if err := r.partition.load(f, p, only); err != nil {
				return err
			}
			r.foldLoaded(p)
		}
		from = to
	}
	return nil
}

// sliced is an entity whose events do not fit at a time.
type sliced struct {
	reader    *reader
	partition int
	local     int32
	limit     int // events at a time
	times     spread
}

// foldSlices folds one entity. Windows are read for as many labels at a time as the events of all
// their windows fit; the newest row is looked for in one run of events after the other, where a
// later one takes the place of what an earlier one found.
func (r *reader) foldSlices(ctx context.Context, p, local, limit int) error {
	s := &sliced{reader: r, partition: p, local: int32(local), limit: limit}
	if err := s.survey(); err != nil {
		return err
	}
	entity := local<<r.feed.partitionBits | p
	for _, t := range r.feed.tasks {
		if t.offsets[entity] == t.offsets[entity+1] {
			continue
		}
		rows, first := t.rowsOf(entity)
		if err := s.windows(ctx, t, rows, first); err != nil {
			return err
		}
		if err := s.newest(ctx, t, rows, first); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// windows reads the windows of rows that follow each other by boundary.
func (s *sliced) windows(ctx context.Context, t *taskFold, rows []int32, first int) error {
	if len(t.groups) == 0 {
		return nil
	}
	for from := 0; from < len(rows) && ctx.Err() == nil; {
		reach := s.reach(t, rows[from])
		if n := s.times.count(reach.start, reach.end); n > s.limit {
			return s.tooLarge(t, n)
		}
		to := from + 1
		for ; to < len(rows); to++ {
			next := s.reach(t, rows[to])
			next.start, next.end = min(next.start, reach.start), max(next.end, reach.end)
			if s.times.count(next.start, next.end) > s.limit {
				break
			}
			reach = next
		}
		if err := s.fold(t, rows[from:to], first+from, reach, reads{windows: true}); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// reach returns the times that the windows of a row cover.
func (s *sliced) reach(t *taskFold, row int32) extent {
	reach := extent{s.local, s.local + 1, math.MaxInt64, math.MinInt64}
	for _, w := range t.windows {
		start, end := windowEnds(w.Window, t.task.bound.at[row], t.shift)
		reach.start, reach.end = min(reach.start, start), max(reach.end, end)
	}
	return reach
}

// newest reads the newest row of each boundary.
func (s *sliced) newest(ctx context.Context, t *taskFold, rows []int32, first int) error {
	if t.newest == nil {
		return nil
	}
	for _, run := range s.times.runs(s.limit) {
		run.from, run.to = s.local, s.local+1
		at := sort.Search(len(rows), func(i int) bool {
			return t.task.bound.at[rows[i]]+t.shift > run.start
		})
		if at == len(rows) || ctx.Err() != nil {
			break
		}
		if err := s.fold(t, rows[at:], first+at, run, reads{newest: true}); err != nil {
			return err
		}
	}
	return nil
}

// fold loads some of the entity's events and reads rows of them.
func (s *sliced) fold(t *taskFold, rows []int32, first int, only extent, what reads) error {
	r := s.reader
	if err := r.partition.load(r.feed, s.partition, only); err != nil {
		return err
	}
	from, end := r.partition.offsets[s.local], r.partition.offsets[s.local+1]
	if from < end {
		r.enter(int(from), int(end))
		r.foldRun(t, rows, first, what)
	}
	return nil
}

// tooLarge says which window does not fit.
func (s *sliced) tooLarge(t *taskFold, events int) error {
	need := (int64(events)*s.reader.feed.eventBytes()*4)>>20 + 1
	return fmt.Errorf("%w: the windows of view %s hold %d events of one %s, which need about %d MB more",
		ErrMemory, t.task.view.Name, events, t.task.view.Entity.Name, need)
}

// maxBuckets is how finely the times of a large entity are known.
const maxBuckets = 1 << 16

// spread counts events by time: before[i] is how many lie before bucket i of equal width.
type spread struct {
	least, greatest int64
	width           int64
	buckets         int
	before          []int64
}

// survey counts the entity's events by time.
func (s *sliced) survey() error {
	t := &s.times
	t.least, t.greatest = math.MaxInt64, math.MinInt64
	err := s.each(func(at int64) {
		t.least, t.greatest = min(t.least, at), max(t.greatest, at)
		t.buckets = min(maxBuckets, t.buckets+1)
	})
	if err != nil || t.least > t.greatest {
		return err
	}
	t.width = (t.greatest-t.least)/int64(t.buckets) + 1
	t.before = make([]int64, t.buckets+1)
	err = s.each(func(at int64) { t.before[(at-t.least)/t.width+1]++ })
	for i := range t.buckets {
		t.before[i+1] += t.before[i]
	}
	return err
}

// each gives the time of each of the entity's events.
func (s *sliced) each(take func(at int64)) error {
	w := &s.reader.partition
	for _, part := range s.reader.feed.parts {
		if part.events(s.partition) == 0 {
			continue
		}
		rows, err := part.cut(s.partition, &w.buffer)
		if err != nil {
			return err
		}
		for i, entity := range rows.entity {
			if entity == s.local {
				take(rows.time[i])
			}
		}
	}
	return nil
}

// count returns at least the number of events in [start, end), and few more.
func (t *spread) count(start, end int64) int {
	if start >= end || end <= t.least || start > t.greatest {
		return 0
	}
	from, to := int64(0), int64(t.buckets)
	if start > t.least {
		from = (start - t.least) / t.width
	}
	if end <= t.greatest {
		to = (end-1-t.least)/t.width + 1
	}
	return int(t.before[to] - t.before[from])
}

// runs cuts all times into extents of at most so many events, unless one bucket has more.
func (t *spread) runs(limit int) []extent {
	var runs []extent
	for from := 0; from < t.buckets; {
		to := from + 1
		for to < t.buckets && t.before[to+1]-t.before[from] <= int64(limit) {
			to++
		}
		runs = append(runs, extent{
			start: t.least + int64(from)*t.width, end: t.least + int64(to)*t.width,
		})
		from = to
	}
	return runs
}
