package format

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// pageItems is how many entries of a leaf make a page, however few rows they are: readers hold a
// page in memory.
const pageItems = 1 << 20

// shredder cuts nested rows into the entries of their leaves: one for each value, and one for each
// place that has none because something around it is null or empty.
type shredder struct {
	shape  *shape
	chunks []*chunk // of the leaves
	leaves []shredded
	rows   int // since the last page
}

// shredded is the entries of one leaf for the page at hand.
type shredded struct {
	rep, def []byte
	from     *batch.Column // that the places in picked are of
	picked   []uint32      // places of values
	pieces   []*batch.Column
	values   int
}

// addNested encodes the next rows of a nested field, which come in pieces, as pages of every leaf.
func addNested(s *shape, chunks []*chunk, pieces []*batch.Column) error {
	sh := &shredder{shape: s, chunks: chunks, leaves: make([]shredded, len(chunks))}
	for _, piece := range pieces {
		for row := range piece.Length {
			sh.add(s, piece, row, 0)
			sh.rows++
			if sh.full() {
				if err := sh.flush(); err != nil {
					return err
				}
			}
		}
		sh.pick()
	}
	return sh.flush()
}

// add appends the entries of one value, the first of them at a repetition level.
func (sh *shredder) add(s *shape, c *batch.Column, row int, rep byte) {
	switch {
	case c.IsNull(row):
		sh.none(s, rep, s.def-1)
	case s.child == nil:
		leaf := &sh.leaves[s.leaf]
		if leaf.from != c {
			leaf.pick()
			leaf.from = c
		}
		leaf.rep, leaf.def = append(leaf.rep, rep), append(leaf.def, s.def)
		leaf.picked = append(leaf.picked, uint32(row))
		leaf.values++
	case c.Offsets[row] == c.Offsets[row+1]:
		sh.none(s, rep, s.def)
	default:
		for i := c.Offsets[row]; i < c.Offsets[row+1]; i++ {
			if s.key != nil {
				sh.add(s.key, c.Keys, int(i), rep)
			}
			sh.add(s.child, c.Child, int(i), rep)
			rep = s.rep
		}
	}
}

// none appends an entry without a value to every leaf of a value.
func (sh *shredder) none(s *shape, rep, def byte) {
	if s.child == nil {
		leaf := &sh.leaves[s.leaf]
		leaf.rep, leaf.def = append(leaf.rep, rep), append(leaf.def, def)
		return
	}
	if s.key != nil {
		sh.none(s.key, rep, def)
	}
	sh.none(s.child, rep, def)
}

// pick copies the values of a piece, which is done with.
func (sh *shredder) pick() {
	for i := range sh.leaves {
		sh.leaves[i].pick()
	}
}

func (l *shredded) pick() {
	if len(l.picked) > 0 {
		l.pieces = append(l.pieces, batch.Gather(l.from, l.picked))
	}
	l.from, l.picked = nil, l.picked[:0]
}

func (sh *shredder) full() bool {
	for i := range sh.leaves {
		if len(sh.leaves[i].rep) >= pageItems {
			return true
		}
	}
	return false
}

// flush makes a page of every leaf.
func (sh *shredder) flush() error {
	if sh.rows == 0 {
		return nil
	}
	sh.pick()
	types := leafTypes(nil, sh.shape)
	for i := range sh.leaves {
		l := &sh.leaves[i]
		if len(l.pieces) == 0 {
			l.pieces = append(l.pieces, batch.NewBuilder(types[i]).Column())
		}
		p := &page{entries: len(l.rep), nulls: len(l.rep) - l.values, rep: l.rep, def: l.def}
		sh.chunks[i].encode(p, l.pieces)
		if err := sh.chunks[i].add(p); err != nil {
			return err
		}
		*l = shredded{rep: l.rep[:0], def: l.def[:0], picked: l.picked}
	}
	sh.rows = 0
	return nil
}

// leafTypes appends the types of the leaves, in their order.
func leafTypes(dst []schema.Type, s *shape) []schema.Type {
	if s.child == nil {
		return append(dst, s.t)
	}
	if s.key != nil {
		dst = leafTypes(dst, s.key)
	}
	return leafTypes(dst, s.child)
}
