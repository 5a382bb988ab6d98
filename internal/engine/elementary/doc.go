// Package elementary is the one set of exponentials, logarithms, powers and angles of the engine.
//
// Every function returns the float64 nearest to the true value, ties to even: the error is at
// most half a unit in the last place. There is one such number, so the bits are the same on every
// CPU, in every version, and in every other implementation that rounds correctly. 836,089 values of
// 14 functions agreed with those of mpmath to the last bit; testdata/golden.py writes such vectors.
//
// A value is first computed as the sum of two float64, with a margin that holds its error at least
// four times. If every number within the margin rounds to the same float64, that is the answer;
// else, about once in ten thousand calls or less, package math/big computes it with as many bits as
// it takes. TestKernels measures the errors, relative to the value:
//
//	exp, exp2  2^-79, margin 2^-72      sin, cos   2^-73, margin 2^-68
//	logarithms 2^-81, margin 2^-76      tan        2^-73, margin 2^-67
//	pow        2^-70, margin 2^-66      asin atan2 2^-70, margin 2^-68
//
// The package refuses nothing: arguments for which no real value exists give NaN, and results
// beyond the range an infinity or zero, as in C99. Invariants:
//   - a product that feeds a sum is written float64(x*y), and so is a quotient by a constant, so
//     that no CPU fuses the two; the arguments of sum and quickSum feed sums;
//   - of package math only functions with exact results, and Sqrt, are used: others have assembly
//     of their own on some CPUs.
package elementary
