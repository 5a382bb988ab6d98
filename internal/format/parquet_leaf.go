package format

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// leafReader reads one leaf of a nested column in one row group: entries of values or of none, with
// the levels that say what lies around them.
type leafReader struct {
	stored *stored
	as     schema.Type
	decode decoder
	pages  parquet.Pages
	page   parquet.Page // nil: the next one is to be read
	entry  int          // entries of the page that were taken
	value  int          // values of the page that were taken
	maxRep byte

	// Of the rows at hand:
	rep, def  []byte
	rows      int
	pieces    []*batch.Column
	nonFinite int64
	flaws     []flaw
}

// flaw is what is wrong with a row, or with an element.
type flaw struct {
	at      int
	problem string
}

var errShortGroup = errors.New("it has fewer rows than its row group")

// collect reads the entries of the next rows. A row ends where the next one begins, which may be on
// a later page.
func (l *leafReader) collect(rows int) error {
	l.rep, l.def, l.rows, l.pieces, l.nonFinite, l.flaws = l.rep[:0], l.def[:0], 0, nil, 0, nil
	for {
		more, err := l.load()
		if err != nil {
			return err
		}
		if !more && l.rows < rows {
			return errShortGroup
		}
		if !more {
			return nil
		}
		full, err := l.take(rows)
		if err != nil || full {
			return err
		}
	}
}

// load makes sure that there is a page with entries left; false at the end of the row group.
func (l *leafReader) load() (more bool, err error) {
	for l.page == nil || l.entry == int(l.page.NumValues()) {
		l.release()
		l.page, err = l.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			l.page = nil
			return false, nil
		}
		if err != nil {
			return false, err
		}
		l.entry, l.value = 0, 0
	}
	return true, nil
}

// take takes entries of the page, and reports whether the one behind them begins another row.
func (l *leafReader) take(rows int) (full bool, err error) {
	rep, def := l.page.RepetitionLevels(), l.page.DefinitionLevels()
	n := int(l.page.NumValues())
	if len(rep) < n || len(def) < n {
		return false, errShortPage
	}
	rep, def = rep[l.entry:n], def[l.entry:n]
	taken, count, start := 0, 0, len(l.rep)
	for i, r := range rep {
		if r == 0 && l.rows == rows {
			full = true
			break
		}
		if r == 0 {
			l.rows++
		}
		if r > l.maxRep || def[i] > l.stored.maxLevel || l.rows == 0 {
			return false, fmt.Errorf("levels %d and %d cannot be", r, def[i])
		}
		if def[i] == l.stored.maxLevel {
			count++
		}
		taken++
	}
	l.rep, l.def = append(l.rep, rep[:taken]...), append(l.def, def[:taken]...)
	if taken == 0 {
		return full, nil
	}
	s := &segment{rows: taken, max: l.stored.maxLevel, count: count, from: l.value,
		values: l.page.Data(), dict: l.page.Dictionary()}
	if count < taken {
		s.levels = l.def[start:]
	}
	l.entry += taken
	l.value += count
	return full, l.add(s, start)
}

// add decodes the values of entries, of which the first is at start.
func (l *leafReader) add(s *segment, start int) error {
	if l.decode == nil {
		l.pieces = append(l.pieces, batch.Repeat(schema.NullOf(l.as), s.rows))
		return nil
	}
	l.decode.begin(s.rows)
	if err := l.decode.add(s); err != nil {
		return err
	}
	c, specials := l.decode.finish(l.as)
	markNulls(c)
	for _, special := range specials {
		switch special.problem {
		case "":
			l.nonFinite++
			c.Floats[special.at] = math.NaN()
		case nullJSON:
		default:
			l.flaws = append(l.flaws, flaw{l.rowOf(start + special.at), special.problem})
		}
	}
	l.pieces = append(l.pieces, c)
	return nil
}

// markNulls makes the slots of nulls zero. A vector tells by them a number that was not finite, which
// makes it null, from one that is missing, which makes its row bad.
func markNulls(c *batch.Column) {
	for i := range c.Floats {
		if c.IsNull(i) {
			c.Floats[i] = 0
		}
	}
}

// rowOf returns the row of an entry, from 0.
func (l *leafReader) rowOf(entry int) int {
	row := -1
	for _, r := range l.rep[:entry+1] {
		if r == 0 {
			row++
		}
	}
	return row
}

// column returns the values of the entries at which there is a slot at a level.
func (l *leafReader) column(level byte) *batch.Column {
	c := batch.Concat(l.pieces)
	var kept []uint32
	for i, d := range l.def {
		if d >= level {
			kept = append(kept, uint32(i))
		}
	}
	if len(kept) == c.Length {
		return c
	}
	return batch.Gather(c, kept)
}

// release gives the page back to the pool. Nothing may refer to it any more.
func (l *leafReader) release() {
	if l.page != nil {
		parquet.Release(l.page)
		l.page = nil
	}
}

func (l *leafReader) close() {
	l.release()
	if l.pages != nil {
		l.pages.Close()
	}
}
