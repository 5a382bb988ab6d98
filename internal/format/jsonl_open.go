package format

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonlInput is a file of JSON lines: an object per line, in which a field that is not there is
// null. Blank lines are no rows. There is no header, so that the columns are those that the caller
// says; if none, those that the first rows have.
type jsonlInput struct {
	fs          disk.Reader
	name        string
	compression Compression
	columns     []Column
	// refuseUnknown makes a field that is no column a bad cell.
	refuseUnknown bool
}

// openJSONL takes the columns from the options. Whether times have a zone, and without fields
// everything, is told by the first rows.
func openJSONL(
	fsys disk.Reader, name string, compression Compression, options Options,
) (Input, error) {
	in := &jsonlInput{fs: fsys, name: name, compression: compression,
		refuseUnknown: options.RefuseUnknown}
	look := len(options.Fields) == 0
	for i, field := range options.Fields {
		for _, other := range options.Fields[:i] {
			if other.Name == field.Name {
				return nil, fmt.Errorf("%s: the field %s is declared twice", name, field.Name)
			}
		}
		look = look || field.Type.Kind == schema.Timestamp
		in.columns = append(in.columns, Column{Name: field.Name, Type: field.Type,
			Local: field.Type.Kind == schema.Date})
	}
	blocks, err := in.begin()
	if err != nil {
		return nil, err
	}
	if look && !options.HeaderOnly {
		err = in.infer(blocks)
	}
	if err := errors.Join(err, blocks.close()); err != nil {
		return nil, err
	}
	return in, nil
}

// begin opens the file anew, at its first line.
func (in *jsonlInput) begin() (*textBlocks, error) {
	blocks, err := openText(in.fs, in.name, in.compression)
	if err != nil {
		return nil, err
	}
	blocks.lines = true
	err = blocks.fill()
	if err == nil {
		err = blocks.checkMark(blocks.rest)
	}
	if err != nil {
		return nil, errors.Join(err, blocks.close())
	}
	blocks.rest = bytes.TrimPrefix(blocks.rest, markUTF8)
	return blocks, nil
}

// Columns lists all columns.
func (in *jsonlInput) Columns() []Column { return in.columns }

// Rows returns -1: only reading tells.
func (in *jsonlInput) Rows() int64 { return -1 }

// Close does nothing: each scan has the file open by itself.
func (in *jsonlInput) Close() error { return nil }

// Scan begins to read some columns.
func (in *jsonlInput) Scan(wanted []Wanted) (Scan, error) {
	return in.scan(wanted, in.refuseUnknown)
}

func (in *jsonlInput) scan(wanted []Wanted, refuseUnknown bool) (Scan, error) {
	blocks, err := in.begin()
	if err != nil {
		return nil, err
	}
	return &jsonlScan{input: in, blocks: blocks, wanted: wanted, refuseUnknown: refuseUnknown,
		fields: fieldsOf(in.columns, wanted), names: in.names()}, nil
}

func (in *jsonlInput) names() []string {
	names := make([]string, len(in.columns))
	for i, c := range in.columns {
		names[i] = c.Name
	}
	return names
}
