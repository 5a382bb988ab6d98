// Package schema holds the words that every other package shares: types, values, instants,
// durations, 128-bit integers, entity keys and names.
//
// It imports nothing of Fettle. Everything in it is a plain value without hidden state: two equal
// inputs give two equal results on every machine.
//
// Conventions kept everywhere:
//   - an instant is an int64, microseconds since the Unix epoch, UTC;
//   - a date is an int64, days since the Unix epoch;
//   - a duration is an int64, microseconds;
//   - a decimal is an Int128, the unscaled value; its scale lives in the type;
//   - a vector is a list of float64 without nulls; a map has string keys, each once, in bytewise order;
//   - a json is its text, which package jsontext reads.
package schema
