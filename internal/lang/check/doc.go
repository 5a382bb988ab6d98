// Package check gives expressions their types: it turns ast.Expr into plan.Expr with the functions
// of plan/builtin, writing every implicit conversion out as a cast.
//
// What a name stands for is asked of a Names, which knows the scope. A node that is nil is one
// whose error has been reported, or that reads a column nothing is known of: whatever contains it
// is nil too, and silent, so that one mistake gives one error.
package check
