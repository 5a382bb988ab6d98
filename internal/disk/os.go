package disk

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// OS is the operating system's file system.
type OS struct{}

type osFile struct{ *os.File }

// Size returns the length in bytes.
func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Open opens a file for reading.
func (OS) Open(name string) (File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Create creates or truncates a file.
func (OS) Create(name string) (File, error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Stat describes a file or directory.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// ReadDir lists a directory, sorted by name.
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Rename gives a file another name, replacing what bore it.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file or an empty directory.
func (OS) Remove(name string) error { return os.Remove(name) }

// MkdirAll makes a directory and those above it that are missing.
func (OS) MkdirAll(name string) error { return os.MkdirAll(name, 0o755) }

// SyncDir makes the names in a directory durable. File systems that cannot sync a directory say so
// with EINVAL or ENOTSUP; there is nothing better to do there than to go on.
func (OS) SyncDir(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	err = dir.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		err = nil
	}
	return errors.Join(err, dir.Close())
}

// CreatePrivate creates or truncates a file that only its owner may read. One that was there
// before keeps what it allows, so callers that store secrets begin with a new name.
func (OS) CreatePrivate(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// MkdirPrivate makes a directory that only its owner may enter, and those above it.
func (OS) MkdirPrivate(name string) error { return os.MkdirAll(name, 0o700) }
