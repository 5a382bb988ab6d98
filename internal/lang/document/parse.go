package document

import (
	"strings"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// Limits of a definition file. MaxSize is far above what people write, and MaxDepth bounds the
// recursion of the scanner. Messages spell both out.
const (
	MaxSize  = 1 << 20
	MaxDepth = 32
)

// Parse reads the documents of a file. Empty documents are left out. What could not be read was
// reported; complete is false if a whole document is missing for that.
func Parse(file string, text []byte, report *diag.List) (documents []*Node, complete bool) {
	whole := ParseFile(file, text, report)
	for _, section := range whole.Sections {
		if section.Node != nil {
			documents = append(documents, section.Node)
		}
	}
	return documents, whole.Complete
}

// ParseFile reads a file with all that stands in it: its comments too, and empty documents.
func ParseFile(file string, text []byte, report *diag.List) *File {
	whole := &File{Comments: map[int]Comment{}}
	if whole.Lines, whole.Complete = split(file, text, report); !whole.Complete {
		return whole
	}
	lines := whole.Lines
	for start := 0; start < len(lines); {
		end := start
		for end < len(lines) && !isMarker(lines[end]) {
			end++
		}
		// The lines before it are kept, so that line numbers are those of the file.
		s := &scanner{
			file: file, lines: lines[:end], line: start, report: report, comments: whole.Comments,
		}
		before := report.Errors()
		section := Section{Node: s.document(), From: start + 1, To: end + 1}
		whole.Sections = append(whole.Sections, section)
		if section.Node == nil && report.Errors() > before {
			whole.Complete = false
		}
		if end < len(lines) {
			s.marker(lines[end], end)
		}
		start = end + 1
	}
	return whole
}

// split cuts a file into lines, and reports bytes that no definition may hold. Line breaks of
// either kind are taken away, and so is a byte order mark.
func split(file string, text []byte, report *diag.List) ([]string, bool) {
	at := diag.Position{File: file, Line: 1, Column: 1}
	if len(text) > MaxSize {
		report.Report(at, diag.FileTooLarge, "the file is larger than 1 MB",
			"split it into several files")
		return nil, false
	}
	lines := strings.Split(strings.TrimPrefix(string(text), "\uFEFF"), "\n")
	good := true
	for i, line := range lines {
		line = strings.TrimSuffix(line, "\r")
		lines[i] = line
		if bad := badByte(line); bad >= 0 {
			at := diag.Position{File: file, Line: i + 1, Column: utf8.RuneCountInString(line[:bad]) + 1}
			report.Report(at, diag.BadEncoding, "the file is not plain UTF-8 text here",
				"remove the byte, or save the file as UTF-8")
			good = false
		}
	}
	return lines, good
}

// badByte returns where a line has a control character or a byte that is not UTF-8, or -1.
func badByte(line string) int {
	for i, r := range line {
		// The replacement character can also be written, in three bytes, and is good then.
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(line[i:]); size <= 1 {
				return i
			}
		}
		if r < ' ' && r != '\t' || r == 0x7F {
			return i
		}
	}
	return -1
}

// isMarker reports whether a line ends a document. Markers count even inside of scalars.
func isMarker(line string) bool {
	for _, mark := range []string{"---", "..."} {
		rest, found := strings.CutPrefix(line, mark)
		if found && (rest == "" || rest[0] == ' ' || rest[0] == '\t') {
			return true
		}
	}
	return false
}

// marker checks that nothing but a comment stands behind a document marker.
func (s *scanner) marker(text string, line int) {
	rest := strings.TrimLeft(text[3:], " \t")
	if rest != "" && rest[0] == '#' {
		s.comments[line+1] = Comment{Text: rest}
	} else if rest != "" {
		s.fail(s.place(line, len(text)-len(rest), text), diag.YAMLSyntax,
			"text behind "+text[:3]+" is not read", "begin the document on the next line")
	}
}

// scanner reads one document; its lines are those of the file up to the document's end. Between
// nodes the cursor stands at the start of a line.
type scanner struct {
	file   string
	lines  []string
	line   int // index from 0
	col    int // byte
	depth  int
	tabs   int // lines indented by tabs so far
	report *diag.List
	// comments are those seen so far, by line from 1. A line has one at most.
	comments map[int]Comment
}

// note remembers the comment at a byte of the line of the cursor.
func (s *scanner) note(col int) {
	line := s.lines[s.line]
	s.comments[s.line+1] = Comment{
		Column: col, Own: strings.TrimLeft(line[:col], " \t") == "", Text: line[col:],
	}
}

// document reads the one node of a document, nil if there is none.
func (s *scanner) document() *Node {
	if !s.next() {
		return nil
	}
	if s.rest()[0] == '%' {
		s.fail(s.here(), diag.YAMLRefused, "YAML directives are not accepted", "remove the line")
		return nil
	}
	node := s.block(-1)
	if node != nil && s.next() {
		s.fail(s.here(), diag.YAMLSyntax, "this line belongs to nothing before it",
			"check its indentation, or begin a new document with ---")
	}
	return node
}

// place returns the position of a byte of a line, in characters.
func (s *scanner) place(line, col int, text string) diag.Position {
	col = min(col, len(text))
	return diag.Position{File: s.file, Line: line + 1, Column: utf8.RuneCountInString(text[:col]) + 1}
}

// here is the place of the cursor; behind the last line it is the line after it.
func (s *scanner) here() diag.Position {
	if s.line >= len(s.lines) {
		return diag.Position{File: s.file, Line: len(s.lines) + 1, Column: 1}
	}
	return s.place(s.line, s.col, s.lines[s.line])
}

// rest is what is left of the line at the cursor.
func (s *scanner) rest() string {
	if s.line >= len(s.lines) || s.col > len(s.lines[s.line]) {
		return ""
	}
	return s.lines[s.line][s.col:]
}

// fail reports an error; it returns nil so that a reader can end with it.
func (s *scanner) fail(at diag.Position, code diag.Code, message, hint string) *Node {
	s.report.Report(at, code, message, hint)
	return nil
}

// newline moves to the start of the next line.
func (s *scanner) newline() { s.line, s.col = s.line+1, 0 }

// next moves from the start of a line to the first character of the first line with content. It is
// false at the end of the document. Lines that tabs indent are reported and passed over.
func (s *scanner) next() bool {
	for ; s.line < len(s.lines); s.newline() {
		text := s.lines[s.line]
		s.col = indentation(text)
		rest := strings.TrimLeft(text[s.col:], "\t ")
		if rest == "" || rest[0] == '#' {
			if rest != "" {
				s.note(len(text) - len(rest))
			}
			continue
		}
		if text[s.col] == '\t' {
			s.tabs++
			s.fail(s.here(), diag.YAMLTab, "a tab cannot indent", "indent with spaces")
			continue
		}
		return true
	}
	return false
}

// skipTo recovers from an error in an entry that began on a line: it moves to the start of the next
// line that is not indented deeper than the entry.
func (s *scanner) skipTo(line, indent int) {
	for line++; line < len(s.lines); line++ {
		text := s.lines[line]
		rest := strings.TrimLeft(text, " \t")
		if rest != "" && rest[0] != '#' && indentation(text) <= indent {
			break
		}
	}
	s.line, s.col = line, 0
}

// indentation counts the spaces a line begins with. Tabs never indent.
func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// endLine checks that nothing but a comment follows on the line, and moves to the next one. If it
// is false the cursor stands at the text that is too much.
func (s *scanner) endLine() bool {
	rest := strings.TrimLeft(s.rest(), " \t")
	if rest == "" || rest[0] == '#' && len(rest) < len(s.rest()) {
		if rest != "" {
			s.note(s.col + len(s.rest()) - len(rest))
		}
		s.newline()
		return true
	}
	s.col += len(s.rest()) - len(rest)
	return false
}
