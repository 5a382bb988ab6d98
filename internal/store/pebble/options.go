package pebble

import (
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"

	"github.com/fettle-ml/fettle/internal/store"
)

// Options are what a store can be told. The zero value is ready, for a small machine.
type Options struct {
	// CacheBytes bounds the blocks of tables that are kept in memory; 64 MiB unless told.
	CacheBytes int64
	// MemtableBytes is how much is gathered in memory before it is written; 32 MiB unless told. At
	// most four times as much is held while the disk is slow.
	MemtableBytes int64
	// Files bounds the files that are open at a time; 512 unless told.
	Files int
	// Patience bounds how long Apply and Flush wait when their context has no deadline; 30 seconds
	// unless told.
	Patience time.Duration
	Observer Observer
}

// Observer is told what happens in the background. Its functions are called while the store holds
// locks: they return soon, never call the store, and may be called by many goroutines.
type Observer struct {
	// Background gets each error of a flush, a compaction or of a damaged table. Pebble goes on
	// trying, unless the error is a store.ErrFailed.
	Background func(error)
	// Flushed is called when a part of what was applied became durable.
	Flushed func()
}

func (o Options) withDefaults() Options {
	if o.CacheBytes <= 0 {
		o.CacheBytes = 64 << 20
	}
	if o.MemtableBytes <= 0 {
		o.MemtableBytes = 32 << 20
	}
	if o.Files <= 0 {
		o.Files = 512
	}
	if o.Patience <= 0 {
		o.Patience = 30 * time.Second
	}
	if o.Observer.Background == nil {
		o.Observer.Background = func(error) {}
	}
	if o.Observer.Flushed == nil {
		o.Observer.Flushed = func() {}
	}
	return o
}

const (
	// format is the newest version of Pebble's files that we write. Raising it is a decision: an
	// older binary cannot open the directory afterwards.
	format = pebble.FormatTableFormatV6
	// never is a limit beyond what can be reached: Pebble must not wait by itself, since nobody could
	// end that wait. Store.room waits instead.
	never = 1 << 20
	// memtables is how many are held in memory at most, and sublevels how many runs of new tables a
	// read may have to look into, before Apply waits.
	memtables, sublevels = 4, 24
	// batchBytes bounds one batch, for it is held in memory at least twice.
	batchBytes = 256 << 20
)

// engine translates the options for Pebble.
func (o Options) engine(files *files, events *events) *pebble.Options {
	options := &pebble.Options{
		FS:                          files,
		Logger:                      logger{events},
		EventListener:               events.listener(),
		DisableWAL:                  true,
		CacheSize:                   o.CacheBytes,
		MemTableSize:                uint64(o.MemtableBytes),
		MemTableStopWritesThreshold: never,
		L0StopWritesThreshold:       never,
		MaxOpenFiles:                o.Files,
		FormatMajorVersion:          format,
		CompactionConcurrencyRange:  func() (lower, upper int) { return 1, 2 },
	}
	options.Experimental.CompactionScheduler = newScheduler(events.valve)
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		options.Levels[i].BlockSize = 8 << 10
	}
	// Upper levels are packed fast, the last one with zstd.
	options.ApplyCompressionSettings(func() pebble.DBCompressionSettings {
		return pebble.DBCompressionBalanced
	})
	return options
}

// damaged marks the errors that mean damage on disk.
func damaged(err error) error {
	if err != nil && pebble.IsCorruptionError(err) {
		return &damage{err}
	}
	return err
}

type damage struct{ err error }

func (d *damage) Error() string   { return store.ErrDamaged.Error() + ": " + d.err.Error() }
func (d *damage) Unwrap() []error { return []error{store.ErrDamaged, d.err} }
