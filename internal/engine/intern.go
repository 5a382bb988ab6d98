package engine

import (
	"cmp"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// interner numbers the values of an argument that is not a plain number (text, decimals to be
// compared), first in the order of arrival, and in their own order once all are known. Its life has
// two parts, and sort ends the first: before it, the workers of a scan ask for numbers; after it,
// rank and sorted are only read. Numbers of arrival depend on which worker came first, ranks do
// not, so nothing that leaves the engine may be made of the former.
type interner struct {
	kind     schema.Type
	mutex    sync.Mutex
	texts    map[string]int64
	decimals map[schema.Int128]int64
	rank     []int64 // by number of arrival; set by sort
	sorted   *batch.Column
}

func newInterner(t schema.Type) *interner {
	return &interner{kind: t, texts: map[string]int64{}, decimals: map[schema.Int128]int64{}}
}

// numbers returns the number of each row; nulls get 0. An entry of a dictionary is looked up once,
// and only if a row uses it: many chunks may come with the dictionary of their whole file. The
// numbers are of arrival, and the lock is held for the chunk.
func (n *interner) numbers(c *batch.Column) []int64 {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	out := make([]int64, c.Length)
	if c.Dict != nil {
		codes := make([]int64, c.Dict.Length)
		for i := range codes {
			codes[i] = -1
		}
		for i, code := range c.Codes {
			if c.IsNull(i) {
				continue
			}
			if codes[code] < 0 {
				codes[code] = n.text(c.Dict.Text(int(code)))
			}
			out[i] = codes[code]
		}
		return out
	}
	for i := range out {
		switch {
		case c.IsNull(i):
		case n.kind.Kind == schema.Decimal:
			out[i] = n.decimal(c.Decimals[i])
		default:
			out[i] = n.text(c.Text(i))
		}
	}
	return out
}

// text returns the number of a text. A new one is copied, because value points into a chunk that
// would be kept in memory as a whole for its sake.
func (n *interner) text(value string) int64 {
	if number, known := n.texts[value]; known {
		return number
	}
	number := int64(len(n.texts))
	n.texts[string([]byte(value))] = number
	return number
}

// decimal returns the number of a decimal. All values of a column have one scale, so equal numbers
// have equal digits.
func (n *interner) decimal(value schema.Int128) int64 {
	number, known := n.decimals[value]
	if !known {
		number = int64(len(n.decimals))
		n.decimals[value] = number
	}
	return number
}

// sort numbers the values anew in their own order; no value may come after it. It lets go of the
// maps: ranks and the sorted column are all that folding needs.
func (n *interner) sort() {
	if n.kind.Kind == schema.Decimal {
		keys := sortedKeys(n.decimals, schema.Int128.Compare)
		n.rank = ranksOf(n.decimals, keys)
		n.sorted = &batch.Column{Type: n.kind, Length: len(keys), Decimals: keys}
		n.decimals = nil
		return
	}
	keys := sortedKeys(n.texts, cmp.Compare[string])
	n.rank = ranksOf(n.texts, keys)
	n.texts = nil
	n.sorted = &batch.Column{Type: n.kind, Length: len(keys), Offsets: []uint32{0}}
	for _, key := range keys {
		n.sorted.Data = append(n.sorted.Data, key...)
		n.sorted.Offsets = append(n.sorted.Offsets, uint32(len(n.sorted.Data)))
	}
}

func sortedKeys[K comparable](m map[K]int64, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compare)
	return keys
}

// ranksOf inverts the order: entry i is the rank of the value that was given number i on arrival.
func ranksOf[K comparable](m map[K]int64, keys []K) []int64 {
	rank := make([]int64, len(m))
	for i, key := range keys {
		rank[m[key]] = int64(i)
	}
	return rank
}

// column turns ranks into the values they stand for. Ranks of rows that are not valid are ignored.
// Text shares the sorted column as its dictionary, so that a label row costs four bytes however
// long its text is.
func (n *interner) column(ranks []int64, valid []bool) *batch.Column {
	rows := make([]uint32, len(ranks))
	for i, rank := range ranks {
		rows[i] = uint32(rank)
		if !valid[i] {
			rows[i] = batch.NoRow
		}
	}
	if n.kind.Kind == schema.Decimal {
		return batch.Gather(n.sorted, rows)
	}
	out := &batch.Column{Type: n.kind, Length: len(ranks), Valid: valid, Dict: n.sorted}
	out.Codes = make([]uint32, len(ranks))
	for i, row := range rows {
		if row != batch.NoRow {
			out.Codes[i] = row
		}
	}
	return out
}
