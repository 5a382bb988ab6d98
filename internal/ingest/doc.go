// Package ingest takes events in: it decides once and for ever what becomes of each row of a
// request, makes the decision durable in the log, and applies the log to online state.
//
// A request is parsed outside of any lock by the code that reads files. Then, under one mutex, its
// rows are stamped with the time of receipt and each is accepted, dropped as a duplicate of an id,
// or quarantined. One append to the log holds the whole decision (docs/formats/event.md), so that it
// is there whole or not at all. When the log says that it is durable, the request is answered.
//
// The applier, one goroutine, takes what is durable in batches: it fixes the time V at which the
// batch becomes visible, applies it to state, writes a mark that says so into the log, and lets
// reads see it when the mark is durable. So no answer rests on events whose time of visibility could
// be forgotten.
//
// It refuses requests for sources that are not pushed to, bodies that are no table of the source,
// and all requests after state or the log failed; reads go on then.
//
// Invariants, over crashes too:
//   - an acknowledged request is in the log, and each of its rows counts once: in = accepted +
//     duplicates + quarantined;
//   - a row is dropped as a duplicate only because of an event that is durable;
//   - marks rise in sequence and in time, and state reflects the log up to a position, without gaps;
//   - memory is bounded: what waits to be applied, the keys of requests that are remembered and the
//     list of quarantined rows each have a limit.
package ingest
