package leakage

import (
	"math"
	"math/big"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/hash"
	"github.com/fettle-ml/fettle/internal/schema"
)

// cells reads values of one type as 64 bits: the bits of a number, or a hash where only equality has
// a meaning. Instants and dates are taken relative to the row's time, since all of them grow with
// it; of lists and maps the length is what is looked at.
type cells struct{ kind schema.Type }

func newCells(t schema.Type) cells { return cells{t} }

// numeric reports whether cells are numbers, which have an order.
func (c cells) numeric() bool {
	switch c.kind.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		return false
	default:
		return true
	}
}

// of returns the cell of a row, which must not be null.
func (c cells) of(column *batch.Column, row int, at int64) uint64 {
	switch c.kind.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		// Without this bit the hash is never NaN, so that cells of every type can be sorted as numbers.
		return hash.Sum64([]byte(column.Text(row))) &^ (1 << 62)
	default:
		return math.Float64bits(c.number(column, row, at) + 0) // + 0: one zero
	}
}

func (c cells) number(column *batch.Column, row int, at int64) float64 {
	switch c.kind.Kind {
	case schema.Bool:
		if column.Bools[row] {
			return 1
		}
		return 0
	case schema.Float64:
		return column.Floats[row]
	case schema.Timestamp:
		return float64(column.Ints[row] - at)
	case schema.Date:
		return float64(column.Ints[row] - schema.FloorDiv(at, schema.Day))
	case schema.Decimal:
		x, _ := new(big.Float).SetInt(column.Decimals[row].Big()).Float64()
		return x
	case schema.List, schema.Map, schema.Vector:
		return float64(column.Offsets[row+1] - column.Offsets[row])
	case schema.Null:
		return 0
	default:
		return float64(column.Ints[row])
	}
}
