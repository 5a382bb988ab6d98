package file

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// ScanRequest says what a scan reads.
type ScanRequest struct {
	// Columns are places in Config.Columns. The event time and the id are read anyway.
	Columns []int
	// Workers is the number of goroutines that read and emit; at least 1.
	Workers int
	// Progress, if set, is told how far the scan is, one call at a time. total is -1 if unknown.
	Progress func(done, total int64)
	// SkipHash leaves FileInfo.SHA256 empty.
	SkipHash bool
	// Within, if set, says that only events of these times are wanted. Rows of other times may be
	// left out unread where the file says the times of a run of rows, and the source has no id:
	// they are counted as kept, and what is wrong with them is not found.
	Within *Interval
}

// Interval is the times [From, To).
type Interval struct{ From, To int64 }

// run is one scan.
type run struct {
	source  *Source
	layout  *layout
	request ScanRequest
	emit    func(worker int, c *Chunk) error
	seeds   seeds
	table   *table // of the one goroutine whose turn it is
	tally   tally
	total   int64
	units   *units
	turns   *turns
}

// Scan reads all rows and emits those that are kept, from up to request.Workers goroutines at a
// time; worker numbers the goroutine from 0. The columns of a chunk may be kept, but not changed.
// After an error, of emit or of its own, no more is emitted. When more rows are bad than allowed,
// the scan goes on without emitting, to find the rest, and fails with a *BadRowsError.
func (s *Source) Scan(
	ctx context.Context, request ScanRequest, emit func(worker int, c *Chunk) error,
) (*Report, error) {
	request.Workers = max(1, request.Workers)
	r := &run{source: s, request: request, emit: emit, seeds: newSeeds()}
	r.layout = newLayout(&s.config, request.Columns)
	if s.convertible() {
		r.layout.checkAll(&s.config)
	}
	var err error
	if r.total, err = s.inspect(r.layout); err != nil {
		return nil, s.wrap(err)
	}
	if s.config.ID >= 0 {
		r.table = newTable(r.total)
	}
	r.units = &units{source: s, layout: r.layout, open: map[*reading]bool{}}
	r.tally.rows = make([]int64, len(s.paths))
	r.turns = newTurns()
	infos, err := r.all(ctx)
	if err != nil {
		return nil, s.wrap(err)
	}
	report := r.tally.report
	report.Files = infos
	for i := range infos {
		infos[i].Rows = r.tally.rows[i]
	}
	report.Quarantined = firstBad(r.tally.bad)
	if report.BadRows > int64(s.config.MaxBad) {
		return nil, &BadRowsError{Source: s.config.Name, Allowed: s.config.MaxBad,
			Total: report.BadRows, Bad: report.Quarantined}
	}
	return &report, nil
}

// all runs the workers and the hashing beside them, to the first error.
func (r *run) all(ctx context.Context) ([]FileInfo, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, r.turns.stop)()
	var wait sync.WaitGroup
	start := func(task func() error) {
		wait.Go(func() {
			if err := task(); err != nil {
				cancel(err)
			}
		})
	}
	var infos []FileInfo
	start(func() (err error) {
		infos, err = r.source.describeFiles(ctx, r.request.SkipHash)
		return err
	})
	for worker := range r.request.Workers {
		start(func() error { return r.work(ctx, worker) })
	}
	wait.Wait()
	err := context.Cause(ctx)
	return infos, errors.Join(err, r.units.close())
}

// work reads unit after unit.
func (r *run) work(ctx context.Context, worker int) error {
	for {
		unit, err := r.units.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if rows := r.unwanted(unit); rows > 0 {
			r.tally.skip(unit.of.file.index, rows)
			err = r.units.done(unit)
		} else {
			err = r.readUnit(ctx, worker, unit)
		}
		if err != nil {
			return err
		}
	}
}

// unwanted returns the number of rows of a unit that need not be read; 0: it is read.
func (r *run) unwanted(u *ticket) int64 {
	bounded, can := u.Unit.(format.Bounded)
	if r.request.Within == nil || r.layout.id >= 0 || !can || u.of.file.local[r.layout.time] {
		return 0
	}
	least, greatest, rows, known := bounded.TimeBounds(r.layout.time)
	if !known || !schema.ValidTime(least) || !schema.ValidTime(greatest) ||
		greatest >= r.request.Within.From && least < r.request.Within.To {
		return 0
	}
	return rows
}

// maxWaiting is how many parts a goroutine reads ahead while it waits for its turn at the table of
// ids: enough to keep it busy, few enough to bound the memory.
const maxWaiting = 8

// readUnit reads one unit and emits its chunks.
func (r *run) readUnit(ctx context.Context, worker int, u *ticket) error {
	var waiting []*draft
	err := u.Read(func(part *format.Part) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		d := r.draft(u.of.file, part)
		if r.layout.id < 0 {
			return r.finish(worker, d)
		}
		if waiting = append(waiting, d); len(waiting) < maxWaiting {
			return nil
		}
		done := waiting
		waiting = nil
		if err := r.enter(ctx, u, done); err != nil {
			return err
		}
		return r.finish(worker, done...)
	})
	if err == nil && r.layout.id >= 0 {
		if err = r.enter(ctx, u, waiting); err == nil {
			r.turns.pass() // before emitting: the next unit need not wait for that
			err = r.finish(worker, waiting...)
		}
	}
	return errors.Join(err, r.units.done(u))
}

// enter waits for the turn of a unit and looks the ids of its drafts up.
func (r *run) enter(ctx context.Context, u *ticket, drafts []*draft) error {
	if !r.turns.wait(u.number) {
		return context.Cause(ctx)
	}
	for _, d := range drafts {
		r.unique(d)
	}
	return nil
}

// finish counts drafts and emits their chunks.
func (r *run) finish(worker int, drafts ...*draft) error {
	for _, d := range drafts {
		c := r.chunk(d)
		d.report.Kept = int64(c.Rows())
		bad := r.tally.add(d, func(done int64) {
			if r.request.Progress != nil {
				r.request.Progress(done, r.total)
			}
		})
		if c.Rows() == 0 || bad > int64(r.source.config.MaxBad) {
			continue
		}
		if err := r.emit(worker, c); err != nil {
			return err
		}
	}
	return nil
}
