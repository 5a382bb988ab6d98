package state

import (
	"encoding/binary"
	"hash/maphash"
	"sync"
)

const (
	// shards is how many parts the cache has, each with a lock and a share of the budget.
	shards = 16
	// largest is the part of a shard's budget that one entity may take.
	largest = 4
	// lateRows is how many rows out of order wait to be put into their places at once.
	lateRows = 256
	// loadingRows is how many rows may arrive while an entity is being loaded; with more it is not
	// kept this time.
	loadingRows = 4096
	// skippedReads is how many reads of an entity that was too large do not try to load it.
	skippedReads = 64
	// entryBytes is about what an entry takes besides its rows and twice its key, arrivalBytes what
	// a waiting row takes.
	entryBytes   = 256
	arrivalBytes = 128
)

// cache keeps decoded entities. The protocol between those who load and the one who applies: a
// loader leaves an empty entry before it reads the store, and the applier writes the store before
// it looks for entries. So a row is in what the loader reads, or the applier finds the entry and
// leaves the row there; if both, it is recognised by its place.
type cache struct {
	seed     maphash.Seed
	observer Observer
	limit    int // bytes of one entity
	shards   [shards]shard
}

// shard is the entities of some keys, the one used last in front.
type shard struct {
	mutex   sync.Mutex
	entries map[string]*entry
	root    entry // of the ring
	used    int
	budget  int
}

// entry is one entity. Everything in it is guarded by the lock of its shard, but for the rows of
// frozen.
type entry struct {
	key        string
	prev, next *entry // nil: it is not in the ring, because it is being loaded
	loading    chan struct{}
	rows       *rows
	frozen     *rows     // a copy of rows for readers; nil: rows changed since
	late       []arrival // rows that are not in their places yet
	rules      string    // by which known was computed
	// skips is how many reads more go to the store, because the rows were too many to be kept. It
	// is for entries without rows.
	skips int
	bytes int
}

func newCache(budget int64, observer Observer) *cache {
	c := &cache{seed: maphash.MakeSeed(), observer: observer}
	c.limit = int(budget / shards / largest)
	for i := range c.shards {
		s := &c.shards[i]
		s.entries, s.budget = map[string]*entry{}, int(budget/shards)
		s.root.prev, s.root.next = &s.root, &s.root
	}
	return c
}

// shard returns where an entity lives. The hash is seeded anew by each process; it decides nothing
// but which entities share a lock and a budget.
func (c *cache) shard(key []byte) *shard {
	return &c.shards[maphash.Bytes(c.seed, key)%shards]
}

// append puts a row that is in the store into its entity, if that is there.
func (c *cache) append(key []byte, a arrival, rules string) {
	s := c.shard(key)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e := s.entries[string(key)]
	switch {
	case e == nil || e.rows == nil && e.loading == nil:
		return
	case e.loading != nil:
		if len(e.late) <= loadingRows {
			e.late = append(e.late, a)
		}
		return
	case e.rules != rules:
		c.evict(s, e)
		return
	case a.event < e.rows.floor:
		return
	}
	e.frozen = nil
	if len(e.late) == 0 && e.rows.follows(&a) {
		e.rows.pushArrival(&a)
	} else {
		e.late = append(e.late, a)
	}
	if len(e.late) >= lateRows {
		e.settle()
	}
	c.resize(s, e)
}

// settle puts late rows into their places.
func (e *entry) settle() {
	if len(e.late) > 0 {
		e.rows, e.late, e.frozen = e.rows.merged(e.late), nil, nil
	}
}

// resize counts what an entry takes now. An entity that became too large goes: it is loaded again
// from a later time on, if that is all that is asked about.
func (c *cache) resize(s *shard, e *entry) {
	before := e.bytes
	e.bytes = entryBytes + 2*len(e.key) + arrivalBytes*len(e.late)
	if e.rows != nil {
		e.bytes += e.rows.bytes()
	}
	s.used += e.bytes - before
	if e.rows != nil && e.bytes > c.limit {
		c.evict(s, e)
	}
	c.shrink(s)
}

// shrink makes room.
func (c *cache) shrink(s *shard) {
	for s.used > s.budget && s.root.prev != &s.root {
		c.evict(s, s.root.prev)
	}
}

// evict removes an entry that is in the ring.
func (c *cache) evict(s *shard, e *entry) {
	delete(s.entries, e.key)
	e.unlink()
	s.used -= e.bytes
	e.bytes = 0
	if e.rows != nil && c.observer.Evicted != nil {
		c.observer.Evicted(e.rows.len())
	}
}

// unlink takes an entry out of the ring; one that is being loaded is in none.
func (e *entry) unlink() {
	if e.prev != nil {
		e.prev.next, e.next.prev = e.next, e.prev
		e.prev, e.next = nil, nil
	}
}

// front puts an entry in front of the ring.
func (s *shard) front(e *entry) {
	if s.root.next == e {
		return
	}
	e.unlink()
	e.prev, e.next = &s.root, s.root.next
	e.prev.next, e.next.prev = e, e
}

// drop forgets the entities of a feed. A loader that is under way finds its entry gone and keeps
// nothing.
func (c *cache) drop(feed uint32) {
	if c == nil {
		return
	}
	prefix := string(binary.BigEndian.AppendUint32(nil, feed))
	for i := range c.shards {
		s := &c.shards[i]
		s.mutex.Lock()
		for key, e := range s.entries {
			if len(key) < len(prefix) || key[:len(prefix)] != prefix {
				continue
			}
			if e.loading != nil {
				delete(s.entries, key)
			} else {
				c.evict(s, e)
			}
		}
		s.mutex.Unlock()
	}
}

// finding is what a look into the cache gives: rows, or someone who loads them, or that they are
// too many to be kept, or else the duty to load them.
type finding struct {
	rows    *rows
	wait    chan struct{}
	stream  bool
	loading *entry
}

// find looks an entity up. If it has to be loaded, the caller must call loaded with the entry that
// it is given, whatever happens.
func (c *cache) find(key []byte, rules string, n *need) finding {
	s := c.shard(key)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e := s.entries[string(key)]
	switch {
	case e == nil:
	case e.loading != nil:
		return finding{wait: e.loading}
	case e.rows == nil && e.skips > 0:
		e.skips--
		s.front(e)
		return finding{stream: true}
	case e.rows != nil && e.rules == rules && n.from >= e.rows.floor:
		s.front(e)
		return finding{rows: c.freeze(s, e)}
	}
	if e != nil {
		c.evict(s, e)
	}
	return finding{loading: s.begin(string(key), rules)}
}

// begin leaves the entry of an entity that is being loaded.
func (s *shard) begin(key, rules string) *entry {
	e := &entry{key: key, rules: rules, loading: make(chan struct{})}
	s.entries[key] = e
	return e
}

// freeze returns the rows of an entry for readers.
func (c *cache) freeze(s *shard, e *entry) *rows {
	if len(e.late) > 0 {
		e.settle()
	}
	if e.frozen == nil {
		e.frozen = e.rows.freeze()
		frozen := e.frozen
		c.resize(s, e)
		return frozen
	}
	return e.frozen
}

// reload is find for a reader whom the rows it found do not serve: they begin too late.
func (c *cache) reload(key []byte, rules string, found *rows) finding {
	s := c.shard(key)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	e := s.entries[string(key)]
	switch {
	case e == nil:
	case e.loading != nil:
		return finding{wait: e.loading}
	case e.rows == nil || e.rules != rules || e.rows.floor < found.floor:
		return finding{} // somebody else was faster; look again
	default:
		c.evict(s, e)
	}
	return finding{loading: s.begin(string(key), rules)}
}

// loaded ends a loading. The rows are kept together with those that arrived meanwhile, unless they
// are too many or the feed was dropped. A loader that failed passes no rows.
func (c *cache) loaded(e *entry, r *rows, tooLarge bool) {
	s := c.shard([]byte(e.key))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	done, late := e.loading, e.late
	e.loading, e.late = nil, nil
	defer close(done)
	switch {
	case s.entries[e.key] != e:
		return
	case tooLarge:
		e.skips = skippedReads
	case r == nil || len(late) > loadingRows:
		delete(s.entries, e.key)
		return
	default:
		e.rows = r.merged(late)
		if c.observer.Loaded != nil {
			c.observer.Loaded(e.rows.len())
		}
	}
	s.front(e)
	c.resize(s, e)
}
