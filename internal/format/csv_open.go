package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// csvInput is a CSV file as RFC 4180 describes it: a header, records that end in a line feed with
// or without a carriage return, commas, quotes that are doubled inside quotes. A mark of UTF-8 at
// the beginning is skipped. Quotes inside an unquoted field stand for themselves.
//
// The decoder is our own because encoding/csv does not tell an empty field, which is null, from a
// quoted empty one, which is the empty string, and because it copies every field of every record,
// where here the columns that are not wanted are only stepped over.
type csvInput struct {
	fs          disk.Reader
	name        string
	compression Compression
	columns     []Column
}

// openCSV reads the header and, unless headerOnly, infers the types.
func openCSV(
	fsys disk.Reader, name string, compression Compression, headerOnly bool,
) (Input, error) {
	c := &csvInput{fs: fsys, name: name, compression: compression}
	blocks, err := c.begin()
	if err != nil {
		return nil, err
	}
	err = c.readHead(blocks, headerOnly)
	if err := errors.Join(err, blocks.close()); err != nil {
		return nil, err
	}
	return c, nil
}

// begin opens the file anew, at its first record.
func (c *csvInput) begin() (*textBlocks, error) { return openText(c.fs, c.name, c.compression) }

// readHead reads the header and infers the types from the rows behind it.
func (c *csvInput) readHead(blocks *textBlocks, headerOnly bool) error {
	header, err := blocks.header()
	if err != nil {
		return err
	}
	var cut cutter
	fields, _, problem := cut.next(header)
	if problem != "" {
		return fmt.Errorf("%s: line 1: the header: %s", c.name, problem)
	}
	for _, f := range fields {
		name := string(f.text())
		c.columns = append(c.columns, Column{Name: name, Type: schema.Of(schema.Null)})
	}
	if headerOnly {
		return nil
	}
	blocks.skipEmpty = len(c.columns) > 1
	return c.infer(blocks)
}

// Columns lists all columns.
func (c *csvInput) Columns() []Column { return c.columns }

// Rows returns -1: only reading tells.
func (c *csvInput) Rows() int64 { return -1 }

// Close does nothing: each scan has the file open by itself.
func (c *csvInput) Close() error { return nil }

// Scan begins to read some columns.
func (c *csvInput) Scan(wanted []Wanted) (Scan, error) {
	if err := checkWanted(c.name, c.columns, wanted); err != nil {
		return nil, err
	}
	blocks, err := c.begin()
	if err != nil {
		return nil, err
	}
	if _, err := blocks.header(); err != nil {
		return nil, errors.Join(err, blocks.close())
	}
	blocks.skipEmpty = len(c.columns) > 1
	return &csvScan{input: c, blocks: blocks, wanted: wanted, fields: fieldsOf(c.columns, wanted)}, nil
}

var errNoHeader = errors.New("it is empty; the first line must be a header with the names of columns")

// header returns the first record.
func (b *textBlocks) header() ([]byte, error) {
	record, err := b.record()
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%s: %w", b.name, errNoHeader)
	}
	if err != nil {
		return nil, err
	}
	if err := b.checkMark(record); err != nil {
		return nil, err
	}
	return bytes.TrimPrefix(record, markUTF8), nil
}
