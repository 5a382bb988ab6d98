package format

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/schema"
)

// extensionName is the key of a field's metadata that names a type which Arrow builds on another
// one.
const extensionName = "ARROW:extension:name"

// arrowKey is the key of a Parquet file's metadata with the schema of Arrow that its columns come
// from, as Arrow's own writers of Parquet leave it.
const arrowKey = "ARROW:schema"

// arrowSchema returns the schema of Arrow for fields. Each type of Fettle has its own there: a vector
// is a list of fixed size of float64, json the extension arrow.json of text. local says which fields
// are times without a zone; nil: none.
func arrowSchema(fields []schema.Field, local []bool) *arrow.Schema {
	out := make([]arrow.Field, len(fields))
	for i, field := range fields {
		out[i] = arrowField(field, true)
		if local != nil && local[i] {
			out[i].Type = &arrow.TimestampType{Unit: arrow.Microsecond}
		}
	}
	return arrow.NewSchema(out, nil)
}

func arrowField(field schema.Field, nullable bool) arrow.Field {
	f := arrow.Field{Name: field.Name, Nullable: nullable, Type: arrowType(field.Type)}
	if field.Type.Kind == schema.JSON {
		f.Metadata = arrow.MetadataFrom(map[string]string{extensionName: "arrow.json",
			"ARROW:extension:metadata": ""})
	}
	return f
}

func arrowType(t schema.Type) arrow.DataType {
	switch t.Kind {
	case schema.Bool:
		return arrow.FixedWidthTypes.Boolean
	case schema.Int64:
		return arrow.PrimitiveTypes.Int64
	case schema.Float64:
		return arrow.PrimitiveTypes.Float64
	case schema.Decimal:
		return &arrow.Decimal128Type{Precision: schema.MaxDecimalDigits, Scale: int32(t.Size)}
	case schema.Bytes:
		return arrow.BinaryTypes.Binary
	case schema.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case schema.Date:
		return arrow.FixedWidthTypes.Date32
	case schema.Duration:
		return &arrow.DurationType{Unit: arrow.Microsecond}
	case schema.Vector:
		number := arrowField(schema.Field{Name: "item", Type: schema.Of(schema.Float64)}, false)
		return arrow.FixedSizeListOfField(int32(t.Size), number)
	case schema.List:
		return arrow.ListOfField(arrowField(schema.Field{Name: "item", Type: *t.Elem}, true))
	case schema.Map:
		return arrow.MapOfFields(arrowField(schema.Field{Name: "key", Type: schema.Of(schema.String)}, false),
			arrowField(schema.Field{Name: "value", Type: *t.Elem}, true))
	case schema.Null:
		return arrow.Null
	default:
		return arrow.BinaryTypes.String
	}
}

// arrowSchemaText returns a schema as it stands in the metadata of a Parquet file. Vectors are lists in
// it: where it says that lists have a fixed size, PyArrow 21 cannot read one that is null.
func arrowSchemaText(fields []schema.Field, local []bool) string {
	var text bytes.Buffer
	listed := slices.Clone(fields)
	for i, field := range listed {
		listed[i].Type = listedType(field.Type)
	}
	w := ipc.NewWriter(&text, ipc.WithSchema(arrowSchema(listed, local)))
	if err := w.Close(); err != nil {
		panic("BUG: write a schema to memory: " + err.Error())
	}
	const end = 8 // of the stream, which is not part of the schema
	return base64.StdEncoding.EncodeToString(text.Bytes()[:text.Len()-end])
}

// listedType returns a type with lists in the place of vectors.
func listedType(t schema.Type) schema.Type {
	switch {
	case t.Kind == schema.Vector:
		return schema.ListOf(schema.Of(schema.Float64))
	case t.Elem != nil:
		elem := listedType(*t.Elem)
		t.Elem = &elem
	}
	return t
}

// arrowFields reads the schema of Arrow that a Parquet file carries; nil if it has none that can be
// read.
func arrowFields(pairs []format.KeyValue) (fields []arrow.Field) {
	defer func() {
		if recover() != nil {
			fields = nil // it is but a hint
		}
	}()
	for _, pair := range pairs {
		if pair.Key != arrowKey {
			continue
		}
		text, err := base64.StdEncoding.DecodeString(pair.Value)
		if err != nil {
			return nil
		}
		r, err := ipc.NewReaderFromMessageReader(newArrowMessages(bytes.NewReader(text), int64(len(text)), 0))
		if err != nil {
			return nil
		}
		return r.Schema().Fields()
	}
	return nil
}

// arrowStored tells what a column of Arrow holds; its reason is set if it cannot be read.
func arrowStored(f arrow.Field) stored {
	if extension, ok := f.Type.(arrow.ExtensionType); ok {
		f.Type = extension.StorageType()
		return arrowExtension(extension.ExtensionName(), f)
	}
	if name, ok := f.Metadata.GetValue(extensionName); ok {
		return arrowExtension(name, f)
	}
	return arrowPlain(f.Type)
}

// arrowExtension reads what it knows as its type, and what it does not know as what it is built on.
func arrowExtension(name string, f arrow.Field) stored {
	s := arrowPlain(f.Type)
	fixed, isFixed := f.Type.(*arrow.FixedSizeBinaryType)
	switch {
	case name == "arrow.json" && s.fettle.Kind == schema.String:
		s.fettle = schema.Of(schema.JSON)
	case name == "arrow.uuid" && isFixed && fixed.ByteWidth == 16:
		s.fettle, s.uuid = schema.Of(schema.String), true
	}
	return s
}

func arrowPlain(t arrow.DataType) stored {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return arrowPlain(t.ValueType)
	case *arrow.NullType:
		return stored{fettle: schema.Of(schema.Null)}
	case *arrow.BooleanType:
		return stored{fettle: schema.Of(schema.Bool)}
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Uint8Type, *arrow.Uint16Type,
		*arrow.Uint32Type:
		return stored{fettle: schema.Of(schema.Int64), narrow: true}
	case *arrow.Int64Type:
		return stored{fettle: schema.Of(schema.Int64)}
	case *arrow.Uint64Type:
		return stored{fettle: schema.Of(schema.Int64), unsigned: true, kind: parquet.Int64}
	case *arrow.Float16Type, *arrow.Float32Type, *arrow.Float64Type:
		return stored{fettle: schema.Of(schema.Float64)}
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return stored{fettle: schema.Of(schema.String)}
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType, *arrow.FixedSizeBinaryType:
		return stored{fettle: schema.Of(schema.Bytes)}
	case *arrow.Date32Type:
		return stored{fettle: schema.Of(schema.Date)}
	case *arrow.Date64Type:
		return stored{fettle: schema.Of(schema.Date), divide: schema.Day / schema.Millisecond}
	case *arrow.TimestampType:
		s := arrowTime(schema.Timestamp, t.Unit)
		s.local = t.TimeZone == ""
		return s
	case *arrow.DurationType:
		return arrowTime(schema.Duration, t.Unit)
	case arrow.DecimalType:
		if t.GetScale() < 0 || t.GetScale() > schema.MaxDecimalDigits {
			return stored{reason: fmt.Sprintf("%s has no type here; a decimal has 0 to %d digits after the point",
				t, schema.MaxDecimalDigits)}
		}
		return stored{fettle: schema.DecimalOf(int(t.GetScale()))}
	default:
		return arrowNested(t)
	}
}

// arrowTime is a time or a duration: finer ones than microseconds are floored when read.
func arrowTime(kind schema.Kind, unit arrow.TimeUnit) stored {
	s := stored{fettle: schema.Of(kind)}
	switch unit {
	case arrow.Second:
		s.multiply = schema.Second
	case arrow.Millisecond:
		s.multiply = schema.Millisecond
	case arrow.Nanosecond:
		s.divide = 1000
	}
	return s
}

func arrowNested(t arrow.DataType) stored {
	switch t := t.(type) {
	case *arrow.MapType:
		return mapStored(arrowStored(t.KeyField()), arrowStored(t.ItemField()))
	case *arrow.FixedSizeListType:
		child := arrowStored(t.ElemField())
		s := listStored(child)
		if child.fettle.Kind == schema.Float64 && t.Len() > 0 {
			s.fettle = schema.Type{Kind: schema.Vector, Size: int(t.Len())}
		}
		return s
	case arrow.ListLikeType:
		return listStored(arrowStored(t.ElemField()))
	case *arrow.StructType:
		return stored{reason: structReason}
	default:
		return stored{reason: fmt.Sprintf("its type %s is not supported", t)}
	}
}
