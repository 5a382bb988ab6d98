// Package disk is the file system as Fettle sees it: a small interface, the operating system behind
// it, and a double in memory that remembers what was synced and can lose the rest, so that crashes
// are tests.
//
// Names are paths as the operating system writes them, for OS, and slash-separated, for Memory.
// Nothing here retries, and nothing decides where a file lies.
//
// Invariants:
//   - a file written with WriteFile is there whole or not at all, whatever happens in between;
//   - bytes are durable after File.Sync, a name is durable after SyncDir of its directory;
//   - an open File can be read by many goroutines at a time; it is written by one.
package disk
