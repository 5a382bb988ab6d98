package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/disk"
)

// Names in a data directory.
const (
	lockFile     = "lock"
	ownerFile    = "owner.json"
	tokenFile    = "token"
	clockFile    = "clock"
	registryDir  = "registry"
	logDir       = "log"
	stateDir     = "state"
	historyDir   = "history"
	jobsDir      = "jobs"
	lockPatience = 3 * time.Second
)

// directory is the data directory of a project, which one process has at a time.
type directory struct {
	disk disk.FS
	path string
	lock io.Closer
}

// openDirectory makes the directory if need be and takes its lock. It waits a moment for a command
// that is about to end; who still holds the lock then is named, as far as it told.
func openDirectory(ctx context.Context, fsys disk.FS, path string) (*directory, error) {
	if err := disk.MkdirPrivate(fsys, path); err != nil {
		return nil, &Error{Code: ExitUnavailable, Message: "make the data directory", Err: err}
	}
	d := &directory{disk: fsys, path: path}
	timeout, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		var err error
		d.lock, err = disk.Lock(fsys, d.name(lockFile))
		switch {
		case err == nil:
			// A server that crashed left its note, and another program may have its port by now.
			if err := d.retract(); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, errors.Join(err, d.close())
			}
			return d, nil
		case !errors.Is(err, disk.ErrLocked):
			return nil, &Error{Code: ExitUnavailable, Message: "lock the data directory", Err: err}
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-timeout.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, d.busy()
		}
	}
}

// busy says who has the directory.
func (d *directory) busy() error {
	e := &Error{
		Code: ExitUnavailable, Message: "another process works in " + d.path,
		Hint: "wait until it is done, or stop it",
	}
	if owner, err := ReadOwner(d.disk, d.path); err == nil && owner != nil {
		e.Message = fmt.Sprintf("process %d works in %s and serves %s, but does not answer", owner.PID, d.path, owner.URL)
	}
	return e
}

func (d *directory) name(parts ...string) string {
	return filepath.Join(append([]string{d.path}, parts...)...)
}

// close lets others have the directory.
func (d *directory) close() error { return d.lock.Close() }

// Owner is the server that has a data directory.
type Owner struct {
	URL       string `json:"url"`
	PID       int    `json:"pid"`
	StartedAt string `json:"started_at"`
}

// ReadOwner returns the server that said it has a data directory, or nil. It may have crashed since.
func ReadOwner(fsys disk.Reader, path string) (*Owner, error) {
	text, err := readAll(fsys, filepath.Join(path, ownerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	owner := &Owner{}
	if err := json.Unmarshal(text, owner); err != nil {
		return nil, fmt.Errorf("read %s: %w", ownerFile, err)
	}
	return owner, nil
}

// ReadToken returns the token of a data directory.
func ReadToken(fsys disk.Reader, path string) (string, error) {
	text, err := readAll(fsys, filepath.Join(path, tokenFile))
	return strings.TrimSpace(string(text)), err
}

// token returns the directory's token, which is made at random the first time. Who can read the
// file can do everything, so nobody but its owner can.
func (d *directory) token() (string, error) {
	known, err := ReadToken(d.disk, d.path)
	switch {
	case err == nil && known != "":
		return known, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("read the token: %w", err)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	text := hex.EncodeToString(secret)
	partial := d.name(tokenFile + ".partial")
	if err := d.disk.Remove(partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("make a token: %w", err)
	}
	f, err := disk.CreatePrivate(d.disk, partial)
	if err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	_, err = io.WriteString(f, text+"\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = d.disk.Rename(partial, d.name(tokenFile))
	}
	if err == nil {
		err = d.disk.SyncDir(d.path)
	}
	return text, err
}

// reservation is the content of the clock file: no time later than Until was handed out.
type reservation struct {
	Format int    `json:"format"`
	Until  int64  `json:"until"` // microseconds since 1970 UTC
	CRC32C uint32 `json:"crc32c"`
}

func (r reservation) checksum() uint32 {
	text := fmt.Sprint(r.Format, " ", r.Until)
	return crc32.Checksum([]byte(text), crc32.MakeTable(crc32.Castagnoli))
}

// reserve makes durable that times up to until may have been handed out.
func (d *directory) reserve(until int64) error {
	r := reservation{Format: 1, Until: until}
	r.CRC32C = r.checksum()
	return disk.WriteFile(d.disk, d.name(clockFile), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(r)
	})
}

// reserved returns what was reserved last; 0 in a new directory.
func (d *directory) reserved() (int64, error) {
	text, err := readAll(d.disk, d.name(clockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return decodeReservation(text)
}

func decodeReservation(text []byte) (int64, error) {
	var r reservation
	err := json.Unmarshal(text, &r)
	switch {
	case err != nil:
		return 0, fmt.Errorf("the file %s is damaged: %w", clockFile, err)
	case r.CRC32C != r.checksum():
		return 0, fmt.Errorf("the file %s is damaged: its checksum is wrong", clockFile)
	case r.Format != 1:
		return 0, fmt.Errorf("the file %s has format %d; this program reads 1", clockFile, r.Format)
	default:
		return r.Until, nil
	}
}

func readAll(fsys disk.Reader, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	return text, errors.Join(err, f.Close())
}

// announce says which server has the directory.
func (d *directory) announce(url, startedAt string) error {
	return disk.WriteFile(d.disk, d.name(ownerFile), func(w io.Writer) error {
		return json.NewEncoder(w).Encode(Owner{URL: url, PID: os.Getpid(), StartedAt: startedAt})
	})
}

// retract takes it back.
func (d *directory) retract() error { return d.disk.Remove(d.name(ownerFile)) }
