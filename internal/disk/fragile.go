package disk

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrStopped is what every call gets after the power of a Fragile file system went, and what files
// get that were opened before it came back.
var ErrStopped = errors.New("the machine has stopped")

// Fragile is a file system in memory for tests of durability. It knows which bytes and names were
// synced, loses or mangles the others when it crashes, stops or fails at a call chosen before, and
// runs out of space. It is harsher than most disks: names survive independently of each other, and
// a failed Sync loses what it should have saved although later ones succeed.
type Fragile struct {
	mu       sync.Mutex
	dirs     map[string]bool // durable at once: losing one is not a case the tests need
	live     map[string]*inode
	durable  map[string]*inode // names as SyncDir last saw them
	renames  [][2]string       // not yet durable; both names of a pair survive, or neither does
	life     int               // files of an earlier life are of no use
	stopped  bool
	calls    int // calls that change something
	stopAt   int
	failures map[int]error
	capacity int64
}

// inode is the content of a file, whatever its names are.
type inode struct {
	data   []byte
	synced []byte
	lost   [][2]int // ranges that a failed Sync forgot
}

// NewFragile returns an empty file system with unlimited space.
func NewFragile() *Fragile {
	return &Fragile{
		dirs: map[string]bool{}, live: map[string]*inode{}, durable: map[string]*inode{},
		failures: map[int]error{}, capacity: -1,
	}
}

// change counts a call that changes something, and tells whether it may go on. The last call before
// the power goes is interrupted: partly is then true, and what it leaves is up to it.
func (f *Fragile) change(op, name string) (partly bool, err error) {
	if f.stopped {
		return false, &fs.PathError{Op: op, Path: name, Err: ErrStopped}
	}
	f.calls++
	if f.calls == f.stopAt {
		f.stopped = true
		return true, &fs.PathError{Op: op, Path: name, Err: ErrStopped}
	}
	if failure := f.failures[f.calls]; failure != nil {
		delete(f.failures, f.calls)
		return false, &fs.PathError{Op: op, Path: name, Err: failure}
	}
	return false, nil
}

// find returns a file, or nil for a directory.
func (f *Fragile) find(op, name string) (*inode, error) {
	switch n := f.live[clean(name)]; {
	case f.stopped:
		return nil, &fs.PathError{Op: op, Path: name, Err: ErrStopped}
	case n != nil:
		return n, nil
	case f.isDir(name):
		return nil, nil
	default:
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
}

func (f *Fragile) isDir(name string) bool {
	name = clean(name)
	return root(name) || f.dirs[name]
}

// Open opens a file for reading.
func (f *Fragile) Open(name string) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return &fragileFile{fs: f, node: n, name: name, life: f.life, readOnly: true}, nil
}

// Create creates or truncates a file.
func (f *Fragile) Create(name string) (File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.change("create", name); err != nil {
		return nil, err
	}
	if !f.isDir(path.Dir(clean(name))) {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrNotExist}
	}
	if f.isDir(name) {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrInvalid}
	}
	n := f.live[clean(name)]
	if n == nil {
		n = &inode{}
		f.live[clean(name)] = n
	}
	n.data, n.lost = nil, nil
	return &fragileFile{fs: f, node: n, name: name, life: f.life}, nil
}

// Stat describes a file or directory.
func (f *Fragile) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(path.Base(clean(name))), nil
}

func (n *inode) info(name string) memoryInfo {
	info := memoryInfo{name: name, dir: n == nil, time: time.Unix(0, 0)}
	if n != nil {
		info.size = int64(len(n.data))
	}
	return info
}

// ReadDir lists a directory, sorted by name.
func (f *Fragile) ReadDir(name string) ([]fs.DirEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, err := f.find("readdir", name); err != nil {
		return nil, err
	} else if n != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	var entries []fs.DirEntry
	add := func(child string, n *inode) {
		if clean(path.Dir(child)) == clean(name) {
			entries = append(entries, fs.FileInfoToDirEntry(n.info(path.Base(child))))
		}
	}
	for child, n := range f.live {
		add(child, n)
	}
	for child := range f.dirs {
		add(child, nil)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Rename gives a file another name, replacing what bore it.
func (f *Fragile) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.change("rename", from); err != nil {
		return err
	}
	n, err := f.find("rename", from)
	if err != nil {
		return err
	}
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrInvalid}
	}
	delete(f.live, clean(from))
	f.live[clean(to)] = n
	f.renames = append(f.renames, [2]string{clean(from), clean(to)})
	return nil
}

// Remove removes a file.
func (f *Fragile) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.change("remove", name); err != nil {
		return err
	}
	n, err := f.find("remove", name)
	if err != nil {
		return err
	}
	if n == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrInvalid}
	}
	delete(f.live, clean(name))
	return nil
}

// MkdirAll makes a directory and those above it that are missing, durably.
func (f *Fragile) MkdirAll(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.change("mkdir", name); err != nil {
		return err
	}
	for name = clean(name); !root(name) && name != "/"; name = path.Dir(name) {
		f.dirs[name] = true
	}
	return nil
}

// SyncDir makes the names in a directory durable, those that were removed included.
func (f *Fragile) SyncDir(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.change("sync", name); err != nil {
		return err
	}
	if !f.isDir(name) {
		return &fs.PathError{Op: "sync", Path: name, Err: fs.ErrNotExist}
	}
	inside := func(child string) bool { return clean(path.Dir(child)) == clean(name) }
	for child := range f.durable {
		if inside(child) && f.live[child] == nil {
			delete(f.durable, child)
		}
	}
	for child, n := range f.live {
		if inside(child) {
			f.durable[child] = n
		}
	}
	f.renames = slices.DeleteFunc(f.renames, func(pair [2]string) bool {
		return inside(pair[0]) && inside(pair[1])
	})
	return nil
}

// Truncate cuts the end of a file, durably. If the power goes meanwhile, the cut may be lost.
func (f *Fragile) Truncate(name string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	partly, err := f.change("truncate", name)
	n := f.live[clean(name)]
	switch {
	case n == nil && err == nil:
		return &fs.PathError{Op: "truncate", Path: name, Err: fs.ErrNotExist}
	case n == nil || (err != nil && !partly):
		return err
	case size < 0 || size > int64(len(n.data)):
		return &fs.PathError{Op: "truncate", Path: name, Err: fs.ErrInvalid}
	}
	n.data = slices.Clone(n.data[:size])
	if err == nil {
		n.sync()
	}
	return err
}

func (n *inode) sync() {
	n.synced = slices.Clone(n.data)
	for _, r := range n.lost {
		clear(n.synced[min(r[0], len(n.synced)):min(r[1], len(n.synced))])
	}
}

type fragileFile struct {
	fs       *Fragile
	node     *inode
	name     string
	life     int
	at       int64
	readOnly bool
}

func (f *fragileFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *fragileFile) gone() bool { return f.fs.stopped || f.life != f.fs.life }

func (f *fragileFile) ReadAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.gone() {
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: ErrStopped}
	}
	if offset < 0 || offset >= int64(len(f.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Write appends, as every writer of this module does.
func (f *fragileFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	switch {
	case f.gone():
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: ErrStopped}
	case f.readOnly:
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	partly, err := f.fs.change("write", f.name)
	if err != nil && !partly {
		return 0, err
	}
	n := len(p)
	if space := f.fs.space(); space >= 0 && int64(n) > space {
		n = int(space)
		err = errors.Join(&fs.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}, err)
	}
	f.node.data = append(f.node.data, p[:n]...)
	return n, err
}

// Sync makes the content durable. One that fails forgets for good what it should have saved, as
// Linux does: the bytes can still be read, but no later Sync writes them.
func (f *fragileFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.gone() {
		return &fs.PathError{Op: "sync", Path: f.name, Err: ErrStopped}
	}
	if partly, err := f.fs.change("sync", f.name); err != nil {
		if from := len(f.node.synced); !partly && from < len(f.node.data) {
			f.node.lost = append(f.node.lost, [2]int{from, len(f.node.data)})
		}
		return err
	}
	f.node.sync()
	return nil
}

func (f *fragileFile) Close() error { return nil }

func (f *fragileFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.gone() {
		return 0, &fs.PathError{Op: "stat", Path: f.name, Err: ErrStopped}
	}
	return int64(len(f.node.data)), nil
}
