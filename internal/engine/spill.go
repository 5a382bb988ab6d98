package engine

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Spill is where events go that do not fit the memory of an evaluation. It is used from many
// goroutines. What is created is the evaluation's to close, on every way out.
type Spill interface {
	// Create makes an empty run.
	Create() (Run, error)
}

// Run is bytes that are appended by one goroutine at a time and then read by many. Nothing is read
// before all of it is written.
type Run interface {
	io.Writer
	io.ReaderAt
	// Close removes the run.
	Close() error
}

// ErrMemory is wrapped by the error about values that cannot be computed within the memory.
var ErrMemory = errors.New("the memory is too small")

// memory is the bound of one evaluation, and the run that takes what is beyond it. A nil memory
// bounds nothing. While events are collected, half of the bound is theirs; the other half is for
// loading them back, where each worker has its share.
type memory struct {
	limit int64
	spill Spill
	used  atomic.Int64 // by parts that are held

	mutex   sync.Mutex
	run     Run
	writer  *bufio.Writer
	written int64
	sum     uint32
}

// newMemory returns nil for options without a bound. A trace holds a few entities and needs none.
func newMemory(options Options) *memory {
	if options.Memory <= 0 || options.Spill == nil || options.Trace != nil {
		return nil
	}
	return &memory{limit: options.Memory, spill: options.Spill}
}

// close removes what was spilled.
func (m *memory) close() error {
	if m == nil || m.run == nil {
		return nil
	}
	run := m.run
	m.run, m.writer = nil, nil
	return run.Close()
}

// takes reports whether so many bytes of events may stay in memory, and counts them if so.
func (m *memory) takes(bytes int64) bool {
	if m == nil || m.used.Add(bytes) <= m.limit/2 {
		return true
	}
	m.used.Add(-bytes)
	return false
}

// release says that so many bytes of events are no longer held.
func (m *memory) release(bytes int64) {
	if m != nil {
		m.used.Add(-bytes)
	}
}

// share is how many bytes of loaded events each of the workers may have.
func (m *memory) share(workers int) int64 {
	if m == nil {
		return 0
	}
	return m.limit / 2 / int64(max(1, workers))
}

// spilled is where the events of a part lie in the run: those of partition p from at[p] on. Each
// run of columns ends with its checksum.
type spilled struct {
	run Run
	at  []int64
}

// put writes the rows of a part, partition by partition.
func (m *memory) put(rows *eventRows, starts []int32) (*spilled, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.run == nil {
		run, err := m.spill.Create()
		if err != nil {
			return nil, fmt.Errorf("spill events: %w", err)
		}
		m.run, m.writer = run, bufio.NewWriterSize(run, 1<<18)
	}
	s := &spilled{run: m.run, at: make([]int64, len(starts))}
	for p := range len(starts) - 1 {
		s.at[p] = m.written
		if starts[p] == starts[p+1] {
			continue
		}
		m.sum = 0
		part := rows.cut(int(starts[p]), int(starts[p+1]))
		if err := part.columns(m.append); err != nil {
			return nil, fmt.Errorf("spill events: %w", err)
		}
		sum := [1]uint64{uint64(m.sum)}
		if err := m.append(bytesOf(sum[:])); err != nil {
			return nil, fmt.Errorf("spill events: %w", err)
		}
	}
	s.at[len(starts)-1] = m.written
	return s, nil
}

// append writes one column, padded so that the next one is aligned.
func (m *memory) append(column []byte) error {
	var padding [8]byte
	m.sum = crc32.Update(m.sum, castagnoli, column)
	n, err := m.writer.Write(column)
	m.written += int64(n)
	if err != nil {
		return err
	}
	n, err = m.writer.Write(padding[:-len(column)&7])
	m.written += int64(n)
	return err
}

// finish makes what was put readable.
func (m *memory) finish() error {
	if m == nil || m.run == nil {
		return nil
	}
	if err := m.writer.Flush(); err != nil {
		return fmt.Errorf("spill events: %w", err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errRun is about a run that does not hold what was put there.
var errRun = errors.New("the disk returned other bytes than were written")

// get reads the events of a partition back. The columns lie in the buffer until its next use. shape
// tells which columns there are, and how wide the words.
func (s *spilled) get(p, n int, shape *eventRows, buffer *[]uint64) (*eventRows, error) {
	size := int(s.at[p+1] - s.at[p])
	*buffer = resized(*buffer, size/8)
	data := bytesOf(*buffer)
	if read, err := s.run.ReadAt(data, s.at[p]); read < size {
		return nil, fmt.Errorf("read spilled events: %w", errors.Join(errRun, err))
	}
	rows, from, sum := shape.shaped(), 0, uint32(0)
	if shape.bytes(n)+8 > int64(size) {
		return nil, fmt.Errorf("read spilled events: %w", errRun)
	}
	rows.place(n, func(length int) []byte {
		column := data[from : from+length]
		sum = crc32.Update(sum, castagnoli, column)
		from += (length + 7) &^ 7
		return column
	})
	if from != size-8 || uint64(sum) != (*buffer)[size/8-1] {
		return nil, fmt.Errorf("read spilled events: %w", errRun)
	}
	return rows, nil
}

// number is what columns of fixed size hold. None has a pointer, so that their bytes can be written
// as they lie; a run never leaves the process.
type number interface {
	int32 | int64 | uint64 | float64 | bool | schema.Int128 | eventID
}

// bytesOf returns the memory of a column.
func bytesOf[T number](values []T) []byte {
	if len(values) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&values[0])), len(values)*int(unsafe.Sizeof(values[0])))
}

// valuesOf returns bytes as a column of n values. They are aligned: every column of a run begins at
// a multiple of eight.
func valuesOf[T number](data []byte, n int) []T {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&data[0])), n)
}
