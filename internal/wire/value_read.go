package wire

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Cells is the values that a request gives for one field: one, or a list of them.
type Cells struct {
	Column *batch.Column // of one row, if there is no list
	List   bool
}

// InputErrors is all that is wrong with the values of one field, or as much of it as is listed. There
// is at least one.
type InputErrors []*InputError

// mostErrors is how many errors of one field are listed.
const mostErrors = 20

// Error writes the first error and counts the others.
func (e InputErrors) Error() string {
	text := e[0].Error()
	if e[0].Row > 0 {
		text = fmt.Sprintf("row %d: %s", e[0].Row, text)
	}
	if len(e) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(e)-1)
	}
	return text
}

// Unwrap lets errors.As find the first.
func (e InputErrors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// ReadCells reads a value, or an array of values, of a field. Each must be written as its type is:
//
//	bool              true or false
//	int64, duration   a whole number, 1.0 and 1e3 too; its digits in quotes
//	float64           a number
//	decimal           a string; a number that is exactly one of the scale
//	string            a string, and nothing is trimmed
//	bytes             a string of base64
//	timestamp         a string of RFC 3339 with a zone
//	date              a string, YYYY-MM-DD
//	json              anything but null; an array is a list of values nevertheless
//	list, vector      an array of such values; vectors hold as many numbers as their type says
//	map               an object of such values
//
// An array is one value of a list or a vector, and an array of arrays is values of it; isRows has the
// fine print. null is null. The error is an *InputError or InputErrors, which name the field and, in an array,
// the row. The column shares no memory with the text.
func ReadCells(text []byte, field schema.Field) (*Cells, error) {
	list := isRows(text, field.Type)
	s := &scanner{text: text, limit: eventDepth}
	r, err := newCellReader(field, rowsAtMost(text, list))
	if err != nil {
		return nil, err
	}
	if list {
		err = s.array(func() error { return r.next(s) })
	} else {
		err = r.next(s)
	}
	if err == nil {
		err = s.end()
	}
	switch {
	case err != nil:
		return nil, r.blame(err)
	case len(r.errors) == 1 && !list:
		r.errors[0].Row = 0
		return nil, r.errors[0]
	case len(r.errors) > 0:
		return nil, r.errors
	}
	return &Cells{Column: r.finish(), List: list}, nil
}

// Rows returns the column for a request of a number of rows: a single value stands for all of them.
func (c *Cells) Rows(rows int) *batch.Column {
	if c.List || rows == 1 {
		return c.Column
	}
	return batch.Repeat(c.Column.Value(0), rows)
}

// rowsAtMost guesses how many values the text holds, for the room to make. Each takes at least two
// bytes, but a long text of strings is not to ask for more than it needs.
func rowsAtMost(text []byte, list bool) int {
	const most = 1024
	if !list {
		return 1
	}
	return min(len(text)/2, most)
}

// cellReader fills a column with values of JSON.
type cellReader struct {
	field  schema.Field
	column *batch.Column
	rows   int
	nulls  bool
	nested *nestedReader // of lists, vectors and maps
	buffer []byte        // of what a string stands for, and of numbers
	errors InputErrors
}

func newCellReader(field schema.Field, room int) (*cellReader, error) {
	r := &cellReader{field: field, column: &batch.Column{Type: field.Type, Valid: make([]bool, 0, room)}}
	switch field.Type.Kind {
	case schema.Bool:
		r.column.Bools = make([]bool, 0, room)
	case schema.Int64, schema.Duration, schema.Timestamp, schema.Date:
		r.column.Ints = make([]int64, 0, room)
	case schema.Float64:
		r.column.Floats = make([]float64, 0, room)
	case schema.Decimal:
		r.column.Decimals = make([]schema.Int128, 0, room)
	case schema.String, schema.Bytes, schema.JSON:
		r.column.Offsets = append(make([]uint32, 0, room+1), 0)
	case schema.List, schema.Vector, schema.Map:
		r.column.Offsets = append(make([]uint32, 0, room+1), 0)
		var err error
		r.nested, err = newNestedReader(field)
		return r, err
	default:
		return nil, &InputError{Field: field.Name, Message: fmt.Sprintf("%s is a %s, which a request cannot send",
			field.Name, field.Type)}
	}
	return r, nil
}

// blame names the field in an error of the text itself.
func (r *cellReader) blame(err error) error {
	var input *InputError
	if errors.As(err, &input) && input.Field == "" {
		input.Field = r.field.Name
	}
	return err
}

// next reads the next value. A value that does not fit is noted, and a null stands for it, so that
// the values after it are looked at too.
func (r *cellReader) next(s *scanner) error {
	raw, err := s.value()
	if err != nil {
		return err
	}
	r.rows++
	valid := false
	if raw[0] != 'n' {
		problem, hint := r.value(raw)
		if valid = problem == "" && hint == ""; !valid && !r.misfit(raw, problem, hint) {
			return r.errors
		}
	}
	r.nulls = r.nulls || !valid
	if !valid {
		r.null()
	}
	r.column.Valid = append(r.column.Valid, valid)
	return nil
}

// misfit notes an error. It returns false when there are enough.
func (r *cellReader) misfit(raw []byte, problem, hint string) bool {
	if problem == "" {
		problem = notA(r.field.Type)
	}
	r.errors = append(r.errors, &InputError{
		Field: r.field.Name, Row: int64(r.rows), Hint: hint,
		Message: r.field.Name + " is " + shorten(string(raw[:min(len(raw), 200)])) + problem,
	})
	return len(r.errors) < mostErrors
}

func notA(t schema.Type) string {
	if t.Kind == schema.Int64 {
		return ", not an int64"
	}
	return ", not a " + t.String()
}

// null gives a null its slot.
func (r *cellReader) null() {
	c := r.column
	switch c.Type.Kind {
	case schema.Bool:
		c.Bools = append(c.Bools, false)
	case schema.Float64:
		c.Floats = append(c.Floats, 0)
	case schema.Decimal:
		c.Decimals = append(c.Decimals, schema.Int128{})
	case schema.String, schema.Bytes, schema.JSON:
		c.Offsets = append(c.Offsets, uint32(len(c.Data)))
	case schema.List, schema.Vector, schema.Map:
		c.Offsets = append(c.Offsets, uint32(r.nested.child.rows))
	default:
		c.Ints = append(c.Ints, 0)
	}
}

func (r *cellReader) finish() *batch.Column {
	r.column.Length = r.rows
	if !r.nulls {
		r.column.Valid = nil
	}
	if r.nested != nil {
		r.column.Child = r.nested.child.finish()
		if r.nested.keys != nil {
			r.column.Keys = r.nested.keys.finish()
		}
	}
	return r.column
}

// value takes a value that is not null, or says what to send instead. A problem says more than that
// it is no value of the type.
func (r *cellReader) value(raw []byte) (problem, hint string) {
	isText := raw[0] == '"'
	switch r.field.Type.Kind {
	case schema.Bool:
		if raw[0] != 't' && raw[0] != 'f' {
			return "", "send true or false"
		}
		r.column.Bools = append(r.column.Bools, raw[0] == 't')
	case schema.Int64:
		return r.whole(raw, "send a whole number, or its digits in quotes")
	case schema.Duration:
		return r.whole(raw, "send a whole number of microseconds")
	case schema.Float64:
		return r.float(raw)
	case schema.Decimal:
		return r.decimal(raw)
	case schema.String:
		if !isText {
			return "", "send a string in quotes"
		}
		r.column.Data = appendUnquoted(r.column.Data, raw)
		r.column.Offsets = append(r.column.Offsets, uint32(len(r.column.Data)))
	case schema.Bytes:
		return r.bytes(raw)
	case schema.JSON:
		r.column.Data = append(r.column.Data, raw...)
		r.column.Offsets = append(r.column.Offsets, uint32(len(r.column.Data)))
	case schema.List, schema.Vector, schema.Map:
		return r.items(raw)
	case schema.Date:
		return r.date(raw)
	default:
		return r.time(raw)
	}
	return "", ""
}

// text returns what a string stands for, for as long as the next one is not asked for.
func (r *cellReader) text(raw []byte) string {
	r.buffer = appendUnquoted(r.buffer[:0], raw)
	return view(r.buffer)
}

// time takes an instant. Without a zone it could be any of a day's.
func (r *cellReader) time(raw []byte) (problem, hint string) {
	const wanted = `send RFC 3339 with a zone, such as "2024-05-01T12:30:00Z"`
	if raw[0] != '"' {
		return "", wanted
	}
	micros, zoned, err := schema.ParseTime(r.text(raw))
	switch {
	case err != nil:
		return "", wanted
	case !zoned:
		return ", a time without a zone", wanted
	case !schema.ValidTime(micros):
		return ", outside the years 1900 to 2200", wanted
	}
	r.column.Ints = append(r.column.Ints, micros)
	return "", ""
}

func (r *cellReader) date(raw []byte) (problem, hint string) {
	const wanted = `send a date as "YYYY-MM-DD"`
	if raw[0] != '"' {
		return "", wanted
	}
	days, err := schema.ParseDate(r.text(raw))
	if err != nil {
		return "", wanted
	}
	r.column.Ints = append(r.column.Ints, days)
	return "", ""
}

// float takes a number. One that no float64 is near to is refused: it would become infinite.
func (r *cellReader) float(raw []byte) (problem, hint string) {
	if !isNumber(raw) {
		return "", "send a number, such as 12.5"
	}
	x, err := strconv.ParseFloat(view(raw), 64)
	if err != nil {
		return ", more than a float64 holds", "send a number below 1.8e308"
	}
	if x == 0 {
		x = 0 // not the negative zero
	}
	r.column.Floats = append(r.column.Floats, x)
	return "", ""
}
