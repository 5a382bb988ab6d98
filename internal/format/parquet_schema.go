package format

import (
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// leaf is one column of values in a Parquet file.
type leaf struct {
	kind   format.Type
	size   int // bytes of a value, or 0 if they vary
	maxRep byte
	maxDef byte
	path   []string
}

// shape is where the values of a type lie among the leaves of a field that is written.
type shape struct {
	t          schema.Type
	def        byte // the definition level of a value that is not null
	rep        byte // of nested types: the repetition level of elements behind the first
	leaf       int  // of flat types: among the leaves of the field
	key, child *shape
}

// written is how a field is written: its part of the flattened schema, and its leaves.
type written struct {
	elements []format.SchemaElement
	leaves   []leaf
	shape    *shape
}

// writtenOf returns how a field is written: always optional, and with the old annotations beside the
// new ones, for older readers. Lists and maps have the three levels of the standard. A vector is a
// list whose elements are required.
func writtenOf(field schema.Field) *written {
	w := &written{}
	w.shape = w.add(field, format.Optional, leaf{})
	return w
}

// add appends the elements of a field, which lies in a group at the levels and the path of within.
func (w *written) add(field schema.Field, repetition format.FieldRepetitionType, within leaf) *shape {
	within.path = append(slices.Clip(within.path), field.Name)
	if repetition == format.Optional {
		within.maxDef++
	}
	s := &shape{t: field.Type, def: within.maxDef}
	if !field.Type.Nested() {
		element, l := elementOf(field)
		element.RepetitionType = thrift.New(repetition)
		l.maxRep, l.maxDef, l.path = within.maxRep, within.maxDef, within.path
		s.leaf = len(w.leaves)
		w.elements, w.leaves = append(w.elements, element), append(w.leaves, l)
		return s
	}
	group := format.SchemaElement{Name: field.Name, RepetitionType: thrift.New(repetition),
		NumChildren: thrift.New(int32(1))}
	items := format.SchemaElement{Name: "list", RepetitionType: thrift.New(format.Repeated),
		NumChildren: thrift.New(int32(1))}
	group.ConvertedType, group.LogicalType.Value = thrift.New(deprecated.List), &format.ListType{}
	if field.Type.Kind == schema.Map {
		group.ConvertedType, group.LogicalType.Value = thrift.New(deprecated.Map), &format.MapType{}
		items.Name, items.NumChildren = "key_value", thrift.New(int32(2))
	}
	w.elements = append(w.elements, group, items)
	within.maxDef, within.maxRep = within.maxDef+1, within.maxRep+1
	within.path = append(within.path, items.Name)
	s.rep = within.maxRep
	switch field.Type.Kind {
	case schema.Map:
		s.key = w.add(schema.Field{Name: "key", Type: schema.Of(schema.String)}, format.Required, within)
		s.child = w.add(schema.Field{Name: "value", Type: *field.Type.Elem}, format.Optional, within)
	case schema.Vector:
		s.child = w.add(schema.Field{Name: "element", Type: schema.Of(schema.Float64)},
			format.Required, within)
	default:
		s.child = w.add(schema.Field{Name: "element", Type: *field.Type.Elem}, format.Optional, within)
	}
	return s
}

// elementOf returns how a flat field is stored.
func elementOf(field schema.Field) (format.SchemaElement, leaf) {
	e := format.SchemaElement{Name: field.Name}
	var l leaf
	annotate := func(
		kind format.Type, size int, old deprecated.ConvertedType, new format.LogicalTypeValue,
	) {
		l.kind, l.size = kind, size
		if new != nil {
			e.ConvertedType, e.LogicalType.Value = thrift.New(old), new
		}
	}
	switch field.Type.Kind {
	case schema.Bool, schema.Null:
		annotate(format.Boolean, 0, 0, nil)
	case schema.Int64, schema.Duration:
		annotate(format.Int64, 8, 0, nil)
	case schema.Float64:
		annotate(format.Double, 8, 0, nil)
	case schema.Date:
		annotate(format.Int32, 4, deprecated.Date, &format.DateType{})
	case schema.Timestamp:
		annotate(format.Int64, 8, deprecated.TimestampMicros, &format.TimestampType{
			IsAdjustedToUTC: true, Unit: format.TimeUnit{Value: &format.MicroSeconds{}}})
	case schema.Decimal:
		scale := int32(field.Type.Size)
		annotate(format.FixedLenByteArray, 16, deprecated.Decimal, &format.DecimalType{
			Scale: scale, Precision: schema.MaxDecimalDigits})
		e.TypeLength = thrift.New(int32(16))
		e.Scale, e.Precision = thrift.New(scale), thrift.New(int32(schema.MaxDecimalDigits))
	case schema.Bytes:
		annotate(format.ByteArray, 0, 0, nil)
	case schema.JSON:
		annotate(format.ByteArray, 0, deprecated.Json, &format.JsonType{})
	default:
		annotate(format.ByteArray, 0, deprecated.UTF8, &format.StringType{})
	}
	e.Type = thrift.New(l.kind)
	return e, l
}
