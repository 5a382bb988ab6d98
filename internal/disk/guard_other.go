//go:build !unix

package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Lock makes a file that nobody else may make. After a crash it stays, and a person has to remove
// it: there is no portable lock that ends with its process.
func (OS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return &exclusive{f}, nil
}

type exclusive struct{ *os.File }

// Close lets go of the lock.
func (e *exclusive) Close() error { return errors.Join(e.File.Close(), os.Remove(e.Name())) }
