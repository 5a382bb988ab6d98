package engine

import (
	"cmp"
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

func naiveCompare(x, y schema.Value) int {
	if x.Type.Kind == schema.String {
		return cmp.Compare(x.Text, y.Text)
	}
	return naiveRat(x).Cmp(naiveRat(y))
}

func naiveRat(v schema.Value) *big.Rat {
	switch v.Type.Kind {
	case schema.Float64:
		return new(big.Rat).SetFloat64(v.Float)
	case schema.Decimal:
		return new(big.Rat).SetFrac(v.Dec.Big(), big.NewInt(100))
	default:
		return new(big.Rat).SetInt64(v.Int)
	}
}

func naiveMoments(a *plan.Aggregate, values []schema.Value) schema.Value {
	n := int64(len(values))
	sum, squares := new(big.Rat), new(big.Rat)
	for _, v := range values {
		x := naiveRat(v)
		sum.Add(sum, x)
		squares.Add(squares, new(big.Rat).Mul(x, x))
	}
	argument := values[0].Type.Kind
	switch {
	case a.Func == "sum" && argument == schema.Float64:
		return naiveFloat(sum)
	case a.Func == "sum" && argument == schema.Int64:
		if !sum.Num().IsInt64() {
			return schema.NullOf(a.Type)
		}
		return schema.IntValue(sum.Num().Int64())
	case a.Func == "sum":
		return naiveDecimal(sum, a.Type)
	case a.Func == "avg" && argument == schema.Float64:
		if v := naiveFloat(sum); !v.Null {
			return schema.FloatValue(v.Float/float64(n) + 0)
		}
		return schema.NullOf(a.Type)
	case a.Func == "avg" && argument == schema.Int64:
		return naiveFloat(sum.Quo(sum, big.NewRat(n, 1)))
	case a.Func == "avg":
		return naiveDecimal(sum.Quo(sum, big.NewRat(n, 1)), a.Type)
	}
	spread := naiveFloat(squares.Sub(squares.Mul(squares, big.NewRat(n, 1)), sum.Mul(sum, sum)))
	divisor := float64(n * n)
	if a.Func == "var_samp" || a.Func == "stddev_samp" {
		divisor = float64(n * (n - 1))
	}
	if divisor == 0 || spread.Null {
		return schema.NullOf(a.Type)
	}
	if a.Func[:3] == "std" {
		return schema.FloatValue(math.Sqrt(spread.Float / divisor))
	}
	return schema.FloatValue(spread.Float / divisor)
}

func naiveFloat(r *big.Rat) schema.Value {
	x, _ := r.Float64()
	if math.IsInf(x, 0) {
		return schema.NullOf(schema.Of(schema.Float64))
	}
	return schema.FloatValue(x)
}

func naiveDecimal(r *big.Rat, t schema.Type) schema.Value {
	text := r.FloatString(t.Size + 30) // 30 more digits decide a tie between neighbours here
	dec, err := schema.ParseDecimal(text[:len(text)-30], t.Size)
	if err != nil {
		return schema.NullOf(t)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Size)), nil)
	rest := new(big.Rat).Sub(r, new(big.Rat).SetFrac(dec.Big(), unit))
	half := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Mul(big.NewInt(2), unit))
	if c := new(big.Rat).Abs(rest).Cmp(half); c > 0 || c == 0 && dec.Lo&1 == 1 {
		dec, _ = dec.Add(schema.Int128From(int64(r.Sign())))
	}
	return schema.Value{Type: t, Dec: dec}
}
