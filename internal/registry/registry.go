package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/disk"
)

// Registry is the revisions of one directory.
type Registry struct {
	disk    disk.FS
	dir     string
	current atomic.Pointer[Revision]

	mu sync.Mutex // held by Commit
	// unsettled is true after a write that failed: the revision may be there or not, and nobody was
	// told that it is.
	unsettled bool
}

// Open reads the newest revision of a directory, which is made if it is not there. A newest
// revision that is damaged, or a number that is missing, is a *DamagedError.
func Open(fsys disk.FS, dir string) (*Registry, error) {
	if _, err := fsys.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		if err := fsys.MkdirAll(dir); err != nil {
			return nil, fmt.Errorf("open the registry: %w", err)
		}
		if err := fsys.SyncDir(filepath.Dir(dir)); err != nil {
			return nil, fmt.Errorf("open the registry: %w", err)
		}
	}
	r := &Registry{disk: fsys, dir: dir}
	if err := r.settle(); err != nil {
		return nil, fmt.Errorf("open the registry: %w", err)
	}
	return r, nil
}

// Current returns the newest revision, or nil if nothing was applied yet.
func (r *Registry) Current() *Revision { return r.current.Load() }

// Revision reads the revision of a number. Older ones are read from the disk at each call: nobody
// but a person asks for them.
func (r *Registry) Revision(number int) (*Revision, error) {
	current := r.Current()
	if current == nil || number < 1 || number > current.Number {
		return nil, fmt.Errorf("revision %d: %w", number, ErrNotFound)
	}
	if number == current.Number {
		return current, nil
	}
	return r.read(number)
}

// settle makes durable what is in the directory and takes its newest revision. A name that was
// never synced must not be trusted: others would rest on it, and a crash could still take it away.
func (r *Registry) settle() error {
	if err := r.disk.SyncDir(r.dir); err != nil {
		return err
	}
	entries, err := r.disk.ReadDir(r.dir)
	if err != nil {
		return err
	}
	var numbers []int
	for _, entry := range entries {
		name := entry.Name()
		number, found := numberOf(name)
		switch {
		case found:
			numbers = append(numbers, number)
		case strings.HasSuffix(name, fileSuffix+partialSuffix):
			if err := r.disk.Remove(filepath.Join(r.dir, name)); err != nil {
				return err
			}
		}
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if number != i+1 {
			return &DamagedError{File: r.path(i + 1), Problem: "the file is missing"}
		}
	}
	r.unsettled = false
	if len(numbers) == 0 {
		return nil
	}
	newest, err := r.read(len(numbers))
	if err == nil {
		r.current.Store(newest)
	}
	return err
}

// The names of files. disk.WriteFile puts partialSuffix behind the name of an unfinished one.
const (
	fileSuffix    = ".json"
	partialSuffix = ".partial"
)

func fileName(number int) string { return fmt.Sprintf("%06d%s", number, fileSuffix) }

// numberOf returns the number of a file's name; false for files that are none of ours.
func numberOf(name string) (int, bool) {
	number, err := strconv.Atoi(strings.TrimSuffix(name, fileSuffix))
	return number, err == nil && number > 0 && fileName(number) == name
}

func (r *Registry) path(number int) string { return filepath.Join(r.dir, fileName(number)) }

// read reads one revision and checks that it is the one its name says.
func (r *Registry) read(number int) (*Revision, error) {
	data, err := r.readFile(r.path(number))
	if err != nil {
		return nil, fmt.Errorf("read revision %d: %w", number, err)
	}
	revision, err := decode(data)
	if err != nil {
		return nil, &DamagedError{File: r.path(number), Problem: err.Error()}
	}
	if revision.Number != number {
		return nil, &DamagedError{
			File:    r.path(number),
			Problem: fmt.Sprintf("it is revision %d under another name", revision.Number),
		}
	}
	return revision, nil
}

// readFile reads a file whole, and no further than the largest one that encode writes.
func (r *Registry) readFile(name string) (data []byte, err error) {
	file, err := r.disk.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err = io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, &DamagedError{File: name, Problem: "it is larger than any revision"}
	}
	return data, err
}

// Commit makes a proposal the newest revision; it is durable when Commit returns. by says who did
// it, at when, in microseconds. allow names models, as name or name@version, that may be broken. A
// proposal that changes nothing, not even the texts, gives the newest revision as it is.
//
// After an error of the disk it is not known whether the proposal was committed: the next Commit or
// Open finds out. Until then Current is the revision before.
func (r *Registry) Commit(ctx context.Context, p *Proposal, by string, at int64,
	allow []string) (*Revision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.unsettled {
		if err := r.settle(); err != nil {
			return nil, fmt.Errorf("find out whether the last revision was written: %w", err)
		}
	}
	current := r.Current()
	next, err := p.revision(current, allow)
	if err != nil || next == current {
		return next, err
	}
	next.carryOver(current, by, at)
	if err := r.write(next); err != nil {
		return nil, err
	}
	return next, nil
}

// write writes a revision under a number that is free, and takes it for the newest.
func (r *Registry) write(next *Revision) error {
	data, err := encode(next)
	if err != nil {
		return err
	}
	name := r.path(next.Number)
	// Another Registry of the same directory would be a mistake of ours. Its revision is not lost.
	if _, err := r.disk.Stat(name); err == nil {
		r.unsettled = true
		return fmt.Errorf("%w: revision %d was committed by somebody else", ErrStale, next.Number)
	}
	r.unsettled = true
	err = disk.WriteFile(r.disk, name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("commit revision %d: %w", next.Number, err)
	}
	r.unsettled = false
	r.current.Store(next)
	return nil
}
