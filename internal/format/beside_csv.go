package format

import (
	"bytes"
	"errors"
	"io"

	"github.com/fettle-ml/fettle/internal/schema"
)

// csvLabels hands out the records of a CSV file as they stand there, without their line ends.
type csvLabels struct {
	blocks *textBlocks
	header []byte
	data   []byte // whole records that are not handed out yet
	rows   int64
	keep   []bool // by row; nil: all
}

// newCSVBeside begins an output that appends to the records of labels.
func newCSVBeside(w io.Writer, labels *csvInput, keep []bool, fields []schema.Field) (Output, error) {
	blocks, err := labels.begin()
	if err != nil {
		return nil, err
	}
	blocks.skipEmpty = len(labels.columns) > 1
	header, err := blocks.header()
	if err != nil {
		return nil, errors.Join(err, blocks.close())
	}
	o := &csvOutput{w: w, fields: fields, beside: &csvLabels{blocks: blocks, header: chomp(header), keep: keep}}
	return o, o.header()
}

// chomp takes the line end off.
func chomp(record []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(record, []byte("\n")), []byte("\r"))
}

// next returns a number of records.
func (l *csvLabels) next(rows int) ([][]byte, error) {
	records := make([][]byte, 0, rows)
	for len(records) < rows {
		record, err := l.one()
		if errors.Is(err, io.EOF) {
			return nil, countError(l.rows, l.rows-int64(len(records))+int64(rows))
		}
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// one returns the next record that is a row and kept.
func (l *csvLabels) one() ([]byte, error) {
	for {
		if len(l.data) == 0 {
			block, err := l.blocks.next()
			if err != nil {
				return nil, err
			}
			l.data = block.data
		}
		n := skipRecord(l.data)
		record := chomp(l.data[:n])
		l.data = l.data[n:]
		if len(record) == 0 && l.blocks.skipEmpty {
			continue
		}
		l.rows++
		if kept(l.keep, l.rows) {
			return record, nil
		}
	}
}

// end fails if rows are left.
func (l *csvLabels) end() error { return endLabels(l.blocks, &l.rows, l.one) }

// endLabels closes the blocks of labels and fails if one, which counts what it returns in rows, still
// has a row to give.
func endLabels(blocks *textBlocks, rows *int64, one func() ([]byte, error)) error {
	written, left := *rows, int64(0)
	for ; ; left++ {
		_, err := one()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(err, blocks.close())
		}
	}
	if left > 0 {
		return errors.Join(countError(*rows, written), blocks.close())
	}
	return blocks.close()
}

// kept reports whether a row, counted from 1, is kept.
func kept(keep []bool, row int64) bool { return keep == nil || keep[row-1] }
