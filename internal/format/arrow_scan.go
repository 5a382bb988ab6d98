package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// arrowScan hands out the record batches.
type arrowScan struct {
	input   *arrowInput
	batches *arrowBatches
	wanted  []Wanted
	fields  []schema.Field
	row     int64
}

// Scan begins to read some columns.
func (in *arrowInput) Scan(wanted []Wanted) (Scan, error) {
	if err := checkWanted(in.name, in.columns, wanted); err != nil {
		return nil, err
	}
	for _, w := range wanted {
		if err := in.stored[w.Column].readable(w.Type); err != nil {
			return nil, fmt.Errorf("%s: column %s: %w", in.name, in.columns[w.Column].Name, err)
		}
	}
	batches, err := in.begin()
	if err != nil {
		return nil, err
	}
	return &arrowScan{input: in, batches: batches, wanted: wanted,
		fields: fieldsOf(in.columns, wanted), row: 1}, nil
}

// Next returns the next record batch that has rows.
func (s *arrowScan) Next() (Unit, error) {
	for {
		var record arrow.RecordBatch
		ended := false
		err := s.input.guard(func() (err error) {
			record, err = s.batches.read()
			if ended = errors.Is(err, io.EOF); ended {
				return nil
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if ended {
			return nil, io.EOF
		}
		rows := record.NumRows()
		if rows < 0 || rows > 1<<40 || int(record.NumCols()) != len(s.input.columns) {
			return nil, s.input.damaged(fmt.Errorf("a batch of %d rows and %d columns", rows, record.NumCols()))
		}
		if rows > 0 {
			s.row += rows
			return &arrowUnit{scan: s, record: record, first: s.row - rows}, nil
		}
	}
}

// Close ends the scan.
func (s *arrowScan) Close() error { return s.batches.close() }

// arrowUnit is one record batch.
type arrowUnit struct {
	scan   *arrowScan
	record arrow.RecordBatch
	first  int64
}

// Read reads the record batch part by part.
func (u *arrowUnit) Read(emit func(*Part) error) error {
	for from := int64(0); from < u.record.NumRows(); {
		var part *Part
		to := min(u.record.NumRows(), from+PartRows)
		err := u.scan.input.guard(func() (err error) {
			part, err = u.part(from, to)
			return err
		})
		if err != nil {
			return err
		}
		if err := emit(part); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// part converts some rows of every wanted column.
func (u *arrowUnit) part(from, to int64) (*Part, error) {
	part := &Part{First: u.first + from}
	columns := make([]*batch.Column, len(u.scan.wanted))
	for i, w := range u.scan.wanted {
		field := u.scan.fields[i]
		values := u.record.Column(w.Column)
		if int64(values.Len()) != u.record.NumRows() {
			return nil, fmt.Errorf("column %s has %d rows of %d", field.Name, values.Len(), u.record.NumRows())
		}
		c, flaws, err := arrowColumn(&u.scan.input.stored[w.Column], array.NewSlice(values, from, to), w.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", field.Name, err)
		}
		flaws = append(flaws, settle(c)...)
		for _, f := range flaws {
			if f.problem == "" {
				part.NonFinite++
				continue
			}
			setNull(c, f.at)
			part.Bad = append(part.Bad, Bad{Row: part.First + int64(f.at), Field: field.Name,
				Code: BadType, Message: f.problem})
		}
		columns[i] = c
	}
	sortBad(part.Bad)
	part.Batch = batch.New(u.scan.fields, columns)
	part.Batch.Rows = int(to - from)
	return part, nil
}
