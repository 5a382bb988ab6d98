package state

import (
	"encoding/binary"
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Counts says what became of the rows that arrived at a source: In is the sum of the others.
type Counts struct{ In, Accepted, Duplicates, Quarantined int64 }

func (c Counts) plus(other Counts) Counts {
	return Counts{
		In: c.In + other.In, Accepted: c.Accepted + other.Accepted,
		Duplicates: c.Duplicates + other.Duplicates, Quarantined: c.Quarantined + other.Quarantined,
	}
}

// ViewCounts says what a view made of the rows that its source accepted since the view is kept:
// Accepted is the sum of the others.
type ViewCounts struct{ Accepted, Applied, Filtered, NoKey, OutOfReach int64 }

func (c ViewCounts) plus(other ViewCounts) ViewCounts {
	return ViewCounts{
		Accepted: c.Accepted + other.Accepted, Applied: c.Applied + other.Applied,
		Filtered: c.Filtered + other.Filtered, NoKey: c.NoKey + other.NoKey,
		OutOfReach: c.OutOfReach + other.OutOfReach,
	}
}

func (c ViewCounts) append(dst []byte) []byte {
	return appendCounters(dst, c.Accepted, c.Applied, c.Filtered, c.NoKey, c.OutOfReach)
}

func readViewCounts(value []byte) (c ViewCounts, err error) {
	d := readMeta(value)
	for _, to := range []*int64{&c.Accepted, &c.Applied, &c.Filtered, &c.NoKey, &c.OutOfReach} {
		*to = d.counter()
	}
	return c, d.end()
}

// counter reads a counter. One that no machine can have reached is damage.
func (d *decoder) counter() int64 {
	n := d.uvarint()
	if n > 1<<62 {
		d.fail(errNumber)
		return 0
	}
	return int64(n)
}

// viewKey names the counters of a view. They begin anew if the view reads another source.
type viewKey struct {
	source uint32
	view   string
}

func (k viewKey) meta() []byte { return metaOf(metaView, k.source, k.view) }

// sourceState is what is kept of a source besides its rows.
type sourceState struct {
	counts Counts
	ids    idState
}

// newSourceState returns what is kept of a source that nothing arrived at. The latest receipt is
// the earliest instant and not NoTime: horizons are subtracted from it.
func newSourceState() *sourceState {
	return &sourceState{ids: idState{received: schema.MinTime}}
}

func (s *sourceState) append(dst []byte) []byte {
	c := s.counts
	dst = appendCounters(dst, c.In, c.Accepted, c.Duplicates, c.Quarantined)
	return s.ids.append(dst)
}

func readSourceState(value []byte) (*sourceState, error) {
	s := &sourceState{}
	d := readMeta(value)
	c := &s.counts
	for _, to := range []*int64{&c.In, &c.Accepted, &c.Duplicates, &c.Quarantined} {
		*to = d.counter()
	}
	s.ids.read(d)
	return s, d.end()
}

// Counts returns the counters of every source that ever had a record, by its number.
func (s *State) Counts() map[uint32]Counts {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	out := map[uint32]Counts{}
	for id, source := range s.sources {
		out[id] = source.counts
	}
	return out
}

// ViewCounts returns the counters of the views of the newest layout, by name.
func (s *State) ViewCounts() map[string]ViewCounts {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	out := map[string]ViewCounts{}
	layout := s.newest()
	if layout == nil {
		return out
	}
	for id, use := range layout.sources {
		for _, view := range use.views {
			out[view.Name] = s.views[viewKey{id, view.Name}]
		}
	}
	return out
}

// check refuses counters that do not close.
func (c Counts) check() error {
	if c.In < 0 || c.Accepted < 0 || c.Duplicates < 0 || c.Quarantined < 0 ||
		c.In != c.Accepted+c.Duplicates+c.Quarantined {
		return fmt.Errorf("the counters %+v do not add up", c)
	}
	return nil
}

// keyOfView reads what follows the name of a view's meta key.
func keyOfView(rest []byte) (viewKey, bool) {
	if len(rest) < 4 {
		return viewKey{}, false
	}
	return viewKey{binary.BigEndian.Uint32(rest), string(rest[4:])}, true
}
