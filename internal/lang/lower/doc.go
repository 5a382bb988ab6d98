// Package lower turns ast.Definitions into a plan.Plan: it resolves names, compiles each expression
// in its scope with package check, fills in every default, infers layers, refuses cycles, and sets
// the versions.
//
// Features are compiled when they are first needed, so their order in the files does not matter. A
// part that could not be compiled stays nil in the plan and is skipped by whatever reads it; the
// plan is given out only if nothing was wrong, or if all that is missing is columns of a source.
package lower
