// Package history keeps the events that were pushed to sources, in Parquet files, for as long as
// nobody removes them. It is a view of the event log: rows come here when the log is long enough,
// and the log may then be cut.
//
// A source is a directory of parts, files with the rows of a range of log sequences, and of a
// manifest that names them. A part counts from the moment that the manifest with its name is
// durable, so the rows and the position in the log that they reach change together or not at all.
// docs/formats/history.md has the bytes.
//
// It refuses to guess. Ranges that overlap or leave a gap, a manifest or a part that is not what was
// written, and columns of another type are errors that name the file, and give no rows of it. It
// knows nothing of what a row means: who writes it says when it was received, can be known and could
// be seen.
//
// Invariants:
//   - the ranges of a source follow each other without a gap from its first sequence to its position;
//   - the rows of a source, in the order of its parts, rise strictly in log order, and each one lies
//     in the range of its part;
//   - a part is never changed or replaced once a manifest names it;
//   - every byte of a part is checked against the manifest before a row of it is handed out.
package history
