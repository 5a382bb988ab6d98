package expr_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestDictionary compares coded text with the same text written out: among its entries are some
// that no row has, and a null in every third row.
func TestDictionary(t *testing.T) {
	t.Parallel()
	entries := []string{"paid", "Sent ", "", "7", "never"}
	dict := batch.NewBuilder(schema.Of(schema.String))
	for _, text := range entries {
		dict.Append(schema.StringValue(text))
	}
	const rows = 60
	coded := &batch.Column{Type: schema.Of(schema.String), Length: rows, Dict: dict.Column()}
	plain := batch.NewBuilder(coded.Type)
	for i := range rows {
		code := uint32(i * i % 4)
		coded.Codes = append(coded.Codes, code)
		coded.Valid = append(coded.Valid, i%3 != 0)
		v := schema.StringValue(entries[code])
		v.Null = i%3 == 0
		plain.Append(v)
	}
	x, seven := leaf(0, schema.String), plan.Constant(schema.StringValue("7"))
	one := plan.Constant(schema.IntValue(1))
	for _, e := range []*plan.Expr{
		call("eq", schema.Bool, x, seven), call("is_null", schema.Bool, x),
		call("coalesce", schema.String, call("nullif", schema.String, x, seven), seven),
		call("upper", schema.String, call("trim", schema.String, x)),
		call("cast", schema.Int64, x), call("length", schema.Int64, x),
		call("case", schema.Int64, call("eq", schema.Bool, x, seven), call("cast", schema.Int64, x), one),
		call("case", schema.String, call("is_null", schema.Bool, x), seven, x),
		call("greatest", schema.String, x, seven), call("concat", schema.String, x, x),
	} {
		program, err := expr.Compile(e)
		if err != nil {
			t.Fatal(err)
		}
		var fromCodes, fromText expr.Counts
		a := program.Eval(table{rows: rows, columns: []*batch.Column{coded}}, &fromCodes)
		b := program.Eval(table{rows: rows, columns: []*batch.Column{plain.Column()}}, &fromText)
		for i := range rows {
			if got, want := a.Value(i), b.Value(i); got.String() != want.String() || got.Null != want.Null {
				t.Errorf("%s: row %d is %s from codes and %s from text", describe(e), i, got, want)
			}
		}
		if fromCodes != fromText {
			t.Errorf("%s: counts %+v from codes and %+v from text", describe(e), fromCodes, fromText)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	list := &plan.Expr{Op: plan.ColumnOf, Type: schema.ListOf(schema.Of(schema.String))}
	cases := []struct {
		e    *plan.Expr
		want string
	}{
		{call("nothing", schema.Bool), "the engine has no function nothing"},
		{call("add", schema.Bool, leaf(0, schema.Bool), leaf(1, schema.Bool)), "no implementation"},
		{call("eq", schema.Bool, list, list), "no implementation"},
		{plan.CallOf("sort", list.Type, &plan.Expr{Type: schema.ListOf(list.Type)}), "no implementation"},
		{call("hour", schema.Int64, leaf(0, schema.Timestamp), leaf(1, schema.String)), "no implementation"},
	}
	for _, c := range cases {
		if _, err := expr.Compile(c.e); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	at := leaf(3, schema.Timestamp)
	e := call("add", schema.Float64, call("hours_since", schema.Float64, at), call("days_since", schema.Float64, at))
	program, err := expr.Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	leaves := program.Leaves()
	if len(leaves) != 2 || leaves[0].Op != plan.ColumnOf || leaves[1].Op != plan.AsOf {
		t.Errorf("leaves %v", leaves)
	}
}

// TestConcurrent runs one program on several goroutines; the race detector watches.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	e := benchExpressions()["ratio"]
	program, err := expr.Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for _, rows := range []int{1, 1, 100, 1000} {
		wait.Add(1)
		go func() {
			defer wait.Done()
			env := benchTable(rows)
			for range 50 {
				var counts expr.Counts
				if got := program.Eval(env, &counts).Value(rows - 1); got.Null == (rows > 1) {
					t.Errorf("%d rows end with %s", rows, got)
				}
			}
		}()
	}
	wait.Wait()
}

func TestEvalConst(t *testing.T) {
	t.Parallel()
	five := plan.Constant(schema.IntValue(5))
	v, counts, err := expr.EvalConst(call("neg", schema.Int64, five))
	if err != nil || v.Int != -5 || counts != (expr.Counts{}) {
		t.Errorf("neg(5) is %s, %+v, %v", v, counts, err)
	}
	text := plan.Constant(schema.StringValue("x"))
	v, counts, err = expr.EvalConst(call("cast", schema.Int64, text))
	if err != nil || !v.Null || counts.Cast != 1 {
		t.Errorf("cast('x') is %s, %+v, %v", v, counts, err)
	}
	if _, _, err = expr.EvalConst(leaf(0, schema.Int64)); err == nil {
		t.Error("a column is not constant")
	}
	list := schema.Value{Type: schema.ListOf(schema.Of(schema.Int64)), Items: []schema.Value{schema.IntValue(7)}}
	v, _, err = expr.EvalConst(plan.CallOf("cast", schema.ListOf(schema.Of(schema.Float64)), plan.Constant(list)))
	if err != nil || v.String() != "[7.0]" {
		t.Errorf("cast([7]) is %s, %v", v, err)
	}
}
