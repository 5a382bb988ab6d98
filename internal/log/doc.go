// Package log is the durable event log: what was acknowledged is on the disk, in one order, and is
// read back with the same bytes or named as damaged. It knows nothing of what a payload means.
//
// A log is a directory of segments. One goroutine owns the newest: it collects the waiting appends
// into a batch, writes it, syncs it once and acknowledges all of them. docs/formats/log.md has the
// bytes.
//
// It refuses to guess. After a failed write or sync nothing more is appended until the log is
// opened again, for what the disk then holds is not known; a full disk is the exception, where the
// batch is cut off again and a later append may succeed. Damage is never repaired, overwritten or skipped in
// silence: the report of Open, and every Reader that comes by, name the bytes and the sequences.
//
// Invariants:
//   - sequences begin at 1 and rise by one from record to record; one that was acknowledged, or may
//     have been, is never given again; the epoch rises each time a log is opened and appended to;
//   - a batch is written only after the one before it is durable, so that a record of a later batch
//     proves that an unreadable one before it is damage and not the torn end of a crash;
//   - readers see acknowledged records only, and those that Open found whole and made durable;
//   - the records of one Append stand together, and after a crash all of them are there or none.
//
// One process at a time may have a directory open; whoever opens the log sees to that.
package log
