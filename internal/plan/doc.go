// Package plan is the compiled, typed, versioned form of a project's definitions: the value in
// which the language ends and from which everything else starts.
//
// A Plan is plain data. Its parts point at each other (a view at its source, a reference at the
// feature it reads) and are never changed after lowering. Expressions are trees of typed nodes in
// which every name is resolved, every implicit conversion is written out as a cast, and every
// operator is a call of a function of plan/builtin.
//
// There are two scopes of expressions. In the *event* scope (keys, filters, availability, computed
// columns, arguments of aggregates) a Column is that of the event at hand. In the *value* scope
// (the expression of a feature) a Column is that of the newest row of the entity, and aggregates,
// other features, references and the request can be read.
//
// The package also holds what the plan's words mean in time (boundaries of freshness) and the
// version hash of a feature.
package plan
