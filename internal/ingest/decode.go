package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
)

// ErrPayload is wrapped by errors about a payload that is not what this package writes.
var ErrPayload = errors.New("the payload of a log record cannot be read")

// Decode reads a record of operation Insert, with the stored columns of its source; nil fields take
// what types the record has. The result shares no memory with the entry. It takes at most about 140
// bytes for each byte of the payload, whatever the payload says.
func Decode(entry log.Entry, fields []schema.Field) (*Record, error) {
	r, d, err := decodeHead(entry)
	if err != nil {
		return nil, err
	}
	rows := d.rows
	if rows > 0 {
		r.EventTime = d.ints(rows)
		for n := d.count(1); len(r.Columns) < n && d.problem == ""; {
			r.Columns = append(r.Columns, d.column(rows))
		}
	}
	if d.problem == "" && len(d.data) > 0 {
		d.fail("something follows its end")
	}
	if err := d.err(entry.Position); err != nil {
		return nil, err
	}
	if fields != nil && rows > 0 && !fits(r.Columns, fields) {
		return nil, fmt.Errorf("record %s: %w: its columns are not those of source %d",
			entry.Position, ErrPayload, r.Source)
	}
	return r, nil
}

// decodeHead reads all but the accepted rows, which stand last so that looking for keys and
// quarantined rows costs little. The decoder goes on where they begin; the strings are copies.
func decodeHead(entry log.Entry) (*Record, *decoder, error) {
	r := &Record{Position: entry.Position, Source: entry.Target, ReceivedAt: entry.ReceivedAt}
	d := &decoder{data: entry.Payload}
	version, flags := d.byte(), d.byte()
	switch {
	case entry.Op != log.Insert:
		d.fail(fmt.Sprintf("operation %d holds no events", entry.Op))
	case version > payloadVersion:
		d.fail(fmt.Sprintf("version %d is newer than this release; use that release or a later one",
			version))
	case version == 0 || flags >= flagsKnown:
		d.fail("it does not begin as a request does")
	}
	r.More, r.Rest, r.Retry = flags&flagMore != 0, flags&flagRest != 0, flags&flagRetry != 0
	d.rows = d.total(maxRecordRows)
	r.Duplicates, r.Quarantined = int64(d.total(math.MaxInt32)), int64(d.total(math.MaxInt32))
	if flags&flagKey != 0 {
		r.Key = string(d.text())
		copy(r.Body[:], d.take(len(r.Body)))
	}
	if r.Retry {
		for n := d.count(2); len(r.Resolved) < n && d.problem == ""; {
			r.Resolved = append(r.Resolved, RowID{Sequence: d.uvarint(), Row: int64(d.uvarint())})
		}
	}
	if flags&flagBad != 0 {
		d.bad(r)
	}
	return r, d, d.err(entry.Position)
}

// decoder takes a payload apart. After fail it gives zeros, and nothing more is allocated.
type decoder struct {
	data    []byte
	rows    int
	depth   int // of types
	problem string
}

func (d *decoder) fail(problem string) {
	if d.problem == "" {
		d.problem = problem
	}
	d.data = nil
}

func (d *decoder) err(at log.Position) error {
	if d.problem == "" {
		return nil
	}
	return fmt.Errorf("record %s: %w: %s", at, ErrPayload, d.problem)
}

func (d *decoder) take(n int) []byte {
	if n > len(d.data) || n < 0 {
		d.fail("it ends too early")
		return nil
	}
	taken := d.data[:n:n]
	d.data = d.data[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.fail("a number is not whole")
		return 0
	}
	d.data = d.data[n:]
	return v
}

// total reads a number that is not of things that follow.
func (d *decoder) total(limit uint64) int {
	v := d.uvarint()
	if v > limit {
		d.fail(fmt.Sprintf("a count is %d, at most %d", v, limit))
		return 0
	}
	return int(v)
}

// count reads how many things follow, each of at least some bytes.
func (d *decoder) count(bytes int) int {
	v := d.uvarint()
	if v > uint64(len(d.data)/bytes) {
		d.fail("it ends too early")
		return 0
	}
	return int(v)
}

// text returns bytes of the payload, not a copy.
func (d *decoder) text() []byte { return d.take(d.count(1)) }

func (d *decoder) bad(r *Record) {
	r.Format, r.Header = string(d.text()), append([]byte(nil), d.text()...)
	for n := d.count(5); len(r.Bad) < n && d.problem == ""; {
		b := BadRow{Row: int64(d.uvarint()), Line: int64(d.uvarint()), Cut: d.byte() != 0}
		b.Text = append([]byte(nil), d.text()...)
		for n := d.count(3); len(b.Problems) < n && d.problem == ""; {
			b.Problems = append(b.Problems, Problem{Field: string(d.text()), Code: string(d.text()),
				Message: string(d.text())})
		}
		r.Bad = append(r.Bad, b)
	}
}

// ints reads numbers. Each takes a byte at least, which is checked before room is made for them.
func (d *decoder) ints(count int) []int64 {
	encoding := d.byte()
	if encoding > deltaInts || count > len(d.data) {
		d.fail("its numbers are not whole")
		return nil
	}
	values := make([]int64, count)
	last := int64(0)
	for i := range values {
		v, n := binary.Varint(d.data)
		if n <= 0 {
			d.fail("its numbers are not whole")
			return nil
		}
		d.data = d.data[n:]
		if encoding == deltaInts {
			v += last
		}
		values[i], last = v, v
	}
	return values
}

func (d *decoder) bits(count int) []bool {
	packed := d.take((count + 7) / 8)
	if packed == nil {
		return nil
	}
	out := make([]bool, count)
	for i := range out {
		out[i] = packed[i/8]>>(i%8)&1 != 0
	}
	return out
}

// column reads a column of as many rows. Its slices are made only for values that are there, and for
// nulls, each of which has a bit: that is what bounds the memory.
func (d *decoder) column(rows int) *batch.Column {
	c := &batch.Column{Type: schema.Of(schema.Kind(d.byte())), Length: rows}
	if c.Type.Kind == schema.Decimal {
		c.Type.Size = d.total(schema.MaxDecimalDigits)
	}
	set := rows
	switch d.byte() {
	case 0:
	case 1:
		c.Valid = d.bits(rows)
		set -= c.NullCount()
	default:
		d.fail("it is not known which values are null")
	}
	switch c.Type.Kind {
	case schema.Bool:
		d.expect(fixed)
		c.Bools = spread(d.bits(set), c)
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		c.Ints = spread(d.ints(set), c)
	case schema.Float64:
		d.expect(fixed)
		c.Floats = spread(d.floats(set), c)
	case schema.Decimal:
		d.expect(fixed)
		c.Decimals = spread(d.decimals(set), c)
	case schema.String, schema.Bytes, schema.JSON:
		d.texts(c, set)
	case schema.List, schema.Vector, schema.Map:
		d.items(c, set)
	default:
		d.fail(fmt.Sprintf("type %d is unknown", c.Type.Kind))
	}
	return c
}

func (d *decoder) expect(encoding byte) {
	if d.byte() != encoding {
		d.fail("a column is encoded in an unknown way")
	}
}

// floats refuses what the engine must never meet.
func (d *decoder) floats(count int) []float64 {
	data := d.take(8 * count)
	if d.problem != "" {
		return nil
	}
	out := make([]float64, count)
	for i := range out {
		out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		if math.IsNaN(out[i]) || math.IsInf(out[i], 0) || math.Signbit(out[i]) && out[i] == 0 {
			d.fail("a number is not finite")
			return nil
		}
	}
	return out
}

func (d *decoder) decimals(count int) []schema.Int128 {
	data := d.take(16 * count)
	if d.problem != "" {
		return nil
	}
	out := make([]schema.Int128, count)
	for i := range out {
		out[i] = schema.Int128{Lo: binary.LittleEndian.Uint64(data[16*i:]),
			Hi: int64(binary.LittleEndian.Uint64(data[16*i+8:]))}
	}
	return out
}

// spread puts values where the column is not null; nothing if that is another number of rows.
func spread[T any](values []T, c *batch.Column) []T {
	if c.Valid == nil || len(values) != c.Length-c.NullCount() {
		return values
	}
	out := make([]T, c.Length)
	next := 0
	for i, valid := range c.Valid {
		if valid {
			out[i] = values[next]
			next++
		}
	}
	return out
}

// texts reads values row by row, or codes of a dictionary.
func (d *decoder) texts(c *batch.Column, set int) {
	encoding := d.byte()
	if encoding != plainText && encoding != codedText || set > len(d.data) {
		d.fail("its texts are not whole")
		return
	}
	if encoding == codedText {
		d.codes(c, set)
		return
	}
	c.Offsets = make([]uint32, 1, c.Length+1)
	for i := range c.Length {
		if !c.IsNull(i) {
			c.Data = append(c.Data, d.text()...)
		}
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	}
}

// codes reads a dictionary and keeps it as one. A null gets the code 0, also of an empty one.
func (d *decoder) codes(c *batch.Column, set int) {
	words := d.count(1)
	dict := &batch.Column{Type: c.Type, Length: words, Offsets: make([]uint32, 1, words+1)}
	for range words {
		dict.Data = append(dict.Data, d.text()...)
		dict.Offsets = append(dict.Offsets, uint32(len(dict.Data)))
	}
	if set > len(d.data) {
		d.fail("its texts are not whole")
		return
	}
	codes := make([]uint32, set)
	for i := range codes {
		code := d.uvarint()
		if code >= uint64(words) {
			d.fail("a text is not in its dictionary")
			return
		}
		codes[i] = uint32(code)
	}
	c.Codes, c.Dict = spread(codes, c), dict
}
