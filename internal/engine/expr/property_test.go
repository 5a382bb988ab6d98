package expr_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// generator makes random columns and random expressions over them.
type generator struct {
	random *rand.Rand
	types  []schema.Type
}

var edgeInts = []int64{
	0, 1, -1, 2, 3, 10, 7, math.MaxInt64, math.MinInt64, 1 << 53, 1<<53 + 1, 3037000500, -1 << 31, 1 << 32,
}

var edgeFloats = []float64{
	0, 1, -1, 0.5, 2.5, -2.5, 0.1, 1e308, -1e308, 1e-308, 5e-324, 1 << 53, 1 << 63, 9007199254740993, 0.25,
}

func (g *generator) value(t schema.Type) schema.Value {
	if g.random.IntN(5) == 0 {
		return schema.NullOf(t)
	}
	pick := g.random.IntN(3)
	switch t.Kind {
	case schema.Bool:
		return schema.BoolValue(pick == 0)
	case schema.Float64:
		if pick == 0 {
			return schema.FloatValue(float64(g.random.IntN(40)-20) / 4)
		}
		return schema.FloatValue(edgeFloats[g.random.IntN(len(edgeFloats))])
	case schema.Decimal:
		limit := int64(1000)
		if pick == 0 {
			limit = math.MaxInt64
		}
		v := big.NewInt(g.random.Int64N(limit) - limit/2)
		if pick == 2 {
			v.Mul(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(g.random.Int64N(35)), nil))
		}
		d, _ := schema.Int128FromBig(v)
		return schema.Value{Type: t, Dec: d}
	default:
		if pick == 0 {
			return schema.IntValue(g.random.Int64N(20) - 10)
		}
		return schema.IntValue(edgeInts[g.random.IntN(len(edgeInts))])
	}
}

// expression returns a random expression; logical ones give a bool, the others a number.
func (g *generator) expression(depth int, logical bool) *plan.Expr {
	if depth == 0 || g.random.IntN(6) == 0 {
		return g.leaf(logical)
	}
	numbers := []string{
		"add", "sub", "mul", "divide", "div", "mod", "neg", "case", "coalesce", "nullif", "greatest",
		"least",
	}
	logicals := []string{
		"eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "is_null", "is_distinct", "in",
	}
	names := numbers
	if logical {
		names = logicals
	}
	for {
		name := names[g.random.IntN(len(names))]
		if e := typed(name, g.arguments(name, depth-1)); e != nil {
			return e
		}
	}
}

func (g *generator) arguments(name string, depth int) []*plan.Expr {
	number := func() *plan.Expr { return g.expression(depth, false) }
	condition := func() *plan.Expr { return g.expression(depth, true) }
	switch name {
	case "and", "or":
		return []*plan.Expr{condition(), condition(), condition()}
	case "not":
		return []*plan.Expr{condition()}
	case "case":
		return []*plan.Expr{condition(), number(), condition(), number(), number()}
	case "neg", "is_null":
		return []*plan.Expr{number()}
	case "in", "coalesce", "greatest", "least":
		return []*plan.Expr{number(), number(), number()}
	default:
		return []*plan.Expr{number(), number()}
	}
}

func typed(name string, args []*plan.Expr) *plan.Expr {
	f, _ := builtin.Lookup(name)
	given := make([]builtin.Argument, len(args))
	for i, arg := range args {
		given[i].Type = arg.Type
	}
	r, err := f.Resolve(given)
	if err != nil {
		return nil
	}
	for i, arg := range args {
		if !arg.Type.Equal(r.Params[i]) {
			args[i] = plan.CallOf("cast", r.Params[i], arg)
		}
	}
	return plan.CallOf(name, r.Result, args...)
}

func (g *generator) leaf(logical bool) *plan.Expr {
	for {
		i := g.random.IntN(len(g.types))
		if t := g.types[i]; (t.Kind == schema.Bool) == logical {
			if g.random.IntN(4) == 0 {
				return plan.Constant(g.value(t))
			}
			return &plan.Expr{Op: plan.ColumnOf, Type: t, Index: i}
		}
	}
}

// TestAgainstNaive compares random expressions with the row-by-row evaluator: values, counts, and
// the same rows one at a time.
func TestAgainstNaive(t *testing.T) {
	t.Parallel()
	const seed, rows, rounds = 7, 24, 1500
	g := &generator{random: rand.New(rand.NewPCG(seed, seed)), types: []schema.Type{
		schema.Of(schema.Int64), schema.Of(schema.Float64), schema.DecimalOf(2), schema.DecimalOf(0),
		schema.Of(schema.Bool), schema.Of(schema.Int64), schema.DecimalOf(20),
	}}
	for round := range rounds {
		env := table{rows: rows}
		for _, typ := range g.types {
			b := batch.NewBuilder(typ)
			for range rows {
				b.Append(g.value(typ))
			}
			env.columns = append(env.columns, b.Column())
		}
		e := g.expression(1+round%4, round%3 == 0)
		program, err := expr.Compile(e)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		compareWithNaive(t, round, e, program, env)
		if t.Failed() {
			t.Fatalf("seed %d, round %d: %s", seed, round, describe(e))
		}
	}
}

func compareWithNaive(t *testing.T, round int, e *plan.Expr, program *expr.Program, env table) {
	t.Helper()
	var counts, one expr.Counts
	column := program.Eval(env, &counts)
	oracle := &naive{}
	for i := range env.rows {
		oracle.row = func(leaf *plan.Expr) schema.Value { return env.columns[leaf.Index].Value(i) }
		want := oracle.eval(e)
		single := table{rows: 1}
		for _, c := range env.columns {
			single.columns = append(single.columns, c.Slice(i, i+1))
		}
		alone := program.Eval(single, &one).Value(0)
		for _, got := range []schema.Value{column.Value(i), alone} {
			if got.Null != want.Null || !got.Null && !same(got, want) {
				t.Errorf("round %d, row %d: got %s, want %s", round, i, got, want)
			}
		}
	}
	if counts != oracle.counts || one != oracle.counts {
		t.Errorf("round %d: counts %+v, row by row %+v, want %+v", round, counts, one, oracle.counts)
	}
}

// same compares bits, so that a negative zero is not a zero.
func same(a, b schema.Value) bool {
	return a.Int == b.Int && a.Dec == b.Dec && math.Float64bits(a.Float) == math.Float64bits(b.Float)
}

func describe(e *plan.Expr) string {
	switch e.Op {
	case plan.Const:
		return e.Value.String()
	case plan.Call:
		text := e.Func + ":" + e.Type.String() + "("
		for i, arg := range e.Args {
			if i > 0 {
				text += ", "
			}
			text += describe(arg)
		}
		return text + ")"
	default:
		return "c" + string(rune('0'+e.Index))
	}
}
