package format

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

const (
	// pageRows rows of every column are held before they are encoded: enough for pages that
	// compress well, few enough that 500 columns of numbers take 64 MB.
	pageRows = 1 << 14
	// groupPages pages make a row group, which is what readers skip and share work by.
	groupPages = 8
	createdBy  = "fettle"
)

// parquetOutput writes a Parquet file with the encoders of the Parquet library, but lays out pages
// and row groups itself: the library's writer takes values one by one, where whole columns are at
// hand here, and columns can be encoded at the same time.
type parquetOutput struct {
	w        io.Writer
	offset   int64
	fields   []schema.Field
	elements []format.SchemaElement
	beside   *parquetLabels // label columns before the fields, or nil
	chunks   []*chunk       // one per leaf: of the label columns, then of the fields
	columns  []column       // one per field
	local    []bool         // which fields are times without a zone; nil: none
	pending  [][]*batch.Column
	rows     int // pending
	pages    int // of the current row group
	total    int64
	inGroup  int64
	groups   []format.RowGroup
}

// column is where a field lies in the file.
type column struct {
	element int      // the place of its first schema element
	chunks  []*chunk // of its leaves
	shape   *shape
}

// newParquetOutput begins a file, beside labels or without.
func newParquetOutput(
	w io.Writer, fields []schema.Field, beside *parquetLabels,
) (*parquetOutput, error) {
	o := &parquetOutput{w: w, fields: fields, beside: beside}
	o.pending = make([][]*batch.Column, len(fields))
	children := len(fields)
	o.elements = []format.SchemaElement{{Name: "schema"}}
	if beside != nil {
		o.elements = append(o.elements, beside.elements...)
		children += beside.columns
		for _, leaf := range beside.leaves {
			o.chunks = append(o.chunks, newChunk(leaf.leaf))
		}
	}
	for _, field := range fields {
		w := writtenOf(field)
		c := column{element: len(o.elements), shape: w.shape}
		o.elements = append(o.elements, w.elements...)
		for _, leaf := range w.leaves {
			c.chunks = append(c.chunks, newChunk(leaf))
		}
		o.chunks = append(o.chunks, c.chunks...)
		o.columns = append(o.columns, c)
	}
	o.elements[0].NumChildren = thrift.New(int32(children))
	return o, o.write([]byte("PAR1"))
}

// setLocal marks fields that are times without a zone.
func (o *parquetOutput) setLocal(local []bool) {
	o.local = local
	for i := range o.fields {
		element := &o.elements[o.columns[i].element]
		if t, ok := element.LogicalType.Value.(*format.TimestampType); ok && local[i] {
			t.IsAdjustedToUTC = false
			element.ConvertedType = thrift.Null[deprecated.ConvertedType]{} // it means UTC
		}
	}
}

func (o *parquetOutput) write(data []byte) error {
	n, err := o.w.Write(data)
	o.offset += int64(n)
	return err
}

// Write appends rows, which are encoded a page of every column at a time.
func (o *parquetOutput) Write(b *batch.Batch) error {
	checkBatch(b, o.fields)
	for from := 0; from < b.Rows; {
		to := min(b.Rows, from+pageRows-o.rows)
		for i, c := range b.Columns {
			o.pending[i] = append(o.pending[i], c.Slice(from, to))
		}
		o.rows += to - from
		from = to
		if o.rows == pageRows {
			if err := o.flushPage(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flushPage encodes the pending rows of every column, columns at the same time.
func (o *parquetOutput) flushPage() error {
	if o.rows == 0 {
		return nil
	}
	labels := 0
	if o.beside != nil {
		labels = len(o.beside.leaves)
	}
	err := parallel(labels+len(o.fields), func(i int) error {
		if i < labels {
			return o.beside.encode(i, o.chunks[i], o.rows)
		}
		i -= labels
		pieces, c := o.pending[i], o.columns[i]
		o.pending[i] = pieces[:0]
		if c.shape.child != nil {
			return addNested(c.shape, c.chunks, pieces)
		}
		return c.chunks[0].addColumns(pieces, o.rows)
	})
	if err != nil {
		return err
	}
	o.inGroup += int64(o.rows)
	o.rows = 0
	o.pages++
	if o.pages == groupPages {
		return o.flushGroup()
	}
	return nil
}

// flushGroup writes the pages of a row group, column after column.
func (o *parquetOutput) flushGroup() error {
	if o.pages == 0 {
		return nil
	}
	group := format.RowGroup{NumRows: o.inGroup, FileOffset: o.offset, Ordinal: int16(len(o.groups))}
	for _, c := range o.chunks {
		meta, data, err := c.finish(o.offset)
		if err != nil {
			return err
		}
		group.Columns = append(group.Columns, format.ColumnChunk{MetaData: meta})
		group.TotalByteSize += meta.TotalUncompressedSize
		group.TotalCompressedSize += meta.TotalCompressedSize
		for _, part := range data {
			if err := o.write(part); err != nil {
				return err
			}
		}
		c.reset()
	}
	if len(o.groups) > 0x7FFF {
		group.Ordinal = 0 // the field holds no more; readers go by the order
	}
	o.groups = append(o.groups, group)
	o.total += o.inGroup
	o.pages, o.inGroup = 0, 0
	return nil
}

// Close writes the last rows and the footer.
func (o *parquetOutput) Close() error {
	if err := o.flushPage(); err != nil {
		return err
	}
	if err := o.flushGroup(); err != nil {
		return err
	}
	if o.beside != nil {
		if err := o.beside.end(o.total); err != nil {
			return err
		}
	}
	meta := &format.FileMetaData{Version: 1, Schema: o.elements, NumRows: o.total,
		RowGroups: o.groups, CreatedBy: createdBy, KeyValueMetadata: o.metadata()}
	if meta.RowGroups == nil {
		meta.RowGroups = thrift.Slice[format.RowGroup]{}
	}
	for range o.chunks {
		order := format.ColumnOrder{Value: &format.TypeDefinedOrder{}}
		meta.ColumnOrders = append(meta.ColumnOrders, order)
	}
	footer, err := thrift.Marshal(new(thrift.CompactProtocol), meta)
	if err != nil {
		return fmt.Errorf("encode the footer: %w", err)
	}
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	return o.write(append(footer, "PAR1"...))
}
