// Package aggregate holds the aggregates of the language that look at more than a sum, a count or
// one extreme: lists, counts of values, quantiles, moments, sketches, decayed sums and sequences.
//
// A Function is one aggregate of one window and one worker. Reset gives it the selected events of
// an entity in total order, Read asks for the value over a range of them. Every Read is a function
// of the events in its range alone: what was read before may make it faster and never changes a
// bit. Ends that move forward are the fast case; ends that go back are right as well.
//
// Short ranges are answered from the values themselves. Structures over a whole entity are built
// when a long range first asks for them, so that an entity with few events costs next to nothing,
// and the memory is reused from entity to entity. With them a read costs about the same whatever
// the length of its window:
//
//	index.go     what functions over the same values share
//	number.go    the different values of an entity, numbered in their order
//	tally.go     counts by number that follow a window, with the most frequent on top
//	quantile.go  the k-th value of any range, from a wavelet matrix
//	extreme.go   the position of the least or greatest of any range
//	distinct.go  the first and last different values of any range
//	moment.go    exact power sums, from the exact package
//	registers.go HyperLogLog registers that can also forget
//	decay.go     tiles of decayed terms
//
// Results that are values of events are given as positions, so that their type does not matter
// here. Numbers are exact, or rounded where the page of the aggregate says so. The package does no
// I/O, and the caller looks after nulls of the selecting argument, types and status.
package aggregate
