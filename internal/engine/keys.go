package engine

import (
	"unsafe"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// noEntity is the number of a row without an entity: a null key, or one nobody asks about.
const noEntity = int32(-1)

// keyTable numbers entities. It is filled from the rows and then only read, by many goroutines. All
// keys of a table have one form, that of its entity, so that a text which looks like an encoded key
// cannot be taken for one.
type keyTable struct {
	short shortKeys        // single keys: of a number kind, or texts that are short
	texts map[string]int32 // encoded keys, and single text keys that are not
	count int32
}

func newKeyTable() *keyTable { return &keyTable{texts: map[string]int32{}} }

// numbers returns the entity of each row: known ones, and with add also new ones. valid, if set,
// leaves rows out. The second result counts the rows with a null in the key. Numbers are given from
// 0 in the order of rows. Without add the table does not change, and any number of goroutines may
// ask at once. A row that valid leaves out gets nullKey and is counted like a null.
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

// isText reports whether keys of the type are looked up as text; all others are single integers.
func isText(t schema.Type) bool { return t.Kind == schema.String || t.Kind == schema.Bytes }

// usable reports whether a row takes part and has a value in the column.
func usable(c *batch.Column, valid []bool, i int) bool {
	return (valid == nil || valid[i]) && !c.IsNull(i)
}

// text returns the number of a key; an unknown one gets the next number with add and noEntity
// without. A new key is copied, since it may point into memory of a chunk.
func (k *keyTable) text(key string, add bool) int32 {
	if len(key) <= longestShort {
		return k.shortKey(shortOf(key), add)
	}
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

func (k *keyTable) shortKey(e shortEntry, add bool) int32 {
	number := k.short.number(e)
	if number != noEntity || !add {
		return number
	}
	number = k.count
	k.count++
	k.short.add(e, number)
	return number
}

// int does the same for a single key of a number kind.
func (k *keyTable) int(key int64, add bool) int32 {
	return k.shortKey(shortEntry{low: uint64(key), length: 8}, add)
}

// dictionary looks every entry of the dictionary up once. With add an entry that no row uses is not
// looked up, so that it does not become an entity. unknown differs from all that a lookup can
// return.
func (k *keyTable) dictionary(c *batch.Column, valid []bool, add bool, out []int32) {
	const unknown = int32(-3)
	numbers := make([]int32, c.Dict.Length)
	if add {
		for i := range numbers {
			numbers[i] = unknown
		}
	} else { // most entries are used, and together they are looked up faster
		k.lookUp(c.Dict, numbers)
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

// lookUp returns the numbers of all texts of a dictionary.
func (k *keyTable) lookUp(dict *batch.Column, numbers []int32) {
	var keys [lookAhead]shortEntry
	for from := 0; from < len(numbers); from += lookAhead {
		to := min(from+lookAhead, len(numbers))
		short := true
		for i := from; i < to; i++ {
			text := dict.Text(i)
			if short = short && len(text) <= longestShort; !short {
				break
			}
			keys[i-from] = shortOf(text)
		}
		if short && k.short.used > 0 {
			k.short.numbers(keys[:to-from], numbers[from:to])
			continue
		}
		for i := from; i < to; i++ {
			numbers[i] = k.text(dict.Text(i), false)
		}
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

// intOf returns a bool, as 0 or 1, or an integer of any kind. The row must not be null.
func intOf(c *batch.Column, i int) int64 {
	if c.Type.Kind != schema.Bool {
		return c.Ints[i]
	}
	if c.Bools[i] {
		return 1
	}
	return 0
}

// composite encodes the columns with lengths, so that ("1","23") is not ("12","3"). A null in any
// of them makes the whole key null. The encoding must stay injective: two keys with one encoding
// would silently share their events.
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
			// The table copies what it keeps, so the row's key needs no string of its own.
			out[i] = k.text(unsafe.String(&key[0], len(key)), add)
		}
	}
}
