package format

import (
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// parquetScan hands out the row groups.
type parquetScan struct {
	input  *parquetInput
	wanted []Wanted
	fields []schema.Field
	group  int
	row    int64
}

// Scan begins to read some columns.
func (p *parquetInput) Scan(wanted []Wanted) (Scan, error) {
	if err := checkWanted(p.name, p.columns, wanted); err != nil {
		return nil, err
	}
	for _, w := range wanted {
		if err := p.nodes[w.Column].stored.readable(w.Type); err != nil {
			return nil, fmt.Errorf("%s: column %s: %w", p.name, p.columns[w.Column].Name, err)
		}
	}
	return &parquetScan{input: p, wanted: wanted, fields: fieldsOf(p.columns, wanted), row: 1}, nil
}

// Next returns the next row group.
func (s *parquetScan) Next() (Unit, error) {
	groups := s.input.parquet.RowGroups()
	if s.group == len(groups) {
		return nil, io.EOF
	}
	unit := &parquetUnit{scan: s, group: groups[s.group], index: s.group, first: s.row}
	s.group++
	s.row += unit.group.NumRows()
	return unit, nil
}

// Close ends the scan.
func (s *parquetScan) Close() error { return nil }

// parquetUnit is one row group.
type parquetUnit struct {
	scan    *parquetScan
	group   parquet.RowGroup
	index   int
	first   int64
	readers []columnReader
}

// Read reads the row group part by part.
func (u *parquetUnit) Read(emit func(*Part) error) (err error) {
	name := u.scan.input.name
	defer func() {
		closing := guard(name, func() error { u.close(); return nil })
		if err == nil {
			err = closing
		}
	}()
	if err := guard(name, u.open); err != nil {
		return err
	}
	limit := u.partRows()
	for done := int64(0); done < u.group.NumRows(); {
		var part *Part
		rows := int(min(u.group.NumRows()-done, limit))
		err := guard(name, func() (err error) {
			part, err = u.read(u.first+done, rows)
			return err
		})
		if err != nil {
			return err
		}
		if err := emit(part); err != nil {
			return err
		}
		done += int64(rows)
	}
	return nil
}

// partRows returns how many rows a part has: fewer than PartRows if rows are so long that a part
// of all columns would take hundreds of megabytes. It is the same whatever columns are wanted: who
// reads other columns of the same rows later finds them in the same parts.
func (u *parquetUnit) partRows() int64 {
	const maxBytes, minRows = 256 << 20, 1024
	size := int64(0)
	for _, column := range u.scan.input.parquet.Metadata().RowGroups[u.index].Columns {
		size += max(0, column.MetaData.TotalUncompressedSize)
	}
	perRow := size/max(1, u.group.NumRows()) + 1
	return min(PartRows, max(minRows, maxBytes/perRow))
}

// open begins to read the pages of each wanted column.
func (u *parquetUnit) open() error {
	input := u.scan.input
	for _, w := range u.scan.wanted {
		node := &input.nodes[w.Column]
		if node.stored.child != nil {
			u.readers = append(u.readers, input.newNestedReader(u.index, node, w.Type))
			continue
		}
		reader := &parquetReader{stored: node.stored, decoder: node.stored.decoder(w.Type)}
		if node.stored.fettle.Kind != schema.Null {
			reader.pages = input.pagesOf(u.index, node.leafFrom, input.parquet.Root().Columns()[w.Column])
		}
		u.readers = append(u.readers, reader)
	}
	return nil
}

// close gives back what the pages hold.
func (u *parquetUnit) close() {
	for _, reader := range u.readers {
		reader.close()
	}
}

// read reads the next rows of every wanted column.
func (u *parquetUnit) read(first int64, rows int) (*Part, error) {
	part := &Part{First: first}
	columns := make([]*batch.Column, len(u.readers))
	for i, reader := range u.readers {
		field := u.scan.fields[i]
		column, specials, err := reader.read(field.Type, rows)
		if err != nil {
			return nil, damaged(u.scan.input.name, fmt.Errorf("column %s: %w", field.Name, err))
		}
		for _, special := range specials {
			switch special.problem {
			case "":
				part.NonFinite++
				continue
			case nullJSON:
				continue
			}
			part.Bad = append(part.Bad, Bad{Row: first + int64(special.at), Field: field.Name,
				Code: BadType, Message: special.problem})
		}
		columns[i] = column
	}
	sortBad(part.Bad)
	part.Batch = batch.New(u.scan.fields, columns)
	part.Batch.Rows = rows
	return part, nil
}
