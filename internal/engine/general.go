package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/engine/aggregate"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// general is an aggregate that package aggregate computes. The others, which need no more than
// counts, sums and one extreme, share lanes and are read without it.
type general struct {
	number int // among the feed's functions
	leaf   *leaf
}

// generalAggregate is what an aggregate of a plan asks of package aggregate. It is worked out once
// for a plan and never changed.
type generalAggregate struct {
	specification aggregate.Specification
	arguments     []*plan.Expr // without the literals
	selecting     []*plan.Expr // those whose nulls are left out
	byPosition    bool         // the result is one value of the first argument
	lists         bool         // the result is a list of such values, or a map with them as keys
	zero          bool         // no event gives 0 or an empty list, and not null
	keys          *expr.Program
}

// isGeneral reports whether an aggregate is one for package aggregate: one that has no lanes of its
// own, or an argument without an order, which no lane can hold.
func isGeneral(a *plan.Aggregate) bool {
	if _, known := (&read{}).leafOf(a); !known || len(a.Args) > 1 {
		return true
	}
	return laned(a) && !a.Args[0].Type.Ordered()
}

// general returns what an aggregate of a plan asks of package aggregate.
func (p *programs) general(a *plan.Aggregate) (*generalAggregate, error) {
	if known, found := p.aggregates.Load(a); found {
		return known.(*generalAggregate), nil
	}
	g, err := newGeneral(a)
	if err != nil {
		return nil, err
	}
	known, _ := p.aggregates.LoadOrStore(a, g)
	return known.(*generalAggregate), nil
}

// newGeneral tells the values of a call from its literals, and its results by their type: a result of
// the type of the first argument is one of its values, whatever that type is, and any other list or
// map is made of several. The function is made once to find out that it can be.
func newGeneral(a *plan.Aggregate) (*generalAggregate, error) {
	f, found := builtin.Lookup(a.Func)
	if !found || a.Distinct {
		return nil, fmt.Errorf("the engine has no aggregate %s", a.Func)
	}
	values := len(a.Args) - f.Literals(len(a.Args))
	g := &generalAggregate{arguments: slices.Clone(a.Args[:values])}
	if aggregate.ByPosition(a.Func) && values > 0 {
		// A list may be one value, too.
		g.byPosition = a.Args[0].Type.Equal(a.Type)
		g.lists = !g.byPosition
	}
	g.zero = g.lists || strings.HasPrefix(f.Empty, "0")
	g.specification = aggregate.Specification{Func: a.Func, Result: a.Type}
	for _, e := range a.Args[:values] {
		g.specification.Arguments = append(g.specification.Arguments, e.Type)
	}
	for _, e := range a.Args[values:] {
		if e.Op != plan.Const {
			return nil, fmt.Errorf("aggregate %s takes a literal, the plan has another expression",
				a.Func)
		}
		g.specification.Literals = append(g.specification.Literals, e.Value)
	}
	g.selecting = g.arguments
	switch a.Func {
	case "min_by", "max_by": // the value that is found may be null
		g.selecting = g.arguments[1:]
	case "approx_distinct":
		hash := plan.CallOf("hash64", schema.Of(schema.Int64), g.arguments[0])
		g.arguments, g.selecting = []*plan.Expr{hash}, g.arguments
	}
	if g.lists && a.Type.Kind == schema.Map {
		if err := g.compileKeys(); err != nil {
			return nil, err
		}
	}
	_, err := aggregate.New(g.specification)
	return g, err
}

// compileKeys makes the program that writes values as keys of a map, which are text.
func (g *generalAggregate) compileKeys() error {
	value := &plan.Expr{Op: plan.ColumnOf, Type: g.specification.Arguments[0]}
	text := schema.Of(schema.String)
	if value.Type.Equal(text) {
		return nil
	}
	var err error
	g.keys, err = expr.Compile(plan.CallOf("cast", text, value))
	return err
}

// functionSpec is a general aggregate over the events of a feed.
type functionSpec struct {
	general   *generalAggregate
	selection int
	arguments []argumentSpec
}

// argumentSpec is where the values of one argument come from: a lane, or the columns of the chunks
// for types that lanes cannot hold.
type argumentSpec struct {
	lane    int
	copied  int
	notNull int // selection of the events that have a value; -1: all that are selected have one
}

// function returns the number of a general aggregate, declaring what it reads. Two tasks that read
// one aggregate share it. Decimals are held by their digits here and not by rank, because some
// functions compute with them; text is held by rank, which all of them compare.
func (f *feed) function(g *generalAggregate, where []*plan.Expr) (int, error) {
	same := func(spec functionSpec) bool { return spec.general == g }
	if i := slices.IndexFunc(f.functions, same); i >= 0 {
		return i, nil
	}
	selection, err := f.selection(where, g.selecting...)
	if err != nil {
		return 0, err
	}
	spec := functionSpec{general: g, selection: selection}
	for i, e := range g.arguments {
		argument := argumentSpec{lane: -1, copied: -1, notNull: -1}
		if e.Type.Ordered() {
			argument.lane, err = f.lane(selection, e, false)
		} else {
			argument.copied, err = f.copied(e)
		}
		if err == nil && len(g.selecting) < len(g.arguments) && i == 0 {
			argument.notNull, err = f.selection(nil, e)
		}
		if err != nil {
			return 0, err
		}
		spec.arguments = append(spec.arguments, argument)
	}
	f.functions = append(f.functions, spec)
	return len(f.functions) - 1, nil
}

// copied returns the number of an argument that stays in the columns of its chunks. Those columns
// live as long as the feed, so only types that lanes cannot hold are kept so.
func (f *feed) copied(e *plan.Expr) (int, error) {
	program, err := f.scan.program(e)
	if err != nil {
		return 0, err
	}
	f.keepOrigin = true
	if i := slices.Index(f.copies, program); i >= 0 {
		return i, nil
	}
	f.copies = append(f.copies, program)
	return len(f.copies) - 1, nil
}

// addGeneral declares a general aggregate, and how its leaf will hold results.
func (t *taskFold) addGeneral(a *plan.Aggregate, g *group, l *leaf, where []*plan.Expr) error {
	asked, err := t.feed.scan.compiled.general(a)
	if err != nil {
		return err
	}
	number, err := t.feed.function(asked, where)
	if err != nil {
		return err
	}
	l.made = &generalLeaf{asked: asked, copied: -1}
	if asked.byPosition || asked.lists {
		argument := t.feed.functions[number].arguments[0]
		if l.made.copied = argument.copied; argument.lane >= 0 {
			l.interner = t.feed.values[t.feed.lanes[argument.lane].value].interner
		}
	}
	g.general = append(g.general, general{number: number, leaf: l})
	return nil
}
