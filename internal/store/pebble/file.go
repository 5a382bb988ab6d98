package pebble

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fettle-ml/fettle/internal/disk"
)

// file is an open file as Pebble sees it.
type file struct {
	disk.File
	files *files
	name  string
}

// ReadAt reads; a disk that fails to is given a pause.
func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.File.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		f.files.valve.stumbled()
	}
	return n, err
}

// Write appends.
func (f *file) Write(p []byte) (int, error) {
	if walLog(f.name) {
		return len(p), nil
	}
	if err := f.files.valve.change(); err != nil {
		return 0, err
	}
	n, err := f.File.Write(p)
	return n, f.files.settle(f.name, err)
}

// WriteAt is needed by files of OpenReadWrite only.
func (f *file) WriteAt([]byte, int64) (int, error) {
	return 0, fmt.Errorf("write into %s: %w", f.name, errUnsupported)
}

// Sync makes the content durable.
func (f *file) Sync() error {
	if walLog(f.name) {
		return nil
	}
	if err := f.files.valve.change(); err != nil {
		return err
	}
	return f.files.settle(f.name, f.File.Sync())
}

// SyncData makes the content durable.
func (f *file) SyncData() error { return f.Sync() }

// SyncTo promises nothing and does nothing, as it may.
func (f *file) SyncTo(int64) (bool, error) { return false, nil }

// Preallocate does nothing, as it may.
func (f *file) Preallocate(int64, int64) error { return nil }

// Prefetch leaves reading ahead to the operating system.
func (f *file) Prefetch(int64, int64) error { return nil }

// Fd is the descriptor of a file of the operating system, which Pebble tells how it will be read.
func (f *file) Fd() uintptr {
	if described, ok := f.File.(interface{ Fd() uintptr }); ok {
		return described.Fd()
	}
	return vfs.InvalidFd
}

// Stat gives the name and the size; the file may have another name by now.
func (f *file) Stat() (vfs.FileInfo, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	return info{sized{filepath.Base(f.name), size}}, nil
}

type sized struct {
	name string
	size int64
}

func (s sized) Name() string     { return s.name }
func (s sized) Size() int64      { return s.size }
func (sized) Mode() fs.FileMode  { return 0o644 }
func (sized) ModTime() time.Time { return time.Time{} }
func (sized) IsDir() bool        { return false }
func (sized) Sys() any           { return nil }

// emptyFile takes everything and keeps nothing, as a write-ahead log that is disabled does.
type emptyFile struct{}

func (emptyFile) Read([]byte) (int, error)          { return 0, io.EOF }
func (emptyFile) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (emptyFile) Write(p []byte) (int, error)       { return len(p), nil }
func (emptyFile) Sync() error                       { return nil }
func (emptyFile) Size() (int64, error)              { return 0, nil }
func (emptyFile) Close() error                      { return nil }

// directory is opened to be synced; it is an empty file otherwise.
type directory struct {
	*file
}

// Sync makes the names in the directory durable, or lets the store fail and does not return: Pebble
// would end the process by a panic.
func (d directory) Sync() error {
	err := d.files.valve.change()
	if err == nil {
		err = d.files.disk.SyncDir(d.name)
	}
	if err != nil {
		d.files.valve.fail(err)
		select {}
	}
	return nil
}

// SyncData is Sync.
func (d directory) SyncData() error { return d.Sync() }
