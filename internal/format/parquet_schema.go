package format

import (
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

// elementOf returns how a field is written: always optional, and with the old annotation beside the
// new one, for older readers.
func elementOf(field schema.Field) (format.SchemaElement, leaf) {
	e := format.SchemaElement{Name: field.Name, RepetitionType: thrift.New(format.Optional)}
	l := leaf{maxDef: 1, path: []string{field.Name}}
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
