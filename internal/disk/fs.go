package disk

import (
	"errors"
	"io"
	"io/fs"
)

// FS is a file system. Errors are those of io/fs: errors.Is tells fs.ErrNotExist, fs.ErrExist and
// fs.ErrPermission from others, and each one names the path.
type FS interface {
	Reader
	Writer
}

// Reader is the reading half of a file system.
type Reader interface {
	// Open opens a file for reading.
	Open(name string) (File, error)
	// Stat describes a file or directory.
	Stat(name string) (fs.FileInfo, error)
	// ReadDir lists a directory, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
}

// Writer is the writing half of a file system.
type Writer interface {
	// Create creates a file, or truncates the one that is there, for reading and writing.
	Create(name string) (File, error)
	// Rename gives a file another name, replacing what bore it.
	Rename(from, to string) error
	// Remove removes a file or an empty directory.
	Remove(name string) error
	// MkdirAll makes a directory and those above it that are missing.
	MkdirAll(name string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
}

// File is an open file. Read and Write go on from where the last one stopped; ReadAt may be called
// from many goroutines.
type File interface {
	io.ReadWriteCloser
	io.ReaderAt
	// Sync makes what was written durable.
	Sync() error
	// Size returns the length in bytes.
	Size() (int64, error)
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
