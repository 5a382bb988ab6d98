// Package state keeps the rows of entities for online reads, on the port store.Online.
//
// Each event is stored once for every key mapping of its source (a feed): under the entity, the
// event time and the order of arrival, with all stored columns, the time of receipt and the time
// from which requests see it. So a late event and an event that is applied again need nothing
// special: the key is the same and so are the bytes. Beside the rows lie the ids of events within
// their horizon, the counters of sources and views, samples of answers, and the position of the log
// that all of it reflects. What one Apply brings becomes visible at once and survives a crash whole
// or not at all; docs/formats/state.md describes the keys and values.
//
// Entities that are asked for are kept decoded, within a budget of bytes. A read of one entity
// hands out the decoded columns themselves.
//
// Refuses: to settle values (the engine does), to decide what is a duplicate (ingest does), to read
// a feed that is not filled, and to take a damaged value for a null.
//
// Invariants:
//   - a read at time t sees exactly the rows with visible_at <= t, whatever is applied meanwhile;
//   - a row of a feed in use is in the store before it is in the cache, and never only in one of
//     them when Apply returns;
//   - a feed is read only if every row of its source up to the position is in it;
//   - a record at or below the position changes nothing.
package state
