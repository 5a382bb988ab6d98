package serve

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// sampleVersion is the version of the format of samples; docs/formats/sample.md describes it.
const sampleVersion = 1

// Castagnoli is the polynomial of all checksums on disk.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode returns the bytes of a sample.
func (s *sample) encode() []byte {
	e := &sampleWriter{bytes: []byte{sampleVersion}}
	head := &sampleWriter{}
	head.head(&s.sampleHead)
	e.text(string(head.bytes))
	e.text(s.id)
	e.int(s.at)
	e.count(int(s.position.Epoch))
	e.bytes = binary.AppendUvarint(e.bytes, s.position.Sequence)
	e.count(s.rows)
	for _, place := range s.places {
		e.count(int(place))
	}
	for _, role := range s.keys {
		e.columns(role)
	}
	e.columns(s.request)
	for _, v := range s.values {
		e.column(v.column)
		for i, status := range v.status {
			e.bytes = append(e.bytes, byte(status))
			e.int(v.time[i])
		}
	}
	return binary.LittleEndian.AppendUint32(e.bytes, crc32.Checksum(e.bytes, castagnoli))
}

// sampleWriter appends the parts of a sample. Integers that may be negative take eight bytes,
// counts and lengths are varints.
type sampleWriter struct{ bytes []byte }

func (e *sampleWriter) int(x int64) {
	e.bytes = binary.LittleEndian.AppendUint64(e.bytes, uint64(x))
}

func (e *sampleWriter) count(n int) { e.bytes = binary.AppendUvarint(e.bytes, uint64(n)) }

func (e *sampleWriter) text(s string) {
	e.count(len(s))
	e.bytes = append(e.bytes, s...)
}

func (e *sampleWriter) bool(b bool) {
	if b {
		e.bytes = append(e.bytes, 1)
	} else {
		e.bytes = append(e.bytes, 0)
	}
}

func (e *sampleWriter) head(h *sampleHead) {
	e.text(h.model)
	e.bool(h.served)
	e.int(h.maxAge)
	e.count(len(h.roles))
	for _, r := range h.roles {
		e.text(r.name)
		e.text(r.entity)
		e.fields(r.key)
	}
	e.fields(h.fields)
	e.count(len(h.features))
	for _, f := range h.features {
		e.count(f.role)
		for _, text := range []string{f.name, f.view, f.feature, f.version, f.kind.String()} {
			e.text(text)
		}
	}
}

func (e *sampleWriter) fields(fields []schema.Field) {
	e.count(len(fields))
	for _, f := range fields {
		e.text(f.Name)
		e.text(f.Type.String())
	}
}

func (e *sampleWriter) columns(columns []*batch.Column) {
	for _, c := range columns {
		e.column(c)
	}
}

// column appends the cells of a column.
func (e *sampleWriter) column(c *batch.Column) {
	for i := range c.Length {
		e.cell(c, i)
	}
}

// cell appends 0 for a null, or 1 and the exact bits. Of lists, vectors and maps it appends how many
// elements there are, and then each of them as a cell, behind its key.
func (e *sampleWriter) cell(c *batch.Column, i int) {
	e.bool(!c.IsNull(i))
	if c.IsNull(i) {
		return
	}
	switch c.Type.Kind {
	case schema.Bool:
		e.bool(c.Bools[i])
	case schema.Float64:
		e.int(int64(math.Float64bits(c.Floats[i])))
	case schema.Decimal:
		e.int(c.Decimals[i].Hi)
		e.int(int64(c.Decimals[i].Lo))
	case schema.String, schema.Bytes, schema.JSON:
		e.text(c.Text(i))
	case schema.List, schema.Vector, schema.Map:
		from, to := int(c.Offsets[i]), int(c.Offsets[i+1])
		e.count(to - from)
		for k := from; k < to; k++ {
			if c.Keys != nil {
				e.text(c.Keys.Text(k))
			}
			e.cell(c.Child, k)
		}
	default:
		e.int(c.Ints[i])
	}
}
