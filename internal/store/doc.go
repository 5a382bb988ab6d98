// Package store holds the ports of what Fettle keeps: Online, an ordered map of bytes that answers
// point reads and short scans at once. Backends are directories below it, and storetest defines
// what each of them must do.
//
// Backends are dumb: they order, keep and return bytes. What the bytes mean, how long they are kept
// and which position of the log they reflect is decided by the packages above, which write the
// position into the map like any other key.
//
// Refuses: transactions that read, expiry, and knowledge of keys. There is one writer's worth of
// order, that of the calls of Apply.
//
// Invariants:
//   - a batch of changes is there whole or not at all, for readers as after a crash;
//   - what is left after a crash is the result of some first part of the applied batches, and of
//     every one that was applied before the last Flush that returned without error;
//   - a scan sees one state of the map: every batch applied before it began, none applied after;
//   - an Apply that fails has changed nothing.
package store
