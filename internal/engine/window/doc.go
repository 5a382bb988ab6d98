// Package window answers aggregates over ranges of one entity's events.
//
// The events of an entity lie in total order. A Selection says which of them take part (a filter,
// a non-null argument) and translates positions among all events into positions among the selected
// ones; a Lane holds the selected values of one argument and builds, when first asked, what answers
// a range in constant or logarithmic time: exact prefix sums, a sparse table of extrema, counts of
// distinct values. All windows, aggregates and features that share a filter and an argument share
// the lane, so a window costs the same whatever its length.
//
// Sessions are runs of events without a gap, found once for an entity; those of the events that a
// label knows are found from them and from what is not available yet.
//
// Everything is reused from entity to entity and belongs to one goroutine.
package window
