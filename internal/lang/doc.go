// Package lang is the language of definitions: it compiles the text of a project into a plan.Plan.
//
// The stages are packages below: document reads YAML, parse makes ast.Definitions of it, check
// gives expressions their types, lower resolves names and builds the plan, and all of them report
// to diag. Nothing is read but what Compile is given, and the same input gives the same plan.
//
// All errors of all files come at once, each with a place in the file, mostly with what to do, and
// one mistake gives one error. A plan is given only if there is no error. No input panics.
package lang
