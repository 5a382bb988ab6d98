package format

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// PartRows is the most rows that a Part holds.
const PartRows = 1 << 17

// ErrFormat is wrapped by errors about a file whose format is unknown or not supported.
var ErrFormat = errors.New("unknown format")

// Format is the kind of a file.
type Format string

// The formats.
const (
	Parquet Format = "parquet"
	CSV     Format = "csv"
	JSONL   Format = "jsonl" // JSON lines
	// Arrow's inter-process format: with an index at its end, and as a stream without. Whichever is
	// said, both are read.
	ArrowFile   Format = "arrow"
	ArrowStream Format = "arrows"
)

// Compression is what a text file is wrapped in.
type Compression string

// The compressions.
const (
	Plain Compression = ""
	Gzip  Compression = "gz"
	Zstd  Compression = "zst"
)

// Detect tells the format of a file from the end of its name.
func Detect(name string) (Format, Compression, error) {
	base, compression := cutCompression(path.Base(strings.ToLower(name)))
	switch path.Ext(base) {
	case ".csv":
		return CSV, compression, nil
	case ".jsonl", ".ndjson":
		return JSONL, compression, nil
	}
	if compression == Plain {
		switch path.Ext(base) {
		case ".parquet", ".pq":
			return Parquet, Plain, nil
		case ".arrow", ".ipc", ".feather":
			return ArrowFile, Plain, nil
		case ".arrows":
			return ArrowStream, Plain, nil
		}
	}
	return "", "", fmt.Errorf("%s: %w: the name ends in none of .parquet, .arrow, .arrows, .csv, .jsonl, "+
		"nor in .gz or .zst behind one of the last two; rename it or say the format", name, ErrFormat)
}

func cutCompression(base string) (rest string, compression Compression) {
	for _, c := range []Compression{Gzip, Zstd} {
		if rest, found := strings.CutSuffix(base, "."+string(c)); found {
			return rest, c
		}
	}
	return base, Plain
}

// Options says how a file is opened.
type Options struct {
	// Format overrides what the name says: parquet, arrow, csv or jsonl, the last two also as csv.gz
	// and csv.zst. Empty: by the name.
	Format string
	// HeaderOnly keeps Open from looking at rows: the columns of a CSV then have the type Null, and
	// cannot be read; JSON lines have those of Fields, none without.
	HeaderOnly bool
	// Fields are the columns of a format without a header, that is of JSON lines. Without them the
	// columns are inferred from the first rows. Other formats take no notice of them.
	Fields []schema.Field
	// RefuseUnknown makes each field of JSON lines that is not in Fields a bad cell, with the code
	// UnknownField. Otherwise such fields are not looked at.
	RefuseUnknown bool
	// Unpacked is how many bytes what is compressed inside of a file of Arrow may have, all of it
	// together; 0: what files of its size have. Of other formats no more than a page is unpacked at a
	// time.
	Unpacked int64
}

// Column is one column of a file.
type Column struct {
	Name string
	// Type is what the file stores, in Fettle's types. Null: the file has nothing but nulls there,
	// and the column can be read as any type.
	Type schema.Type
	// Local is true for timestamps without a zone: they are read as if the wall clock was UTC.
	Local bool
	// Unsupported says why the column cannot be read; empty if it can.
	Unsupported string
	// Odd tells, of a column that is text although at least half of its cells are numbers or times,
	// the first cell that is none: its line and what it holds. It is for messages only.
	Odd string
}

// Wanted is a column to read, by its place in Input.Columns, and the type to read it as.
type Wanted struct {
	Column int
	Type   schema.Type
}

// Input is an open file.
type Input interface {
	// Columns lists all columns in the file's order.
	Columns() []Column
	// Rows returns the number of rows, or -1 if only reading the file would tell.
	Rows() int64
	// Scan begins to read some columns of all rows. Several scans may be open at a time.
	Scan(wanted []Wanted) (Scan, error)
	// Close closes the file.
	Close() error
}

// Scan hands out the units of a file, in order.
type Scan interface {
	// Next returns the next unit, or io.EOF. It is called by one goroutine at a time.
	Next() (Unit, error)
	// Close ends the scan, before its end or after it.
	Close() error
}

// Unit is a run of rows that can be read by itself, at the same time as others.
type Unit interface {
	// Read reads the unit and hands out its parts in order. An error of emit ends it and is
	// returned as it is.
	Read(emit func(*Part) error) error
}

// Bounded is implemented by units that can say, before they are read, between which values a column
// lies.
type Bounded interface {
	// TimeBounds returns the least and the greatest time of a wanted column, and how many rows the
	// unit has; false if the file does not say, or if cells are null or not times of an instant.
	TimeBounds(wanted int) (least, greatest, rows int64, known bool)
}

// Part is a run of rows as they were read.
type Part struct {
	First     int64 // number of the first row
	Batch     *batch.Batch
	Bad       []Bad // in order of row, then of wanted column
	NonFinite int64 // cells that were NaN or infinite, and are null now
}

// Bad is a cell that does not fit its type. It is null in the batch.
type Bad struct {
	Row     int64 // from 1
	Line    int64 // in text formats, from 1; 0 in others
	Field   string
	Code    string // bad_type, unknown_field, or bad_record for one that cannot be cut into fields
	Message string
}

// The codes of bad cells.
const (
	BadType   = "bad_type"
	BadRecord = "bad_record"
	// UnknownField is not about a wanted cell, and comes behind the other bad cells of its row.
	UnknownField = "unknown_field"
)

// Open opens a file.
func Open(fsys disk.Reader, name string, options Options) (Input, error) {
	kind, compression, err := options.Kind(name)
	if err != nil {
		return nil, err
	}
	switch kind {
	case Parquet:
		return openParquet(fsys, name)
	case JSONL:
		return openJSONL(fsys, name, compression, options)
	case ArrowFile, ArrowStream:
		return openArrow(fsys, name, options.Unpacked)
	default:
		return openCSV(fsys, name, compression, options.HeaderOnly)
	}
}

// IsText reports whether a file of the format holds text, which can be read as any type that it
// looks like.
func (f Format) IsText() bool { return f == CSV || f == JSONL }

// IsText reports whether an input is text.
func IsText(input Input) bool {
	switch input.(type) {
	case *csvInput, *jsonlInput:
		return true
	default:
		return false
	}
}

// Kind tells the format in which a file of the name is opened.
func (o Options) Kind(name string) (Format, Compression, error) {
	if o.Format == "" {
		return Detect(name)
	}
	kind, compression, err := Detect("file." + o.Format)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w %q; write parquet, arrow, csv or jsonl", name, ErrFormat, o.Format)
	}
	if compression == Plain && kind.IsText() {
		_, compression = cutCompression(strings.ToLower(name)) // format: csv of events.txt.gz
	}
	return kind, compression, nil
}

// checkWanted refuses columns that cannot be read at all.
func checkWanted(name string, columns []Column, wanted []Wanted) error {
	for _, w := range wanted {
		if c := columns[w.Column]; c.Unsupported != "" {
			return fmt.Errorf("%s: column %s cannot be read: %s", name, c.Name, c.Unsupported)
		}
	}
	return nil
}

func fieldsOf(columns []Column, wanted []Wanted) []schema.Field {
	fields := make([]schema.Field, len(wanted))
	for i, w := range wanted {
		fields[i] = schema.Field{Name: columns[w.Column].Name, Type: w.Type}
	}
	return fields
}
