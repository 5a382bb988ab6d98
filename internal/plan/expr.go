package plan

import (
	"strconv"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Op is the operation of an expression node.
type Op uint8

// The operations. The comment says which scope a leaf may stand in.
const (
	Const       Op = iota // both: Value
	ColumnOf              // both: Index in Source.Columns (event, or newest row)
	EventTime             // both: time of the event, or of the newest row
	ReceivedAt            // event: when a live event was received, null for files
	AggregateOf           // value: Index in View.Aggregates
	FeatureOf             // value: Index in View.Features, after default
	ReferenceOf           // value: Index in View.References, after default
	RequestOf             // value: Index in View.Request
	AsOf                  // value: the boundary
	RequestAt             // value: the time asked for
	Call                  // both: Func and Args
)

// Expr is one typed node of an expression.
//
// A Call names a function of plan/builtin. Operators and special forms are calls too, under the
// names listed there (add, eq, and, case, in, cast ..): a cast converts Args[0] to Type. Arguments
// already have the types the function wants.
type Expr struct {
	Op    Op
	Type  schema.Type
	Index int
	Value schema.Value
	Func  string
	Args  []*Expr
}

// Walk calls visit for the node and everything below it, parents first.
func (e *Expr) Walk(visit func(*Expr)) {
	if e == nil {
		return
	}
	visit(e)
	for _, arg := range e.Args {
		arg.Walk(visit)
	}
}

// Constant returns an expression of a value.
func Constant(v schema.Value) *Expr { return &Expr{Op: Const, Type: v.Type, Value: v} }

// CallOf returns a call.
func CallOf(name string, result schema.Type, args ...*Expr) *Expr {
	return &Expr{Op: Call, Type: result, Func: name, Args: args}
}

// Key returns a text that is equal for expressions of equal structure over the same leaves.
func (e *Expr) Key() string {
	if e == nil {
		return ""
	}
	switch e.Op {
	case Const:
		return literal(e.Value)
	case Call:
		text := "(" + e.Func + " " + e.Type.String()
		for _, arg := range e.Args {
			text += " " + arg.Key()
		}
		return text + ")"
	default:
		return "$" + strconv.Itoa(int(e.Op)) + "." + strconv.Itoa(e.Index)
	}
}
