// Package engine settles values: it is the one place where a feature, an entity and a time become a
// datum, a status and an event time. Training, refreshes and serving all come here.
//
// An Evaluation takes rows (a time, the keys of each role, the request) and wanted features, and
// works in steps:
//
//  1. tasks: one per view, keys and times; following references and links makes more tasks, and
//     equal ones are shared. (task.go)
//  2. a feed per source and key mapping: every event of the source is read once, reduced to what
//     the tasks need (entity, time, filter bits, arguments) and partitioned by entity. (feed.go,
//     collect.go)
//  3. folding: partition by partition, the events of an entity are put in total order and every
//     label of the entity reads its windows from shared lanes. (partition.go, fold.go, read.go)
//  4. settling: expressions over the folded columns, then expiry, default and status. (settle.go)
//
// With a bound on memory, events beyond it go to runs of a Spill and come back a partition at a time,
// a large partition in portions of entities, and a large entity in slices of time (spill.go,
// slices.go). Rows may be evaluated in groups that share a scan (groups.go). Columns that only newest
// rows are read of may be read in a second pass, when the rows are known (late.go).
//
// A value depends on the set of events only, so neither the number of workers, nor the order in
// which chunks arrive, nor their size changes a bit. The package touches neither clock nor disk:
// events come through the Events interface.
package engine
