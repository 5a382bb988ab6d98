package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
)

// The defaults of Options.
const (
	defaultCacheBytes  = 256 << 20
	defaultSampleAge   = 7 * schema.Day
	defaultSampleCount = 100_000
)

// Options tunes a State; nothing in it changes what is read.
type Options struct {
	// CacheBytes is about how much memory decoded entities take. Default: 256 MiB; below 0: none.
	CacheBytes int64
	// SampleAge is how long samples are kept, in microseconds. Default: 7 days.
	SampleAge int64
	// SampleCount is how many samples are kept. Default: 100,000.
	SampleCount int
	Observer    Observer
}

func (o Options) withDefaults() Options {
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCacheBytes
	}
	if o.SampleAge <= 0 {
		o.SampleAge = defaultSampleAge
	}
	if o.SampleCount <= 0 {
		o.SampleCount = defaultSampleCount
	}
	return o
}

// Observer is told what happens. Its functions are called by whoever reads or applies, so they must
// be quick; each may be nil.
type Observer struct {
	// Loaded: an entity of so many rows was decoded, to be kept.
	Loaded func(rows int)
	// Streamed: rows of an entity were decoded for one read only, since it is too large to be kept.
	Streamed func(rows int)
	// Evicted: an entity had to make room.
	Evicted func(rows int)
}

// Sentinels of the package.
var (
	// ErrNotReady is returned by reads of a feed that is not filled.
	ErrNotReady = errors.New("the feed is not filled")
	// ErrNotKept is returned by reads of a view that no layout in use has.
	ErrNotKept = errors.New("the view is not kept online")
	// ErrNoLayout is returned by Apply before the first Use.
	ErrNoLayout = errors.New("no layout is in use")
)

// State is the online rows of one directory. It is safe for concurrent use. One process opens a
// store at a time.
type State struct {
	db      store.Online
	options Options
	cache   *cache // nil: nothing is kept
	layouts atomic.Pointer[[]*inUse]
	durable atomic.Pointer[Position]
	samples samples

	// writing is held by whoever changes what the log or history says: one at a time, and in the
	// order in which the store gets it.
	writing sync.Mutex
	feeds   map[feedKey]*feed // all that the store knows; guarded by writing
	next    uint32            // number of the next feed; guarded by writing
	scratch staged            // guarded by writing

	// mutex guards what readers look at. It is taken after writing, if both are.
	mutex    sync.RWMutex
	position Position
	sources  map[uint32]*sourceState // an entry is replaced, never changed
	views    map[viewKey]ViewCounts
}

// feed is a feed as the store knows it.
type feed struct {
	id     uint32
	key    feedKey
	status atomic.Uint32
	busy   atomic.Bool // it is being filled
}

type feedKey struct {
	source uint32
	text   string
}

// meta returns the key of what is kept about the feed.
func (k feedKey) meta() []byte { return metaOf(metaFeed, k.source, k.text) }

// ready reports whether the feed may be read. Readers look again when they are done: it may have
// been given up meanwhile.
func (f *feed) ready() bool { return f.status.Load() == ready }

// Open reads what is kept besides rows and makes the rest ready to be read. The store is closed by
// Close, or if Open fails by the caller.
func Open(ctx context.Context, db store.Online, options Options) (*State, error) {
	options = options.withDefaults()
	s := &State{
		db: db, options: options, next: 1, feeds: map[feedKey]*feed{},
		sources: map[uint32]*sourceState{}, views: map[viewKey]ViewCounts{},
	}
	if options.CacheBytes > 0 {
		s.cache = newCache(options.CacheBytes, options.Observer)
	}
	if err := s.checkFormat(ctx); err != nil {
		return nil, err
	}
	err := db.Scan(ctx, []byte{prefixMeta}, []byte{prefixMeta + 1}, func(key, value []byte) error {
		if err := s.readMetaEntry(string(key[1:]), value); err != nil {
			return corrupt(key, "%v", err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open online state: %w", err)
	}
	if err := s.countSamples(ctx); err != nil {
		return nil, fmt.Errorf("open online state: %w", err)
	}
	// What was read after an opening is on the disk: nothing else could have been read.
	opened := s.position
	s.durable.Store(&opened)
	s.layouts.Store(&[]*inUse{})
	return s, nil
}

// checkFormat writes the version of the format into an empty store and refuses another one.
func (s *State) checkFormat(ctx context.Context) error {
	value, err := s.db.Get(ctx, metaKey(metaFormat))
	if errors.Is(err, store.ErrNotFound) {
		empty := true
		err = s.db.Scan(ctx, nil, nil, func(_, _ []byte) error {
			empty = false
			return store.ErrStop
		})
		if err == nil && !empty {
			err = fmt.Errorf("%w: it has no format version", ErrCorrupt)
		}
		if err == nil {
			var changes store.Changes
			changes.Set(metaKey(metaFormat), []byte{formatVersion})
			err = s.db.Apply(ctx, &changes)
		}
	} else if err == nil && (len(value) != 1 || value[0] != formatVersion) {
		err = fmt.Errorf("its format has version %x, this release reads %d; use the release that "+
			"wrote it, or remove the state directory to have it built again", value, formatVersion)
	}
	if err != nil {
		return fmt.Errorf("open online state: %w", err)
	}
	return nil
}

// readMetaEntry takes over one entry.
func (s *State) readMetaEntry(name string, value []byte) (err error) {
	split := len(name)
	if at := slices.Index([]byte(name), 0); at >= 0 {
		split = at + 1
	}
	rest := []byte(name[split:])
	owner, named := keyOfView(rest) // a number and a text, whatever the text is
	switch name[:split] {
	case metaFormat:
	case metaPosition:
		s.position, err = readPosition(value)
	case metaNext:
		d := readMeta(value)
		if b := d.bytes(4); b != nil {
			s.next = binary.BigEndian.Uint32(b)
		}
		err = d.end()
	case metaFeed:
		f := &feed{key: feedKey{owner.source, owner.view}}
		var status byte
		f.id, status, err = readFeedMeta(value)
		f.status.Store(uint32(status))
		s.feeds[f.key] = f
	case metaSource:
		s.sources[owner.source], err = readSourceState(value)
	case metaView:
		s.views[owner], err = readViewCounts(value)
	default:
		return errors.New("nothing has this name")
	}
	if err == nil && split < len(name) && !named {
		return errors.New("the key ends too early")
	}
	return err
}

// Position is what was applied last.
func (s *State) Position() Position {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.position
}

// Durable is a position that no crash takes back: that of the last Flush, or of opening.
func (s *State) Durable() Position { return *s.durable.Load() }

// Flush makes everything durable that was applied before it.
func (s *State) Flush(ctx context.Context) error {
	position := s.Position()
	if err := s.db.Flush(ctx); err != nil {
		return fmt.Errorf("flush online state: %w", err)
	}
	s.durable.Store(&position)
	return nil
}

// Close closes the store. It waits for an Apply under way, and does not flush.
func (s *State) Close() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close online state: %w", err)
	}
	return nil
}

// newest returns the layout that was used last, or nil.
func (s *State) newest() *inUse {
	layouts := *s.layouts.Load()
	if len(layouts) == 0 {
		return nil
	}
	return layouts[0]
}
