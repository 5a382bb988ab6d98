package engine

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
)

// errLate is about a source that cannot be read in two passes after all.
var errLate = errors.New("the columns of the newest rows cannot be read later")

// chooseLate divides the columns of newest rows: those that only they read, and that can be read
// again, wait until the rows are known. Otherwise the columns of all events would be kept, of which
// a few are wanted.
func (s *sourceScan) chooseLate(events Events, options Options) error {
	s.late = nil
	twice, may := events.(Twice)
	may = may && s.pass == FirstPass && options.Trace == nil
	for _, f := range s.feeds {
		for _, column := range f.newest {
			if column == receivedAt || slices.Contains(s.late, column) {
				continue
			}
			_, read := s.position[column]
			if may && !read && s.source.Columns[column].Expr == nil && twice.Later(s.source, column) {
				s.late = append(s.late, column)
				continue
			}
			if err := s.read(column); err != nil {
				return err
			}
		}
	}
	return nil
}

// restart forgets what a scan found, for a scan of all columns.
func (s *sourceScan) restart() {
	s.pass, s.counts = Anew, SourceCounts{}
	if s.changes != nil {
		s.changes = newCorrections(s.source)
	}
	for _, f := range s.feeds {
		f.forget(s.memory)
		f.parts, f.noKey = nil, 0
		for _, v := range f.values {
			v.interner.restart()
		}
		f.sequences.restart()
	}
}

// restart forgets all values.
func (n *interner) restart() {
	if n != nil {
		fresh := newInterner(n.kind)
		n.texts, n.decimals, n.rank, n.sorted = fresh.texts, fresh.decimals, nil, nil
	}
}

// lateReader takes the rows that are wanted from the chunks of a second pass.
type lateReader struct {
	scan  *sourceScan
	feeds []*feed
	parts []map[int64]int // by feed: the number of the part of an ordinal
	mutex sync.Mutex
	seen  int
}

// readLate reads the columns that wait, of the newest rows that the feeds found.
func (s *sourceScan) readLate(ctx context.Context, events Events, feeds []*feed, options Options) error {
	if len(s.late) == 0 {
		return nil
	}
	l := &lateReader{scan: s, feeds: feeds}
	expected := 0
	for _, f := range feeds {
		numbers := map[int64]int{}
		for i, p := range f.parts {
			numbers[p.ordinal] = i
		}
		l.parts = append(l.parts, numbers)
		expected += len(f.parts)
		for _, t := range f.tasks {
			l.prepare(t)
		}
	}
	request := &ScanRequest{Source: s.source, Columns: s.late, Workers: options.Workers, Pass: SecondPass,
		Feeds: s.requests(false)}
	err := events.Scan(ctx, request, func(_ int, chunk *Chunk) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return l.take(chunk)
	})
	if err != nil && ctx.Err() == nil || err == nil && l.seen != expected {
		return errLate
	}
	return err
}

// prepare makes room for the pieces of a task.
func (l *lateReader) prepare(t *taskFold) {
	if t.newest == nil {
		return
	}
	for k, column := range t.feed.newest {
		if slices.Contains(l.scan.late, column) {
			t.newest.from.late[k] = make([]*batch.Column, len(t.feed.parts))
		}
	}
}

// take cuts the rows wanted out of a chunk. The pieces of a part are one chunk's, so that workers
// write different places.
func (l *lateReader) take(chunk *Chunk) error {
	for i, f := range l.feeds {
		number, known := l.parts[i][chunk.Ordinal]
		if !known {
			continue // no row of it was kept
		}
		if f.parts[number].length != len(chunk.EventTime) {
			return errLate
		}
		l.mutex.Lock()
		l.seen++
		l.mutex.Unlock()
		for _, t := range f.tasks {
			if t.newest != nil {
				l.cut(t, number, chunk)
			}
		}
	}
	return nil
}

func (l *lateReader) cut(t *taskFold, number int, chunk *Chunk) {
	from := t.newest.from
	rows := from.wanted[from.byPart[number]:from.byPart[number+1]]
	if len(rows) == 0 {
		return
	}
	for k, column := range t.feed.newest {
		if at := slices.Index(l.scan.late, column); at >= 0 && t.task.newest[column] {
			from.late[k][number] = batch.Gather(chunk.Columns[at], rows)
		}
	}
}
