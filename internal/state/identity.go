package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/store"
)

// Identity says what is known of an id: whether an event with it was received within the horizon,
// and the time of that event.
type Identity struct {
	Known     bool
	EventTime int64
}

// IDs returns the ids of a column in the form that Known takes. The id of a null is empty and never
// known; no other id is empty.
func IDs(c *batch.Column) []string {
	out := make([]string, c.Length)
	var id []byte
	for i := range out {
		id = appendID(id[:0], c, i)
		out[i] = string(id)
	}
	return out
}

// appendID writes an id; nothing for a null. The type of the column is fixed by the number of the
// source, so ids of different types never meet.
func appendID(dst []byte, c *batch.Column, row int) []byte {
	if c.Type.Kind == schema.Null || c.IsNull(row) {
		return dst
	}
	return appendCell(append(dst, '='), c, row)
}

// idState is which ids of a source are kept. They lie in buckets by when they were received, each
// as wide as the horizon, so that a lookup asks two buckets and old ones go as a range. A width
// that was given up, because the horizon was changed, is asked until its ids are too old.
type idState struct {
	received int64 // the latest of all events
	forever  bool  // some came from files
	widths   []idWidth
}

// idWidth is the buckets of one width.
type idWidth struct {
	width   int64
	floor   int64 // the start of the oldest bucket
	retired int64 // no id after it has this width; math.MaxInt64: in use
}

// append writes the part of a source's value that is about ids.
func (s *idState) append(dst []byte) []byte {
	forever := byte(0)
	if s.forever {
		forever = 1
	}
	dst = append(binary.AppendVarint(dst, s.received), forever)
	dst = binary.AppendUvarint(dst, uint64(len(s.widths)))
	for _, w := range s.widths {
		for _, x := range []int64{w.width, w.floor, w.retired} {
			dst = binary.AppendVarint(dst, x)
		}
	}
	return dst
}

// read reads it back. The number of widths is not trusted for an allocation.
func (s *idState) read(d *decoder) {
	s.received = d.varint()
	s.forever = d.byte() != 0
	for range d.uvarint() {
		w := idWidth{width: d.varint(), floor: d.varint(), retired: d.varint()}
		if d.err == nil && w.width <= 0 {
			d.fail(fmt.Errorf("ids have buckets of width %d", w.width))
		}
		if d.err != nil {
			return
		}
		s.widths = append(s.widths, w)
	}
}

// clone returns a copy that may be changed.
func (s *idState) clone() idState {
	out := *s
	out.widths = slices.Clone(s.widths)
	return out
}

// use returns the width for ids that are received now, the last of the list.
func (s *idState) use(width int64) *idWidth {
	last := len(s.widths) - 1
	if last >= 0 && s.widths[last].width == width {
		return &s.widths[last]
	}
	if last >= 0 {
		s.widths[last].retired = s.received
	}
	next := idWidth{width: width, floor: maxTime, retired: math.MaxInt64}
	if at := slices.IndexFunc(s.widths, func(w idWidth) bool { return w.width == width }); at >= 0 {
		next.floor = s.widths[at].floor
		s.widths = slices.Delete(s.widths, at, at+1)
	}
	s.widths = append(s.widths, next)
	return &s.widths[len(s.widths)-1]
}

// bucketOf returns the start of the bucket of a time. Buckets are named by their start and not by a
// number, so that those of different widths lie on one axis.
func bucketOf(received, width int64) int64 { return schema.FloorDiv(received, width) * width }

// appendBucket begins the keys of the ids of a bucket. Width 0 is that of ids that are kept for
// ever.
func appendBucket(dst []byte, source uint32, width, bucket int64) []byte {
	dst = binary.BigEndian.AppendUint32(append(dst, prefixIdentity), source)
	dst = binary.BigEndian.AppendUint64(dst, uint64(width))
	return schema.AppendKeyInt(dst, bucket)
}

// appendIdentity writes the key of an id. Half of a SHA-256 is enough: ids that are one by accident
// do not happen, and nobody can make them.
func appendIdentity(dst []byte, source uint32, width, bucket int64, id []byte) []byte {
	sum := sha256.Sum256(id)
	return append(appendBucket(dst, source, width, bucket), sum[:16]...)
}

// put notes the ids of a chunk.
func (s *idState) put(changes *store.Changes, u *sourceUse, c *engine.Chunk) {
	at := u.Plan.ID
	if at < 0 || c.Columns[at] == nil {
		return
	}
	horizon := horizonOf(u)
	var id, key, value []byte
	for row, eventTime := range c.EventTime {
		if id = appendID(id[:0], c.Columns[at], row); len(id) == 0 {
			continue
		}
		received := engine.NoTime
		if c.ReceivedAt != nil {
			received = c.ReceivedAt[row]
		}
		value = binary.AppendVarint(append(value[:0], formatVersion), eventTime)
		value = binary.AppendVarint(value, received)
		if received == engine.NoTime {
			s.forever = true
			key = appendIdentity(key[:0], u.ID, 0, 0, id)
		} else {
			if received < s.received-horizon {
				continue // history holds ids that are forgotten already
			}
			s.received = max(s.received, received)
			w := s.use(horizon)
			bucket := bucketOf(received, horizon)
			w.floor = min(w.floor, bucket)
			key = appendIdentity(key[:0], u.ID, horizon, bucket, id)
		}
		changes.Set(key, value)
	}
	s.expire(changes, u.ID, s.received-horizon)
}

// horizonOf is how long the ids of a source count. The compiler gives every source one; a plan made
// otherwise gets a day.
func horizonOf(u *sourceUse) int64 {
	if u.Plan.Dedup > 0 {
		return u.Plan.Dedup
	}
	return schema.Day
}

// expire removes the buckets that hold nothing received since.
func (s *idState) expire(changes *store.Changes, source uint32, since int64) {
	kept := s.widths[:0]
	for _, w := range s.widths {
		end := bucketOf(since, w.width)
		if w.retired < since {
			end = bucketOf(w.retired, w.width) + w.width
		}
		if w.floor < end {
			changes.DeleteRange(appendBucket(nil, source, w.width, w.floor),
				appendBucket(nil, source, w.width, end))
			w.floor = end
		}
		if w.retired >= since {
			kept = append(kept, w)
		}
	}
	s.widths = kept
}

// Known tells of ids, in the form of IDs, whether an event of the source has them. Of those
// received before since nothing is known, but ids of files count for ever. Only what was applied is
// known.
func (s *State) Known(ctx context.Context, source uint32, ids []string, since int64) (
	[]Identity, error) {
	s.mutex.RLock()
	state := idState{}
	if known := s.sources[source]; known != nil {
		state = known.ids // applied records replace it and do not change it
	}
	s.mutex.RUnlock()
	out := make([]Identity, len(ids))
	var key []byte
	for i, id := range ids {
		if id == "" {
			continue
		}
		key = binary.BigEndian.AppendUint32(append(key[:0], prefixIdentity), source)
		sum := sha256.Sum256([]byte(id))
		var err error
		if out[i], err = s.lookUp(ctx, &state, idQuery{source, sum[:16], since}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// idQuery is one id that is asked about.
type idQuery struct {
	source uint32
	hash   []byte
	since  int64
}

// lookUp asks the buckets that can hold the id, the newest first.
func (s *State) lookUp(ctx context.Context, state *idState, q idQuery) (Identity, error) {
	for i := len(state.widths) - 1; i >= 0; i-- {
		w := state.widths[i]
		oldest := max(bucketOf(max(q.since, schema.MinTime), w.width), w.floor)
		for at := bucketOf(min(state.received, w.retired), w.width); at >= oldest; at -= w.width {
			found, err := s.identityAt(ctx, appendBucket(nil, q.source, w.width, at), q)
			if err != nil || found.Known {
				return found, err
			}
		}
	}
	if !state.forever {
		return Identity{}, nil
	}
	return s.identityAt(ctx, appendBucket(nil, q.source, 0, 0), q)
}

// identityAt looks an id up in one bucket.
func (s *State) identityAt(ctx context.Context, bucket []byte, q idQuery) (Identity, error) {
	key := append(bucket, q.hash...)
	value, err := s.db.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return Identity{}, nil
	} else if err != nil {
		return Identity{}, fmt.Errorf("look up an id: %w", err)
	}
	d := readMeta(value)
	eventTime, received := d.varint(), d.varint()
	if err := d.end(); err != nil {
		return Identity{}, corrupt(key, "%v", err)
	}
	if received != engine.NoTime && received < q.since {
		return Identity{}, nil
	}
	return Identity{Known: true, EventTime: eventTime}, nil
}
