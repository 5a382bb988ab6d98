package ast

import (
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Expr is a node of an expression.
type Expr interface {
	// Position is where the node begins; of an operator, where the operator stands.
	Position() diag.Position
}

// At is the place of a node.
type At diag.Position

// Position returns the place.
func (a At) Position() diag.Position { return diag.Position(a) }

// Literal is a value. A null has the type Null.
type Literal struct {
	At
	Value schema.Value
}

// Path is a name with or without qualifiers: amount, this.spend, group.group_spend.spend_7d.
type Path struct {
	At
	Parts []Part
}

// Part is one name of a path. Quoted names are only ever columns, features and the like, never
// qualifiers or pseudo-columns.
type Part struct {
	Name   string
	Quoted bool
	At     diag.Position
}

// Call is a call of a function or an aggregate.
type Call struct {
	At
	Name     string
	Star     bool // count(*)
	Distinct bool
	Args     []Expr
	Where    Expr    // of an aggregate, or nil
	Over     *Window // nil: no window
}

// Operation is an operator or a special form under its name in plan/builtin. Cast, case and list
// have nodes of their own.
type Operation struct {
	At
	Name string
	Args []Expr
}

// Cast is cast(x as type) or x::type.
type Cast struct {
	At
	X    Expr
	Type schema.Type
}

// Case is case [x] when .. then .. [else ..] end.
type Case struct {
	At
	Of    Expr // nil if the whens are conditions
	Whens []When
	Else  Expr // nil if left out
}

// When is one branch of a Case.
type When struct{ If, Then Expr }

// List is [a, b].
type List struct {
	At
	Items []Expr
}

// WindowKind is the family of a window as written.
type WindowKind uint8

// The kinds of windows. Next looks ahead and is for labels only.
const (
	Sliding WindowKind = iota
	All
	Last
	Session
	Next
)

// Window is what stands behind over. Times are microseconds.
type Window struct {
	At
	Kind    WindowKind
	Length  int64 // Sliding, Session, Next
	Since   *int64
	Count   int64 // Last
	Max     int64 // Session
	Offset  int64 // microseconds, or a count if Counted
	Counted bool
	Hop     int64
}
