package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// parquetLabels is the columns of a Parquet file that are copied before the fields of another one:
// the schema elements as they are, and for each leaf its levels and values, whatever they mean.
type parquetLabels struct {
	input    *parquetInput
	elements []format.SchemaElement
	columns  int // top-level columns
	leaves   []*labelLeaf
	keep     []bool // by row; nil: all
}

// labelLeaf reads one leaf from row group to row group.
type labelLeaf struct {
	leaf
	index  int
	column *parquet.Column
	null   bool // the column has no values at all
	group  int  // the next row group
	pages  parquet.Pages
	page   parquet.Page
	entry  int // entries of the page that were taken
	value  int // values of the page that were taken
	rows   int64
	at     int           // rows that were taken or passed over, where some are left out
	dict   *batch.Column // of texts, copied once in a row group
}

// labels prepares all columns of the file to be copied; keep leaves rows out.
func (p *parquetInput) labels(keep []bool) *parquetLabels {
	l := &parquetLabels{keep: keep, input: p, elements: p.parquet.Metadata().Schema[1:], columns: len(p.columns)}
	for _, column := range p.parquet.Root().Columns() {
		l.addLeaves(column)
	}
	next := 0 // leaves come in the order of their elements
	for _, element := range l.elements {
		if element.Type.Valid {
			l.leaves[next].setElement(element)
			next++
		}
	}
	for i, node := range p.nodes {
		if p.columns[i].Type.Kind == schema.Null && p.columns[i].Unsupported == "" {
			l.leaves[node.leafFrom].null = true
		}
	}
	return l
}

// addLeaves collects the leaves of a column, in the order of the schema.
func (l *parquetLabels) addLeaves(column *parquet.Column) {
	for _, child := range column.Columns() {
		l.addLeaves(child)
	}
	if column.Leaf() {
		out := &labelLeaf{index: len(l.leaves), column: column}
		out.path = column.Path()
		out.maxRep, out.maxDef = byte(column.MaxRepetitionLevel()), byte(column.MaxDefinitionLevel())
		l.leaves = append(l.leaves, out)
	}
}

// setElement takes over how the leaf is stored.
func (l *labelLeaf) setElement(element format.SchemaElement) {
	l.kind = element.Type.V
	switch l.kind {
	case format.Int32, format.Float:
		l.size = 4
	case format.Int64, format.Double:
		l.size = 8
	case format.Int96:
		l.size = 12
	case format.FixedLenByteArray:
		l.size = int(element.TypeLength.V)
	}
}

// encode copies the next rows of a leaf into a chunk, as one page.
func (l *parquetLabels) encode(i int, c *chunk, rows int) error {
	leaf := l.leaves[i]
	copied := &copied{leaf: leaf}
	err := guard(l.input.name, func() error { return l.take(leaf, copied, rows) })
	if err != nil {
		return err
	}
	return c.add(copied.page(c))
}

// take copies the next kept rows of a leaf, and passes over those between.
func (l *parquetLabels) take(leaf *labelLeaf, to *copied, rows int) error {
	if l.keep == nil || leaf.null {
		return leaf.take(l.input, to, rows)
	}
	for taken := 0; taken < rows; {
		if leaf.at == len(l.keep) {
			return countError(int64(leaf.at), int64(leaf.at+rows-taken))
		}
		from, keep := leaf.at, l.keep[leaf.at]
		for leaf.at < len(l.keep) && l.keep[leaf.at] == keep && (!keep || leaf.at-from < rows-taken) {
			leaf.at++
		}
		into, most := to, taken+leaf.at-from
		if keep {
			taken = most
		} else {
			into, most = &copied{leaf: leaf}, leaf.at-from
		}
		if err := leaf.take(l.input, into, most); err != nil {
			return err
		}
	}
	return nil
}

// keptRows is how many rows of the labels are in the output.
func (l *parquetLabels) keptRows() int64 {
	if l.keep == nil {
		return l.input.rows
	}
	n := int64(0)
	for _, keep := range l.keep {
		if keep {
			n++
		}
	}
	return n
}

// end fails if rows are left, and gives the pages back.
func (l *parquetLabels) end(rows int64) error {
	for _, leaf := range l.leaves {
		err := guard(l.input.name, func() error { leaf.close(); return nil })
		if err != nil {
			return err
		}
	}
	if kept := l.keptRows(); rows != kept {
		return countError(kept, rows)
	}
	return nil
}

func (l *labelLeaf) close() {
	l.release()
	if l.pages != nil {
		l.pages.Close()
		l.pages = nil
	}
}

func (l *labelLeaf) release() {
	if l.page != nil {
		parquet.Release(l.page)
		l.page = nil
	}
}

// take copies a number of rows. A row of a repeated column ends where the next one begins, which
// may be on a later page.
func (l *labelLeaf) take(input *parquetInput, to *copied, rows int) error {
	if l.null {
		to.nulls(rows)
		return nil
	}
	for {
		if to.rows == rows && l.maxRep == 0 {
			return nil
		}
		more, err := l.load(input)
		if err != nil {
			return err
		}
		if !more {
			if to.rows < rows {
				return countError(l.rows, l.rows-int64(to.rows)+int64(rows))
			}
			return nil
		}
		full, err := to.full(l, rows)
		if err != nil {
			return damaged(input.name, fmt.Errorf("column %s: %w", l.path[0], err))
		}
		if full {
			return nil
		}
	}
}

// load makes sure that there is a page with entries left; false at the end of the file. At the end
// of a row group it goes on to the next one.
func (l *labelLeaf) load(input *parquetInput) (bool, error) {
	for l.page == nil || l.entry == int(l.page.NumValues()) {
		l.release()
		if l.pages == nil {
			if l.group == len(input.parquet.RowGroups()) {
				return false, nil
			}
			l.pages = input.pagesOf(l.group, l.index, l.column)
			l.group++
			l.dict = nil
		}
		page, err := l.pages.ReadPage()
		if errors.Is(err, io.EOF) {
			err = l.pages.Close()
			l.pages = nil
		}
		if err != nil {
			return false, damaged(input.name, fmt.Errorf("column %s: %w", l.path[0], err))
		}
		l.page, l.entry, l.value = page, 0, 0
	}
	return true, nil
}
