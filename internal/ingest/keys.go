package ingest

import (
	"crypto/sha256"

	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/state"
)

// keys remembers requests by their Idempotency-Key. Its methods are called under the ingester's
// mutex.
type keys struct {
	limit int
	age   int64
	known map[keyOf]*remembered
	order []*remembered // oldest first; some are replaced or forgotten
}

type keyOf struct {
	source uint32
	key    string
}

// remembered is the answer to a request, but for its list of quarantined rows, which the log has.
type remembered struct {
	keyOf
	hash       [sha256.Size]byte
	receivedAt int64
	counts     state.Counts
	records    int
	pending    *log.Pending // nil: it is durable
	last       log.Position
}

func newKeys(limit int, age int64) *keys {
	return &keys{limit: limit, age: age, known: map[keyOf]*remembered{}}
}

// find returns the answer to a request that came before, or what to wait for to know it.
func (k *keys) find(d *draft, now int64) (wait <-chan struct{}, found *remembered, err error) {
	key := keyOf{d.source.ID, d.request.IdempotencyKey}
	found = k.known[key]
	if key.key == "" || found == nil || found.receivedAt < now-k.age {
		return nil, nil, nil
	}
	if found.pending != nil {
		position, settled, err := found.pending.Settled()
		if !settled {
			return found.pending.Done(), nil, nil
		}
		if err != nil {
			delete(k.known, key)
			return nil, nil, nil
		}
		found.last, found.pending = position, nil
	}
	if found.hash != d.hash {
		return nil, nil, ErrConflict
	}
	return nil, found, nil
}

// add remembers a request that is about to be durable.
func (k *keys) add(d *draft, now int64, pending *log.Pending) {
	if d.request.IdempotencyKey == "" {
		return
	}
	k.put(&remembered{keyOf: keyOf{d.source.ID, d.request.IdempotencyKey}, hash: d.hash,
		receivedAt: now, counts: d.outcome.counts, records: len(d.outcome.payloads), pending: pending})
}

// recall remembers a request that the log holds. The records of one request come one by one.
func (k *keys) recall(r *Record, rows int) {
	if r.Key == "" {
		return
	}
	key := keyOf{r.Source, r.Key}
	if !r.Rest {
		k.put(&remembered{keyOf: key, hash: r.Body, receivedAt: r.ReceivedAt})
	}
	found := k.known[key]
	if found == nil {
		return // its first record lies before what is recalled
	}
	found.counts.Accepted += int64(rows)
	found.counts.Duplicates += r.Duplicates
	found.counts.Quarantined += r.Quarantined
	found.records++
	found.last = r.Position
}

// put remembers a request and forgets those that are too many or too old. One whose key came again
// stays in the list until its turn, and is then no longer the one that is known.
func (k *keys) put(r *remembered) {
	k.known[r.keyOf] = r
	k.order = append(k.order, r)
	for len(k.order) > 0 && (len(k.order) > k.limit || k.order[0].receivedAt < r.receivedAt-k.age) {
		if oldest := k.order[0]; k.known[oldest.keyOf] == oldest {
			delete(k.known, oldest.keyOf)
		}
		k.order = k.order[1:]
	}
}

// repeat gives the answer to an earlier request again.
func (g *Ingester) repeat(r *remembered) (*PushResult, error) {
	result := &PushResult{Accepted: r.counts.Accepted, Duplicates: r.counts.Duplicates,
		QuarantinedRows: r.counts.Quarantined, Position: r.last, Repeated: true}
	if r.counts.Quarantined == 0 {
		return result, nil
	}
	first, err := g.readHead(r.last.Sequence - uint64(r.records) + 1)
	if err != nil {
		return nil, err
	}
	if first != nil {
		result.Quarantined = listed(first.Bad)
	}
	return result, nil
}
