// Package pebble is the store.Online on disk: Pebble, a log-structured merge tree, without its
// write-ahead log. The event log of the product is the log; it is replayed from the position that
// the map holds.
//
// Pebble writes through an adapter over disk.FS, the only road to the disk, so that the tests crash
// the same code that runs in production. Nobody but this package imports Pebble.
//
// Pebble as it comes waits for ever when the disk is full, ends the process when it cannot write
// its manifest, and retries a failing flush without pause. Here each wait ends with its context:
//   - Apply waits for memory before it gives Pebble anything, so one that fails changed nothing;
//   - Flush returns the error of a background flush at once; the data stays in memory, Pebble goes
//     on trying at growing distances, and a later Flush can succeed;
//   - when the manifest or a directory cannot be made durable, what is on disk is unknown. The store
//     then refuses changes with store.ErrFailed, holds the jobs of Pebble as they come to the disk,
//     and still reads. Opening it again finds out what is there.
//
// Refuses: two stores in one directory at a time, which the owner of the directory must prevent:
// the adapter locks nothing. It also refuses batches over 256 MiB.
//
// Damage is found where it is read, with one exception that Pebble makes: a manifest is read up to
// its first damaged record, as after a crash. What opens then is the state of an earlier flush,
// down to an empty one, if the tables of that time are still there. Whoever keeps a position in the
// map must therefore compare it with where the log begins.
//
// Invariants are those of package store.
package pebble
