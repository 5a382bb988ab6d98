// Package registry keeps what was applied: numbered revisions of a project's definitions, one
// checksummed file each, and what must stay the same from one to the next.
//
// A revision holds the texts of the definitions, who applied them and when, and four things that
// later revisions carry on: the number of each source with its stored columns, the versions that
// every (model, version) ever applied stands for, the versions of all features, and since when each
// view is served. The package compares a compiled plan with the newest revision and says in words
// what would change (Propose), and commits it (Commit). It does not compile: texts come in together
// with the plan they mean, and come out for somebody else to compile again.
//
// It refuses a proposal that was made from another revision than the newest one (ErrStale), and one
// in which a model that was applied before would mean something else (BreaksError), unless that
// model is allowed by name.
//
// Invariants:
//   - a revision is written once, under the next number, whole or not at all, and never changed;
//   - the number of a source is given once: the same name and columns always have it;
//   - a Revision that was handed out is not changed by anybody.
//
// One process has the directory at a time; a Registry may be used by many goroutines.
package registry
