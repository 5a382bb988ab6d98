package file

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// ErrNoFile is wrapped by errors about a pattern that matches no file.
var ErrNoFile = errors.New("no file matches")

// ErrLayout is wrapped by errors about files that do not fit the source: a column is not there, is of
// another type, or has times without a zone.
var ErrLayout = errors.New("the files do not fit the source")

// layoutError marks an error as ErrLayout without saying so in its text.
type layoutError struct{ error }

func (e layoutError) Unwrap() error        { return e.error }
func (e layoutError) Is(target error) bool { return target == ErrLayout }

// Config says what a source's files are and how its events are read.
type Config struct {
	Name string
	// Root is the directory that Paths are relative to.
	Root string
	// Paths are patterns as disk.Glob takes them.
	Paths []string
	// Format is empty for: by each file's name.
	Format string
	// Columns are the stored columns; one without a name keeps a place and is never read. Each one
	// that a scan reads must be in every file; scans of text read them all.
	Columns   []schema.Field
	EventTime EventTime
	// ID is the column that identifies an event, or -1.
	ID int
	// Op is the column that says what a row does to the event of its id: insert (also null), replace or
	// delete; nil: all rows are inserts. It needs an ID.
	Op *int
	// MaxBad is how many bad rows are left out before a scan fails.
	MaxBad int
}

// EventTime says how the event time is read.
type EventTime struct {
	Column int
	// Zone is that of times without a zone, in every column; empty: there is none.
	Zone string
	// ZoneColumn is a column of zone names, or -1; it goes before Zone.
	ZoneColumn int
	// Unit is the microseconds of one unit of an integer time, or Nanosecond; 0 if the column is a
	// time.
	Unit int64
}

// Nanosecond is the Unit of times in nanoseconds: a thousand of them make a microsecond, and they
// are floored.
const Nanosecond int64 = -1000

// Source is a source's files, found but not open.
type Source struct {
	fs     disk.FS
	config Config
	paths  []string // relative to Root, sorted bytewise
	zones  *zones

	mu     sync.Mutex
	hashes map[stamp]string
}

// Open finds the files and checks the configuration. It opens no file yet.
func Open(fsys disk.FS, config Config) (*Source, error) {
	s := &Source{fs: fsys, config: config, hashes: map[stamp]string{}}
	var err error
	if s.paths, err = find(fsys, config.Root, config.Paths); err != nil {
		return nil, s.wrap(err)
	}
	if s.zones, err = newZones(config.EventTime.Zone); err != nil {
		return nil, s.wrap(err)
	}
	if err := s.checkTime(); err != nil {
		return nil, s.wrap(err)
	}
	return s, nil
}

// Paths returns the files in the order of their rows, relative to the root.
func (s *Source) Paths() []string { return slices.Clone(s.paths) }

func (s *Source) wrap(err error) error { return fmt.Errorf("source %s: %w", s.config.Name, err) }

// checkTime refuses event times that cannot be told from the columns.
func (s *Source) checkTime() error {
	rule := s.config.EventTime
	field := s.config.Columns[rule.Column]
	if rule.ZoneColumn >= 0 {
		if zones := s.config.Columns[rule.ZoneColumn]; zones.Type.Kind != schema.String {
			return fmt.Errorf("column %s of time zones is %s; it must be a string", zones.Name, zones.Type)
		}
	}
	switch field.Type.Kind {
	case schema.Timestamp, schema.Date:
		return nil
	case schema.Int64:
		if rule.Unit > 0 || rule.Unit == Nanosecond {
			return nil
		}
		return fmt.Errorf("event time column %s is an integer; say its unit: s, ms, us or ns", field.Name)
	default:
		return fmt.Errorf("event time column %s is %s; it must be a timestamp, a date or an int64",
			field.Name, field.Type)
	}
}

// find resolves patterns to files, sorted bytewise, each once.
func find(fsys disk.Reader, root string, patterns []string) ([]string, error) {
	var all []string
	var problems []error
	for _, pattern := range patterns {
		found, err := disk.Glob(fsys, root, filepath.ToSlash(pattern))
		if err != nil {
			problems = append(problems, err)
		} else if len(found) == 0 {
			problems = append(problems, fmt.Errorf("%w %q in %s", ErrNoFile, pattern, root))
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), errors.Join(problems...)
}

func realPath(root, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return filepath.Join(root, filepath.FromSlash(name))
}

// zones caches time zones by name.
type zones struct {
	fixed *zone.Zone
	mu    sync.Mutex
	named map[string]*zone.Zone
}

func newZones(name string) (*zones, error) {
	z := &zones{named: map[string]*zone.Zone{}}
	if name == "" {
		return z, nil
	}
	var err error
	z.fixed, err = zone.Load(name)
	return z, err
}

// load returns a zone, or nil if there is none of the name.
func (z *zones) load(name string) *zone.Zone {
	z.mu.Lock()
	defer z.mu.Unlock()
	found, known := z.named[name]
	if !known {
		if loaded, err := zone.Load(name); err == nil {
			found = loaded
		}
		z.named[string([]byte(name))] = found
	}
	return found
}
