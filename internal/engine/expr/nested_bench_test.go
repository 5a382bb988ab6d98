package expr_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// BenchmarkNested measures functions of lists of 20 elements, vectors of 384 dimensions and
// documents of half a kilobyte.
func BenchmarkNested(b *testing.B) {
	const dimension = 384
	r := rand.New(rand.NewPCG(1, 2))
	floats, texts := schema.ListOf(schema.Of(schema.Float64)), schema.ListOf(schema.Of(schema.String))
	vector := schema.Type{Kind: schema.Vector, Size: dimension}
	column := func(rows int, t schema.Type, items int, item func(i int) schema.Value) *batch.Column {
		built := batch.NewBuilder(t)
		for range rows {
			v := schema.Value{Type: t}
			for i := range items {
				v.Items = append(v.Items, item(i))
			}
			built.Append(v)
		}
		return built.Column()
	}
	normal := func(int) schema.Value { return schema.FloatValue(r.NormFloat64() / 20) }
	text := func(i int) schema.Value { return schema.StringValue(fmt.Sprintf("tag-%d", i*i%17)) }
	document := `{"id": 17, "items": [` + fmt.Sprintf("%0480d", 0)[1:] + `1], "device": {"os": "linux"}}`
	columnOf := func(i int, t schema.Type) *plan.Expr {
		return &plan.Expr{Op: plan.ColumnOf, Type: t, Index: i}
	}
	list, words, v := columnOf(0, floats), columnOf(1, texts), columnOf(2, vector)
	path := plan.Constant(schema.StringValue("$.device.os"))
	for name, e := range map[string]*plan.Expr{
		"element":  call("element_at", schema.String, words, plan.Constant(schema.IntValue(-1))),
		"contains": call("contains", schema.Bool, words, plan.Constant(schema.StringValue("tag-16"))),
		"sort":     plan.CallOf("sort", floats, list), "sum": call("sum_list", schema.Float64, list),
		"distinct": plan.CallOf("distinct_list", texts, words),
		"dot":      call("dot", schema.Float64, v, v), "cosine": call("cosine", schema.Float64, v, v),
		"json": call("json_get", schema.JSON, leaf(3, schema.JSON), path),
	} {
		program, err := expr.Compile(e)
		if err != nil {
			b.Fatal(err)
		}
		for _, rows := range []int{1, 1000} {
			env := table{rows: rows, columns: []*batch.Column{
				column(rows, floats, 20, normal), column(rows, texts, 20, text),
				column(rows, vector, dimension, normal),
				batch.Repeat(schema.Value{Type: schema.Of(schema.JSON), Text: document}, rows),
			}}
			if rows > 1 {
				// Plain text, because a dictionary of one entry would be read once.
				built := batch.NewBuilder(schema.Of(schema.JSON))
				for range rows {
					built.Append(env.columns[3].Value(0))
				}
				env.columns[3] = built.Column()
			}
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
