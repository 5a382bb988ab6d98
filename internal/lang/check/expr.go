package check

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Names is the scope of an expression. Its methods report what they refuse and return nil then.
type Names interface {
	// Path returns what a name stands for.
	Path(*ast.Path) *plan.Expr
	// Aggregate returns an aggregate call that has a window.
	Aggregate(*ast.Call, *builtin.Function) *plan.Expr
	// AsOf reports whether a function may read the boundary here; what names it in the error.
	AsOf(at diag.Position, what string) bool
}

// maxNodes bounds the tree of an expression with everything that was inlined. A chain of short
// definitions that each read the one before twice doubles at every step, so the text says little
// about the size.
const maxNodes = 10_000

// Sizes remembers how many nodes a tree has. Trees share parts, so counting by walking could take
// for ever.
type Sizes map[*plan.Expr]int

// Of returns the number of nodes of a tree.
func (s Sizes) Of(e *plan.Expr) int {
	if size := s[e]; size > 0 {
		return size
	}
	size := 1
	for _, arg := range e.Args {
		// Capped, because a sum of shared parts could overflow, and beyond the limit only that
		// matters.
		size = min(size+s.Of(arg), maxNodes+1)
	}
	s[e] = size
	return size
}

// Checker checks expressions in one scope. All checkers of one compilation share their Sizes, as
// their trees share parts.
type Checker struct {
	Names  Names
	Report *diag.List
	Sizes  Sizes
}

// Expr returns the typed form of an expression.
func (c *Checker) Expr(e ast.Expr) *plan.Expr {
	var checked *plan.Expr
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Literal:
		return plan.Constant(e.Value)
	case *ast.Path:
		checked = c.Names.Path(e)
	case *ast.Operation:
		checked = c.operation(e)
	case *ast.Call:
		checked = c.call(e)
	case *ast.Cast:
		checked = c.cast(e)
	case *ast.Case:
		checked = c.caseOf(e)
	case *ast.List:
		checked = c.list(e)
	default:
		panic(fmt.Sprintf("BUG: expression of type %T", e))
	}
	if checked != nil && c.Sizes.Of(checked) > maxNodes {
		c.fail(e.Position(), diag.TooDeep, "the expression is too large with all it repeats",
			"split it into several features")
		return nil
	}
	if checked != nil && checked.Type.Nesting() > schema.MaxNesting {
		c.fail(e.Position(), diag.TooDeep, fmt.Sprintf("more than %d lists and maps lie in each other",
			schema.MaxNesting), "take them apart")
		return nil
	}
	return checked
}

// Bool checks an expression that must be a condition.
func (c *Checker) Bool(e ast.Expr, what string) *plan.Expr {
	return c.OfType(e, schema.Of(schema.Bool), what)
}

// OfType checks an expression that must have a type, or one that becomes it without being asked.
func (c *Checker) OfType(e ast.Expr, t schema.Type, what string) *plan.Expr {
	checked := c.Expr(e)
	if checked == nil {
		return nil
	}
	if !builtin.Convertible(checked.Type, t) {
		c.fail(e.Position(), diag.TypeMismatch, fmt.Sprintf("%s must be %s, this is %s", what, Article(t),
			Article(checked.Type)),
			castHint(checked.Type, t))
		return nil
	}
	return Convert(checked, t)
}

// castHint proposes a cast if there is one.
func castHint(from, to schema.Type) string {
	if builtin.CheckCast(from, to) == nil {
		return "write cast(.. as " + to.String() + ") if that is meant"
	}
	return ""
}

// fail reports an error. Callers return nil after it, which keeps what surrounds them silent.
func (c *Checker) fail(at diag.Position, code diag.Code, message, hint string) {
	c.Report.Report(at, code, message, hint)
}

// all checks expressions; false if any is nil.
func (c *Checker) all(list []ast.Expr) ([]*plan.Expr, bool) {
	checked, ok := make([]*plan.Expr, len(list)), true
	for i, e := range list {
		checked[i] = c.Expr(e)
		ok = ok && checked[i] != nil
	}
	return checked, ok
}

// operation checks an operator or special form. A between is two comparisons that share their left
// side, so the tree of a plan may have one node in two places.
func (c *Checker) operation(e *ast.Operation) *plan.Expr {
	args, ok := c.all(e.Args)
	if f, found := builtin.Lookup(e.Name); found && !f.Ready {
		c.fail(e.Position(), diag.NotYet, f.Symbol+" is not available yet", "")
		return nil
	}
	if !ok {
		return nil
	}
	if e.Name == "between" {
		low := c.apply(e.Position(), "ge", args[0], args[1])
		high := c.apply(e.Position(), "le", args[0], args[2])
		if low == nil || high == nil {
			return nil
		}
		return c.apply(e.Position(), "and", low, high)
	}
	if e.Name == "in" {
		// A null among the values is one of x's type: it must not widen the others.
		for i, arg := range args[1:] {
			if arg.Type.Kind == schema.Null {
				args[i+1] = Convert(arg, args[0].Type)
			}
		}
	}
	return c.apply(e.Position(), e.Name, args...)
}

// apply calls a function of the table that is known to be there.
func (c *Checker) apply(at diag.Position, name string, args ...*plan.Expr) *plan.Expr {
	f, found := builtin.Lookup(name)
	if !found {
		panic("BUG: no function " + name)
	}
	return c.Resolve(at, f, args)
}

// Resolve settles the types of a call and converts its arguments. It returns nil after an error.
// Constants are handed over with their values, since some parameters must be literals.
func (c *Checker) Resolve(at diag.Position, f *builtin.Function, args []*plan.Expr) *plan.Expr {
	given := make([]builtin.Argument, len(args))
	for i, arg := range args {
		given[i].Type = arg.Type
		if arg.Op == plan.Const {
			given[i].Const = &arg.Value
		}
	}
	resolution, err := f.Resolve(given)
	if err != nil {
		code := diag.BadArguments
		if notYet(err) {
			code = diag.NotYet
		}
		c.fail(at, code, err.Error(), partHint(f, args))
		return nil
	}
	converted := make([]*plan.Expr, len(args))
	for i, arg := range args {
		converted[i] = Convert(arg, resolution.Params[i])
	}
	return plan.CallOf(f.Name, resolution.Result, converted...)
}

// partHint says how to read a part of a document, which people first try as x['part'].
func partHint(f *builtin.Function, args []*plan.Expr) string {
	if f.Name != "element_at" {
		return ""
	}
	switch args[0].Type.Kind {
	case schema.JSON:
		return "write json_get(x, '$.part'), and json_string or json_number around it"
	case schema.String:
		return "write substr(x, position, 1) for a character"
	default:
		return ""
	}
}

// cast checks a conversion that was asked for. One that changes nothing is left out, so that it
// does not enter the version of a feature.
func (c *Checker) cast(e *ast.Cast) *plan.Expr {
	x := c.Expr(e.X)
	if x == nil {
		return nil
	}
	if err := builtin.CheckCast(x.Type, e.Type); err != nil {
		c.fail(e.Position(), diag.BadCast, err.Error(), "")
		return nil
	}
	if x.Type.Equal(e.Type) || x.Op == plan.Const && !x.Type.Settled() {
		return Convert(x, e.Type)
	}
	return plan.CallOf("cast", e.Type, x)
}

// caseOf lowers both forms of case to conditions; a missing else is null. The value that is
// compared is one node in all of the conditions.
func (c *Checker) caseOf(e *ast.Case) *plan.Expr {
	var of *plan.Expr
	ok := true
	if e.Of != nil {
		of = c.Expr(e.Of)
		ok = of != nil
	}
	var args []*plan.Expr
	for _, when := range e.Whens {
		condition, then := c.Expr(when.If), c.Expr(when.Then)
		if condition != nil && of != nil {
			condition = c.apply(when.If.Position(), "eq", of, condition)
		}
		ok = ok && condition != nil && then != nil
		args = append(args, condition, then)
	}
	otherwise := plan.Constant(schema.NullOf(schema.Of(schema.Null)))
	if e.Else != nil {
		otherwise = c.Expr(e.Else)
	}
	if !ok || otherwise == nil {
		return nil
	}
	return c.apply(e.Position(), "case", append(args, otherwise)...)
}

// list makes a constant of a list of literals, and a call of other lists. [] is a list of null until
// its place gives it a type; whoever needs the type and is given none refuses it.
func (c *Checker) list(e *ast.List) *plan.Expr {
	items, ok := c.all(e.Items)
	if !ok {
		return nil
	}
	elem, constant := schema.Of(schema.Null), true
	for i, item := range items {
		joint, unified := builtin.Unify(elem, item.Type)
		if !unified {
			c.fail(e.Items[i].Position(), diag.TypeMismatch,
				fmt.Sprintf("%s in a list of %s", Article(item.Type), elem), "write values of one type")
			return nil
		}
		elem, constant = joint, constant && item.Op == plan.Const
	}
	value := schema.Value{Type: schema.ListOf(elem)}
	for i, item := range items {
		items[i] = Convert(item, elem)
		// A literal that cannot be converted exactly is left to a cast.
		constant = constant && items[i].Op == plan.Const
		value.Items = append(value.Items, items[i].Value)
	}
	if constant {
		return plan.Constant(value)
	}
	return plan.CallOf("list", value.Type, items...)
}
