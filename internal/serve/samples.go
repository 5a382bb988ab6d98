package serve

import (
	"context"
	"fmt"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
)

// sample takes a sample of an answer, if any of its entities are in the share that is sampled. It is
// kept under the time of the answer and not under T, which the caller may have chosen: the store takes
// the age of samples from it.
func (s *Server) sample(a *Answer, rows Rows) {
	if s.options.Samples == nil {
		return
	}
	chosen := sampledRows(rows, a.Query.rate)
	chosen = chosen[:min(len(chosen), max(1, sampleCells/(len(a.Values)+1)))]
	for ; len(chosen) > 0; chosen = chosen[:len(chosen)/2] {
		body := sampleOf(a, rows, chosen).encode()
		if len(body) <= sampleBytes {
			s.queue.put(state.Sample{At: a.drawn, Request: a.RequestID, Body: body})
			return
		}
	}
}

// The sample of a large answer has its first rows only: about so many cells, and at most so many
// bytes, which is what the store takes.
const (
	sampleCells = 20_000
	sampleBytes = 1 << 20
)

// sampledRows chooses rows by a hash of all their keys, so that the same entities are sampled each
// time: their answers can be followed, and a busy entity does not push out the others.
func sampledRows(rows Rows, rate float64) []uint32 {
	if rate <= 0 {
		return nil
	}
	var chosen []uint32
	for row := range rows.Count {
		if rate >= 1 || float64(keyHash(rows.Keys, row)>>11) < rate*(1<<53) {
			chosen = append(chosen, uint32(row))
		}
	}
	return chosen
}

// keyHash is FNV-1a over the keys of all roles, well mixed: its upper bits choose the sample.
func keyHash(keys [][]*batch.Column, row int) uint64 {
	h := uint64(14695981039346656037)
	add := func(b byte) { h = (h ^ uint64(b)) * 1099511628211 }
	for _, role := range keys {
		for _, c := range role {
			if c.IsNull(row) {
				add(0)
				continue
			}
			add(1)
			switch c.Type.Kind {
			case schema.String, schema.Bytes, schema.JSON:
				text := c.Text(row)
				for i := range len(text) {
					add(text[i])
				}
				add(0) // columns do not run into each other
			case schema.Bool:
				if c.Bools[row] {
					add(1)
				}
			default:
				for x := uint64(c.Ints[row]); x != 0; x >>= 8 {
					add(byte(x))
				}
			}
		}
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// queued is a sample that waits to be stored; or, with stored set, a mark that is closed when all
// before it were.
type queued struct {
	state.Sample
	stored chan struct{}
}

// sampleQueue stores samples one after the other in a goroutine of its own, which ends when there
// is nothing to store. What waits is bounded in bytes.
type sampleQueue struct {
	samples  Samples
	observer Observer
	limit    int

	mutex   sync.Mutex
	waiting []queued
	bytes   int  // of waiting, and of what is being stored
	running bool // the goroutine is
	closed  bool
	dropped int64
}

func newSampleQueue(o Options) *sampleQueue {
	return &sampleQueue{samples: o.Samples, observer: o.Observer, limit: o.SampleBytes}
}

// put never waits.
func (q *sampleQueue) put(s state.Sample) {
	q.mutex.Lock()
	refused := q.closed || q.bytes+len(s.Body) > q.limit
	if refused {
		q.dropped++
	} else {
		q.waiting = append(q.waiting, queued{Sample: s})
		q.bytes += len(s.Body)
		if !q.running {
			q.running = true
			go q.store()
		}
	}
	q.mutex.Unlock()
	if refused && q.observer.SampleDropped != nil {
		q.observer.SampleDropped()
	}
}

// store stores what waits, until nothing does. Nobody waits for it but drain, which has a deadline
// of its own; a sample whose storing fails is lost, and reported.
func (q *sampleQueue) store() {
	for {
		q.mutex.Lock()
		all := q.waiting
		q.waiting = nil
		q.running = len(all) > 0
		q.mutex.Unlock()
		if len(all) == 0 {
			return
		}
		for _, s := range all {
			q.storeOne(s)
		}
	}
}

func (q *sampleQueue) storeOne(s queued) {
	if s.stored != nil {
		close(s.stored)
		return
	}
	err := q.samples.PutSample(context.Background(), s.Sample)
	switch {
	case err != nil && q.observer.SampleFailed != nil:
		q.observer.SampleFailed(err)
	case err == nil && q.observer.SampleStored != nil:
		q.observer.SampleStored()
	}
	q.mutex.Lock()
	q.bytes -= len(s.Body)
	q.mutex.Unlock()
}

func (q *sampleQueue) close() {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.closed = true
}

// drain waits until all that was put before is stored.
func (q *sampleQueue) drain(ctx context.Context) error {
	q.mutex.Lock()
	if !q.running {
		q.mutex.Unlock()
		return nil
	}
	mark := queued{stored: make(chan struct{})}
	q.waiting = append(q.waiting, mark)
	q.mutex.Unlock()
	select {
	case <-mark.stored:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("store samples: %w", ctx.Err())
	}
}

// Dropped returns how many samples were dropped because too many waited.
func (s *Server) Dropped() int64 {
	s.queue.mutex.Lock()
	defer s.queue.mutex.Unlock()
	return s.queue.dropped
}
