package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// blockBytes is about the size of a block: small enough to share work evenly and to stay in the
	// cache, large enough that handing it over costs nothing.
	blockBytes = 1 << 20
	// maxRecord is the longest record. A longer one is most likely a quote that is never closed.
	maxRecord = 1 << 26
)

// textBlocks cuts a text into blocks of whole records. It looks at nothing but line feeds and
// quotes; of JSON lines, at nothing but line feeds.
type textBlocks struct {
	name    string
	reader  io.Reader
	closers []io.Closer

	rest []byte // read, but not handed out
	line int64  // number of the line at which rest begins
	row  int64  // number of rows handed out
	done bool   // nothing is left to read
	left int64  // how many bytes the file has left, if that is less than a block; else 0
	// skipEmpty says that an empty line is no record: with more than one column it cannot be.
	skipEmpty bool
	// lines says that each line is a record, whatever its quotes, and that a blank one is none.
	lines bool
}

// block is some whole records.
type block struct {
	data []byte
	row  int64 // number of the first record
	rows int   // number of records
	line int64 // number of its first line
}

// close closes what reads the file, the decoder before the file.
func (b *textBlocks) close() error {
	var problems []error
	for i := len(b.closers) - 1; i >= 0; i-- {
		problems = append(problems, b.closers[i].Close())
	}
	return errors.Join(problems...)
}

// fill reads another block of text behind rest.
func (b *textBlocks) fill() error {
	size := blockBytes
	if b.left > 0 {
		size = int(b.left) + 1 // the byte more is where the end of the file shows
		b.left = 0
	}
	grown := make([]byte, len(b.rest), len(b.rest)+size)
	copy(grown, b.rest)
	for len(grown) < cap(grown) && !b.done {
		n, err := b.reader.Read(grown[len(grown):cap(grown)])
		grown = grown[:len(grown)+n]
		if errors.Is(err, io.EOF) {
			b.done = true
		} else if err != nil {
			return fmt.Errorf("%s: damaged, or not readable, after line %d: %w", b.name, b.line, err)
		}
	}
	b.rest = grown
	return nil
}

// record takes the first record off, with its line end.
func (b *textBlocks) record() ([]byte, error) {
	for {
		end, lines := recordEnd(b.rest)
		if end < 0 && b.done {
			end, lines = len(b.rest), 1
		}
		if end > 0 {
			record := b.rest[:end]
			b.rest = b.rest[end:]
			b.line += lines
			return record, nil
		}
		if b.done {
			return nil, io.EOF
		}
		if len(b.rest) > maxRecord {
			return nil, b.tooLong()
		}
		if err := b.fill(); err != nil {
			return nil, err
		}
	}
}

// tooLong says that no record ends within the longest one.
func (b *textBlocks) tooLong() error {
	hint := "is a quote not closed?"
	if b.lines {
		hint = "write one object per line"
	}
	return fmt.Errorf("%s: line %d: a record of more than %d MiB; %s",
		b.name, b.line, maxRecord>>20, hint)
}

// next returns the next block, or io.EOF.
func (b *textBlocks) next() (*block, error) {
	for {
		if !b.done {
			if err := b.fill(); err != nil {
				return nil, err
			}
		}
		out := &block{row: b.row + 1, line: b.line}
		count := b.count
		if b.lines {
			count = b.countLines
		}
		if end := count(out); end > 0 {
			out.data = b.rest[:end:end]
			b.rest = b.rest[end:]
			b.row += int64(out.rows)
			return out, nil
		}
		if b.done {
			return nil, io.EOF
		}
		if len(b.rest) > maxRecord {
			return nil, b.tooLong()
		}
	}
}

// count returns where the last whole record of rest ends, 0 if none does, and counts the records
// and lines up to there. At the end of the file the last record needs no line end.
func (b *textBlocks) count(out *block) (end int) {
	open, begin := false, 0
	lines, ended := int64(0), int64(0)
	for at := 0; at < len(b.rest); {
		n := bytes.IndexByte(b.rest[at:], '\n') + 1
		if n == 0 {
			if !b.done {
				break
			}
			n = len(b.rest) - at
		}
		open = quoteOpen(b.rest[at:at+n], open) && (!b.done || at+n < len(b.rest))
		at += n
		lines++
		if !open {
			if !b.skipEmpty || len(bytes.TrimRight(b.rest[begin:at], "\r\n")) > 0 {
				out.rows++
			}
			begin, end, ended = at, at, lines
		}
	}
	b.line = out.line + ended
	return end
}

// countLines does the same where each line is a record.
func (b *textBlocks) countLines(out *block) (end int) {
	for end < len(b.rest) {
		n := bytes.IndexByte(b.rest[end:], '\n') + 1
		if n == 0 {
			if !b.done {
				break
			}
			n = len(b.rest) - end
		}
		if !blank(b.rest[end : end+n]) {
			out.rows++
		}
		end += n
		b.line++
	}
	return end
}

// blank reports whether a line has nothing but what JSON calls white space.
func blank(line []byte) bool {
	for _, c := range line {
		if !isSpace(c) {
			return false
		}
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// recordEnd returns the length of the first record, with its line end, and its number of lines; -1
// if it does not end.
func recordEnd(data []byte) (end int, lines int64) {
	open := false
	for {
		n := bytes.IndexByte(data[end:], '\n')
		if n < 0 {
			return -1, 0
		}
		open = quoteOpen(data[end:end+n+1], open)
		end += n + 1
		lines++
		if !open {
			return end, lines
		}
	}
}

// quoteOpen reports whether a quote is open at the end of a line, if one was or was not at its
// beginning.
func quoteOpen(line []byte, open bool) bool {
	if bytes.IndexByte(line, '"') < 0 {
		return open
	}
	start := true // at the start of a field
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case open && c == '"':
			if i+1 < len(line) && line[i+1] == '"' {
				i++
			} else {
				open = false
			}
		case open:
		case c == '"' && start:
			open = true
		}
		start = !open && c == ','
	}
	return open
}
