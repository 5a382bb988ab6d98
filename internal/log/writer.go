package log

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/disk"
)

// writer is the one goroutine that changes segments.
type writer struct {
	log      *Log
	next     Position // of the next record
	received int64    // the latest time of a record
	file     disk.File
	segment  *segment // the one that file is, or nil
	buffer   []byte
	batch    []*request
}

func (l *Log) run() {
	defer close(l.stopped)
	w := l.writer
	for {
		select {
		case r := <-l.requests:
			w.commit(r)
			continue
		case <-l.closing:
		}
		select {
		case r := <-l.requests:
			w.commit(r)
		default:
			l.closeErr = w.close()
			return
		}
	}
}

// commit writes a request and those that wait behind it, syncs once, and answers all of them.
func (w *writer) commit(first *request) {
	w.gather(first)
	if len(w.batch) == 0 {
		return
	}
	err := w.log.Err()
	before := w.next
	if err == nil {
		err = w.write()
	}
	for _, r := range w.batch {
		if err != nil {
			r.finish(Position{}, err)
			continue
		}
		before.Sequence += uint64(r.records)
		r.finish(Position{Epoch: before.Epoch, Sequence: before.Sequence - 1}, nil)
	}
	clear(w.batch)
	if cap(w.buffer) > 4*w.log.options.BatchBytes {
		w.buffer = nil
	}
}

// gather fills the batch within its bounds.
func (w *writer) gather(r *request) {
	w.batch = w.batch[:0]
	bytes := 0
	for {
		if r.state.CompareAndSwap(waiting, taken) {
			w.batch = append(w.batch, r)
			bytes += len(r.data)
		}
		if bytes >= w.log.options.BatchBytes || len(w.batch) >= w.log.options.BatchAppends {
			return
		}
		select {
		case r = <-w.log.requests:
		default:
			return
		}
	}
}

// write makes the batch durable and shows it to readers. Its error is what those who append get.
func (w *writer) write() error {
	start := w.log.options.Clock.Now()
	if err := w.roll(); err != nil {
		return err
	}
	records := w.encode()
	if _, err := w.file.Write(w.buffer); err != nil {
		return w.refuse(fmt.Errorf("write log segment %s: %w", w.segment.name, err))
	}
	if err := w.file.Sync(); err != nil {
		return w.fail(fmt.Errorf("sync log segment %s: %w", w.segment.name, err))
	}
	w.publish(records)
	w.log.options.Observer.Committed(Commit{Appends: len(w.batch), Records: records,
		Bytes: int64(len(w.buffer)), Micros: w.log.options.Clock.Now() - start})
	return nil
}

// encode puts the batch into the buffer, with places and checksums.
func (w *writer) encode() (records int) {
	w.buffer = w.buffer[:0]
	for _, r := range w.batch {
		w.buffer = append(w.buffer, r.data...)
	}
	w.received = max(w.received, w.log.options.Clock.Now())
	at := w.next
	for rest := w.buffer; len(rest) > 0; records++ {
		rest = seal(rest, at, uint32(records), w.received, w.segment.salt)
		at.Sequence++
	}
	return records
}

// publish shows the durable batch to readers.
func (w *writer) publish(records int) {
	l := w.log
	l.mu.Lock()
	defer l.mu.Unlock()
	s := w.segment
	if s.next == s.first {
		l.segments = append(l.segments, s)
	}
	s.marks = addMark(s.marks, w.next.Sequence, s.end)
	s.end += int64(len(w.buffer))
	w.next.Sequence += uint64(records)
	s.next = w.next.Sequence
	l.last = Position{Epoch: w.next.Epoch, Sequence: w.next.Sequence - 1}
	close(l.advanced)
	l.advanced = make(chan struct{})
}

// roll begins a new segment if there is none or if it is long enough. The header and the name are
// durable before the first record is written: an unreadable header with something behind it is
// damage, therefore, and not the work of a crash.
func (w *writer) roll() error {
	if w.segment != nil {
		if w.segment.end < w.log.options.SegmentBytes {
			return nil
		}
		w.leave()
	}
	h := header{epoch: w.next.Epoch, first: w.next.Sequence}
	var salt [4]byte
	if _, err := io.ReadFull(w.log.options.Random, salt[:]); err != nil {
		return fmt.Errorf("draw the salt of a log segment: %w", err)
	}
	h.salt = binary.LittleEndian.Uint32(salt[:])
	name := segmentName(h.first, h.epoch)
	file, err := w.log.fs.Create(w.path(name))
	if err != nil {
		err = fmt.Errorf("create log segment %s: %w", name, err)
		if disk.IsFull(err) {
			return w.full(err)
		}
		return err // nothing was written: the next append may try again
	}
	w.file = file
	w.segment = &segment{name: name, header: h, end: headerSize, next: h.first}
	if _, err := file.Write(h.encode()); err != nil {
		return w.refuse(fmt.Errorf("write log segment %s: %w", name, err))
	}
	if err := file.Sync(); err != nil {
		return w.fail(fmt.Errorf("sync log segment %s: %w", name, err))
	}
	if err := w.log.fs.SyncDir(w.log.dir); err != nil {
		return w.fail(fmt.Errorf("sync log directory: %w", err))
	}
	return nil
}

func (w *writer) path(name string) string { return filepath.Join(w.log.dir, name) }

// leave closes the segment, whose records are all durable.
func (w *writer) leave() {
	w.file.Close() // nothing is buffered, and nothing depends on the answer
	w.file, w.segment = nil, nil
}

// refuse handles a write that failed. On a full disk, what it left is cut off, and the next append
// begins a new segment.
func (w *writer) refuse(err error) error {
	if !disk.IsFull(err) {
		return w.fail(err)
	}
	if cut := w.cut(); cut != nil {
		return w.fail(errors.Join(err, cut))
	}
	return w.full(err)
}

func (w *writer) full(err error) error {
	err = fmt.Errorf("%w: %w", ErrFull, err)
	w.log.options.Observer.Failed(err)
	return err
}

// cut takes off what is not acknowledged, durably, and leaves the segment.
func (w *writer) cut() error {
	s := w.segment
	w.leave()
	if s.next > s.first {
		return w.log.fs.Truncate(w.path(s.name), s.end)
	}
	return errors.Join(w.log.fs.Remove(w.path(s.name)), w.log.fs.SyncDir(w.log.dir))
}

// fail ends appending for good: it is not known what the disk holds, and a sync that is repeated
// may succeed without having saved anything. Cutting is tried all the same, so that what nobody
// was told about does not come back.
func (w *writer) fail(err error) error {
	if w.segment != nil {
		err = errors.Join(err, w.cut())
	}
	err = fmt.Errorf("%w: %w", ErrFailed, err)
	w.log.mu.Lock()
	w.log.failure = err
	w.log.mu.Unlock()
	w.log.options.Observer.Failed(err)
	return err
}

// close marks the end of the segment, so that later damage to its last batch is not taken for a
// crash.
func (w *writer) close() error {
	if w.segment == nil {
		return nil
	}
	name := w.segment.name
	mark := appendFrame(nil, &Record{Op: opSeal}, false)
	seal(mark, w.next, 0, w.received, w.segment.salt)
	_, err := w.file.Write(mark)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		err = fmt.Errorf("end log segment %s: %w", name, err)
		return errors.Join(err, w.cut())
	}
	w.leave()
	return nil
}
