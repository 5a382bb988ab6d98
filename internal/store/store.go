package store

import (
	"context"
	"errors"
)

// Sentinels of the ports.
var (
	// ErrNotFound is what Get returns if there is no such key.
	ErrNotFound = errors.New("not found")
	// ErrStop is returned by a visitor that has seen enough; the scan then ends without error.
	ErrStop = errors.New("stop")
	// ErrClosed is what every call gets after Close.
	ErrClosed = errors.New("the store is closed")
	// ErrFailed is what changes get after a failure whose effect on the disk is unknown. The store
	// can still be read; opening it again finds out what is durable.
	ErrFailed = errors.New("the store failed and must be opened again")
	// ErrDamaged says that what is on the disk is not what was written. The store has to be filled
	// anew.
	ErrDamaged = errors.New("the store is damaged")
)

// Online is an ordered map of bytes, compared as bytes.Compare does. No key is empty. Every method
// may be called by many goroutines at a time. Keys and values passed to visit are valid during the
// call only; the value that Get returns belongs to the caller. A call whose context is done returns
// its error.
type Online interface {
	// Get returns the value of a key, never nil, or ErrNotFound.
	Get(ctx context.Context, key []byte) ([]byte, error)
	// Scan visits the keys from <= key < to, ascending; an empty to stands for the end of the map. It
	// ends at the first error of visit and returns it, but for ErrStop. Visit may call the store,
	// and does not see what is applied meanwhile.
	Scan(ctx context.Context, from, to []byte, visit func(key, value []byte) error) error
	// Apply makes all changes, in their order, or none. They are visible at once and durable after
	// the next Flush. The changes may be reset when it returns.
	Apply(ctx context.Context, changes *Changes) error
	// Flush makes everything durable that was applied before it.
	Flush(ctx context.Context) error
	// Close ends the store and waits for the calls under way. It does not flush: what was applied
	// since the last Flush may be lost. Only the first call does something.
	Close() error
}
