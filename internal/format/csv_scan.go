package format

import (
	"bytes"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// csvScan hands out blocks.
type csvScan struct {
	input  *csvInput
	blocks *textBlocks
	wanted []Wanted
	fields []schema.Field
}

// Next returns the next block.
func (s *csvScan) Next() (Unit, error) {
	b, err := s.blocks.next()
	if err != nil {
		return nil, err
	}
	return &csvUnit{scan: s, block: b}, nil
}

// Close ends the scan.
func (s *csvScan) Close() error { return s.blocks.close() }

// csvUnit is one block.
type csvUnit struct {
	scan  *csvScan
	block *block
}

// Read parses the block, which is one part.
func (u *csvUnit) Read(emit func(*Part) error) error {
	p := &csvParser{part: &Part{First: u.block.row}, fields: u.scan.fields, line: u.block.line}
	for _, w := range u.scan.wanted {
		p.cells = append(p.cells, newCells(w.Type, u.scan.input.columns[w.Column], u.block.rows))
	}
	p.parse(u)
	columns := make([]*batch.Column, len(p.cells))
	for i, c := range p.cells {
		columns[i] = c.finish()
		p.part.NonFinite += c.base().nonFinite
	}
	p.part.Batch = batch.New(u.scan.fields, columns)
	p.part.Batch.Rows = p.rows
	if p.rows == 0 {
		return nil
	}
	return emit(p.part)
}

// csvParser fills the columns of a part.
type csvParser struct {
	part   *Part
	fields []schema.Field
	cells  []cells
	line   int64
	rows   int
}

// parse reads record after record. A record that cannot be cut, or has another number of fields
// than the header, is a bad row of nulls.
func (p *csvParser) parse(u *csvUnit) {
	var cut cutter
	width := len(u.scan.input.columns)
	for data := u.block.data; len(data) > 0; {
		fields, n, problem := cut.next(data)
		lines := int64(1)
		if n > 0 {
			lines = int64(bytes.Count(data[:n], []byte{'\n'}))
		}
		if problem == "" && len(fields) != width {
			problem = fmt.Sprintf("%d fields, the header has %d", len(fields), width)
		}
		switch {
		case problem == "":
			p.record(u, fields)
		case width > 1 && len(fields) == 1 && fields[0].null():
			// an empty line
		default:
			p.bad(BadRecord, "", problem)
			for _, c := range p.cells {
				c.null()
			}
			p.rows++
		}
		p.line += lines
		data = data[n:]
	}
}

// record reads the wanted fields of a record.
func (p *csvParser) record(u *csvUnit, fields []csvField) {
	for i, w := range u.scan.wanted {
		f := fields[w.Column]
		if f.null() {
			p.cells[i].null()
		} else if problem := p.cells[i].add(f.text()); problem != "" {
			p.bad(BadType, p.fields[i].Name, problem)
			p.cells[i].null()
		}
	}
	p.rows++
}

func (p *csvParser) bad(code, field, message string) {
	p.part.Bad = append(p.part.Bad, Bad{Row: p.part.First + int64(p.rows), Line: p.line,
		Field: field, Code: code, Message: message})
}
