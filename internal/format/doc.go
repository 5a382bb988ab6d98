// Package format reads and writes tables in files: Parquet, Arrow, CSV and JSON lines, the last two
// also compressed. It is the only place that knows how bytes in a file become columns of package
// batch.
//
// An Input is a file that was opened: its columns, and scans over some of them. A Scan hands out
// Units in the file's order; units are independent, so several goroutines can read one each. A unit
// is a row group of Parquet, a record batch of Arrow, or a block of whole records of text. Reading
// one emits Parts: batches of at most PartRows rows with the number of their first row. Row numbers
// count data rows from 1.
//
// JSON lines have no header: their columns are those that the caller names in Options, and what
// else an object has is not looked at, unless the caller wants to refuse it.
//
// Every type can be written in every format, and comes back as it was. What a format has no word for,
// a file of ours says in its metadata.
//
// What it refuses: columns of types that Fettle has none for, such as structs (they are listed, not
// read), a wanted type that the stored one does not fit without loss, and damaged files. A damaged
// file is an error that names it, never a panic, whatever the library underneath does. A single cell
// that does not fit is a Bad cell, not an error: it is null in the batch, and the caller decides about
// its row.
//
// Invariants of every batch that leaves this package: no NaN, no infinity (they become null and are
// counted), no negative zero; times are microseconds, finer ones floored; keys of maps in bytewise
// order, each once; vectors of their length, without nulls.
//
// What is written depends on the rows alone: not on how they were cut into batches, nor on the
// number of processors.
package format
