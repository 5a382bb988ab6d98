// Package expr evaluates typed expressions of a plan over columns.
//
// Compile turns a plan.Expr into a Program once: names become implementations, constants become
// one-row columns, sub-expressions without a leaf are computed. A Program is immutable; Eval is a
// pure function of the columns its Environment gives, and safe for concurrent use.
//
// Invariants:
//   - no result holds NaN, an infinity or a negative zero: an operation that would give one gives
//     null and is counted, and a negative zero becomes zero;
//   - the value of a row depends on that row alone, so rows may be cut, permuted and selected;
//   - what lies in the child of a list and belongs to no row is neither read nor counted, and the keys
//     of a map ascend in every column;
//   - a null made in a branch that is not taken is not counted;
//   - a float64 product that feeds a sum is written float64(x*y), so that no CPU fuses the two.
//
// The package refuses expressions whose types are not those builtin.Resolve settled: it converts
// nothing that was not written out as a cast.
package expr
