// Package builtin is the one table of functions and aggregates of the language: signatures, null
// rules and documentation. The engine registers an implementation under each name that is Ready,
// and a test fails if the two sets differ. A name that is in the table and not Ready is a function
// of the language that cannot be used yet, and the compiler says so.
//
// Signatures are text, read once, and serve both the pages and the checker: see signature.go for
// the notation. Implicit conversions are only int64 to float64, int64 to decimal, decimal to a
// decimal of more digits after the point, and decimal to float64; there is none between text and
// numbers. The package knows types and never values: it evaluates nothing.
package builtin

import "github.com/fettle-ml/fettle/internal/schema"

// Function is one entry of the table: a scalar function, an operator or special form under its
// internal name, or an aggregate.
type Function struct {
	Name       string
	Symbol     string   // of an operator: how it is written, such as +
	Signatures []string // as the pages print them; Resolve reads them: see signature.go
	Later      []string // signatures of the language that are not available yet
	Aggregate  bool
	Operator   bool // internal name of an operator or special form, not callable by name
	Ready      bool
	ReadsAsOf  bool   // reads the boundary; the evaluator has it in its environment
	Group      string // null, number, string, time, geo, list, json, vector, aggregate, operator
	Doc        string // one sentence: what it gives
	Nulls      string // what null arguments give
	Empty      string // of an aggregate: the value of no events
	Ties       string // of an aggregate: which of equals
	Errors     string // what bad arguments give
	Example    string
	Source     string // of the formula

	signatures []signature
	later      []signature
}

// Argument is what the compiler knows of an argument.
type Argument struct {
	Type  schema.Type   // Null for a bare null literal
	Const *schema.Value // set for a literal
}

// Resolution is a call with its types settled: the compiler casts argument i to Params[i].
type Resolution struct {
	Params []schema.Type
	Result schema.Type
}
