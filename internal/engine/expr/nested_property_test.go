package expr_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// nestedColumns are the columns of the property test, by the names that nestedCalls use.
var nestedColumns = map[string]string{
	"ints": "list<int64>", "floats": "list<float64>", "texts": "list<string>",
	"money": "list<decimal(2)>", "grid": "list<list<int64>>", "map": "map<int64>",
	"deep": "map<list<string>>", "v": "vector(3)", "w": "vector(3)", "doc": "json",
	"n": "int64", "m": "int64", "text": "string", "c": "bool",
}

// nestedCalls are the expressions of the property test. A word is a column, '..' a text, a number
// an int64; name:type(..) is a call that gives that type.
const nestedCalls = `
element_at:int64(ints, n)
element_at:float64(v, n)
element_at:int64(map, text)
element_at:int64(element_at:list<int64>(grid, n), m)
element_at:string(map_get:list<string>(deep, text), 0)
map_get:int64(map, 'b')
map_keys:list<string>(map)
length:int64(texts)
length:int64(deep)
contains:bool(texts, text)
contains:bool(ints, n)
contains:bool(floats, cast:float64(2))
slice:list<int64>(ints, n, m)
slice:list<list<int64>>(grid, n)
slice:list<decimal(2)>(money, 0, n)
sort:list<int64>(ints)
sort:list<float64>(floats)
sort:list<string>(texts)
sort:list<decimal(2)>(money)
distinct_list:list<int64>(ints)
distinct_list:list<string>(texts)
distinct_list:list<float64>(floats)
sum_list:int64(ints)
sum_list:float64(floats)
sum_list:decimal(2)(money)
avg_list:float64(ints)
avg_list:float64(floats)
avg_list:decimal(8)(money)
max_list:int64(ints)
max_list:string(texts)
min_list:float64(floats)
min_list:decimal(2)(money)
list:list<int64>(n, m, 7)
list:list<string>(text, 'x')
list:list<list<int64>>(ints, slice:list<int64>(ints, 0, 2))
coalesce:list<int64>(slice:list<int64>(ints, n, m), ints)
coalesce:map<int64>(map, map)
case:list<string>(c, texts, map_keys:list<string>(map))
case:vector(3)(c, v, w)
case:list<int64>(c, cast:list<int64>(texts), ints)
is_null:bool(deep)
is_null:bool(element_at:list<int64>(grid, 0))
dot:float64(v, w)
cosine:float64(v, w)
l2:float64(v, w)
norm:float64(v)
json_get:json(doc, '$')
json_get:json(doc, '$.a')
json_get:json(doc, '$.a.b[0]')
json_get:json(doc, '$[-1]')
json_get:json(doc, '$[1].a')
json_string:string(doc)
json_number:float64(json_get:json(doc, '$.a'))
cast:list<float64>(ints)
cast:list<int64>(floats)
cast:list<int64>(texts)
cast:vector(3)(floats)
cast:vector(2)(ints)
cast:list<float64>(v)
cast:map<float64>(map)
cast:list<list<float64>>(grid)
`

// nestedReader reads the calls above.
type nestedReader struct {
	text  string
	order []string // names of the columns by index
}

func (r *nestedReader) word(end string) string {
	at := strings.IndexAny(r.text, end)
	word := r.text[:at]
	r.text = r.text[at:]
	return word
}

func (r *nestedReader) expression() *plan.Expr {
	if rest, is := strings.CutPrefix(r.text, "'"); is {
		text, after, _ := strings.Cut(rest, "'")
		r.text = after
		return plan.Constant(schema.StringValue(text))
	}
	name := r.word(":,)")
	if r.text[0] != ':' {
		for i, column := range r.order {
			if column == name {
				t, err := schema.ParseType(nestedColumns[name])
				if err != nil {
					panic(err)
				}
				return &plan.Expr{Op: plan.ColumnOf, Type: t, Index: i}
			}
		}
		return plan.Constant(schema.IntValue(int64(name[0] - '0')))
	}
	target := typePrefix(r.text[1:])
	t, err := schema.ParseType(target)
	if err != nil {
		panic(err)
	}
	r.text = r.text[1+len(target)+1:]
	var args []*plan.Expr
	for !strings.HasPrefix(r.text, ")") {
		args = append(args, r.expression())
		r.text = strings.TrimPrefix(r.text, ", ")
	}
	r.text = r.text[1:]
	return plan.CallOf(name, t, args...)
}

var documents = []string{
	`{"a": {"b": [1, 2]}}`, `{"a": {"b": []}, "c": 1}`, `{"a": 1.5}`, `{"a": null}`, `{}`, `[]`, `[1, {"a": -0.0}]`,
	`"text é \u00e9\n"`, `"\ud83d\ude00"`, `-1e400`, `{"a": 1e400}`, `true`, `[ 1 , [ ] ]`, `{"a": "}]\"", "b": 2}`,
	`{"\u0061": 12345678901234567890}`, `0`, `[[1], [2, {"a": "x"}]]`, `{"a": {"b": {"a": 3}}}`, `{"a": 9007199254740993}`,
}

// nestedValue draws a value of any type.
func (g *generator) nestedValue(t schema.Type) schema.Value {
	v := schema.Value{Type: t}
	switch {
	case g.random.IntN(6) == 0:
		return schema.NullOf(t)
	case t.Kind == schema.Vector:
		for range t.Size {
			x := g.value(schema.Of(schema.Float64))
			x.Null = false
			if g.random.IntN(3) > 0 {
				x.Float = float64(g.random.IntN(9)-4) / 2
			}
			v.Items = append(v.Items, x)
		}
	case t.Kind == schema.List:
		for range g.random.IntN(5) {
			v.Items = append(v.Items, g.nestedValue(*t.Elem))
		}
	case t.Kind == schema.Map:
		for _, key := range []string{"", "a", "b", "bb"} {
			if g.random.IntN(2) == 0 {
				v.Items = append(v.Items, schema.StringValue(key), g.nestedValue(*t.Elem))
			}
		}
	case t.Kind == schema.JSON:
		v.Text = documents[g.random.IntN(len(documents))]
	case t.Kind == schema.String:
		v.Text = []string{"", "a", "b", "bb", "7", "-12", "é"}[g.random.IntN(7)]
	case t.Kind == schema.Int64 && g.random.IntN(3) > 0:
		return schema.IntValue(g.random.Int64N(9) - 4)
	default:
		return g.value(t)
	}
	return v
}

// nestedTable draws the columns as slices of longer ones, so that their offsets begin anywhere and
// their children hold elements of no row; rows that became null later keep their elements.
func (g *generator) nestedTable(order []string, rows int) table {
	env := table{rows: rows}
	for _, name := range order {
		t, err := schema.ParseType(nestedColumns[name])
		if err != nil {
			panic(err)
		}
		b := batch.NewBuilder(t)
		for range rows + 4 {
			b.Append(g.nestedValue(t))
		}
		c := *b.Column()
		if g.random.IntN(2) == 0 {
			valid := make([]bool, c.Length)
			for i := range valid {
				valid[i] = !c.IsNull(i) && g.random.IntN(5) > 0
			}
			c.Valid = valid
		}
		env.columns = append(env.columns, c.Slice(2, rows+2))
	}
	return env
}

// TestNestedAgainstNaive compares every function of lists, maps, vectors and JSON with the
// row-by-row evaluator: values and counts, for the batch and for each row alone.
func TestNestedAgainstNaive(t *testing.T) {
	t.Parallel()
	const seed, rows, rounds = 5, 20, 25
	g := &generator{random: rand.New(rand.NewPCG(seed, seed))}
	order := []string{"ints", "floats", "texts", "money", "grid", "map", "deep", "v", "w", "doc", "n", "m", "text", "c"}
	compared := 0
	for round := range rounds {
		env := g.nestedTable(order, rows)
		for _, text := range strings.Split(strings.TrimSpace(nestedCalls), "\n") {
			e := (&nestedReader{text: text, order: order}).expression()
			program, err := expr.Compile(e)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			place := fmt.Sprintf("seed %d, round %d: %s", seed, round, text)
			compared += compareNested(t, place, e, program, env)
			if t.Failed() {
				return
			}
		}
	}
	if compared < 25_000 {
		t.Errorf("only %d values compared", compared)
	}
}

func compareNested(t *testing.T, place string, e *plan.Expr, program *expr.Program, env table) int {
	t.Helper()
	var counts, one expr.Counts
	column := program.Eval(env, &counts)
	oracle := &naive{}
	for i := range env.rows {
		oracle.row = func(leaf *plan.Expr) schema.Value { return env.columns[leaf.Index].Value(i) }
		want := oracle.nestedEval(e)
		single := table{rows: 1}
		for _, c := range env.columns {
			single.columns = append(single.columns, c.Slice(i, i+1))
		}
		alone := program.Eval(single, &one).Value(0)
		for _, got := range []schema.Value{column.Value(i), alone} {
			if !sameValues(got, want) || !got.Type.Equal(want.Type) {
				t.Errorf("%s, row %d: got %s, want %s", place, i, got, want)
			}
		}
	}
	if counts != oracle.counts || one != oracle.counts {
		t.Errorf("%s: counts %+v, row by row %+v, want %+v", place, counts, one, oracle.counts)
	}
	return env.rows
}

// sameValues compares to the last bit.
func sameValues(a, b schema.Value) bool {
	one, other := batch.Repeat(a, 1), batch.Repeat(b, 1)
	return a.Type.Equal(b.Type) && batch.Same(one, 0, other, 0)
}

// nestedEval evaluates a tree; only a branch that is taken is computed, so that it counts alone.
func (n *naive) nestedEval(e *plan.Expr) schema.Value {
	switch {
	case e.Op == plan.Const:
		return e.Value
	case e.Op == plan.ColumnOf:
		return n.row(e)
	case e.Func == "case":
		if c := n.nestedEval(e.Args[0]); !c.Null && c.Int != 0 {
			return n.nestedEval(e.Args[1])
		}
		return n.nestedEval(e.Args[2])
	}
	args := make([]schema.Value, len(e.Args))
	for i, arg := range e.Args {
		args[i] = n.nestedEval(arg)
	}
	return n.nested(e, args)
}
