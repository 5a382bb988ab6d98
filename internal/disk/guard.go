package disk

import (
	"errors"
	"io"
)

// ErrLocked is returned for a lock that another process holds.
var ErrLocked = errors.New("another process holds the lock")

// Guard is what a file system of a machine with several users and processes can do besides. Others
// have no need of it.
type Guard interface {
	// Lock takes the lock of a name, for as long as the process lives or until it is closed; it
	// does not wait. The file stays behind and holds nothing.
	Lock(name string) (io.Closer, error)
	// CreatePrivate is Create for a file that only its owner may read.
	CreatePrivate(name string) (File, error)
	// MkdirPrivate makes a directory that only its owner may enter.
	MkdirPrivate(name string) error
}

// Lock takes a lock if the file system has such a thing.
func Lock(fsys FS, name string) (io.Closer, error) {
	if guard, ok := fsys.(Guard); ok {
		return guard.Lock(name)
	}
	return nothing{}, nil
}

// CreatePrivate creates a file that only its owner may read, where there are other users.
func CreatePrivate(fsys FS, name string) (File, error) {
	if guard, ok := fsys.(Guard); ok {
		return guard.CreatePrivate(name)
	}
	return fsys.Create(name)
}

// MkdirPrivate makes a directory that only its owner may enter, where there are other users.
func MkdirPrivate(fsys FS, name string) error {
	if guard, ok := fsys.(Guard); ok {
		return guard.MkdirPrivate(name)
	}
	return fsys.MkdirAll(name)
}

type nothing struct{}

func (nothing) Close() error { return nil }
