package expr_test

import (
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// naive evaluates one row at a time, the way the pages say it: numbers are fractions, a branch is
// computed only when it is taken. It shares nothing with the package but the expression.
type naive struct {
	row    func(e *plan.Expr) schema.Value
	counts expr.Counts
}

func (n *naive) eval(e *plan.Expr) schema.Value {
	switch e.Op {
	case plan.Const:
		return e.Value
	case plan.ColumnOf:
		return n.row(e)
	}
	switch e.Func {
	case "case":
		return n.choice(e)
	case "coalesce":
		for _, arg := range e.Args {
			if v := n.eval(arg); !v.Null {
				return v
			}
		}
		return schema.NullOf(e.Type)
	}
	args := make([]schema.Value, len(e.Args))
	anyNull := false
	for i, arg := range e.Args {
		args[i] = n.eval(arg)
		anyNull = anyNull || args[i].Null
	}
	switch e.Func {
	case "and", "or", "in", "is_null", "is_distinct", "nullif", "greatest", "least":
		return n.withNulls(e, args)
	}
	if anyNull {
		return schema.NullOf(e.Type)
	}
	return n.strict(e, args)
}

func (n *naive) choice(e *plan.Expr) schema.Value {
	args := e.Args
	for ; len(args) >= 2; args = args[2:] {
		if v := n.eval(args[0]); !v.Null && v.Int != 0 {
			return n.eval(args[1])
		}
	}
	if len(args) == 1 {
		return n.eval(args[0])
	}
	return schema.NullOf(e.Type)
}

func (n *naive) withNulls(e *plan.Expr, args []schema.Value) schema.Value {
	null := schema.NullOf(e.Type)
	switch e.Func {
	case "is_null":
		return schema.BoolValue(args[0].Null)
	case "is_distinct":
		if args[0].Null || args[1].Null {
			return schema.BoolValue(args[0].Null != args[1].Null)
		}
		return schema.BoolValue(fraction(args[0]).Cmp(fraction(args[1])) != 0)
	case "nullif":
		if !args[0].Null && !args[1].Null && fraction(args[0]).Cmp(fraction(args[1])) == 0 {
			return null
		}
		return args[0]
	case "greatest", "least":
		best := null
		for _, v := range args {
			if v.Null {
				continue
			}
			if best.Null || (fraction(v).Cmp(fraction(best)) > 0) == (e.Func == "greatest") {
				best = v
			}
		}
		return best
	case "in":
		unknown := args[0].Null
		for _, v := range args[1:] {
			if args[0].Null || v.Null {
				unknown = true
			} else if fraction(args[0]).Cmp(fraction(v)) == 0 {
				return schema.BoolValue(true)
			}
		}
		if unknown {
			return null
		}
		return schema.BoolValue(false)
	}
	decisive, unknown := int64(0), false
	if e.Func == "or" {
		decisive = 1
	}
	for _, v := range args {
		if !v.Null && v.Int == decisive {
			return v
		}
		unknown = unknown || v.Null
	}
	if unknown {
		return null
	}
	return schema.BoolValue(e.Func == "and")
}

// fraction is the exact value of a number or bool.
func fraction(v schema.Value) *big.Rat {
	switch v.Type.Kind {
	case schema.Float64:
		return new(big.Rat).SetFloat64(v.Float)
	case schema.Decimal:
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Type.Size)), nil)
		return new(big.Rat).SetFrac(v.Dec.Big(), scale)
	default:
		return new(big.Rat).SetInt64(v.Int)
	}
}

func (n *naive) strict(e *plan.Expr, args []schema.Value) schema.Value {
	switch e.Func {
	case "not":
		return schema.BoolValue(args[0].Int == 0)
	case "eq", "ne", "lt", "le", "gt", "ge":
		side := fraction(args[0]).Cmp(fraction(args[1]))
		return schema.BoolValue(map[string]bool{
			"eq": side == 0, "ne": side != 0, "lt": side < 0, "le": side <= 0, "gt": side > 0,
			"ge": side >= 0,
		}[e.Func])
	case "cast":
		return n.cast(args[0], e.Type)
	}
	if e.Type.Kind == schema.Float64 && args[0].Type.Kind == schema.Float64 {
		return n.floats(e.Func, args)
	}
	x, y := fraction(args[0]), new(big.Rat)
	if len(args) > 1 {
		y = fraction(args[1])
	}
	if y.Sign() == 0 && (e.Func == "divide" || e.Func == "div" || e.Func == "mod") {
		return schema.NullOf(e.Type)
	}
	r := new(big.Rat)
	switch e.Func {
	case "add":
		r.Add(x, y)
	case "sub":
		r.Sub(x, y)
	case "mul":
		r.Mul(x, y)
	case "divide":
		r.Quo(x, y)
	case "neg":
		r.Neg(x)
	case "div":
		r.SetInt(whole(r.Quo(x, y)))
	case "mod":
		q := new(big.Rat).SetInt(whole(new(big.Rat).Quo(x, y)))
		r.Sub(x, q.Mul(q, y))
	}
	return n.number(r, e.Type, &n.counts.Overflow)
}

// whole truncates towards zero.
func whole(r *big.Rat) *big.Int { return new(big.Int).Quo(r.Num(), r.Denom()) }

func (n *naive) floats(name string, args []schema.Value) schema.Value {
	x, y := args[0].Float, 0.0
	if len(args) > 1 {
		y = args[1].Float
	}
	if y == 0 && (name == "divide" || name == "div" || name == "mod") {
		return schema.NullOf(args[0].Type)
	}
	r := map[string]float64{
		"add": x + y, "sub": x - y, "mul": float64(x * y), "divide": x / y, "neg": -x,
		"div": wholeQuotient(x, y), "mod": math.Mod(x, y),
	}[name]
	if math.IsNaN(r) || math.IsInf(r, 0) {
		n.counts.NonFinite++
		return schema.NullOf(args[0].Type)
	}
	return schema.FloatValue(r + 0)
}

func (n *naive) cast(v schema.Value, to schema.Type) schema.Value {
	if to.Kind == schema.Int64 {
		return n.number(new(big.Rat).SetInt(whole(fraction(v))), to, &n.counts.Cast)
	}
	return n.number(fraction(v), to, &n.counts.Cast)
}

// number rounds a fraction to a type, half to even; what does not fit is null and counted.
func (n *naive) number(r *big.Rat, t schema.Type, count *int64) schema.Value {
	if t.Kind == schema.Float64 {
		x, _ := r.Float64()
		return schema.FloatValue(x + 0)
	}
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Size)), nil)
	scaled := new(big.Rat).Mul(r, new(big.Rat).SetInt(scale))
	v := whole(scaled)
	rest := new(big.Rat).Sub(scaled, new(big.Rat).SetInt(v))
	if side := rest.Abs(rest).Cmp(big.NewRat(1, 2)); side > 0 || side == 0 && v.Bit(0) == 1 {
		v.Add(v, big.NewInt(int64(scaled.Sign())))
	}
	if t.Kind == schema.Int64 {
		if !v.IsInt64() {
			*count++
			return schema.NullOf(t)
		}
		return schema.IntValue(v.Int64())
	}
	if len(new(big.Int).Abs(v).String()) > schema.MaxDecimalDigits {
		*count++
		return schema.NullOf(t)
	}
	d, _ := schema.Int128FromBig(v)
	return schema.Value{Type: t, Dec: d}
}

// wholeQuotient is the exact quotient without its fraction, by fractions; x and y are finite.
func wholeQuotient(x, y float64) float64 {
	if y == 0 {
		return math.NaN()
	}
	exact := new(big.Rat).Quo(new(big.Rat).SetFloat64(x), new(big.Rat).SetFloat64(y))
	whole, _ := new(big.Float).SetInt(new(big.Int).Quo(exact.Num(), exact.Denom())).Float64()
	return whole
}
