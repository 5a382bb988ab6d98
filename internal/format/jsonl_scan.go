package format

import (
	"bytes"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonlScan hands out blocks of lines.
type jsonlScan struct {
	input         *jsonlInput
	blocks        *textBlocks
	wanted        []Wanted
	fields        []schema.Field
	names         []string // of all columns
	refuseUnknown bool
}

// Next returns the next block.
func (s *jsonlScan) Next() (Unit, error) {
	b, err := s.blocks.next()
	if err != nil {
		return nil, err
	}
	return &jsonlUnit{scan: s, block: b}, nil
}

// Close ends the scan.
func (s *jsonlScan) Close() error { return s.blocks.close() }

// jsonlUnit is one block.
type jsonlUnit struct {
	scan  *jsonlScan
	block *block
}

// Read parses the block, in parts of at most PartRows rows.
func (u *jsonlUnit) Read(emit func(*Part) error) error {
	p := &jsonlParser{scan: u.scan, objects: newObjects(u.scan.names), data: u.block.data,
		line: u.block.line}
	for done := 0; done < u.block.rows; {
		rows := min(PartRows, u.block.rows-done)
		if err := emit(p.part(u.block.row+int64(done), rows)); err != nil {
			return err
		}
		done += rows
	}
	return nil
}

// jsonlParser parses line after line of a block.
type jsonlParser struct {
	scan    *jsonlScan
	objects *jsonObjects
	data    []byte // what is not parsed yet
	line    int64  // number of its first line

	current *Part
	cells   []*jsonCells
	row     int64
}

// part parses a number of rows.
func (p *jsonlParser) part(first int64, rows int) *Part {
	p.current, p.row, p.cells = &Part{First: first}, first, nil
	for _, w := range p.scan.wanted {
		p.cells = append(p.cells, newJSONCells(w.Type, p.scan.input.columns[w.Column], rows))
	}
	for p.row < first+int64(rows) {
		var line []byte
		line, p.data, _ = bytes.Cut(p.data, []byte{'\n'})
		if !blank(line) {
			p.object(bytes.TrimSuffix(line, []byte{'\r'}))
			p.row++
		}
		p.line++
	}
	columns := make([]*batch.Column, len(p.cells))
	for i, c := range p.cells {
		columns[i] = c.finish()
	}
	p.current.Batch = batch.New(p.scan.fields, columns)
	p.current.Batch.Rows = rows
	return p.current
}

// object reads the wanted fields of a line. One that is no object is a bad row of nulls.
func (p *jsonlParser) object(line []byte) {
	if problem := p.objects.next(line); problem != "" {
		p.bad(BadRecord, "", problem)
		for _, c := range p.cells {
			c.null()
		}
		return
	}
	for i, w := range p.scan.wanted {
		v, found := p.objects.has(w.Column)
		if !found || v.kind == 'n' {
			p.cells[i].null()
		} else if problem := p.cells[i].value(v); problem != "" {
			p.bad(BadType, p.scan.fields[i].Name, problem)
			p.cells[i].null()
		}
	}
	if !p.scan.refuseUnknown {
		return
	}
	for _, id := range p.objects.order[:p.objects.fields] {
		if id >= len(p.scan.names) {
			p.bad(UnknownField, string(clip([]byte(p.objects.names[id]))), "there is no such field")
		}
	}
}

func (p *jsonlParser) bad(code, field, message string) {
	p.current.Bad = append(p.current.Bad, Bad{Row: p.row, Line: p.line,
		Field: field, Code: code, Message: message})
}
