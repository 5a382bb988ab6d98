package expr_test

import (
	"fmt"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// table is an environment of columns by index.
type table struct {
	rows    int
	columns []*batch.Column
}

func (t table) Rows() int { return t.rows }

func (t table) Leaf(e *plan.Expr) *batch.Column { return t.columns[e.Index] }

func leaf(index int, kind schema.Kind) *plan.Expr {
	return &plan.Expr{Op: plan.ColumnOf, Type: schema.Of(kind), Index: index}
}

func call(name string, kind schema.Kind, args ...*plan.Expr) *plan.Expr {
	return plan.CallOf(name, schema.Of(kind), args...)
}

// benchTable has a coded status, a float, an int, a time and a plain text.
func benchTable(rows int) table {
	status := batch.NewBuilder(schema.Of(schema.String))
	for _, text := range []string{"paid", "sent", "open", "void"} {
		status.Append(schema.StringValue(text))
	}
	coded := &batch.Column{Type: schema.Of(schema.String), Length: rows, Dict: status.Column()}
	floats := &batch.Column{Type: schema.Of(schema.Float64), Length: rows}
	ints := &batch.Column{Type: schema.Of(schema.Int64), Length: rows}
	times := &batch.Column{Type: schema.Of(schema.Timestamp), Length: rows}
	plain := batch.NewBuilder(schema.Of(schema.String))
	for i := range rows {
		coded.Codes = append(coded.Codes, uint32(i*7%4))
		floats.Floats = append(floats.Floats, float64(i%1000)/8)
		ints.Ints = append(ints.Ints, int64(i%977))
		times.Ints = append(times.Ints, int64(i)*1_000_003+1_600_000_000_000_000)
		plain.Append(schema.StringValue(fmt.Sprintf("card-%d", i%1000)))
	}
	return table{rows: rows, columns: []*batch.Column{coded, floats, ints, times, plain.Column()}}
}

func benchExpressions() map[string]*plan.Expr {
	status, amount := leaf(0, schema.String), leaf(1, schema.Float64)
	number, at, card := leaf(2, schema.Int64), leaf(3, schema.Timestamp), leaf(4, schema.String)
	paid := plan.Constant(schema.StringValue("paid"))
	ten, zero := plan.Constant(schema.FloatValue(10)), plan.Constant(schema.FloatValue(0))
	return map[string]*plan.Expr{
		"status_paid":  call("eq", schema.Bool, status, paid),
		"upper_status": call("upper", schema.String, status),
		"card_eq":      call("eq", schema.Bool, card, paid),
		"amount_gt":    call("gt", schema.Bool, amount, ten),
		"amount_plus":  call("add", schema.Float64, amount, ten),
		"int_plus":     call("add", schema.Int64, number, number),
		"ratio":        call("divide", schema.Float64, amount, call("nullif", schema.Float64, amount, zero)),
		"int_vs_float": call("gt", schema.Bool, number, amount),
		"both": call("and", schema.Bool,
			call("eq", schema.Bool, status, paid), call("gt", schema.Bool, amount, ten)),
		"hour":          call("hour", schema.Int64, at),
		"case_text":     call("case", schema.String, call("gt", schema.Bool, amount, ten), paid, status),
		"cast_to_float": call("cast", schema.Float64, number),
	}
}

func BenchmarkEval(b *testing.B) {
	for name, e := range benchExpressions() {
		program, err := expr.Compile(e)
		if err != nil {
			b.Fatal(err)
		}
		var one expr.Environment = benchTable(1)
		b.Run(name+"/value", func(b *testing.B) {
			b.ReportAllocs()
			var counts expr.Counts
			for b.Loop() {
				program.EvalValue(one, &counts)
			}
		})
		for _, rows := range []int{1, 1 << 16} {
			var env expr.Environment = benchTable(rows)
			b.Run(fmt.Sprintf("%s/rows=%d", name, rows), func(b *testing.B) {
				b.ReportAllocs()
				var counts expr.Counts
				for b.Loop() {
					program.Eval(env, &counts)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
			})
		}
	}
}
