// Package exact adds numbers without any rounding.
//
// A sequence of terms is kept as prefix sums in fixed point: every partial sum is an integer of a few
// 64-bit limbs (two's complement, least significant first) times a power of two that all terms of
// the sequence share. The integers are exact, so the sum of any range is the difference of two
// prefixes, in any order of evaluation, and is rounded once, when it is read.
//
// The number of limbs follows from the terms: amounts of money need two, the whole range of float64
// needs 34 (67 for squares). A Total is a single sum of products instead, for lists and vectors: its
// words span every product of two float64 numbers. The oracle of the tests is math/big and shares no code with this.
package exact
