package history

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// History is the history of all sources of a data directory. All methods may be called from many
// goroutines. Two of them may not have one directory open.
type History struct {
	fs  disk.FS
	dir string

	mutex   sync.Mutex
	sources map[string]*source
}

// source is the history of one source.
type source struct {
	appending sync.Mutex // held while a part is added
	// manifest is what is durable. It is replaced, under the mutex of the History, and nil as long
	// as there is none.
	manifest *manifest
	// uncertain says that it is not known which manifest the disk will have after a crash. It
	// belongs to whoever holds appending.
	uncertain bool
}

// Open opens the history in a directory, which it makes if need be, and removes what interrupted
// writes left. Parts are not read yet. A manifest that cannot be read is an error: without it the
// history would look shorter than the log expects.
func Open(fsys disk.FS, dir string) (*History, error) {
	if err := fsys.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	h := &History{fs: fsys, dir: dir, sources: map[string]*source{}}
	names, err := sourceNames(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	var damages []error
	for _, name := range names {
		m, err := h.open(name)
		if err != nil {
			damages = append(damages, err)
		}
		if m != nil {
			h.sources[name] = &source{manifest: m}
		}
	}
	if err := errors.Join(damages...); err != nil {
		return nil, fmt.Errorf("open the history: %w", err)
	}
	return h, nil
}

// sourceNames lists the directories of sources.
func sourceNames(fsys disk.Reader, dir string) ([]string, error) {
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && schema.CheckName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// open reads the manifest of a source, nil if there is none, and removes what no manifest names.
func (h *History) open(name string) (*manifest, error) {
	// The manifest that is seen now must be the one that a crash leaves: the log is cut by it.
	if err := h.fs.SyncDir(h.path(name)); err != nil {
		return nil, fmt.Errorf("sync the history of source %s: %w", name, err)
	}
	m, err := readManifest(h.fs, h.dir, name)
	if err != nil {
		return nil, err
	}
	entries, err := h.fs.ReadDir(h.path(name))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		left := isPartial(e.Name())
		if isPart(e.Name()) {
			if m == nil {
				// The first part is written when a manifest is there, so one was lost.
				return nil, &DamageError{Source: name, File: manifestName, Reason: "it is missing"}
			}
			left = !m.names(e.Name())
		}
		if !left {
			continue
		}
		if err := h.fs.Remove(h.path(name, e.Name())); err != nil {
			return nil, fmt.Errorf("remove what an interrupted write left: %w", err)
		}
	}
	return m, nil
}

// names reports whether a file is a part.
func (m *manifest) names(file string) bool {
	return slices.ContainsFunc(m.Parts, func(e entry) bool { return e.Rows > 0 && e.name() == file })
}

func (h *History) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// readManifest returns nil if there is none.
func readManifest(fsys disk.Reader, dir, source string) (*manifest, error) {
	name := filepath.Join(dir, source, manifestName)
	text, err := readFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the history of source %s: %w", source, err)
	}
	m, err := decodeManifest(source, text)
	switch {
	case errors.Is(err, ErrVersion):
		return nil, fmt.Errorf("history of source %s: %s: %w", source, manifestName, err)
	case err != nil:
		damage := &DamageError{Source: source, File: manifestName, Reason: err.Error()}
		if errors.Is(err, ErrGap) || errors.Is(err, ErrOverlap) {
			return nil, errors.Join(damage, err)
		}
		return nil, damage
	}
	return m, nil
}

func readFile(fsys disk.Reader, name string) (data []byte, err error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	data = make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), data); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return data, nil
}

// Sources lists the sources that have a history, sorted.
func (h *History) Sources() []string {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var names []string
	for name, s := range h.sources {
		if s.manifest != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Position returns the last log sequence that the history of a source stands for, 0 if it has none.
func (h *History) Position(source string) uint64 { return h.View(source).Position() }

// Parts lists the parts of a source, in order.
func (h *History) Parts(source string) []PartInfo { return h.View(source).Parts() }

// View is the history of a source at one moment. Parts are not removed, so it stays readable.
type View struct {
	history  *History
	source   string
	manifest *manifest // nil: there is none
}

// View returns the history of a source as it is now.
func (h *History) View(name string) *View {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	v := &View{history: h, source: name}
	if s := h.sources[name]; s != nil {
		v.manifest = s.manifest
	}
	return v
}

// Known reports whether the source has a history, be it without rows.
func (v *View) Known() bool { return v.manifest != nil }

// First returns the first sequence that the history stands for, 0 if there is none.
func (v *View) First() uint64 {
	if v.manifest == nil {
		return 0
	}
	return v.manifest.From
}

// Position returns the last log sequence that the history stands for, 0 if there is none.
func (v *View) Position() uint64 {
	if v.manifest == nil {
		return 0
	}
	return v.manifest.position()
}

// PartInfo is a part as the manifest has it.
type PartInfo struct {
	File     string // in the directory of the source
	From, To uint64 // log sequences
	Rows     int64
	Bytes    int64
	Fields   []schema.Field
}

// Parts lists the parts, in order. The last one may have no rows, and no file then.
func (v *View) Parts() []PartInfo {
	if v.manifest == nil {
		return nil
	}
	var parts []PartInfo
	for _, e := range v.manifest.Parts {
		info := PartInfo{From: e.From, To: e.To, Rows: e.Rows, Bytes: e.Bytes, Fields: v.manifest.fields(e)}
		if e.Rows > 0 {
			info.File = e.name()
		}
		parts = append(parts, info)
	}
	return parts
}

// Rows returns how many rows the history has.
func (v *View) Rows() (rows int64) {
	if v.manifest == nil {
		return 0
	}
	for _, e := range v.manifest.Parts {
		rows += e.Rows
	}
	return rows
}
