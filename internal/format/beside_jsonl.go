package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/schema"
)

// jsonlLabels hands out the objects of a file of JSON lines as they stand there, without the brace
// that closes them.
type jsonlLabels struct {
	blocks  *textBlocks
	fields  []schema.Field // of the output: no label may have one of the name
	objects *jsonObjects
	data    []byte // whole lines that are not handed out yet
	line    int64  // number of its first line
	rows    int64
	keep    []bool // by row; nil: all
}

// newJSONLBeside begins an output that appends fields to the objects of labels.
func newJSONLBeside(w io.Writer, labels *jsonlInput, keep []bool, fields []schema.Field) (
	Output, error) {
	blocks, err := labels.begin()
	if err != nil {
		return nil, err
	}
	l := &jsonlLabels{blocks: blocks, fields: fields, keep: keep}
	o, err := newJSONLOutput(w, fields, nil, l)
	if err != nil {
		return nil, errors.Join(err, blocks.close())
	}
	return o, nil
}

// next returns a number of objects.
func (l *jsonlLabels) next(rows int) ([][]byte, error) {
	objects := make([][]byte, 0, rows)
	for len(objects) < rows {
		line, err := l.one()
		if errors.Is(err, io.EOF) {
			return nil, countError(l.rows, l.rows-int64(len(objects))+int64(rows))
		}
		if err != nil {
			return nil, err
		}
		if err := l.check(line); err != nil {
			return nil, fmt.Errorf("label row %d (line %d): %w", l.rows, l.line-1, err)
		}
		end := bytes.LastIndexByte(line, '}')
		objects = append(objects, bytes.Trim(line[:end], " \t\r"))
	}
	return objects, nil
}

// one returns the next line that is a row and kept.
func (l *jsonlLabels) one() ([]byte, error) {
	for {
		if len(l.data) == 0 {
			block, err := l.blocks.next()
			if err != nil {
				return nil, err
			}
			l.data, l.line = block.data, block.line
			l.objects = l.decoder()
		}
		var line []byte
		line, l.data, _ = bytes.Cut(l.data, []byte{'\n'})
		l.line++
		if blank(line) {
			continue
		}
		l.rows++
		if kept(l.keep, l.rows) {
			return line, nil
		}
	}
}

// decoder returns a decoder that knows the names of the output's fields. Each block has its own, so
// that it does not remember the keys of a whole file.
func (l *jsonlLabels) decoder() *jsonObjects {
	var names []string
	for _, field := range l.fields {
		names = append(names, field.Name)
	}
	return newObjects(names)
}

// check refuses a line that is no object, or has a field of the output already.
func (l *jsonlLabels) check(line []byte) error {
	if problem := l.objects.next(line); problem != "" {
		return errors.New(problem)
	}
	for id, field := range l.fields {
		if _, found := l.objects.has(id); found {
			return fmt.Errorf("it has a field %s already; rename it there or here", field.Name)
		}
	}
	return nil
}

// end fails if rows are left.
func (l *jsonlLabels) end() error { return endLabels(l.blocks, &l.rows, l.one) }
