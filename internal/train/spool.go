package train

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

// spool holds the values of groups of label rows in a run, and gives them back in the order of the
// rows. Each group's rows come in their order, in blocks that are read one at a time.
type spool struct {
	run     engine.Run
	types   []schema.Type
	groupOf []uint16 // by label row
	block   int      // rows
	written int64
	blocks  [][]block // by group
	cursors []cursor  // by group
	buffer  []byte
}

// block is some rows of a group: where they lie, and how many.
type block struct {
	at   int64
	size int
	rows int
}

// cursor is the rows of a group that come next.
type cursor struct {
	next    int // block
	columns []*batch.Column
	from    int // row of the columns
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errSpool is about a run that does not hold what was written.
var errSpool = errors.New("the disk returned other bytes than were written")

// add writes the values of a group.
func (s *spool) add(group int, columns []*batch.Column, rows int) error {
	for from := 0; from < rows; from += s.block {
		to := min(rows, from+s.block)
		data := s.buffer[:0]
		for _, c := range columns {
			data = appendColumn(data, c, from, to)
		}
		data = binary.LittleEndian.AppendUint32(data, crc32.Checksum(data, castagnoli))
		if _, err := s.run.Write(data); err != nil {
			return fmt.Errorf("spill values: %w", err)
		}
		s.blocks[group] = append(s.blocks[group], block{s.written, len(data), to - from})
		s.written += int64(len(data))
		s.buffer = data
	}
	return nil
}

// next returns the values of the label rows [from, to), which follow those of the last call.
func (s *spool) next(from, to int) ([]*batch.Column, error) {
	counts := make([]int, len(s.blocks))
	for _, group := range s.groupOf[from:to] {
		counts[group]++
	}
	pieces := make([][]*batch.Column, len(s.types))
	for i, t := range s.types { // a piece without rows gives the type
		pieces[i] = []*batch.Column{batch.Repeat(schema.NullOf(t), 0)}
	}
	places, total := make([]uint32, len(s.blocks)), 0
	for group, n := range counts {
		places[group] = uint32(total)
		total += n
		if err := s.take(group, n, pieces); err != nil {
			return nil, err
		}
	}
	order := make([]uint32, to-from)
	for i, group := range s.groupOf[from:to] {
		order[i] = places[group]
		places[group]++
	}
	columns := make([]*batch.Column, len(s.types))
	for i := range columns {
		columns[i] = batch.Gather(batch.Concat(pieces[i]), order)
		pieces[i] = nil
	}
	return columns, nil
}

// take adds the next n rows of a group to the pieces of each column.
func (s *spool) take(group, n int, pieces [][]*batch.Column) error {
	c := &s.cursors[group]
	for n > 0 {
		b := s.blocks[group][max(0, c.next-1)]
		if c.columns == nil || c.from == b.rows {
			b = s.blocks[group][c.next]
			if err := s.load(c, b); err != nil {
				return fmt.Errorf("read spilled values: %w", err)
			}
		}
		count := min(n, b.rows-c.from)
		for i, column := range c.columns {
			pieces[i] = append(pieces[i], column.Slice(c.from, c.from+count))
		}
		c.from += count
		n -= count
	}
	return nil
}

// load reads a block. Its columns are new, since slices of the last ones may be in use.
func (s *spool) load(c *cursor, b block) error {
	if cap(s.buffer) < b.size {
		s.buffer = make([]byte, b.size)
	}
	data := s.buffer[:b.size]
	if n, err := s.run.ReadAt(data, b.at); n < b.size {
		return errors.Join(errSpool, err)
	}
	body, sum := data[:b.size-4], binary.LittleEndian.Uint32(data[b.size-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return errSpool
	}
	c.next, c.from, c.columns = c.next+1, 0, make([]*batch.Column, len(s.types))
	for i, t := range s.types {
		if c.columns[i], body = columnFrom(body, t, b.rows); body == nil {
			return errSpool
		}
	}
	return nil
}

// appendColumn appends rows [from, to) of a column. A text is written out: the dictionary of a
// column may be far larger than a few of its rows.
func appendColumn(data []byte, c *batch.Column, from, to int) []byte {
	data = appendValid(data, c.Valid, from, to)
	word := binary.LittleEndian.AppendUint64
	switch c.Type.Kind {
	case schema.Null:
	case schema.Bool:
		data = appendBools(data, c.Bools[from:to])
	case schema.Float64:
		for _, x := range c.Floats[from:to] {
			data = word(data, math.Float64bits(x))
		}
	case schema.Decimal:
		for _, x := range c.Decimals[from:to] {
			data = word(word(data, uint64(x.Hi)), x.Lo)
		}
	case schema.String, schema.Bytes, schema.JSON:
		for i := from; i < to; i++ {
			text := ""
			if !c.IsNull(i) {
				text = c.Text(i)
			}
			data = append(binary.AppendUvarint(data, uint64(len(text))), text...)
		}
	case schema.List, schema.Vector, schema.Map:
		for i := from; i < to; i++ {
			data = binary.AppendUvarint(data, uint64(c.Offsets[i+1]-c.Offsets[i]))
		}
		if c.Keys != nil {
			data = appendColumn(data, c.Keys, int(c.Offsets[from]), int(c.Offsets[to]))
		}
		data = appendColumn(data, c.Child, int(c.Offsets[from]), int(c.Offsets[to]))
	default:
		for _, x := range c.Ints[from:to] {
			data = word(data, uint64(x))
		}
	}
	return data
}

// appendValid writes a byte that says whether there are nulls, and if so which rows have none.
func appendValid(data []byte, valid []bool, from, to int) []byte {
	if valid == nil {
		return append(data, 0)
	}
	return appendBools(append(data, 1), valid[from:to])
}

func appendBools(data []byte, values []bool) []byte {
	for _, x := range values {
		bit := byte(0)
		if x {
			bit = 1
		}
		data = append(data, bit)
	}
	return data
}

// columnFrom reads what appendColumn wrote, and returns what follows; nil if it is too short. The
// bytes have a checksum, so they are not doubted further.
func columnFrom(data []byte, t schema.Type, rows int) (*batch.Column, []byte) {
	c := &batch.Column{Type: t, Length: rows}
	if len(data) == 0 {
		return nil, nil
	}
	if data, c.Valid = validFrom(data, rows); data == nil {
		return nil, nil
	}
	switch t.Kind {
	case schema.Null:
	case schema.Bool:
		if len(data) < rows {
			return nil, nil
		}
		c.Bools, data = boolsFrom(data, rows), data[rows:]
	case schema.Decimal:
		if len(data)/16 < rows {
			return nil, nil
		}
		c.Decimals = make([]schema.Int128, rows)
		for i := range c.Decimals {
			c.Decimals[i] = schema.Int128{
				Hi: int64(binary.LittleEndian.Uint64(data[16*i:])), Lo: binary.LittleEndian.Uint64(data[16*i+8:]),
			}
		}
		data = data[16*rows:]
	case schema.String, schema.Bytes, schema.JSON, schema.List, schema.Vector, schema.Map:
		if len(data) < rows { // a length takes a byte at least
			return nil, nil
		}
		if data = lengthsFrom(c, data); data == nil {
			return nil, nil
		}
	default:
		if len(data)/8 < rows {
			return nil, nil
		}
		numbersFrom(c, data)
		data = data[8*rows:]
	}
	return c, data
}

func validFrom(data []byte, rows int) ([]byte, []bool) {
	if data[0] == 0 {
		return data[1:], nil
	}
	if len(data) < 1+rows {
		return nil, nil
	}
	return data[1+rows:], boolsFrom(data[1:], rows)
}

func boolsFrom(data []byte, rows int) []bool {
	out := make([]bool, rows)
	for i := range out {
		out[i] = data[i] != 0
	}
	return out
}

func numbersFrom(c *batch.Column, data []byte) {
	if c.Type.Kind == schema.Float64 {
		c.Floats = make([]float64, c.Length)
		for i := range c.Floats {
			c.Floats[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return
	}
	c.Ints = make([]int64, c.Length)
	for i := range c.Ints {
		c.Ints[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
	}
}

// lengthsFrom reads columns whose rows begin with a length.
func lengthsFrom(c *batch.Column, data []byte) []byte {
	switch c.Type.Kind {
	case schema.List, schema.Vector, schema.Map:
		return nestedFrom(c, data)
	default:
		return textsFrom(c, data)
	}
}

func textsFrom(c *batch.Column, data []byte) []byte {
	c.Offsets = make([]uint32, 1, c.Length+1)
	for range c.Length {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > uint64(len(data)-size) {
			return nil
		}
		c.Data = append(c.Data, data[size:size+int(n)]...)
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
		data = data[size+int(n):]
	}
	return data
}

// nestedFrom reads lists, vectors and maps; what they hold follows their lengths.
func nestedFrom(c *batch.Column, data []byte) []byte {
	c.Offsets = make([]uint32, 1, c.Length+1)
	total := uint64(0)
	for range c.Length {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return nil
		}
		if total += n; n > math.MaxUint32 || total > math.MaxUint32 {
			return nil
		}
		c.Offsets = append(c.Offsets, uint32(total))
		data = data[size:]
	}
	if c.Type.Kind == schema.Map {
		if c.Keys, data = columnFrom(data, schema.Of(schema.String), int(total)); data == nil {
			return nil
		}
	}
	elem := schema.Of(schema.Float64) // of a vector
	if c.Type.Elem != nil {
		elem = *c.Type.Elem
	}
	c.Child, data = columnFrom(data, elem, int(total))
	return data
}
