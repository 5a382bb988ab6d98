// Package wire holds the messages of the HTTP API: what a request and an answer look like, the codes
// of errors, and how a value of each type is written and read. Both ends of the API are built on it,
// so that they cannot disagree.
//
// Reading is strict, since a request that is understood in part is answered wrongly without a word:
// a key that stands twice in an object, a field that does not exist (the spelling counts, upper and
// lower case too), text behind the end, bytes that are not UTF-8 and nesting that is too deep are
// refused, with the place and what was probably meant.
//
// The messages are plain structs. Values keep their order and their bytes (Object): int64 and float64
// pass through them without a change.
package wire
