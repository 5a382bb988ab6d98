package format

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// CreateBeside begins a file whose first columns are all those of labels, row by row in their order
// and untouched, and whose other columns are fields, which are written in the same order of rows.
// Close fails unless there were as many rows as labels has.
//
// Between files of one format nothing is converted: Parquet keeps its schema elements, nested ones
// too, and values; CSV and JSON lines keep the text of each record. From one format to another
// values are converted by their types; a nested column, or a cell of a text that does not fit the
// type that the first rows have, is an error then. Labels must not be closed before the output.
func CreateBeside(w io.Writer, kind Format, labels Input, fields []schema.Field) (Output, error) {
	return CreateBesideKept(w, kind, Kept{Labels: labels}, fields)
}

// Kept is some rows of labels.
type Kept struct {
	Labels Input
	Rows   []bool // by row: false leaves it out; nil: all are kept
}

// CreateBesideKept is CreateBeside for some rows of labels: the others are in no way in the output.
// Rows are written for the kept ones only.
func CreateBesideKept(w io.Writer, kind Format, kept Kept, fields []schema.Field) (Output, error) {
	labels := kept.Labels
	for _, field := range fields {
		if slices.ContainsFunc(labels.Columns(), func(c Column) bool { return c.Name == field.Name }) {
			return nil, fmt.Errorf("the labels have a column %s already; rename it there or here",
				field.Name)
		}
	}
	switch from := labels.(type) {
	case *parquetInput:
		if kind == Parquet && !from.refused {
			return newParquetOutput(w, fields, from.labels(kept.Rows))
		}
	case *csvInput:
		if kind == CSV {
			return newCSVBeside(w, from, kept.Rows, fields)
		}
	case *jsonlInput:
		if kind == JSONL {
			return newJSONLBeside(w, from, kept.Rows, fields)
		}
	}
	return newConverted(w, kind, kept, fields)
}

// countError says that rows and labels do not match.
func countError(labels, rows int64) error {
	return fmt.Errorf("%d rows were written beside %d labels", rows, labels)
}

// converted writes labels of another format as columns like any other.
type converted struct {
	to     Output
	fields []schema.Field // of the labels and then the output's own
	labels *labelRows
}

// newConverted reads labels by the types of their columns. A column of nothing but nulls becomes a
// string.
func newConverted(w io.Writer, kind Format, kept Kept, fields []schema.Field) (Output, error) {
	labels := kept.Labels
	var own []schema.Field
	var wanted []Wanted
	var local []bool
	for i, c := range labels.Columns() {
		t := c.Type
		if t.Kind == schema.Null {
			t = schema.Of(schema.String)
		}
		own = append(own, schema.Field{Name: c.Name, Type: t})
		wanted = append(wanted, Wanted{Column: i, Type: t})
		local = append(local, c.Local && t.Kind == schema.Timestamp)
	}
	all := slices.Concat(own, fields)
	local = append(local, make([]bool, len(fields))...)
	scan, err := scanLabels(labels, wanted)
	if err != nil {
		return nil, fmt.Errorf("labels can be written as %s only if each column can be read: %w",
			kind, err)
	}
	c := &converted{fields: all, labels: &labelRows{scan: scan, keep: kept.Rows}}
	switch kind {
	case Parquet:
		o, err := newParquetOutput(w, all, nil)
		c.to = o
		if err == nil {
			o.setLocal(local)
			return c, nil
		}
		return nil, errors.Join(err, scan.Close())
	case CSV:
		o := &csvOutput{w: w, fields: all, local: local}
		c.to = o
		return c, o.header()
	case JSONL:
		o, err := newJSONLOutput(w, all, local, nil)
		c.to = o
		if err == nil {
			return c, nil
		}
		return nil, errors.Join(err, scan.Close())
	case ArrowFile, ArrowStream:
		o, err := newArrowOutput(w, kind, all, local)
		c.to = o
		if err == nil {
			return c, nil
		}
		return nil, errors.Join(err, scan.Close())
	default:
		return nil, errors.Join(unknownOutput(kind), scan.Close())
	}
}

// scanLabels refuses a field of JSON lines that the first rows do not have: there would be no
// column for it.
func scanLabels(labels Input, wanted []Wanted) (Scan, error) {
	if lines, ok := labels.(*jsonlInput); ok {
		return lines.scan(wanted, true)
	}
	return labels.Scan(wanted)
}

// Write appends rows behind those of the labels.
func (c *converted) Write(b *batch.Batch) error {
	for from := 0; from < b.Rows; {
		labels, err := c.labels.next(b.Rows - from)
		if err != nil {
			return err
		}
		columns := slices.Clone(labels.Columns)
		for _, column := range b.Columns {
			columns = append(columns, column.Slice(from, from+labels.Rows))
		}
		if err := c.to.Write(batch.New(c.fields, columns)); err != nil {
			return err
		}
		from += labels.Rows
	}
	return nil
}

// Close writes what ends the file.
func (c *converted) Close() error {
	return errors.Join(c.labels.end(), c.to.Close())
}

// labelRows reads the rows of labels as they are asked for.
type labelRows struct {
	scan  Scan
	keep  []bool // by row; nil: all
	ready []*batch.Batch
	rows  int64 // that were returned
	seen  int   // that were read
}

// next returns at most limit rows; none left is an error.
func (l *labelRows) next(limit int) (*batch.Batch, error) {
	for len(l.ready) == 0 {
		if err := l.load(); err != nil {
			if errors.Is(err, io.EOF) {
				err = countError(l.rows, l.rows+int64(limit))
			}
			return nil, err
		}
	}
	b := l.ready[0]
	if b.Rows <= limit {
		l.ready = l.ready[1:]
	} else {
		l.ready[0] = slice(b, limit, b.Rows)
		b = slice(b, 0, limit)
	}
	l.rows += int64(b.Rows)
	return b, nil
}

func slice(b *batch.Batch, from, to int) *batch.Batch {
	columns := make([]*batch.Column, len(b.Columns))
	for i, c := range b.Columns {
		columns[i] = c.Slice(from, to)
	}
	return &batch.Batch{Fields: b.Fields, Columns: columns, Rows: to - from}
}

// load reads the next unit. Label rows are never left out, so a bad cell is an error.
func (l *labelRows) load() error {
	unit, err := l.scan.Next()
	if err != nil {
		return err
	}
	return unit.Read(func(p *Part) error {
		if len(p.Bad) > 0 {
			bad := p.Bad[0]
			return fmt.Errorf("label row %d, %s: %s; write the output in the format of the labels "+
				"to keep it", bad.Row, bad.Field, bad.Message)
		}
		if b := l.kept(p.Batch); b.Rows > 0 {
			l.ready = append(l.ready, b)
		}
		return nil
	})
}

// kept returns the rows of a batch that are kept.
func (l *labelRows) kept(b *batch.Batch) *batch.Batch {
	from := l.seen
	l.seen += b.Rows
	if l.keep == nil {
		return b
	}
	rows := []uint32{}
	for i, keep := range l.keep[from:l.seen] {
		if keep {
			rows = append(rows, uint32(i))
		}
	}
	out := &batch.Batch{Fields: b.Fields, Rows: len(rows)}
	for _, c := range b.Columns {
		out.Columns = append(out.Columns, batch.Gather(c, rows))
	}
	return out
}

// end fails if labels are left.
func (l *labelRows) end() error {
	for len(l.ready) == 0 {
		if err := l.load(); errors.Is(err, io.EOF) {
			return l.scan.Close()
		} else if err != nil {
			return errors.Join(err, l.scan.Close())
		}
	}
	left := int64(0)
	for _, b := range l.ready {
		left += int64(b.Rows)
	}
	return errors.Join(countError(l.rows+left, l.rows), l.scan.Close())
}
