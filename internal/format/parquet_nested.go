package format

import (
	"errors"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// columnReader reads one column of one row group.
type columnReader interface {
	// read returns the next rows, and the cells that became null although the file has a value.
	read(t schema.Type, rows int) (*batch.Column, []special, error)
	close()
}

// nestedReader puts the leaves of a nested column together.
type nestedReader struct {
	stored *stored
	leaves []*leafReader // by their place in the column; nil: not read
}

// newNestedReader begins to read a column as a type, which readable has allowed.
func (p *parquetInput) newNestedReader(group int, node *parquetNode, as schema.Type) *nestedReader {
	n := &nestedReader{stored: &node.stored, leaves: make([]*leafReader, node.leafTo-node.leafFrom)}
	columns := node.tree.leafColumns(nil)
	n.stored.visit(as, func(s *stored, as schema.Type) {
		leaf := &leafReader{stored: s, as: as, maxRep: byte(columns[s.leaf].MaxRepetitionLevel())}
		if s.fettle.Kind != schema.Null {
			leaf.decode = s.decoder(as)
		}
		leaf.pages = p.pagesOf(group, node.leafFrom+s.leaf, columns[s.leaf])
		n.leaves[s.leaf] = leaf
	})
	return n
}

// visit calls leaf for each leaf, with the type that it is read as.
func (s *stored) visit(as schema.Type, leaf func(*stored, schema.Type)) {
	if s.child == nil {
		leaf(s, as)
		return
	}
	if s.key != nil {
		s.key.visit(schema.Of(schema.String), leaf)
	}
	elem, _ := s.elementOf(as)
	s.child.visit(elem, leaf)
}

// read returns the next rows of the column.
func (n *nestedReader) read(t schema.Type, rows int) (*batch.Column, []special, error) {
	var specials []special
	for _, l := range n.leaves {
		if l == nil {
			continue
		}
		if err := l.collect(rows); err != nil {
			return nil, nil, err
		}
		for range l.nonFinite {
			specials = append(specials, special{})
		}
		for _, flaw := range l.flaws {
			specials = append(specials, special(flaw))
		}
	}
	c, err := n.build(n.stored, t, 0, 0)
	if err != nil {
		return nil, nil, err
	}
	if c.Length != rows {
		return nil, nil, errLevels
	}
	for _, flaw := range settle(c) {
		specials = append(specials, special(flaw))
	}
	for _, special := range specials {
		if special.problem != "" {
			setNull(c, special.at)
		}
	}
	return c, specials, nil
}

// setNull makes a cell null.
func setNull(c *batch.Column, row int) {
	if c.Valid == nil {
		c.Valid = slices.Repeat([]bool{true}, c.Length)
	}
	c.Valid[row] = false
}

var errLevels = errors.New("the levels of its leaves do not fit each other")

// build returns the column of a part of the schema: it has a slot wherever the repetition level is at
// most outer, and the definition level at least level.
func (n *nestedReader) build(s *stored, t schema.Type, outer, level byte) (*batch.Column, error) {
	if s.child == nil {
		return n.leaves[s.leaf].column(level), nil
	}
	elem, _ := s.elementOf(t)
	c := &batch.Column{Type: t}
	var err error
	if c.Child, err = n.build(s.child, elem, s.repetition, s.itemLevel); err != nil {
		return nil, err
	}
	n.slots(c, s, n.leaves[s.child.first()], outer, level)
	if s.key != nil {
		if c.Keys, err = n.build(s.key, schema.Of(schema.String), s.repetition, s.itemLevel); err != nil {
			return nil, err
		}
		keys := &batch.Column{Type: t}
		n.slots(keys, s, n.leaves[s.key.leaf], outer, level)
		if !slices.Equal(keys.Offsets, c.Offsets) || c.Keys.Length != c.Child.Length {
			return nil, errLevels
		}
	}
	if int(c.Offsets[c.Length]) != c.Child.Length {
		return nil, errLevels
	}
	return c, nil
}

// first returns one of the leaves.
func (s *stored) first() int {
	for s.child != nil {
		s = s.child
	}
	return s.leaf
}

// slots fills in which slots of a nested column there are, and how many elements each has.
func (n *nestedReader) slots(c *batch.Column, s *stored, l *leafReader, outer, level byte) {
	c.Offsets = make([]uint32, 0, l.rows+1)
	items := uint32(0)
	for i, def := range l.def {
		if l.rep[i] <= outer && def >= level {
			if def < s.maxLevel && c.Valid == nil {
				c.Valid = slices.Repeat([]bool{true}, c.Length)
			}
			if c.Valid != nil {
				c.Valid = append(c.Valid, def >= s.maxLevel)
			}
			c.Offsets = append(c.Offsets, items)
			c.Length++
		}
		if l.rep[i] <= s.repetition && def >= s.itemLevel {
			items++
		}
	}
	c.Offsets = append(c.Offsets, items)
}

func (n *nestedReader) close() {
	for _, l := range n.leaves {
		if l != nil {
			l.close()
		}
	}
}
