package format

import (
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// stored is what a Parquet column holds: its physical kind and how that maps to Fettle's types.
type stored struct {
	kind     parquet.Kind
	length   int // of fixed-length byte arrays
	maxLevel byte
	fettle   schema.Type
	local    bool
	unsigned bool
	narrow   bool  // integers of at most 32 bits: they fit a float64
	multiply int64 // of timestamps: to microseconds
	divide   int64
	uuid     bool
	reason   string // why it cannot be read

	leaf int // among the leaves of the column
	// Of nested columns, whose maxLevel is the definition level of a value that is not null:
	itemLevel  byte // the least definition level of an element
	repetition byte // the greatest repetition level at which an element begins
	key, child *stored
}

// flatOf tells what a leaf holds; its reason is set if it cannot be read.
func flatOf(column *parquetTree) stored {
	t := column.Type()
	s := stored{kind: t.Kind(), maxLevel: byte(column.MaxDefinitionLevel()), leaf: column.leaf}
	if s.kind == parquet.FixedLenByteArray {
		s.length = t.Length()
	}
	logical, older := t.LogicalType(), column.element.ConvertedType
	_, half := column.element.LogicalType.Value.(*format.Float16Type)
	switch {
	case half: // the library takes it, and the interval, for bytes
		s.setHalf()
	case logical != nil && logical.Value != nil:
		s.setLogical(logical.Value)
	case older.Valid && older.V == deprecated.Interval:
		s.reason = "its type INTERVAL is not supported"
	default:
		s.setPhysical()
	}
	return s
}

// setHalf maps floats of 16 bits.
func (s *stored) setHalf() {
	s.fettle = schema.Of(schema.Float64)
	if s.kind != parquet.FixedLenByteArray || s.length != 2 {
		s.reason = fmt.Sprintf("it is a FLOAT16 stored as %s, which is not allowed", s.kind)
	}
}

// setPhysical maps a column that has no logical type.
func (s *stored) setPhysical() {
	switch s.kind {
	case parquet.Boolean:
		s.fettle = schema.Of(schema.Bool)
	case parquet.Int32:
		s.fettle, s.narrow = schema.Of(schema.Int64), true
	case parquet.Int64:
		s.fettle = schema.Of(schema.Int64)
	case parquet.Float, parquet.Double:
		s.fettle = schema.Of(schema.Float64)
	case parquet.ByteArray, parquet.FixedLenByteArray:
		s.fettle = schema.Of(schema.Bytes)
	case parquet.Int96:
		// Writers disagree on whether such times are UTC, so the zone has to be said.
		s.fettle, s.local = schema.Of(schema.Timestamp), true
	default:
		s.reason = "its type is unknown"
	}
}

// setLogical maps a column by its logical type. The library has already turned the older converted
// types into logical ones.
func (s *stored) setLogical(logical format.LogicalTypeValue) {
	switch l := logical.(type) {
	case *format.StringType, *format.EnumType:
		s.fettle = schema.Of(schema.String)
	case *format.UUIDType:
		s.fettle, s.uuid = schema.Of(schema.String), true
	case *format.JsonType:
		s.fettle = schema.Of(schema.JSON)
	case *format.BsonType:
		s.fettle = schema.Of(schema.Bytes)
	case *format.DateType:
		s.fettle = schema.Of(schema.Date)
	case *format.NullType:
		s.fettle = schema.Of(schema.Null)
	case *format.IntType:
		s.fettle, s.unsigned = schema.Of(schema.Int64), !l.IsSigned
		s.narrow = s.kind == parquet.Int32
	case *format.DecimalType:
		s.setDecimal(l)
	case *format.TimestampType:
		s.setTimestamp(l)
	default:
		s.reason = fmt.Sprintf("its type %v is not supported", logical)
	}
	if !s.fits() && s.reason == "" {
		s.reason = fmt.Sprintf("it is a %s stored as %s, which is not allowed", s.fettle, s.kind)
	}
}

// setDecimal maps decimals of up to 38 digits, whatever they are stored as.
func (s *stored) setDecimal(l *format.DecimalType) {
	if l.Scale < 0 || l.Scale > schema.MaxDecimalDigits || l.Precision > schema.MaxDecimalDigits {
		s.reason = fmt.Sprintf("a decimal(%d, %d) has more than %d digits",
			l.Precision, l.Scale, schema.MaxDecimalDigits)
		return
	}
	s.fettle = schema.DecimalOf(int(l.Scale))
}

// setTimestamp maps times of any unit; finer ones than microseconds are floored when read.
func (s *stored) setTimestamp(l *format.TimestampType) {
	s.fettle, s.local = schema.Of(schema.Timestamp), !l.IsAdjustedToUTC
	switch l.Unit.Value.(type) {
	case *format.MilliSeconds:
		s.multiply = 1000
	case *format.MicroSeconds:
	case *format.NanoSeconds:
		s.divide = 1000
	default:
		s.reason = "its unit of time is unknown"
	}
}

// fits reports whether the physical kind is one that the logical type may have.
func (s *stored) fits() bool {
	switch s.fettle.Kind {
	case schema.String:
		return s.uuid && s.kind == parquet.FixedLenByteArray && s.length == 16 ||
			!s.uuid && s.kind == parquet.ByteArray
	case schema.JSON, schema.Bytes:
		return s.kind == parquet.ByteArray
	case schema.Date:
		return s.kind == parquet.Int32
	case schema.Timestamp:
		return s.kind == parquet.Int64
	case schema.Int64:
		return s.kind == parquet.Int32 || s.kind == parquet.Int64
	case schema.Decimal:
		return s.kind == parquet.Int32 || s.kind == parquet.Int64 || s.kind == parquet.ByteArray ||
			s.kind == parquet.FixedLenByteArray
	default:
		return true
	}
}

// readable says why a column cannot be read as a type, or nil. Only conversions that keep every
// value are allowed; those that keep nearly all check each cell.
func (s *stored) readable(as schema.Type) error {
	from := s.fettle
	if from.Kind == schema.Null || from.Equal(as) {
		return nil
	}
	ok := false
	if s.child != nil {
		if elem, nests := s.elementOf(as); nests {
			return s.child.readable(elem)
		}
		return fmt.Errorf("the file stores %s, which cannot be read as %s", from, as)
	}
	switch as.Kind {
	case schema.Int64:
		// A duration is read as the number that the file has.
		ok = from.Kind == schema.Decimal && from.Size == 0 || from.Kind == schema.Duration
	case schema.Float64:
		ok = from.Kind == schema.Int64 && s.narrow
	case schema.Decimal:
		ok = from.Kind == schema.Int64 || from.Kind == schema.Decimal
	case schema.Duration:
		ok = from.Kind == schema.Int64
	case schema.String, schema.Bytes, schema.JSON:
		ok = from.Kind == schema.String || from.Kind == schema.Bytes || from.Kind == schema.JSON
	}
	if !ok {
		return fmt.Errorf("the file stores %s, which cannot be read as %s", from, as)
	}
	return nil
}

// elementOf returns the type that elements have where a nested column is read as another type. Lists
// and vectors are read as one another: whether a list has the length of a vector is checked in each
// cell.
func (s *stored) elementOf(as schema.Type) (elem schema.Type, nests bool) {
	switch {
	case as.Kind == schema.Vector && s.key == nil:
		return schema.Of(schema.Float64), true
	case as.Kind == schema.List && s.key == nil, as.Kind == schema.Map && s.key != nil:
		return *as.Elem, true
	default:
		return schema.Type{}, false
	}
}
