package memory

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/fettle-ml/fettle/internal/store"
)

// checkEvery is how many rows a scan visits between two looks at its context.
const checkEvery = 64

// Memory is an ordered map in memory; see store.Online. It is made by New.
type Memory struct {
	writer sync.Mutex
	root   atomic.Pointer[node]
	closed atomic.Bool
	calls  sync.WaitGroup
	gate   sync.RWMutex // orders the start of a call and Close
}

var _ store.Online = (*Memory)(nil)

// New returns an empty map.
func New() *Memory { return &Memory{} }

// enter begins a call, unless the context is done or the store is closed. Every enter without error
// is followed by calls.Done.
func (m *Memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.gate.RLock()
	defer m.gate.RUnlock()
	if m.closed.Load() {
		return store.ErrClosed
	}
	m.calls.Add(1)
	return nil
}

// Get returns a copy of the value of a key, or store.ErrNotFound.
func (m *Memory) Get(ctx context.Context, key []byte) ([]byte, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.calls.Done()
	n := m.root.Load().find(key)
	if n == nil {
		return nil, store.ErrNotFound
	}
	return append(make([]byte, 0, len(n.value)), n.value...), nil
}

// Scan visits the keys from <= key < to in their order, as of the time it began. The slices that
// visit gets are overwritten when it returns, so that a test with this store finds whoever keeps
// them.
func (m *Memory) Scan(
	ctx context.Context, from, to []byte, visit func(key, value []byte) error,
) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.calls.Done()
	rows := 0
	var key, value []byte
	err := m.root.Load().scan(from, to, func(n *node) error {
		if rows++; rows%checkEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if m.closed.Load() {
				return store.ErrClosed
			}
		}
		key, value = append(key[:0], n.key...), append(value[:0], n.value...)
		return visit(slices.Clip(key), slices.Clip(value))
	})
	if errors.Is(err, store.ErrStop) {
		return nil
	}
	return err
}

// Apply makes all changes in their order.
func (m *Memory) Apply(ctx context.Context, changes *store.Changes) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.calls.Done()
	m.writer.Lock()
	defer m.writer.Unlock()
	t := &edit{}
	root := m.root.Load()
	for change := range changes.All() {
		switch change.Kind {
		case store.Set:
			root = t.set(root, slices.Clone(change.Key), slices.Clone(change.Value))
		case store.Delete:
			root = t.delete(root, change.Key)
		case store.DeleteRange:
			root = t.deleteRange(root, change.Key, change.Value)
		}
	}
	m.root.Store(root)
	return nil
}

// Flush does nothing: the map lives as long as the process.
func (m *Memory) Flush(ctx context.Context) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	m.calls.Done()
	return nil
}

// Close ends the store and waits for the calls under way. The first call drops the content.
func (m *Memory) Close() error {
	m.gate.Lock()
	first := !m.closed.Swap(true)
	m.gate.Unlock()
	m.calls.Wait()
	if first {
		m.root.Store(nil)
	}
	return nil
}
