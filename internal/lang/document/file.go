package document

// File is everything that stands in a file.
type File struct {
	Sections []Section
	// Comments by line, from 1. No line has two, since a comment goes to the end of its line. They
	// are complete only if there was no error.
	Comments map[int]Comment
	Lines    []string // without line breaks
	Complete bool     // no document is missing
}

// Section is one document of a file: the lines From <= line < To. Node is nil if it is empty.
type Section struct {
	Node     *Node
	From, To int
}

// Comment is a comment, with its #.
type Comment struct {
	Column int  // bytes before it on its line
	Own    bool // nothing but blanks is before it
	Text   string
}

// Breaks returns the offsets of a text at which a new line of the file begins.
func (t Text) Breaks() []int {
	var offsets []int
	for i, p := range t.pieces {
		if i > 0 && p.at.Line > t.pieces[i-1].at.Line {
			offsets = append(offsets, p.offset)
		}
	}
	return offsets
}
