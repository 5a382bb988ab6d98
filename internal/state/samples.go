package state

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
)

// Sample is what was kept of an answer: bytes that mean something to whoever put them.
type Sample struct {
	At      int64 // the time T of the request
	Request string
	Body    []byte
}

// maxSample bounds a sample, so that their number bounds them all.
const maxSample = 1 << 20

// samples counts what is kept. The mutex is held while they are written.
type samples struct {
	mutex sync.Mutex
	count int
}

// appendSample writes the key of a sample: by time, so that the oldest go as one range.
func appendSample(dst []byte, at int64, request string) []byte {
	return append(schema.AppendKeyInt(append(dst, prefixSample), at), request...)
}

// countSamples counts once, at opening; from then on the number is kept up.
func (s *State) countSamples(ctx context.Context) error {
	return s.db.Scan(ctx, []byte{prefixSample}, []byte{prefixSample + 1}, func(_, _ []byte) error {
		s.samples.count++
		return nil
	})
}

// PutSample keeps a sample; one of the same time and request is replaced. Those beyond the age and
// number of Options go. Samples are not tied to a position: a crash may take the last of them.
func (s *State) PutSample(ctx context.Context, sample Sample) error {
	if len(sample.Body) > maxSample || len(sample.Request) > maxSample {
		return fmt.Errorf("a sample has %d bytes, at most %d are kept", len(sample.Body), maxSample)
	}
	s.samples.mutex.Lock()
	defer s.samples.mutex.Unlock()
	key := appendSample(nil, sample.At, sample.Request)
	_, err := s.db.Get(ctx, key)
	fresh := errors.Is(err, store.ErrNotFound)
	if err != nil && !fresh {
		return fmt.Errorf("keep a sample: %w", err)
	}
	var changes store.Changes
	removed, err := s.trimSamples(ctx, &changes, key, fresh)
	if err == nil {
		changes.Set(key, append([]byte{formatVersion}, sample.Body...))
		err = s.db.Apply(ctx, &changes)
	}
	if err != nil {
		return fmt.Errorf("keep a sample: %w", err)
	}
	if s.samples.count -= removed; fresh {
		s.samples.count++
	}
	return nil
}

// trimSamples removes the oldest samples if there are too many with the one of the key, and those
// that are too old. The sample of the key itself stays.
func (s *State) trimSamples(ctx context.Context, changes *store.Changes, key []byte, fresh bool) (
	removed int, err error) {
	spare := s.samples.count - s.options.SampleCount
	if fresh {
		spare++
	}
	if spare > 0 {
		spare += s.options.SampleCount / 16 // so that it need not be done each time
	}
	oldest := appendSample(nil, keyInt(key[1:])-s.options.SampleAge, "")
	end := []byte{prefixSample + 1}
	err = s.db.Scan(ctx, []byte{prefixSample}, end, func(at, _ []byte) error {
		aged := bytes.Compare(at, oldest) < 0
		if !aged && removed >= spare || bytes.Equal(at, key) {
			end = append([]byte(nil), at...)
			return store.ErrStop
		}
		removed++
		return nil
	})
	if removed > 0 {
		changes.DeleteRange([]byte{prefixSample}, end)
	}
	return removed, err
}

// Samples visits the samples with from <= At < to in order of time and request. The body is valid
// during the call only; visit may return store.ErrStop to end without an error.
func (s *State) Samples(ctx context.Context, from, to int64, visit func(Sample) error) error {
	begin, end := appendSample(nil, from, ""), appendSample(nil, to, "")
	err := s.db.Scan(ctx, begin, end, func(key, value []byte) error {
		if len(key) < 9 || len(value) == 0 || value[0] != formatVersion {
			return corrupt(key, "it is no sample")
		}
		return visit(Sample{At: keyInt(key[1:]), Request: string(key[9:]), Body: value[1:]})
	})
	if err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	return nil
}
