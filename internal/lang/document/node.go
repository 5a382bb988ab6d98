package document

import (
	"sort"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// Kind tells the shapes of nodes apart.
type Kind uint8

// The kinds of nodes.
const (
	Scalar Kind = iota
	Mapping
	Sequence
)

// String returns the name of the kind for messages.
func (k Kind) String() string { return [...]string{"a single value", "a mapping", "a list"}[k] }

// Style is how a scalar was written.
type Style uint8

// The styles of scalars. Empty is a value that was left out.
const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Empty
)

// Node is one value of a document.
type Node struct {
	Kind    Kind
	Style   Style
	Text    Text
	At      diag.Position
	Entries []Entry
	Items   []*Node
	// Broken is true for a value that could not be read, which was reported.
	Broken bool
	// Inexact is true for a scalar with escapes or folded lines: Text has no exact places.
	Inexact bool
	// Cut is where a comment ended a plain scalar on its line; line 0 if none did.
	Cut diag.Position
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key   *Node
	Value *Node
}

// IsEmpty reports whether the value was left out.
func (n *Node) IsEmpty() bool { return n.Kind == Scalar && n.Style == Empty }

// Text is a string whose characters know their places.
type Text struct {
	String string
	pieces []piece
}

// piece says that the bytes of a Text from offset on stand in the file from a place on, up to the
// next piece. All bytes of a fixed piece have the same place.
type piece struct {
	offset int
	at     diag.Position
	fixed  bool
}

// TextAt returns a text that stands in the file as it is, from a place on.
func TextAt(text string, at diag.Position) Text {
	return Text{String: text, pieces: []piece{{at: at}}}
}

// Position returns the place of the byte at offset; the end of the text is a place too.
func (t Text) Position(offset int) diag.Position {
	i := sort.Search(len(t.pieces), func(i int) bool { return t.pieces[i].offset > offset }) - 1
	if i < 0 {
		return diag.Position{}
	}
	p := t.pieces[i]
	at := p.at
	if !p.fixed {
		end := min(offset, len(t.String))
		at.Column += utf8.RuneCountInString(t.String[p.offset:end])
	}
	return at
}

// Replace returns the text with bytes [from, to) replaced; the new ones all have the place of from.
func (t Text) Replace(from, to int, replacement string) Text {
	out := Text{String: t.String[:from] + replacement + t.String[to:]}
	for _, p := range t.pieces {
		if p.offset < from {
			out.pieces = append(out.pieces, p)
		}
	}
	out.pieces = append(out.pieces,
		piece{offset: from, at: t.Position(from), fixed: true},
		piece{offset: from + len(replacement), at: t.Position(to)})
	shift := from + len(replacement) - to
	for _, p := range t.pieces {
		if p.offset > to {
			p.offset += shift
			out.pieces = append(out.pieces, p)
		}
	}
	return out
}
