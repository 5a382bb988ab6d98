package serve

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

var errDamaged = errors.New("the sample is damaged")

// decodeSample reads a sample, and the bytes of its head: equal heads have equal bytes.
func decodeSample(raw []byte) (*sample, string, error) {
	if len(raw) == 0 {
		return nil, "", errDamaged
	}
	if raw[0] > sampleVersion {
		return nil, "", fmt.Errorf("the sample has format %d, which a newer release wrote", raw[0])
	}
	const checksum = 4
	body := len(raw) - checksum
	if body < 1 || raw[0] != sampleVersion ||
		crc32.Checksum(raw[:body], castagnoli) != binary.LittleEndian.Uint32(raw[body:]) {
		return nil, "", errDamaged
	}
	return readSample(raw[1:body])
}

// readSample reads what lies between the version and the checksum.
func readSample(raw []byte) (*sample, string, error) {
	d := &sampleReader{rest: raw}
	head := d.text()
	in := &sampleReader{rest: []byte(head)}
	s := &sample{sampleHead: in.head()}
	if in.failed || len(in.rest) > 0 {
		return nil, "", errDamaged
	}
	s.id, s.at = d.text(), d.int()
	epoch := d.uvarint()
	d.failed = d.failed || epoch > math.MaxUint32
	s.position.Epoch, s.position.Sequence = uint32(epoch), d.uvarint()
	s.rows = d.count()
	for range s.rows {
		place := d.uvarint()
		d.failed = d.failed || place > math.MaxUint32
		s.places = append(s.places, uint32(place))
	}
	for _, role := range s.roles {
		s.keys = append(s.keys, d.columns(role.key, s.rows))
	}
	s.request = d.columns(s.fields, s.rows)
	for _, f := range s.features {
		s.values = append(s.values, d.value(f.kind, s.rows))
	}
	if d.failed || len(d.rest) > 0 {
		return nil, "", errDamaged
	}
	return s, head, nil
}

// sampleReader takes the parts of a sample off the front. After a failure it gives zeros.
type sampleReader struct {
	rest   []byte
	failed bool
}

func (d *sampleReader) take(n int) []byte {
	if d.failed || n > len(d.rest) {
		d.failed = true
		return nil
	}
	part := d.rest[:n]
	d.rest = d.rest[n:]
	return part
}

func (d *sampleReader) int() int64 {
	if part := d.take(8); part != nil {
		return int64(binary.LittleEndian.Uint64(part))
	}
	return 0
}

func (d *sampleReader) uvarint() uint64 {
	x, n := binary.Uvarint(d.rest)
	if d.failed || n <= 0 {
		d.failed = true
		return 0
	}
	d.rest = d.rest[n:]
	return x
}

// count reads how many of something follow. Each takes at least a byte, so that no more memory is
// asked for than the bytes that are there pay for.
func (d *sampleReader) count() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.failed = true
		return 0
	}
	return int(n)
}

func (d *sampleReader) text() string { return string(d.take(d.count())) }

func (d *sampleReader) bool() bool {
	part := d.take(1)
	if part == nil || part[0] > 1 {
		d.failed = true
		return false
	}
	return part[0] == 1
}

func (d *sampleReader) kind() schema.Type {
	const longest = 512 // more than any type that the language can nest
	text := d.text()
	if len(text) > longest {
		d.failed = true
		return schema.Type{}
	}
	t, err := schema.ParseType(text)
	if err != nil {
		d.failed = true
	}
	return t
}

func (d *sampleReader) head() sampleHead {
	h := sampleHead{model: d.text(), served: d.bool(), maxAge: d.int()}
	for range d.count() {
		h.roles = append(h.roles, sampleRole{name: d.text(), entity: d.text(), key: d.fields()})
	}
	h.fields = d.fields()
	for range d.count() {
		role := d.uvarint()
		if role >= uint64(len(h.roles)) {
			d.failed = true
		}
		h.features = append(h.features, sampleFeature{
			role: int(role), name: d.text(), view: d.text(), feature: d.text(), version: d.text(), kind: d.kind(),
		})
	}
	return h
}

func (d *sampleReader) fields() (fields []schema.Field) {
	for range d.count() {
		fields = append(fields, schema.Field{Name: d.text(), Type: d.kind()})
	}
	return fields
}

func (d *sampleReader) columns(fields []schema.Field, rows int) (columns []*batch.Column) {
	for _, f := range fields {
		columns = append(columns, d.column(f.Type, rows))
	}
	return columns
}

func (d *sampleReader) column(t schema.Type, rows int) *batch.Column {
	b := batch.NewBuilder(t)
	for range rows {
		if d.failed {
			break
		}
		v := d.cell(t)
		if d.failed {
			v = schema.NullOf(t)
		}
		b.Append(v)
	}
	return b.Column()
}

func (d *sampleReader) cell(t schema.Type) schema.Value {
	v := schema.Value{Type: t, Null: !d.bool()}
	if v.Null {
		return v
	}
	switch t.Kind {
	case schema.Bool:
		if d.bool() {
			v.Int = 1
		}
	case schema.Float64:
		v.Float = math.Float64frombits(uint64(d.int()))
	case schema.Decimal:
		v.Dec = schema.Int128{Hi: d.int(), Lo: uint64(d.int())}
	case schema.String, schema.Bytes, schema.JSON:
		v.Text = d.text()
	case schema.List, schema.Vector, schema.Map:
		v.Items = d.items(t)
	default:
		v.Int = d.int()
	}
	return v
}

// items reads the elements of a list or vector, or the keys and values of a map, which are in the order
// of the keys.
func (d *sampleReader) items(t schema.Type) (items []schema.Value) {
	n, before := d.count(), ""
	d.failed = d.failed || t.Kind == schema.Vector && n != t.Size
	for i := 0; i < n && !d.failed; i++ {
		if t.Kind == schema.Map {
			key := d.text()
			d.failed = d.failed || i > 0 && key <= before
			before = key
			items = append(items, schema.StringValue(key))
		}
		item := d.cell(t.Element())
		d.failed = d.failed || item.Null && t.Kind == schema.Vector
		items = append(items, item)
	}
	return items
}

func (d *sampleReader) value(t schema.Type, rows int) sampleValue {
	v := sampleValue{column: d.column(t, rows)}
	for range rows {
		part := d.take(1)
		if part == nil || part[0] >= byte(sampledEnd) {
			d.failed = true
			break
		}
		v.status = append(v.status, sampleStatus(part[0]))
		v.time = append(v.time, d.int())
	}
	return v
}
