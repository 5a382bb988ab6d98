package train

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// writeRows is how many rows are written at a time. It bounds how long an interrupt waits and what
// the output has to hold at a time.
const writeRows = 1 << 17

// Write writes the label columns and then the features, the rows of each part to its writer; nil
// leaves a part out. A part without rows is written too, with its columns. On an error what was
// written so far is not a valid file; the caller throws it away.
func (s *Set) Write(ctx context.Context, writers []io.Writer, kind format.Format) error {
	outputs := make([]format.Output, len(writers))
	for part, w := range writers {
		if w == nil {
			continue
		}
		var err error
		if outputs[part], err = s.open(w, kind, part); err != nil {
			return fmt.Errorf("write the training set: %w", err)
		}
	}
	for done, more := int64(0), true; more; {
		if err := s.writeSlab(ctx, outputs, &done); err != nil {
			return err
		}
		var err error
		if more, err = s.advance(ctx); err != nil {
			return err
		}
	}
	var problems []error
	for _, output := range outputs {
		if output != nil {
			problems = append(problems, output.Close())
		}
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("write the training set: %w", err)
	}
	return nil
}

// writeSlab writes the rows that the set has now. The loop runs once for none, so that an output
// without rows is told of its columns.
func (s *Set) writeSlab(ctx context.Context, outputs []format.Output, done *int64) error {
	fields, columns := s.columns()
	for from := 0; from < s.rows || from == 0; from += s.slice {
		to := min(from+s.slice, s.rows)
		slices := make([]*batch.Column, len(columns), len(fields))
		for i, c := range columns {
			slices[i] = c.Slice(from, to)
		}
		if s.spool != nil {
			spooled, err := s.spool.next(from, to)
			if err != nil {
				return err
			}
			slices = append(slices, spooled...)
		}
		all := &batch.Batch{Fields: fields, Columns: slices, Rows: to - from}
		for part, output := range outputs {
			if output == nil {
				continue
			}
			if err := output.Write(s.ofPart(all, part, from)); err != nil {
				return fmt.Errorf("write the training set: %w", err)
			}
		}
		*done += int64(to - from)
		s.options.report("write", *done)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// ofPart returns the rows of a part; the first is row from of the set.
func (s *Set) ofPart(b *batch.Batch, part, from int) *batch.Batch {
	if s.parts == nil {
		return b
	}
	rows := []uint32{}
	for i, p := range s.parts[from : from+b.Rows] {
		if p == int16(part) {
			rows = append(rows, uint32(i))
		}
	}
	if len(rows) == b.Rows {
		return b
	}
	out := &batch.Batch{Fields: b.Fields, Rows: len(rows)}
	for _, c := range b.Columns {
		out.Columns = append(out.Columns, batch.Gather(c, rows))
	}
	return out
}

// beside reports whether the output stands beside the columns of a label file, which are copied.
func (s *Set) beside() bool { return s.labels.Input != nil && s.labels.Spine == nil }

// open begins the output of a part: beside the label file, or with the label columns that we made.
// Beside a file only the features are ours to give; its own columns keep every byte they can.
func (s *Set) open(w io.Writer, kind format.Format, part int) (format.Output, error) {
	fields, _ := s.columns()
	if !s.beside() {
		return format.Create(w, kind, fields)
	}
	var keep []bool
	if s.parts != nil {
		keep = make([]bool, len(s.parts))
		for i, p := range s.parts {
			keep[i] = p == int16(part)
		}
	}
	return format.CreateBesideKept(w, kind, format.Kept{Labels: s.labels.Input, Rows: keep}, fields)
}

// columns returns the fields of the output, and the columns that are in memory.
func (s *Set) columns() ([]schema.Field, []*batch.Column) {
	if s.beside() {
		return s.fields, s.values
	}
	fields := append(append([]schema.Field(nil), s.labels.order...), s.fields...)
	var columns []*batch.Column
	for _, field := range s.labels.order {
		columns = append(columns, s.labels.columns[field.Name])
	}
	return fields, append(columns, s.values...)
}
