package format

import (
	"slices"

	"github.com/parquet-go/parquet-go/encoding"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// validity collects which rows have a value. It stays nil until the first null.
type validity struct {
	valid    []bool
	rows     int // rows seen
	capacity int
}

func (v *validity) begin(rows int) { *v = validity{capacity: rows} }

// add takes the rows of a segment.
func (v *validity) add(s *segment) {
	if s.levels != nil || v.valid != nil {
		v.need()
		for i := range s.rows {
			v.valid = append(v.valid, s.levels == nil || s.levels[i] == s.max)
		}
	}
	v.rows += s.rows
}

// need begins to keep nulls, with every row so far valid.
func (v *validity) need() {
	if v.valid == nil {
		v.valid = make([]bool, v.rows, v.capacity)
		for i := range v.valid {
			v.valid[i] = true
		}
	}
}

// fixed decodes values of a fixed size.
type fixed[T any] struct {
	// convert copies len(dst) values, beginning at from, out of a page or a dictionary.
	convert func(dst []T, values *encoding.Values, from int) error
	// check brings values into Fettle's form in place and names those that do not fit; nil: all do.
	check func(values []T) []special
	put   func(c *batch.Column, values []T)

	validity
	rows         []T
	specials     []special
	dict         []T // the converted dictionary of the row group
	dictSpecials []special
}

// begin makes room for the rows of a part.
func (f *fixed[T]) begin(rows int) {
	f.validity.begin(rows)
	f.rows, f.specials = make([]T, 0, rows), nil
}

// add decodes the values of a segment densely, checks them there, and then moves them to their
// rows.
func (f *fixed[T]) add(s *segment) error {
	start := len(f.rows)
	f.rows = f.rows[:start+s.rows]
	dst := f.rows[start:]
	var specials []special
	var err error
	if s.dict != nil {
		specials, err = f.gather(dst[:s.count], s)
	} else if err = f.convert(dst[:s.count], &s.values, s.from); err == nil && f.check != nil {
		specials = f.check(dst[:s.count])
	}
	if err != nil {
		return err
	}
	if s.levels != nil {
		spread(dst, s)
	}
	f.validity.add(s)
	for _, special := range specials {
		special.at = start + s.rowOf(special.at)
		f.specials = append(f.specials, special)
	}
	return nil
}

// gather looks the values up in the dictionary, which is converted once.
func (f *fixed[T]) gather(dst []T, s *segment) ([]special, error) {
	if f.dict == nil {
		dict := make([]T, s.dict.Len())
		values := s.dict.Page().Data()
		if err := f.convert(dict, &values, 0); err != nil {
			return nil, err
		}
		if f.check != nil {
			f.dictSpecials = f.check(dict)
		}
		f.dict = dict
	}
	codes, err := s.codes()
	if err != nil {
		return nil, err
	}
	dict := f.dict
	for i, code := range codes {
		dst[i] = dict[code]
	}
	return specialsOf(codes, f.dictSpecials), nil
}

// specialsOf finds the values that are special in their dictionary.
func specialsOf(codes []int32, dict []special) []special {
	if len(dict) == 0 {
		return nil
	}
	problems := make(map[int32]string, len(dict))
	for _, special := range dict {
		problems[int32(special.at)] = special.problem
	}
	var specials []special
	for i, code := range codes {
		if problem, found := problems[code]; found {
			specials = append(specials, special{at: i, problem: problem})
		}
	}
	return specials
}

// finish makes special cells null. The slot of a null holds anything.
func (f *fixed[T]) finish(t schema.Type) (*batch.Column, []special) {
	for _, special := range f.specials {
		f.need()
		f.valid[special.at] = false
	}
	c := &batch.Column{Type: t, Length: len(f.rows), Valid: f.valid}
	f.put(c, f.rows)
	return c, f.specials
}

func putBools(c *batch.Column, v []bool)             { c.Bools = v }
func putInts(c *batch.Column, v []int64)             { c.Ints = v }
func putFloats(c *batch.Column, v []float64)         { c.Floats = v }
func putDecimals(c *batch.Column, v []schema.Int128) { c.Decimals = v }
func sortBad(bad []Bad)                              { slices.SortStableFunc(bad, byRow) }
func byRow(a, b Bad) int                             { return int(a.Row - b.Row) }
