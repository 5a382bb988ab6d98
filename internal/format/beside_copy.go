package format

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// copied collects entries of one page to write.
type copied struct {
	leaf    *labelLeaf
	rows    int
	entries int
	values  int
	rep     []byte
	def     []byte
	bools   []bool
	plain   []byte
	texts   []*batch.Column
}

// nulls takes rows of a column that has no values.
func (c *copied) nulls(rows int) {
	c.rows, c.entries = rows, rows
	c.def = make([]byte, rows)
}

// full takes entries of the leaf's page up to a number of rows, and reports whether the entry
// behind them begins another row.
func (c *copied) full(l *labelLeaf, rows int) (full bool, err error) {
	page := l.page
	rep, def := page.RepetitionLevels(), page.DefinitionLevels()
	n, values := 0, 0
	for limit := int(page.NumValues()) - l.entry; n < limit; n++ {
		if l.maxRep == 0 || rep[l.entry+n] == 0 {
			if c.rows == rows {
				full = true
				break
			}
			c.rows++
			l.rows++
		}
		if l.maxDef == 0 || def[l.entry+n] == l.maxDef {
			values++
		}
	}
	if l.maxRep > 0 {
		c.rep = append(c.rep, rep[l.entry:l.entry+n]...)
	}
	if l.maxDef > 0 {
		c.def = append(c.def, def[l.entry:l.entry+n]...)
	}
	err = c.take(l, values)
	c.entries += n
	c.values += values
	l.entry += n
	l.value += values
	return full, err
}

// take copies the next n values of the leaf's page.
func (c *copied) take(l *labelLeaf, n int) error {
	s := &segment{rows: n, count: n, from: l.value, values: l.page.Data(), dict: l.page.Dictionary()}
	var codes []int32
	if s.dict != nil {
		var err error
		if codes, err = s.codes(); err != nil {
			return err
		}
	}
	switch {
	case l.kind == format.Boolean:
		start := len(c.bools)
		c.bools = append(c.bools, make([]bool, n)...)
		return convertBools(c.bools[start:], &s.values, s.from)
	case l.kind == format.ByteArray:
		return c.takeTexts(l, s, codes)
	case codes != nil:
		values := s.dict.Page().Data()
		data, _ := values.Data()
		if len(data) < s.dict.Len()*l.size {
			return errShortPage
		}
		for _, code := range codes {
			c.plain = append(c.plain, data[int(code)*l.size:int(code+1)*l.size]...)
		}
		return nil
	default:
		data, _ := s.values.Data()
		data, err := take(data, s.from*l.size, n*l.size)
		c.plain = append(c.plain, data...)
		return err
	}
}

// takeTexts copies texts: as codes if the page has them.
func (c *copied) takeTexts(l *labelLeaf, s *segment, codes []int32) error {
	t := &text{stored: &stored{kind: parquet.ByteArray}, wanted: schema.Bytes, dict: l.dict}
	t.begin(s.rows)
	if err := t.add(s); err != nil {
		return err
	}
	l.dict = t.dict
	column := &batch.Column{Type: schema.Of(schema.Bytes), Length: s.rows,
		Offsets: t.offsets, Data: t.data}
	if codes != nil {
		column.Codes, column.Dict = t.codes, t.dict
	}
	c.texts = append(c.texts, column)
	return nil
}

// page returns what was collected as one page of a chunk.
func (c *copied) page(to *chunk) *page {
	p := &page{entries: c.entries, nulls: c.entries - c.values, rep: c.rep, def: c.def}
	switch {
	case to.kind == format.Boolean:
		p.plain = appendBits(nil, c.bools)
	case to.kind == format.ByteArray:
		to.encodeTexts(p, c.texts)
	case to.size == 4 || to.size == 8:
		to.encodePresent(p, c.words(to.size))
	default:
		p.plain = c.plain
	}
	return p
}

func appendBits(dst []byte, values []bool) []byte {
	for i, x := range values {
		if i%8 == 0 {
			dst = append(dst, 0)
		}
		if x {
			dst[i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// words returns values of four or eight bytes as numbers.
func (c *copied) words(size int) []uint64 {
	words := make([]uint64, 0, len(c.plain)/size)
	for at := 0; at < len(c.plain); at += size {
		if size == 4 {
			words = append(words, uint64(binary.LittleEndian.Uint32(c.plain[at:])))
		} else {
			words = append(words, binary.LittleEndian.Uint64(c.plain[at:]))
		}
	}
	return words
}
