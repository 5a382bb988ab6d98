package file

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// ErrTooManyRows is wrapped by the error about a body with more rows than the caller takes.
var ErrTooManyRows = errors.New("too many rows at a time; send them in several parts")

// Body is a table that came in one piece, read as if it was the only file of a source. All rows are
// there, in order: row number n is at n-1. What the cells of a bad row hold means nothing.
type Body struct {
	Rows      int
	EventTime []int64
	// Columns has a place for each of Config.Columns; nil for those without a name, and all nil
	// if there are no rows.
	Columns []*batch.Column
	// BadRows marks the bad rows; nil: there are none. Bad says what is wrong with the first
	// MaxListed of them, Codes counts all of them by the first thing that is wrong.
	BadRows []bool
	Bad     []Bad
	Codes   map[string]int64
}

// bodyName stands for the path of a body in messages.
const bodyName = "body"

// A body may unpack to leastUnpacked bytes, and to unpackedRatio times its length besides: tables seldom
// reach the latter, and whoever sends a body is not to choose how much memory it takes.
const leastUnpacked, unpackedRatio = 64 << 20, 16

// ReadBody reads at most limit rows with every stored column, checked as a scan checks them, but
// does not look for duplicates: Paths, Root, Format, ID and MaxBad of the configuration are not
// used. A field that is no stored column makes a row of JSON lines bad, and refuses other tables.
func ReadBody(config Config, kind format.Format, data []byte, limit int) (*Body, error) {
	config.Format, config.ID = string(kind), -1
	s := &Source{config: config, paths: []string{bodyName}}
	body, err := s.readBody(data, limit)
	if err != nil {
		return nil, s.wrap(err)
	}
	return body, nil
}

func (s *Source) readBody(data []byte, limit int) (body *Body, err error) {
	if s.zones, err = newZones(s.config.EventTime.Zone); err != nil {
		return nil, err
	}
	if err := s.checkTime(); err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return &Body{}, nil
	}
	options := s.options(false)
	options.RefuseUnknown = true
	options.Unpacked = leastUnpacked + unpackedRatio*int64(len(data))
	input, err := format.Open(memoryFile(data), bodyName, options)
	if err != nil {
		return nil, err
	}
	var stored []int
	for i, field := range s.config.Columns {
		if field.Name != "" {
			stored = append(stored, i)
		}
	}
	if err := s.unknown(input); err != nil {
		return nil, layoutError{errors.Join(err, input.Close())}
	}
	r := &run{source: s, layout: newLayout(&s.config, stored)}
	file, err := s.fit(0, input, r.layout)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, input.Close()) }()
	c := &collector{run: r, file: file, limit: limit, body: &Body{Codes: map[string]int64{}}}
	if err := c.readAll(); err != nil {
		return nil, err
	}
	return c.finish(stored), nil
}

// unknown names the columns of a table that the source does not store.
func (s *Source) unknown(input format.Input) error {
	var problems []error
	for _, column := range input.Columns() {
		known := slices.ContainsFunc(s.config.Columns, func(f schema.Field) bool {
			return f.Name == column.Name && f.Name != ""
		})
		if !known {
			problems = append(problems, fmt.Errorf("%s: the source has no column %s; leave it out, or "+
				"declare it in fields", bodyName, column.Name))
		}
	}
	return errors.Join(problems...)
}

// collector puts the parts of a body together.
type collector struct {
	run   *run
	file  *opened
	limit int
	body  *Body
	parts []*draft
}

func (c *collector) readAll() (err error) {
	scan, err := c.file.input.Scan(c.file.wanted)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scan.Close()) }()
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = unit.Read(c.part)
		}
		if err != nil {
			return err
		}
	}
}

func (c *collector) part(part *format.Part) error {
	if c.body.Rows+part.Batch.Rows > c.limit {
		return fmt.Errorf("%w: more than %d", ErrTooManyRows, c.limit)
	}
	d := c.run.draft(c.file, part)
	listed := firstBad(d.bad) // which sorts all of them
	c.count(d.bad)
	d.bad = slices.Clone(listed)
	c.body.Rows += part.Batch.Rows
	c.parts = append(c.parts, d)
	return nil
}

// finish joins the parts.
func (c *collector) finish(stored []int) *Body {
	b := c.body
	if b.Rows == 0 {
		return b
	}
	bad := slices.ContainsFunc(c.parts, func(d *draft) bool { return d.dropped != nil })
	for _, d := range c.parts {
		b.EventTime = append(b.EventTime, d.times...)
		if bad && d.dropped == nil {
			d.dropped = make([]bool, d.part.Batch.Rows)
		}
		b.BadRows = append(b.BadRows, d.dropped...)
		b.Bad = append(b.Bad, d.bad...)
	}
	b.Bad = firstBad(b.Bad)
	b.Columns = make([]*batch.Column, len(c.run.source.config.Columns))
	for i, column := range stored {
		pieces := make([]*batch.Column, len(c.parts))
		for k, d := range c.parts {
			pieces[k] = d.part.Batch.Columns[c.run.layout.request[i]]
		}
		b.Columns[column] = batch.Concat(pieces)
	}
	return b
}

// count counts the bad rows of a part by code. What is wrong with them is sorted by row.
func (c *collector) count(bad []Bad) {
	for i := range bad {
		if i == 0 || bad[i].Row != bad[i-1].Row {
			c.body.Codes[bad[i].Code]++
		}
	}
}

// memoryFile is a file system of one file, whose content is the slice.
type memoryFile []byte

// Open opens the file.
func (m memoryFile) Open(string) (disk.File, error) { return openBytes{bytes.NewReader(m)}, nil }

// Stat and ReadDir are not needed for reading one file.
func (m memoryFile) Stat(name string) (fs.FileInfo, error) {
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
}

// ReadDir says that there is no directory.
func (m memoryFile) ReadDir(name string) ([]fs.DirEntry, error) {
	return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
}

type openBytes struct{ *bytes.Reader }

// Write refuses: a body is only read.
func (openBytes) Write([]byte) (int, error) { return 0, fs.ErrPermission }

// Sync and Close have nothing to do.
func (openBytes) Sync() error { return nil }

// Close has nothing to do.
func (openBytes) Close() error { return nil }

// Size returns the length.
func (b openBytes) Size() (int64, error) { return b.Reader.Size(), nil }
