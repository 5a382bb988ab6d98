package format

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/fields"
)

// width is how long lines get where there is a choice.
const width = 100

// line is one line of the result; its comment is put into a column with those of its neighbours.
type line struct {
	text    string
	comment string
}

// opens reports whether the line is a key whose value is below it.
func (l line) opens() bool { return strings.HasSuffix(l.text, ":") }

// printer writes trees.
type printer struct{ lines []line }

func (p *printer) add(indent int, text, comment string) {
	if text != "" {
		text = strings.Repeat(" ", indent) + text
	}
	p.lines = append(p.lines, line{text: text, comment: comment})
}

// comments writes lines that are comments or blank.
func (p *printer) comments(indent int, lines []string) {
	for _, text := range lines {
		p.add(indent, strings.TrimRight(text, " \t"), "")
	}
}

// String joins the lines. The comments behind consecutive lines begin in one column.
func (p *printer) String() string {
	var b strings.Builder
	for from := 0; from < len(p.lines); {
		to, widest := from, 0
		for to < len(p.lines) && p.lines[to].comment != "" && (to == from || !p.lines[to].opens()) {
			widest = max(widest, utf8.RuneCountInString(p.lines[to].text))
			if to++; p.lines[to-1].opens() {
				break // what it opens is another column
			}
		}
		for _, l := range p.lines[from:to] {
			gap := strings.Repeat(" ", widest-utf8.RuneCountInString(l.text)+2)
			b.WriteString(l.text + gap + strings.TrimRight(l.comment, " \t") + "\n")
		}
		if from == to {
			b.WriteString(p.lines[from].text + "\n")
			to++
		}
		from = to
	}
	return b.String()
}

// place says what the table of fields knows about a value.
type place struct {
	object *fields.Object // of a mapping
	field  *fields.Field  // nil: nothing is known
}

// inside is the place of an entry's value.
func (at place) inside(key string) place {
	if at.object != nil {
		f, found := at.object.Field(key)
		if !found {
			return place{}
		}
		next := place{field: f}
		if f.Shape == fields.Nested {
			next.object = fields.Of(f.Of)
		}
		return next
	}
	if at.field == nil {
		return place{}
	}
	switch at.field.Shape {
	case fields.NestedMap, fields.Features:
		return place{object: fields.Of(at.field.Of), field: scalarOf(at.field.Shape)}
	case fields.Expressions:
		return place{field: scalarOf(fields.Features)}
	}
	return place{}
}

// item is the place of an item of a list.
func (at place) item() place {
	if at.field != nil && at.field.Shape == fields.NestedList {
		return place{object: fields.Of(at.field.Of)}
	}
	return place{}
}

// scalarOf is the field of a value that stands alone where an object could.
func scalarOf(shape fields.Shape) *fields.Field {
	if shape == fields.Features {
		return &fields.Field{Shape: fields.Expression}
	}
	return &fields.Field{Shape: fields.Text}
}

// expression reports whether a scalar there is one.
func (at place) expression() bool { return at.field != nil && at.field.Shape == fields.Expression }

// scalar writes a scalar for a place.
func (at place) scalar(n *document.Node, r room) scalar {
	if at.expression() {
		return expression(n, r)
	}
	return text(n, r)
}

// order sorts the parts of an object as its table has them; fields that are not in it come last.
// What stands above the first field with a blank line between is about the whole, and stays first.
func order(t *tree, at place) {
	if at.object == nil || len(t.parts) == 0 || t.node.Kind != document.Mapping {
		return
	}
	names := at.object.Names()
	rank := func(p *part) int {
		if i := slices.Index(names, p.key.Text.String); i >= 0 {
			return i
		}
		return len(names)
	}
	first := t.parts[0]
	sort.SliceStable(t.parts, func(i, j int) bool { return rank(t.parts[i]) < rank(t.parts[j]) })
	if t.parts[0] == first {
		return
	}
	for i := len(first.head) - 1; i > 0; i-- {
		if first.head[i] == "" {
			t.parts[0].head = append(slices.Clone(first.head[:i+1]), t.parts[0].head...)
			first.head = first.head[i+1:]
			return
		}
	}
}

// block writes the parts of a mapping or list in lines.
func (p *printer) block(t *tree, at place, indent int) {
	order(t, at)
	for i, part := range t.parts {
		head := squeeze(part.head)
		if len(part.head) > 0 && part.head[0] == "" && i > 0 {
			head = append([]string{""}, head...)
		}
		if part.key == nil {
			p.item(part, at.item(), indent, head)
			continue
		}
		p.comments(indent, head)
		p.value(part.value, at.inside(part.key.Text.String), indent, key(part.key, false)+":")
	}
	p.comments(indent, t.foot)
}

// item writes one item behind a dash. What stands above the first line of a mapping stands above
// the dash then, because nothing can stand between.
func (p *printer) item(i *part, at place, indent int, head []string) {
	t := i.value
	if t.node.Kind == document.Scalar || t.flow || len(t.parts) == 0 {
		p.comments(indent, head)
		p.value(t, at, indent, "-")
		return
	}
	order(t, at)
	if t.comment != "" {
		head = append(head, t.comment)
		t.comment = ""
	}
	head = append(head, squeeze(t.parts[0].head)...)
	t.parts[0].head = nil
	p.comments(indent, head)
	from := len(p.lines)
	p.block(t, at, indent+2)
	for n := from; n < len(p.lines); n++ {
		if first := p.lines[n].text; first != "" {
			p.lines[n].text = first[:indent] + "-" + first[indent+1:]
			return
		}
	}
}

// key writes a key as it was written, with or without quotes.
func key(n *document.Node, flow bool) string {
	if n.Style == document.Plain && (flow || plain(n.Text.String, false)) {
		return n.Text.String
	}
	return quoted(n.Text.String)
}

// value writes a value behind its key or dash.
func (p *printer) value(t *tree, at place, indent int, lead string) {
	n := t.node
	switch {
	case n.Kind == document.Scalar:
		left := max(width-indent-len(lead)-1, 20)
		p.scalar(at.scalar(n, room{columns: left}), indent, lead, t.comment)
		p.comments(indent, t.foot)
	case t.flow:
		p.flow(t, at, indent, lead)
	case len(t.parts) == 0:
		p.add(indent, lead+" "+emptyOf(n), t.comment)
	default:
		p.add(indent, lead, t.comment)
		p.block(t, at, indent+2)
	}
}

func emptyOf(n *document.Node) string {
	if n.Kind == document.Mapping {
		return "{}"
	}
	return "[]"
}

// scalar writes a scalar behind its key or dash.
func (p *printer) scalar(s scalar, indent int, lead, comment string) {
	switch {
	case s.header != "":
		p.add(indent, lead+" "+s.header, comment)
		for _, text := range s.block {
			p.add(indent+2, text, "")
		}
	case s.line == "":
		p.add(indent, lead, comment)
	case s.words && indent+len(lead)+1+len(s.line) > width:
		lines := fill(lead+" "+s.line, width-indent-2)
		for i, text := range lines {
			behind := ""
			if i == len(lines)-1 {
				behind = comment
			}
			p.add(indent+2*min(i, 1), text, behind)
		}
	default:
		p.add(indent, lead+" "+s.line, comment)
	}
}

// flow writes a value in brackets, on one line if it has room and else on as few as there must be.
func (p *printer) flow(t *tree, at place, indent int, lead string) {
	atoms := flowAtoms(t, at, nil)
	lines := []string{lead}
	for i, atom := range atoms {
		last := lines[len(lines)-1]
		room := width - indent - 2*min(len(lines)-1, 1)
		if i > 0 && utf8.RuneCountInString(last)+1+utf8.RuneCountInString(atom) > room {
			lines = append(lines, atom)
			continue
		}
		lines[len(lines)-1] = last + " " + atom
	}
	for i, text := range lines {
		behind := ""
		if i == len(lines)-1 {
			behind = t.comment
		}
		p.add(indent+2*min(i, 1), text, behind)
	}
	p.comments(indent, t.foot)
}

// flowAtoms are the pieces of a value in brackets that a line is not broken in.
func flowAtoms(t *tree, at place, atoms []string) []string {
	if t.node.Kind == document.Scalar {
		return append(atoms, at.scalar(t.node, room{flow: true, columns: width}).line)
	}
	order(t, at)
	opening := emptyOf(t.node)
	from := len(atoms)
	for i, part := range t.parts {
		begin := len(atoms)
		next := at.item()
		if part.key != nil {
			next = at.inside(part.key.Text.String)
		}
		atoms = flowAtoms(part.value, next, atoms)
		if part.key != nil {
			atoms[begin] = strings.TrimRight(key(part.key, true)+": "+atoms[begin], " ")
		}
		if i+1 < len(t.parts) {
			atoms[len(atoms)-1] += ","
		}
	}
	if len(t.parts) == 0 {
		return append(atoms, opening)
	}
	atoms[from] = opening[:1] + atoms[from]
	atoms[len(atoms)-1] += opening[1:]
	return atoms
}
