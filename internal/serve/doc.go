// Package serve answers requests for feature values, and proves its answers afterwards.
//
// A request names a model or features (Resolve gives a Query) and brings keys and request fields for
// any number of rows. Ask draws the request's time T from the timeline of the data directory, lets
// the engine settle the values over the events that were visible at T, and answers with values,
// statuses and event times. There is no second way to compute a value: what happens here besides is
// checking the request, a deadline, and the choice of what to look at.
//
// A share of the answers is kept as samples: what was asked, T, and the exact bits of what was
// answered. Verify computes the samples again from history, in mode as_served, and compares bits.
// docs/formats/sample.md has the bytes.
//
// It refuses what would make an answer mean something else than it says: unknown names, keys or
// fields that are missing or of another type, a time as served that has not come yet. An entity
// nobody has heard of is no error: its values are missing.
//
// Invariants:
//   - an answer to a request without as_of is a function of its rows, its T, the definitions and
//     the events visible at T, so that it can be computed again;
//   - serving never waits for a sample: when too many wait to be stored, more are dropped, and
//     counted;
//   - a Query belongs to the definitions it was resolved against and is never changed.
//
// Columns of a request hold no NaN, no infinity and no negative zero: whoever decodes it sees to it.
package serve
