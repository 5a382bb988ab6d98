// Package document reads the part of YAML that definitions are written in, into a tree of nodes
// that know where every character of theirs stands in the file.
//
// Scalars stay the text that was written: nothing is resolved to a number, a time or a boolean.
// Accepted are block and flow mappings and sequences, plain and quoted scalars, literal and folded
// block scalars, comments, and several documents in a file. Anchors, aliases, tags, directives,
// merge keys, complex keys and duplicate keys are refused, each with its place.
//
// The package has its own scanner because a general parser loses what is needed here: the place of
// each character of a scalar, the comment that cut it, and what the writer of `'paid' || x` or
// `{expr: f(a, b)}` was about to do. A test compares it with a general parser on what both accept.
//
// After a mistake reading goes on with the next entry of the same mapping or sequence, so that one
// run finds the mistakes of a whole file. Input never panics; files are limited in size and depth.
package document
