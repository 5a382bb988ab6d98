// Package ast holds definitions and expressions as they were written: names are not resolved,
// nothing has a type, every part knows its place. Fan-out is already done: each feature here is one
// feature.
package ast
