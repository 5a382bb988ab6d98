package expr_test

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// nested evaluates the functions of lists, maps, vectors and JSON a row at a time, over values,
// as their rows in the table say it. What a row counts it adds to counts.
func (n *naive) nested(e *plan.Expr, args []schema.Value) schema.Value {
	null := schema.NullOf(e.Type)
	switch e.Func {
	case "list":
		return schema.Value{Type: e.Type, Items: args}
	case "is_null":
		return schema.BoolValue(args[0].Null)
	case "coalesce":
		for _, v := range args {
			if !v.Null {
				return v
			}
		}
		return null
	}
	for _, v := range args {
		if v.Null {
			return null
		}
	}
	x := args[0]
	switch e.Func {
	case "cast":
		return n.castNested(x, e.Type)
	case "dot", "norm", "l2", "cosine":
		return n.vector(e, args)
	case "json_get", "json_number", "json_string":
		return n.json(e, args)
	case "element_at", "map_get", "map_keys", "slice", "contains", "length":
		return n.parts(e, args)
	}
	return n.listNumber(e, x)
}

func (n *naive) parts(e *plan.Expr, args []schema.Value) schema.Value {
	x := args[0]
	out := schema.Value{Type: e.Type}
	isMap := x.Type.Kind == schema.Map
	switch e.Func {
	case "length":
		if isMap {
			return schema.IntValue(int64(len(x.Items) / 2))
		}
		return schema.IntValue(int64(len(x.Items)))
	case "contains":
		return schema.BoolValue(slices.ContainsFunc(x.Items, func(v schema.Value) bool {
			return !v.Null && v.String() == args[1].String()
		}))
	case "map_keys":
		for i := 0; i < len(x.Items); i += 2 {
			out.Items = append(out.Items, x.Items[i])
		}
		return out
	case "slice":
		size := int64(len(x.Items))
		for i, v := range x.Items {
			at := int64(i)
			from, to := args[1].Int, size
			if len(args) == 3 {
				to = args[2].Int
			}
			if (from >= 0 && at >= from || from < 0 && at-size >= from) &&
				(to >= 0 && at < to || to < 0 && at-size < to) {
				out.Items = append(out.Items, v)
			}
		}
		return out
	}
	for i, v := range x.Items {
		at, index := int64(i), args[1].Int
		if isMap && i%2 == 1 && x.Items[i-1].Text == args[1].Text ||
			!isMap && (at == index || at-int64(len(x.Items)) == index) {
			return v
		}
	}
	return schema.NullOf(e.Type)
}

// compareValues orders values of one type, null first.
func compareValues(a, b schema.Value) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return -1
	case b.Null:
		return 1
	case a.Type.Kind == schema.String:
		return strings.Compare(a.Text, b.Text)
	default:
		return fraction(a).Cmp(fraction(b))
	}
}

func (n *naive) listNumber(e *plan.Expr, x schema.Value) schema.Value {
	var present []schema.Value
	for _, v := range x.Items {
		if !v.Null {
			present = append(present, v)
		}
	}
	switch e.Func {
	case "sort":
		items := slices.Clone(x.Items)
		slices.SortStableFunc(items, compareValues)
		return schema.Value{Type: e.Type, Items: items}
	case "distinct_list":
		out := schema.Value{Type: e.Type}
		for _, v := range x.Items {
			if !slices.ContainsFunc(out.Items, func(o schema.Value) bool { return compareValues(o, v) == 0 }) {
				out.Items = append(out.Items, v)
			}
		}
		return out
	}
	if len(present) == 0 {
		return schema.NullOf(e.Type)
	}
	switch e.Func {
	case "max_list":
		return slices.MaxFunc(present, compareValues)
	case "min_list":
		return slices.MinFunc(present, compareValues)
	}
	sum := new(big.Rat)
	for _, v := range present {
		sum.Add(sum, fraction(v))
	}
	count := float64(len(present))
	mean := e.Func == "avg_list"
	switch {
	case x.Type.Elem.Kind == schema.Float64:
		rounded, _ := sum.Float64()
		if mean {
			rounded /= count
		}
		return n.finite(rounded)
	case mean:
		sum.Quo(sum, new(big.Rat).SetFloat64(count))
	}
	return n.number(sum, e.Type, &n.counts.Overflow)
}

// finite is null, counted, for what is no number.
func (n *naive) finite(x float64) schema.Value {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		n.counts.NonFinite++
		return schema.NullOf(schema.Of(schema.Float64))
	}
	return schema.FloatValue(x + 0)
}

func (n *naive) vector(e *plan.Expr, args []schema.Value) schema.Value {
	x := args[0].Items
	y := args[len(args)-1].Items
	dot, xx, yy, distance := new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)
	for i := range x {
		a, b := fraction(x[i]), fraction(y[i])
		dot.Add(dot, new(big.Rat).Mul(a, b))
		xx.Add(xx, new(big.Rat).Mul(a, a))
		yy.Add(yy, new(big.Rat).Mul(b, b))
		d := new(big.Rat).Sub(a, b)
		distance.Add(distance, d.Mul(d, d))
	}
	round := func(r *big.Rat) float64 {
		f, _ := r.Float64()
		return f
	}
	switch e.Func {
	case "dot":
		return n.finite(round(dot))
	case "norm":
		return n.finite(math.Sqrt(round(xx)))
	case "l2":
		return n.finite(math.Sqrt(round(distance)))
	}
	if xx.Sign() == 0 || yy.Sign() == 0 {
		return schema.NullOf(e.Type)
	}
	square := new(big.Rat).Mul(dot, dot)
	square.Quo(square, xx.Mul(xx, yy))
	return n.finite(float64(dot.Sign()) * math.Sqrt(round(square)))
}

// json goes by encoding/json, which keeps the text of what it does not look into.
func (n *naive) json(e *plan.Expr, args []schema.Value) schema.Value {
	null, text := schema.NullOf(e.Type), args[0].Text
	switch e.Func {
	case "json_string":
		var v *string
		if json.Unmarshal([]byte(text), &v) != nil || v == nil {
			return null
		}
		return schema.StringValue(*v)
	case "json_number":
		var v *json.Number
		if strings.HasPrefix(text, `"`) || json.Unmarshal([]byte(text), &v) != nil || v == nil {
			return null
		}
		r, _ := new(big.Rat).SetString(v.String())
		x, _ := r.Float64()
		return n.finite(x)
	}
	raw := json.RawMessage(text)
	// The paths of the test have plain names and indices only: $.a[0] is read as $.a.i0.
	plain := strings.NewReplacer("[", ".i", "]", "").Replace(args[1].Text)
	for _, step := range strings.Split(plain, ".")[1:] {
		if index, err := strconv.Atoi(step[1:]); step[0] == 'i' && err == nil {
			var items []json.RawMessage
			if json.Unmarshal(raw, &items) != nil || index >= len(items) || index < 0 && -index > len(items) {
				return null
			}
			if index < 0 {
				index += len(items)
			}
			raw = items[index]
			continue
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(raw, &members) != nil || members[step] == nil {
			return null
		}
		raw = members[step]
	}
	if string(raw) == "null" {
		return null
	}
	return schema.Value{Type: e.Type, Text: string(raw)}
}

func (n *naive) castNested(v schema.Value, to schema.Type) schema.Value {
	switch {
	case v.Null:
		return schema.NullOf(to)
	case v.Type.Equal(to):
		return v
	case !to.Nested() && v.Type.Kind == schema.String:
		x, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil {
			n.counts.Cast++
			return schema.NullOf(to)
		}
		return schema.IntValue(x)
	case !to.Nested():
		return n.cast(v, to)
	}
	out := schema.Value{Type: to}
	for i, item := range v.Items {
		if to.Kind == schema.Map && i%2 == 0 {
			out.Items = append(out.Items, item)
			continue
		}
		out.Items = append(out.Items, n.castNested(item, to.Element()))
	}
	if to.Kind == schema.Vector && (len(out.Items) != to.Size ||
		slices.ContainsFunc(out.Items, func(v schema.Value) bool { return v.Null })) {
		n.counts.Cast++
		return schema.NullOf(to)
	}
	return out
}
