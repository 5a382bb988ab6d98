package file

import (
	"errors"
	"io"
	"sync"

	"github.com/fettle-ml/fettle/internal/format"
)

// units hands out the units of all files in order, numbered from 0, and closes a file when it has
// no more units and the last one is done.
type units struct {
	source *Source
	layout *layout

	mu      sync.Mutex
	file    int // the next file to open
	number  int64
	current *reading
	open    map[*reading]bool
}

// reading is a file whose units are being read.
type reading struct {
	file  *opened
	scan  format.Scan
	users int // units in work; the current file counts as one
}

// ticket is a unit and its number.
type ticket struct {
	format.Unit
	number int64
	of     *reading
}

// next returns the next unit, or io.EOF.
func (u *units) next() (*ticket, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for {
		if u.current == nil {
			if u.file == len(u.source.paths) {
				return nil, io.EOF
			}
			if err := u.openNext(); err != nil {
				return nil, err
			}
		}
		unit, err := u.current.scan.Next()
		switch {
		case errors.Is(err, io.EOF):
			last := u.current
			u.current = nil
			if err := u.leave(last); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			t := &ticket{Unit: unit, number: u.number, of: u.current}
			u.number++
			u.current.users++
			return t, nil
		}
	}
}

func (u *units) openNext() error {
	file, err := u.source.open(u.file, u.layout)
	if err != nil {
		return err
	}
	u.file++
	scan, err := file.input.Scan(file.wanted)
	if err != nil {
		return errors.Join(err, file.input.Close())
	}
	u.current = &reading{file: file, scan: scan, users: 1}
	u.open[u.current] = true
	return nil
}

// done says that a unit is read.
func (u *units) done(t *ticket) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.leave(t.of)
}

func (u *units) leave(r *reading) error {
	r.users--
	if r.users > 0 {
		return nil
	}
	delete(u.open, r)
	return errors.Join(r.scan.Close(), r.file.input.Close())
}

// close closes what a scan that failed left open.
func (u *units) close() error {
	var problems []error
	for r := range u.open {
		problems = append(problems, r.scan.Close(), r.file.input.Close())
	}
	u.open = nil
	return errors.Join(problems...)
}

// turns lets goroutines at something in the order of their numbers, from 0 on.
type turns struct {
	mu      sync.Mutex
	moved   *sync.Cond
	current int64
	stopped bool
}

func newTurns() *turns {
	t := &turns{}
	t.moved = sync.NewCond(&t.mu)
	return t
}

// wait returns when it is the turn of a number; false if that will never be.
func (t *turns) wait(number int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.current != number && !t.stopped {
		t.moved.Wait()
	}
	return !t.stopped
}

// pass ends the current turn.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.current++
	t.moved.Broadcast()
}

// stop wakes all who wait.
func (t *turns) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
	t.moved.Broadcast()
}
