package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The bounds of one request. A chunk is far below what a server takes, so that its memory and the
// time until the next acknowledgement stay small; a record that is longer than a chunk is still sent.
const (
	chunkBytes = 4 << 20
	mostBytes  = 63 << 20
)

// sent is a part of a file that goes out as one request.
type sent struct {
	file string
	body []byte
	// row is how many rows of the file came before, line how much has to be added to a line of the
	// body to have the line of the file.
	row, line int64
}

// chunker cuts a text into parts at the ends of records. The header of CSV stands before each part.
type chunker struct {
	in     *bufio.Reader
	quotes bool // CSV: an end of line between quotes is part of a cell
	header []byte
	before int64 // lines of the header
	lines  int64 // of the file, that were read
	size   int
	begun  bool
}

// newChunker begins a file; size is how long a part should be at most.
func newChunker(in io.Reader, csv bool, size int) (*chunker, error) {
	c := &chunker{in: bufio.NewReaderSize(in, 1<<20), quotes: csv, size: size}
	if !csv {
		return c, nil
	}
	header, err := c.record(nil)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(header) > 0 && header[len(header)-1] != '\n' {
		header = append(header, '\n')
	}
	c.header, c.before = header, int64(bytes.Count(header, []byte{'\n'}))
	c.lines = c.before // also if its end was missing
	return c, nil
}

// next returns the next part and what to add to its lines; io.EOF when there is none. A file of
// nothing but a header gives one part, so that a wrong header is told.
func (c *chunker) next() (body []byte, moved int64, err error) {
	line, first := c.lines-c.before, !c.begun
	c.begun = true
	body = bytes.Clone(c.header)
	for err == nil && len(body)-len(c.header) < c.size {
		body, err = c.record(body)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, err
	}
	if len(body) == len(c.header) && (!first || len(body) == 0) {
		return nil, 0, io.EOF
	}
	return body, line, nil
}

// record appends one record with its end to body; io.EOF comes with the last one or alone.
func (c *chunker) record(body []byte) ([]byte, error) {
	begin := len(body)
	for open := false; ; {
		part, err := c.in.ReadSlice('\n')
		body = append(body, part...)
		if c.quotes && bytes.Count(part, []byte{'"'})%2 == 1 {
			open = !open
		}
		if len(body)-begin > mostBytes {
			return nil, fmt.Errorf("the record at line %d is longer than %d MiB; is a quote not closed?",
				c.lines+1, mostBytes>>20)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			c.lines += int64(bytes.Count(body[begin:], []byte{'\n'}))
			return body, err
		case !open:
			c.lines += int64(bytes.Count(body[begin:], []byte{'\n'}))
			return body, nil
		}
	}
}
