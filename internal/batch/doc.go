// Package batch holds columnar data in memory: a Column is the values of one type in Arrow's
// layout (flat values, offsets and bytes for text, codes and a dictionary where a file had one),
// a Batch is columns of equal length with names.
//
// Columns are plain slices without reference counts. Whoever receives a column may read it and
// must not change it; slices may be shared between columns. A null is a false in Valid; its value
// slot holds anything. The invariants of section 7 of the language's meaning hold in every column
// that enters the engine: no NaN, no infinity, no negative zero.
package batch
