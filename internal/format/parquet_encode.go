package format

import (
	"encoding/binary"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// addColumns encodes the next rows of a field, which come in pieces, as one page.
func (c *chunk) addColumns(pieces []*batch.Column, rows int) error {
	p := &page{entries: rows}
	for _, piece := range pieces {
		p.nulls += piece.NullCount()
	}
	if p.nulls > 0 {
		p.def = make([]byte, 0, rows)
		for _, piece := range pieces {
			for i := range piece.Length {
				level := byte(1)
				if piece.IsNull(i) {
					level = 0
				}
				p.def = append(p.def, level)
			}
		}
	}
	c.encode(p, pieces)
	return c.add(p)
}

// encode encodes the values of a page, whose levels are known.
func (c *chunk) encode(p *page, pieces []*batch.Column) {
	switch pieces[0].Type.Kind {
	case schema.String, schema.Bytes, schema.JSON:
		c.encodeTexts(p, pieces)
	case schema.Bool:
		encodeBools(p, pieces)
	case schema.Null:
		p.nulls, p.def = p.entries, make([]byte, p.entries)
	case schema.Decimal:
		c.encodeDecimals(p, pieces)
	default:
		c.encodeWords(p, pieces)
	}
}

// encodeWords encodes numbers of four or eight bytes and keeps their bounds.
func (c *chunk) encodeWords(p *page, pieces []*batch.Column) {
	present := make([]uint64, 0, p.entries-p.nulls)
	for _, piece := range pieces {
		present = appendWords(present, piece)
	}
	c.bounds.take(present, pieces[0].Type.Kind)
	c.encodePresent(p, present)
}

// encodePresent encodes the values that are not null, by the dictionary while it pays.
func (c *chunk) encodePresent(p *page, present []uint64) {
	if c.dict != nil && !c.dict.full && c.dictionaryPays(present) {
		p.codes, p.coded = c.dict.encodeWords(present)
	}
	if !p.coded {
		c.dropDictionary()
		p.plain = appendPlain(make([]byte, 0, len(present)*c.size), present, c.size)
	}
}

// appendWords appends the values of a piece that are not null, as their bits.
func appendWords(dst []uint64, piece *batch.Column) []uint64 {
	if piece.Type.Kind == schema.Float64 {
		for i, x := range piece.Floats {
			if !piece.IsNull(i) {
				dst = append(dst, math.Float64bits(x))
			}
		}
		return dst
	}
	for i, x := range piece.Ints {
		if !piece.IsNull(i) {
			dst = append(dst, uint64(x))
		}
	}
	return dst
}

// appendPlain appends words in the plain encoding of four or eight bytes.
func appendPlain(dst []byte, present []uint64, size int) []byte {
	if size == 4 {
		for _, x := range present {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(x))
		}
		return dst
	}
	for _, x := range present {
		dst = binary.LittleEndian.AppendUint64(dst, x)
	}
	return dst
}

// dictionaryPays tries the first values of a row group: more than half of them different means
// that numbering them would cost time and save nothing.
func (c *chunk) dictionaryPays(present []uint64) bool {
	const sample = 1024
	if c.dict.length() > 0 || len(present) < sample {
		return true
	}
	var tried words
	for _, x := range present[:sample] {
		tried.code(x)
	}
	return tried.used <= sample/2
}

// dropDictionary gives the dictionary up for the rest of the row group. Pages that refer to it
// stay.
func (c *chunk) dropDictionary() {
	if c.dict != nil && !c.dictUsed {
		c.dict = nil
	}
}

// encodeWords returns the codes of values, or false if too many of them are different: then the
// dictionary takes no more in this row group.
func (d *dictionary) encodeWords(present []uint64) ([]int32, bool) {
	codes := make([]int32, len(present))
	limit := d.words.used + max(1024, len(present)*3/4)
	for i, x := range present {
		code, fresh, ok := d.words.code(x)
		if !ok || d.words.used > limit {
			d.full = true
			return nil, false
		}
		if fresh {
			d.plain = appendPlain(d.plain, []uint64{x}, d.size)
		}
		codes[i] = code
	}
	return codes, true
}

// encodeDecimals encodes unscaled values, most significant byte first.
func (c *chunk) encodeDecimals(p *page, pieces []*batch.Column) {
	p.plain = make([]byte, 0, (p.entries-p.nulls)*16)
	for _, piece := range pieces {
		for i, x := range piece.Decimals {
			if !piece.IsNull(i) {
				p.plain = binary.BigEndian.AppendUint64(p.plain, uint64(x.Hi))
				p.plain = binary.BigEndian.AppendUint64(p.plain, x.Lo)
			}
		}
	}
}

// encodeBools packs the booleans that are not null.
func encodeBools(p *page, pieces []*batch.Column) {
	present := make([]bool, 0, p.entries-p.nulls)
	for _, piece := range pieces {
		for i, x := range piece.Bools {
			if !piece.IsNull(i) {
				present = append(present, x)
			}
		}
	}
	p.plain = appendBits(nil, present)
}

// encodeTexts encodes texts: by the dictionary as long as it is not full.
func (c *chunk) encodeTexts(p *page, pieces []*batch.Column) {
	if c.dict != nil && !c.dict.full {
		p.codes = make([]int32, 0, p.entries-p.nulls)
		p.coded = true
		for _, piece := range pieces {
			if !p.coded {
				break
			}
			p.codes, p.coded = c.dict.appendCodes(p.codes, piece)
		}
		if p.coded {
			return
		}
		c.dict.full = true
		c.dropDictionary()
	}
	for _, piece := range pieces {
		for i := range piece.Length {
			if !piece.IsNull(i) {
				text := piece.Text(i)
				p.plain = binary.LittleEndian.AppendUint32(p.plain, uint32(len(text)))
				p.plain = append(p.plain, text...)
			}
		}
	}
}

// appendCodes appends the codes of a piece's texts. Those of a dictionary are looked up once each.
func (d *dictionary) appendCodes(codes []int32, piece *batch.Column) ([]int32, bool) {
	var known []int32 // code + 1 of each text of the piece's dictionary
	if piece.Dict != nil {
		known = make([]int32, piece.Dict.Length)
	}
	for i := range piece.Length {
		if piece.IsNull(i) {
			continue
		}
		if known != nil && known[piece.Codes[i]] != 0 {
			codes = append(codes, known[piece.Codes[i]]-1)
			continue
		}
		code, ok := d.text(piece.Text(i))
		if !ok {
			return nil, false
		}
		if known != nil {
			known[piece.Codes[i]] = code + 1
		}
		codes = append(codes, code)
	}
	return codes, true
}

// bounds are the least and the greatest value of a chunk, in the plain encoding.
type bounds struct {
	known           bool
	least, greatest []byte
	min, max        int64
	fmin, fmax      float64
}

// take widens the bounds to hold more values.
func (b *bounds) take(present []uint64, kind schema.Kind) {
	if len(present) == 0 {
		return
	}
	if kind == schema.Float64 {
		b.takeFloats(present)
		return
	}
	if !b.known {
		b.min, b.max = int64(present[0]), int64(present[0])
	}
	for _, x := range present {
		b.min, b.max = min(b.min, int64(x)), max(b.max, int64(x))
	}
	size := 8
	if kind == schema.Date {
		size = 4
	}
	b.set(uint64(b.min), uint64(b.max), size)
}

func (b *bounds) takeFloats(present []uint64) {
	if !b.known {
		b.fmin, b.fmax = math.Float64frombits(present[0]), math.Float64frombits(present[0])
	}
	for _, x := range present {
		f := math.Float64frombits(x)
		b.fmin, b.fmax = min(b.fmin, f), max(b.fmax, f)
	}
	b.set(math.Float64bits(b.fmin), math.Float64bits(b.fmax), 8)
}

func (b *bounds) set(least, greatest uint64, size int) {
	b.known = true
	b.least = appendPlain(nil, []uint64{least}, size)
	b.greatest = appendPlain(nil, []uint64{greatest}, size)
}
