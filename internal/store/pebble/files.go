package pebble

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/fettle-ml/fettle/internal/disk"
)

// errUnsupported is what Pebble gets for what it does not need in the way we use it.
var errUnsupported = errors.New("not supported by this file system")

// files is the file system that Pebble sees: disk.FS behind a valve. The write-ahead log, which
// Pebble creates at each Open even if it is disabled, and which then stays empty, never gets to the
// disk.
type files struct {
	disk  disk.FS
	valve *valve
}

var _ vfs.FS = (*files)(nil)

// walLog tells the files of the write-ahead log from others.
func walLog(name string) bool { return strings.HasSuffix(name, ".log") }

// vital tells the files that say which tables are in force.
func vital(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, "MANIFEST-") || strings.HasPrefix(base, "marker.")
}

// settle takes the error of a change. One that leaves open what the manifest says lets the store
// fail and does not return, while the job holds the lock of the manifest and not that of the
// database: so no other job meets what is half changed in memory, and readers go on. During Open
// there are no others, and the error is Open's.
func (f *files) settle(name string, err error) error {
	if err != nil && vital(name) && f.valve.running() {
		f.valve.fail(err)
		select {}
	}
	return err
}

// orderNames makes the names around a marker durable before the marker itself appears or goes: a
// marker says which manifest and format are in force. Pebble relies on the order in which a
// journaling file system saves names; without it, a crash can leave a marker whose manifest is not
// there, or no marker at all, which would read as an empty store.
func (f *files) orderNames(name string) error {
	if !strings.HasPrefix(filepath.Base(name), "marker.") {
		return nil
	}
	return f.disk.SyncDir(filepath.Dir(name))
}

// Create creates a file that shares nothing with one that bore the name before.
func (f *files) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if walLog(name) {
		return &file{File: emptyFile{}, files: f, name: name}, nil
	}
	if category != vfs.WriteCategoryUnspecified {
		f.valve.begin(category)
	}
	if err := f.valve.change(); err != nil {
		return nil, err
	}
	created, err := f.create(name)
	if err := f.settle(name, err); err != nil {
		return nil, err
	}
	return &file{File: created, files: f, name: name}, nil
}

func (f *files) create(name string) (disk.File, error) {
	if err := f.orderNames(name); err != nil {
		return nil, err
	}
	if _, err := f.disk.Stat(name); err == nil {
		if err := f.disk.Remove(name); err != nil {
			return nil, err
		}
	}
	return f.disk.Create(name)
}

// Open opens a file for reading.
func (f *files) Open(name string, options ...vfs.OpenOption) (vfs.File, error) {
	if err := f.valve.read(); err != nil {
		return nil, err
	}
	opened, err := f.disk.Open(name)
	if err != nil {
		f.valve.stumbled()
		return nil, err
	}
	result := &file{File: opened, files: f, name: name}
	for _, option := range options {
		option.Apply(result)
	}
	return result, nil
}

// OpenDir opens a directory, for its Sync.
func (f *files) OpenDir(name string) (vfs.File, error) {
	if err := f.valve.read(); err != nil {
		return nil, err
	}
	if _, err := f.disk.Stat(name); err != nil {
		return nil, err
	}
	return directory{&file{File: emptyFile{}, files: f, name: name}}, nil
}

// ReuseForWrite creates the new file and removes the old one.
func (f *files) ReuseForWrite(
	from, to string, category vfs.DiskWriteCategory,
) (vfs.File, error) {
	if err := f.Remove(from); err != nil {
		return nil, err
	}
	return f.Create(to, category)
}

// Remove removes a file or an empty directory.
func (f *files) Remove(name string) error {
	if walLog(name) {
		return nil
	}
	// A scan that ends may remove a table that nobody needs any more, and must go on.
	if err := errors.Join(f.valve.read(), f.valve.err()); err != nil {
		return err
	}
	if err := f.orderNames(name); err != nil {
		return err
	}
	return f.disk.Remove(name)
}

// RemoveAll removes a directory and what is in it.
func (f *files) RemoveAll(name string) error {
	info, err := f.disk.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.IsDir() {
		names, err := f.List(name)
		if err != nil {
			return err
		}
		for _, child := range names {
			if err := f.RemoveAll(filepath.Join(name, child)); err != nil {
				return err
			}
		}
	}
	return f.Remove(name)
}

// Rename gives a file another name.
func (f *files) Rename(from, to string) error {
	if err := f.valve.change(); err != nil {
		return err
	}
	return f.disk.Rename(from, to)
}

// MkdirAll makes a directory and those above it.
func (f *files) MkdirAll(dir string, _ os.FileMode) error {
	if _, err := f.disk.Stat(dir); err == nil {
		return nil
	}
	if err := f.valve.change(); err != nil {
		return err
	}
	return f.disk.MkdirAll(dir)
}

// List gives the names in a directory.
func (f *files) List(dir string) ([]string, error) {
	if err := f.valve.read(); err != nil {
		return nil, err
	}
	entries, err := f.disk.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names, nil
}

// Stat describes a file.
func (f *files) Stat(name string) (vfs.FileInfo, error) {
	if err := f.valve.read(); err != nil {
		return nil, err
	}
	found, err := f.disk.Stat(name)
	if err != nil {
		return nil, err
	}
	return info{found}, nil
}

// Lock locks nothing: the directory has an owner that did.
func (f *files) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

// Link is needed for checkpoints and ingested tables only.
func (f *files) Link(from, _ string) error { return fmt.Errorf("link %s: %w", from, errUnsupported) }

// OpenReadWrite is needed for remote storage only.
func (f *files) OpenReadWrite(
	name string, _ vfs.DiskWriteCategory, _ ...vfs.OpenOption,
) (vfs.File, error) {
	return nil, fmt.Errorf("open %s for writing: %w", name, errUnsupported)
}

// GetDiskUsage says that nothing is known; Pebble then does not adapt to it.
func (f *files) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{}, vfs.ErrUnsupported
}

// Unwrap is nil, for there is no vfs.FS below.
func (f *files) Unwrap() vfs.FS { return nil }

// PathBase is the last part of a path.
func (f *files) PathBase(name string) string { return filepath.Base(name) }

// PathJoin puts a path together.
func (f *files) PathJoin(parts ...string) string { return filepath.Join(parts...) }

// PathDir is the path without its last part.
func (f *files) PathDir(name string) string { return filepath.Dir(name) }

// info describes a file; which device it lies on is not known.
type info struct{ fs.FileInfo }

// DeviceID is the same for all files.
func (info) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }
