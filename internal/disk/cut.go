package disk

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"syscall"
)

// Cutter is a file system that can also cut the end of a file, for those who append to one.
type Cutter interface {
	FS
	// Truncate cuts a file to its first size bytes and never makes it longer: that is
	// fs.ErrInvalid. The cut, and the bytes that are left, are durable when it returns. A file open
	// for writing must be closed afterwards, for it would go on at its old place.
	Truncate(name string, size int64) error
}

// IsFull reports whether an error says that the disk, or the user's share of it, is full.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// Truncate cuts the end of a file, durably.
func (OS) Truncate(name string, size int64) (err error) {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size < 0 || size > info.Size() {
		return &fs.PathError{Op: "truncate", Path: name, Err: fs.ErrInvalid}
	}
	if err := file.Truncate(size); err != nil {
		return err
	}
	return file.Sync()
}

// Truncate cuts the end of a file, durably.
func (m *Memory) Truncate(name string, size int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find("truncate", name)
	if err != nil {
		return err
	}
	if n.dir || size < 0 || size > int64(len(n.data)) {
		return &fs.PathError{Op: "truncate", Path: name, Err: fs.ErrInvalid}
	}
	n.data = slices.Clone(n.data[:size])
	n.synced = slices.Clone(n.data)
	return nil
}
