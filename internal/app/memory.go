package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
)

// LeastMemory is the least memory that a training set may be bound to: the program itself, the
// buffers that files are decoded in, and something to work with.
const LeastMemory = 96 << 20

const (
	// programMemory is what the process takes besides what it counts: its code, the pages of files
	// under decoding and the encoders of the output.
	programMemory = 56 << 20
	// unknownMemory is taken for the machine's if it does not say.
	unknownMemory = 8 << 30
)

// workingMemory is what may be counted of the memory of a process: the rest is garbage that waits to
// be collected.
func workingMemory(total int64) int64 { return max(total-programMemory, total/4) / 2 }

// boundHeap lets the collector work harder as the bound comes near, and returns what undoes that.
// It is a help only: what is held is bounded by counting.
func boundHeap(total int64) func() {
	const code = 32 << 20 // is resident too, and not the collector's
	before := debug.SetMemoryLimit(total - max(total/10, code))
	return func() { debug.SetMemoryLimit(before) }
}

// machineMemory returns the memory of the machine, or of the container that the process is in.
func machineMemory(fsys disk.Reader) int64 {
	least := int64(0)
	for _, read := range []func(disk.Reader) int64{systemMemory, groupMemory} {
		if size := read(fsys); size > 0 && (least == 0 || size < least) {
			least = size
		}
	}
	if least == 0 {
		return unknownMemory
	}
	return least
}

// systemMemory reads what Linux says; 0 elsewhere.
func systemMemory(fsys disk.Reader) int64 {
	for line := range strings.Lines(readSmall(fsys, "/proc/meminfo")) {
		if number, found := strings.CutPrefix(line, "MemTotal:"); found {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(number), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}

// groupMemory reads the bound of a control group; 0: there is none.
func groupMemory(fsys disk.Reader) int64 {
	for _, name := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if n, err := strconv.ParseInt(strings.TrimSpace(readSmall(fsys, name)), 10, 64); err == nil && n < 1<<60 {
			return n
		}
	}
	return 0
}

// readSmall returns the beginning of a file, or nothing: these files tell no size.
func readSmall(fsys disk.Reader, name string) string {
	f, err := fsys.Open(name)
	if err != nil {
		return ""
	}
	var text bytes.Buffer
	_, _ = io.Copy(&text, io.LimitReader(f, 1<<16)) // what cannot be read is as good as not there
	_ = f.Close()
	return text.String()
}

// spill makes runs beside an output: there must be room for something of its size there. A run has
// no name while it is used, where the system allows that, so that nothing is left of it even if the
// process is killed. It implements engine.Spill.
type spill struct {
	fs     disk.FS
	output string

	mutex sync.Mutex
	runs  map[*run]bool
	next  int
}

// runMark is in the names of runs; they end like all files that are not finished, which sources
// leave out.
const (
	runMark   = ".run-"
	runSuffix = ".partial"
)

// openSpill removes what a process that was killed left for the output.
func openSpill(fsys disk.FS, output string) (*spill, error) {
	folder := filepath.Dir(output)
	entries, err := fsys.ReadDir(folder)
	if err != nil {
		return nil, &Error{Code: ExitUnavailable, Message: "read " + folder, Err: err}
	}
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), filepath.Base(output)+runMark)
		if !ours || !strings.HasSuffix(rest, runSuffix) {
			continue
		}
		if err := fsys.Remove(filepath.Join(folder, entry.Name())); err != nil {
			return nil, &Error{Code: ExitUnavailable, Message: "remove what an earlier run left", Err: err}
		}
	}
	return &spill{fs: fsys, output: output, runs: map[*run]bool{}}, nil
}

// Create implements engine.Spill.
func (s *spill) Create() (engine.Run, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	name := fmt.Sprintf("%s%s%d%s", s.output, runMark, s.next, runSuffix)
	file, err := s.fs.Create(name)
	if err != nil {
		return nil, err
	}
	r := &run{File: file, spill: s, name: name}
	if s.fs.Remove(name) == nil {
		r.name = ""
	}
	s.next++
	s.runs[r] = true
	return r, nil
}

// Close removes all runs that are left.
func (s *spill) Close() error {
	s.mutex.Lock()
	runs := s.runs
	s.runs = map[*run]bool{}
	s.mutex.Unlock()
	var problems []error
	for r := range runs {
		problems = append(problems, r.remove())
	}
	return errors.Join(problems...)
}

// run is one file of a spill.
type run struct {
	disk.File
	spill *spill
	name  string // "": it has none any more
}

// Close removes the run.
func (r *run) Close() error {
	r.spill.mutex.Lock()
	open := r.spill.runs[r]
	delete(r.spill.runs, r)
	r.spill.mutex.Unlock()
	if !open {
		return nil
	}
	return r.remove()
}

func (r *run) remove() error {
	err := r.File.Close()
	if r.name != "" {
		err = errors.Join(err, r.spill.fs.Remove(r.name))
	}
	return err
}

// spillError says what to do about a disk or a memory that is too small.
func spillError(err error) error {
	var known *Error
	if !errors.As(err, &known) || known.Code != ExitUnavailable || known.Hint != "" {
		return err
	}
	told := *known
	switch {
	case disk.IsFull(err):
		told.Hint = "make room beside the output; it and what does not fit --memory are written there"
	case errors.Is(err, engine.ErrMemory):
		told.Hint = "give a larger --memory, or a shorter window"
	}
	return &told
}
