package expr

import (
	"encoding/binary"
	"math"

	"github.com/fettle-ml/fettle/internal/engine/hash"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// bindHash binds hash64 and hash_mod: XXH3-64 of the canonical bytes of the first argument, and what
// is made of it. The bytes of a text are gathered in one buffer for all rows.
func bindHash(result func(hash uint64, c *call, i int) int64) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if !e.Args[0].Type.Ordered() {
			return nil, unsupported(e)
		}
		return strict(args, e.Type, func(c *call) {
			var buffer []byte
			for i := range c.out.Ints {
				if !c.out.IsNull(i) {
					buffer = appendCanonical(buffer[:0], c.args[0], i)
					c.out.Ints[i] = result(hash.Sum64(buffer), c, i)
				}
			}
		}), nil
	}
}

// hashModulo is never negative: the hash counts as unsigned, and the divisor is a literal from 1 on.
func hashModulo(hash uint64, c *call, i int) int64 {
	n := c.args[1].col.Ints[i&c.args[1].mask]
	return int64(hash % uint64(n))
}

// appendCanonical appends the bytes that stand for a value: those of a key where there are such.
func appendCanonical(dst []byte, o operand, i int) []byte {
	switch c := o.col; c.Type.Kind {
	case schema.String, schema.Bytes:
		return schema.AppendKeyText(dst, o.text(i))
	case schema.Bool:
		if c.Bools[i&o.mask] {
			return schema.AppendKeyInt(dst, 1)
		}
		return schema.AppendKeyInt(dst, 0)
	case schema.Float64:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(c.Floats[i&o.mask]))
	case schema.Decimal:
		d := c.Decimals[i&o.mask]
		return binary.BigEndian.AppendUint64(schema.AppendKeyInt(dst, d.Hi), d.Lo)
	default:
		return schema.AppendKeyInt(dst, c.Ints[i&o.mask])
	}
}
