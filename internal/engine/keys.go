package engine

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// noEntity is the number of a row without an entity: a null key, or one nobody asks about.
const noEntity = int32(-1)

// keyTable numbers entities. It is filled from the rows and then only read, by many goroutines.
type keyTable struct {
	texts map[string]int32 // encoded keys, and single text keys as they are
	ints  map[int64]int32  // single keys of a number kind
	count int32
}

func newKeyTable() *keyTable {
	return &keyTable{texts: map[string]int32{}, ints: map[int64]int32{}}
}

// numbers returns the entity of each row: known ones, and with add also new ones. valid, if set,
// leaves rows out. The second result counts the rows with a null in the key.
func (k *keyTable) numbers(columns []*batch.Column, valid []bool, add bool) (out []int32, nulls int64) {
	if len(columns) == 0 {
		return nil, 0
	}
	out = make([]int32, columns[0].Length)
	switch first := columns[0]; {
	case len(columns) > 1:
		k.composite(columns, valid, add, out)
	case first.Dict != nil && first.Dict.Length < first.Length:
		k.dictionary(first, valid, add, out)
	case isText(first.Type):
		k.single(first, valid, add, out)
	default:
		k.number(first, valid, add, out)
	}
	for _, number := range out {
		if number == nullKey {
			nulls++
		}
	}
	return out, nulls
}

// nullKey is a row whose key has a null; it is below noEntity so that both are negative.
const nullKey = int32(-2)

func isText(t schema.Type) bool { return t.Kind == schema.String || t.Kind == schema.Bytes }

func usable(c *batch.Column, valid []bool, i int) bool {
	return (valid == nil || valid[i]) && !c.IsNull(i)
}

func (k *keyTable) text(key string, add bool) int32 {
	if number, known := k.texts[key]; known {
		return number
	}
	if !add {
		return noEntity
	}
	number := k.count
	k.count++
	k.texts[string([]byte(key))] = number
	return number
}

func (k *keyTable) int(key int64, add bool) int32 {
	if number, known := k.ints[key]; known {
		return number
	}
	if !add {
		return noEntity
	}
	number := k.count
	k.count++
	k.ints[key] = number
	return number
}

// dictionary looks every entry of the dictionary up once.
func (k *keyTable) dictionary(c *batch.Column, valid []bool, add bool, out []int32) {
	const unknown = int32(-3)
	numbers := make([]int32, c.Dict.Length)
	for i := range numbers {
		numbers[i] = unknown
	}
	for i, code := range c.Codes {
		if !usable(c, valid, i) {
			out[i] = nullKey
			continue
		}
		if numbers[code] == unknown {
			numbers[code] = k.text(c.Dict.Text(int(code)), add)
		}
		out[i] = numbers[code]
	}
}

func (k *keyTable) single(c *batch.Column, valid []bool, add bool, out []int32) {
	for i := range out {
		if out[i] = nullKey; usable(c, valid, i) {
			out[i] = k.text(c.Text(i), add)
		}
	}
}

func (k *keyTable) number(c *batch.Column, valid []bool, add bool, out []int32) {
	for i := range out {
		if out[i] = nullKey; usable(c, valid, i) {
			out[i] = k.int(intOf(c, i), add)
		}
	}
}

func intOf(c *batch.Column, i int) int64 {
	if c.Type.Kind != schema.Bool {
		return c.Ints[i]
	}
	if c.Bools[i] {
		return 1
	}
	return 0
}

// composite encodes the columns with lengths, so that ("1","23") is not ("12","3").
func (k *keyTable) composite(columns []*batch.Column, valid []bool, add bool, out []int32) {
	var key []byte
	for i := range out {
		key = key[:0]
		out[i] = nullKey
		complete := true
		for _, c := range columns {
			if complete = usable(c, valid, i); !complete {
				break
			}
			if isText(c.Type) {
				key = schema.AppendKeyText(key, c.Text(i))
			} else {
				key = schema.AppendKeyInt(key, intOf(c, i))
			}
		}
		if complete {
			out[i] = k.text(string(key), add)
		}
	}
}
