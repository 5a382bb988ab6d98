package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// parquetReader reads one column of one row group, page by page. Pages live in buffers of a pool:
// everything is copied out of a page before it is released.
type parquetReader struct {
	stored  stored
	decoder decoder
	pages   parquet.Pages
	page    parquet.Page // nil: the next one is to be read
	row     int          // rows of the page that were taken
	value   int          // values of the page that were taken
}

// segment is a run of rows within one page. Only non-null rows have a value.
type segment struct {
	rows   int
	levels []byte // definition levels, nil: all rows have a value
	max    byte   // the level of a row with a value
	count  int    // of values
	from   int    // the first value
	values encoding.Values
	dict   parquet.Dictionary // nil: values are stored plainly
}

// special is a cell that became null although the file has a value: because it is not finite, or,
// with a problem, because it does not fit.
type special struct {
	at      int
	problem string
}

// decoder collects the values of one column in the wanted type.
type decoder interface {
	// begin makes room for a number of rows.
	begin(rows int)
	// add takes a segment; special cells are counted from the part's first row.
	add(s *segment) error
	// finish returns what was collected. Valid is nil if there are no nulls.
	finish(t schema.Type) (*batch.Column, []special)
}

// read returns the next rows of the column.
func (r *parquetReader) read(t schema.Type, rows int) (*batch.Column, []special, error) {
	if r.stored.fettle.Kind == schema.Null {
		return batch.Repeat(schema.NullOf(t), rows), nil, nil
	}
	r.decoder.begin(rows)
	for done := 0; done < rows; {
		if err := r.load(); err != nil {
			return nil, nil, err
		}
		s := r.cut(rows - done)
		if err := r.decoder.add(s); err != nil {
			return nil, nil, err
		}
		done += s.rows
		r.row += s.rows
		r.value += s.count
		if r.row == int(r.page.NumValues()) {
			r.release()
		}
	}
	column, specials := r.decoder.finish(t)
	return column, specials, nil
}

// load makes sure that there is a page with rows left.
func (r *parquetReader) load() error {
	for r.page == nil {
		page, err := r.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return errors.New("it has fewer rows than its row group")
		}
		if err != nil {
			return err
		}
		r.page, r.row, r.value = page, 0, 0
		if page.NumValues() == 0 {
			r.release()
		}
	}
	return nil
}

// cut describes up to limit rows of the page, from where the last segment ended.
func (r *parquetReader) cut(limit int) *segment {
	s := &segment{
		rows: min(limit, int(r.page.NumValues())-r.row), max: r.stored.maxLevel,
		from: r.value, values: r.page.Data(), dict: r.page.Dictionary(),
	}
	s.count = s.rows
	if levels := r.page.DefinitionLevels(); s.max > 0 && len(levels) > 0 {
		levels = levels[r.row : r.row+s.rows]
		s.count = 0
		for _, level := range levels {
			if level == s.max {
				s.count++
			}
		}
		if s.count < s.rows {
			s.levels = levels
		}
	}
	return s
}

// release gives the page back to the pool. Nothing may refer to it any more.
func (r *parquetReader) release() {
	if r.page != nil {
		parquet.Release(r.page)
		r.page = nil
	}
}

// close ends the reading of the column, wherever it is.
func (r *parquetReader) close() {
	r.release()
	if r.pages != nil {
		r.pages.Close()
	}
}

// codes returns the segment's places in the dictionary, checked against its length.
func (s *segment) codes() ([]int32, error) {
	all := s.values.Int32()
	if len(all) < s.from+s.count {
		return nil, errShortPage
	}
	codes, length := all[s.from:s.from+s.count], uint32(s.dict.Len())
	for _, code := range codes {
		if uint32(code) >= length {
			return nil, fmt.Errorf("place %d of a dictionary of %d", uint32(code), length)
		}
	}
	return codes, nil
}

var errShortPage = errors.New("a page has fewer values than it says")

// spread moves the values at the front of a segment's rows to the rows that have one, from the
// back, in place.
func spread[T any](rows []T, s *segment) {
	j := s.count
	for i := s.rows - 1; i >= 0 && j <= i; i-- {
		if s.levels[i] == s.max {
			j--
			rows[i] = rows[j]
		}
	}
}

// rowOf returns the row within the segment of its k-th value.
func (s *segment) rowOf(k int) int {
	if s.levels == nil {
		return k
	}
	for i, level := range s.levels {
		if level == s.max {
			if k == 0 {
				return i
			}
			k--
		}
	}
	return len(s.levels)
}
