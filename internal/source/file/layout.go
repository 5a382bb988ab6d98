package file

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// layout says which columns of a source a scan reads and what each of them is for. Places are those
// in the list of columns that are read.
type layout struct {
	read    []int // columns of the source, each once
	request []int // place of each requested column
	time    int   // place of the event time
	zone    int   // place of the column of zones, or -1
	id      int   // place of the id, or -1
	op      int   // place of the op, or -1
	used    int   // how many of read are used; the others are only checked
}

func newLayout(config *Config, columns []int) *layout {
	l := &layout{zone: -1, id: -1, op: -1}
	for _, column := range columns {
		l.request = append(l.request, l.place(column))
	}
	l.time = l.place(config.EventTime.Column)
	if config.EventTime.ZoneColumn >= 0 {
		l.zone = l.place(config.EventTime.ZoneColumn)
	}
	if config.ID >= 0 {
		l.id = l.place(config.ID)
	}
	if config.Op != nil {
		l.op = l.place(*config.Op)
	}
	l.used = len(l.read)
	return l
}

// checkAll adds every other stored column, so that a row is bad or not whoever asks: which events
// there are must not depend on which of their columns are wanted.
func (l *layout) checkAll(config *Config) {
	for column, field := range config.Columns {
		if field.Name != "" {
			l.place(column)
		}
	}
}

// convertible reports whether a cell of some file may fail to be read as its column's type: any
// text, and Parquet of another type. Files that do not open are left to inspect, which names all.
func (s *Source) convertible() bool {
	for _, name := range s.paths {
		input, err := format.Open(s.fs, realPath(s.config.Root, name), s.options(true))
		if err != nil {
			continue
		}
		found := format.IsText(input)
		for _, column := range input.Columns() {
			for _, field := range s.config.Columns {
				found = found || field.Name == column.Name && !field.Type.Equal(column.Type)
			}
		}
		input.Close()
		if found {
			return true
		}
	}
	return false
}

// options says how the files are opened. Formats without a header have the stored columns.
func (s *Source) options(headerOnly bool) format.Options {
	stored := slices.DeleteFunc(slices.Clone(s.config.Columns),
		func(field schema.Field) bool { return field.Name == "" })
	return format.Options{Format: s.config.Format, HeaderOnly: headerOnly, Fields: stored}
}

func (l *layout) place(column int) int {
	at := slices.Index(l.read, column)
	if at < 0 {
		at = len(l.read)
		l.read = append(l.read, column)
	}
	return at
}

// opened is a file during a scan.
type opened struct {
	index  int
	input  format.Input
	wanted []format.Wanted
	local  []bool // which of the columns read are times without a zone
}

// open opens a file and finds the columns to read in it.
func (s *Source) open(index int, l *layout) (*opened, error) {
	name := s.paths[index]
	input, err := format.Open(s.fs, realPath(s.config.Root, name), s.options(false))
	if err != nil {
		return nil, err
	}
	return s.fit(index, input, l)
}

// fit finds the columns to read in a file that is open. It closes the file if they are not there.
func (s *Source) fit(index int, input format.Input, l *layout) (*opened, error) {
	name := s.paths[index]
	o := &opened{index: index, input: input}
	var problems []error
	for place, column := range l.read {
		field := s.config.Columns[column]
		if err := o.want(field); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
			continue
		}
		stored := input.Columns()[o.wanted[len(o.wanted)-1].Column]
		isTime := column == s.config.EventTime.Column && field.Type.Kind == schema.Date
		local := isTime || field.Type.Kind == schema.Timestamp && stored.Local
		if local && place < l.used && s.zones.fixed == nil && l.zone < 0 {
			problems = append(problems, fmt.Errorf("%s: column %s has times without a zone; say it with "+
				"event_time: {column: .., timezone: ..}", name, field.Name))
		}
		o.local = append(o.local, local)
	}
	if len(problems) > 0 {
		return nil, layoutError{errors.Join(append(problems, input.Close())...)}
	}
	return o, nil
}

// want finds a column of the source in the file.
func (o *opened) want(field schema.Field) error {
	found := -1
	for i, column := range o.input.Columns() {
		if column.Name != field.Name {
			continue
		}
		if found >= 0 {
			return fmt.Errorf("it has two columns %s", field.Name)
		}
		found = i
	}
	if found < 0 {
		return fmt.Errorf("it has no column %s, which the source declares", field.Name)
	}
	o.wanted = append(o.wanted, format.Wanted{Column: found, Type: field.Type})
	return nil
}

// inspect opens every file once, so that what is wrong with any of them is said before work begins,
// and counts the rows: -1 if a file does not tell.
func (s *Source) inspect(l *layout) (rows int64, err error) {
	var problems []error
	for i := range s.paths {
		o, err := s.open(i, l)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if n := o.input.Rows(); n < 0 || rows < 0 {
			rows = -1
		} else {
			rows += n
		}
		scan, err := o.input.Scan(o.wanted)
		if err == nil {
			err = scan.Close()
		}
		problems = append(problems, err, o.input.Close())
	}
	return rows, errors.Join(problems...)
}

// ErrNoHeader is wrapped by errors about files whose columns must be declared.
var ErrNoHeader = errors.New("JSON lines have no header; declare the columns in fields")

// Columns returns the columns that files have: those of the first one, with types that hold what
// all of them store. Without rows, only what the heads of files say is used: columns of CSV have
// the type Null then. JSON lines say nothing, and are refused.
func Columns(fsys disk.Reader, files Files) ([]format.Column, error) {
	paths, err := find(fsys, files.Root, files.Paths)
	if err != nil {
		return nil, err
	}
	var columns []format.Column
	var problems []error
	for i, name := range paths {
		options := format.Options{Format: files.Format, HeaderOnly: !files.Rows}
		if kind, _, err := options.Kind(name); err == nil && kind == format.JSONL {
			problems = append(problems, fmt.Errorf("%s: %w", name, ErrNoHeader))
			continue
		}
		input, err := format.Open(fsys, filepath.Clean(realPath(files.Root, name)), options)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		found := slices.Clone(input.Columns())
		for k := range found {
			if found[k].Odd != "" {
				found[k].Odd = name + " " + found[k].Odd
			}
		}
		if i == 0 {
			columns = found
		} else if err := merge(columns, found, format.IsText(input)); err != nil {
			problems = append(problems, fmt.Errorf("%s and %s: %w", paths[0], name, err))
		}
		problems = append(problems, input.Close())
	}
	return columns, errors.Join(problems...)
}

// Files says which files Columns looks at.
type Files struct {
	Root   string
	Paths  []string
	Format string
	Rows   bool // whether rows may be read, to infer the types of CSV
}

// merge widens columns to hold what another file stores under the same names.
func merge(columns, others []format.Column, text bool) error {
	for i := range columns {
		c := &columns[i]
		for _, other := range others {
			if other.Name != c.Name {
				continue
			}
			wider, ok := widen(c.Type, other.Type, text)
			if !ok || c.Local != other.Local && c.Type.Equal(other.Type) {
				return fmt.Errorf("column %s is %s in one and %s in the other; declare its type in fields",
					c.Name, describe(*c), describe(other))
			}
			c.Type = wider
			c.Local = c.Local || other.Local
			if c.Odd == "" {
				c.Odd = other.Odd
			}
		}
	}
	return nil
}

func describe(c format.Column) string {
	if c.Local {
		return c.Type.String() + " without a zone"
	}
	return c.Type.String()
}

// widen returns the type that holds both. Integers widen to floats only in text: a Parquet file
// that stores integers cannot be read as floats without loss.
func widen(a, b schema.Type, text bool) (schema.Type, bool) {
	float := schema.Of(schema.Float64)
	isNumber := func(t schema.Type) bool { return t.Kind == schema.Int64 || t.Equal(float) }
	switch {
	case a.Equal(b) || b.Kind == schema.Null:
		return a, true
	case a.Kind == schema.Null:
		return b, true
	case text && isNumber(a) && isNumber(b):
		return float, true
	default:
		return schema.Type{}, false
	}
}
