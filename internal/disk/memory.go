package disk

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a file system in memory for tests. Crash makes it forget what was not durable. The zero
// value is ready; the root directory "." and "/" are always there.
type Memory struct {
	mu      sync.Mutex
	live    map[string]*node // by clean path
	durable map[string]*node // names as SyncDir last saw them
}

// node is a file's content or a directory. Contents are replaced, never changed in place, so that a
// reader may go on with what it had.
type node struct {
	dir     bool
	data    []byte
	synced  []byte
	changed time.Time
}

// NewMemory returns an empty file system.
func NewMemory() *Memory { return &Memory{} }

// Crash forgets every byte that was not synced and every name whose directory was not, as a machine
// that loses power may. Files open at that time must not be used any more.
func (m *Memory) Crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.live = map[string]*node{}
	for name, n := range m.durable {
		n.data = n.synced
		m.live[name] = n
	}
}

// Add writes a durable file and the directories above it: for setting up a test.
func (m *Memory) Add(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	name = clean(name)
	n := &node{data: slices.Clone(data), synced: slices.Clone(data), changed: time.Unix(0, 0)}
	m.makeDirs(path.Dir(name))
	m.put(name, n)
	m.durable[name] = n
}

func clean(name string) string {
	name = path.Clean(strings.ReplaceAll(name, `\`, "/"))
	return strings.TrimSuffix(name, "/")
}

func root(name string) bool { return name == "." || name == "" }

func (m *Memory) put(name string, n *node) {
	if m.live == nil {
		m.live = map[string]*node{}
	}
	if m.durable == nil {
		m.durable = map[string]*node{}
	}
	m.live[name] = n
}

// makeDirs makes directories, durable at once: losing one is not a case the tests need.
func (m *Memory) makeDirs(name string) {
	for ; !root(name); name = path.Dir(name) {
		if name == "/" || m.live[name] != nil {
			return
		}
		n := &node{dir: true, changed: time.Unix(0, 0)}
		m.put(name, n)
		m.durable[name] = n
	}
}

func (m *Memory) find(op, name string) (*node, error) {
	name = clean(name)
	if root(name) {
		return &node{dir: true}, nil
	}
	n := m.live[name]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Open opens a file for reading.
func (m *Memory) Open(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.dir {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return &memoryFile{fs: m, node: n, readOnly: true, name: name}, nil
}

// Create creates or truncates a file.
func (m *Memory) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if dir, err := m.find("create", path.Dir(clean(name))); err != nil {
		return nil, err
	} else if !dir.dir {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrInvalid}
	}
	n := m.live[clean(name)]
	if n == nil {
		n = &node{}
		m.put(clean(name), n)
	}
	n.data, n.changed = nil, time.Unix(0, 0)
	return &memoryFile{fs: m, node: n, name: name}, nil
}

// Stat describes a file or directory.
func (m *Memory) Stat(name string) (fs.FileInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n.info(path.Base(clean(name))), nil
}

// ReadDir lists a directory, sorted by name.
func (m *Memory) ReadDir(name string) ([]fs.DirEntry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	dir, err := m.find("open", name)
	if err != nil {
		return nil, err
	}
	if !dir.dir {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	var entries []fs.DirEntry
	for child, n := range m.live {
		if child != "" && clean(path.Dir(child)) == clean(name) {
			entries = append(entries, fs.FileInfoToDirEntry(n.info(path.Base(child))))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Rename gives a file another name, replacing what bore it.
func (m *Memory) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, err := m.find("rename", from)
	if err != nil {
		return err
	}
	delete(m.live, clean(from))
	m.put(clean(to), n)
	return nil
}

// Remove removes a file or directory.
func (m *Memory) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find("remove", name); err != nil {
		return err
	}
	delete(m.live, clean(name))
	return nil
}

// MkdirAll makes a directory and those above it that are missing.
func (m *Memory) MkdirAll(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.makeDirs(clean(name))
	return nil
}

// SyncDir makes the names in a directory durable, those that were removed included.
func (m *Memory) SyncDir(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find("sync", name); err != nil {
		return err
	}
	for child := range m.durable {
		if clean(path.Dir(child)) == clean(name) && m.live[child] == nil {
			delete(m.durable, child)
		}
	}
	for child, n := range m.live {
		if clean(path.Dir(child)) == clean(name) {
			m.durable[child] = n
		}
	}
	return nil
}

type memoryFile struct {
	fs       *Memory
	node     *node
	name     string
	at       int64
	readOnly bool
}

func (f *memoryFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memoryFile) ReadAt(p []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	data := f.node.data
	f.fs.mu.Unlock()
	if offset < 0 || offset >= int64(len(data)) {
		return 0, io.EOF
	}
	n := copy(p, data[offset:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Write appends, as every writer of this module does.
func (f *memoryFile) Write(p []byte) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if f.readOnly {
		return 0, &fs.PathError{Op: "write", Path: f.name, Err: fs.ErrPermission}
	}
	f.node.data = append(f.node.data, p...)
	return len(p), nil
}

func (f *memoryFile) Sync() error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	// Files only grow, and what is cut or crashed gets other memory, so the synced bytes stay what
	// they are; without room behind them nothing can be appended in their place.
	f.node.synced = f.node.data[:len(f.node.data):len(f.node.data)]
	return nil
}

func (f *memoryFile) Close() error { return nil }

func (f *memoryFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.node.data)), nil
}

type memoryInfo struct {
	name string
	size int64
	dir  bool
	time time.Time
}

func (n *node) info(name string) memoryInfo {
	return memoryInfo{name: name, size: int64(len(n.data)), dir: n.dir, time: n.changed}
}

func (i memoryInfo) Name() string       { return i.name }
func (i memoryInfo) Size() int64        { return i.size }
func (i memoryInfo) ModTime() time.Time { return i.time }
func (i memoryInfo) IsDir() bool        { return i.dir }
func (i memoryInfo) Sys() any           { return nil }

func (i memoryInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
