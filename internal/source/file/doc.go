// Package file reads the events of a source out of Parquet, Arrow, CSV and JSON lines files,
// referenced in place.
//
// A scan emits chunks of columns from several goroutines at a time. Each chunk knows its place in
// the total order of the source's rows, which is (path, row) with paths compared bytewise, so that
// the result does not depend on which goroutine was faster.
//
// On the way each row is checked once: cells that do not fit, event times that are missing or out
// of range and zones that do not exist make it bad, and bad rows are left out and listed, up to a
// number that the caller allows. Times without a zone are moved to UTC. Rows whose id was there
// before are dropped.
//
// Duplicates are decided in the order of the rows, whatever the number of goroutines: goroutines
// read and hash blocks of rows in parallel, and then take turns, in the order of the blocks, at one
// table of the ids so far. An entry takes 16 bytes: 96 bits of a hash of the id under seeds drawn
// for the scan, and 31 bits of one of the event time. With a thousand million ids the chance that
// any two of them are taken for one another is about 6 in 10^12. Whether a copy agrees with the
// first about the event time is told by those 31 bits: of 2 thousand million conflicts one is taken
// for a plain duplicate. A bad row does not enter the table.
//
// Rows that replace or delete an event by its id are no copies of it: they are kept, and what they do
// is left to who reads the chunks.
//
// The package knows nothing of plans: columns, the time rule and the id are in its Config.
package file
