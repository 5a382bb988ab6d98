package format

import (
	"errors"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/fields"
	"github.com/fettle-ml/fettle/internal/lang/parse"
)

// errChanged means that the formatter would say something else than the file does: a bug of it,
// found before anything is written.
var errChanged = errors.New("formatting would change what the file says; the file was left alone")

// Source returns a definition file in canonical form. It says nothing if the file has errors: they
// are in the report. The path tells fettle.yaml from other files.
func Source(path string, text []byte, report *diag.List) ([]byte, error) {
	before := &ast.Definitions{}
	parse.File(path, text, before, report)
	if report.Errors() > 0 {
		return nil, nil
	}
	file := document.ParseFile(path, text, &diag.List{})
	var documents []string
	b := &builder{file: file, next: 1}
	if n := len(file.Sections); n > 0 && file.Sections[n-1].To == len(file.Lines) {
		// The file ends with a marker, which may have a comment.
		file.Sections = append(file.Sections, document.Section{From: len(file.Lines) + 1, To: len(file.Lines) + 1})
	}
	for _, of := range file.Sections {
		if written := section(b, of); written != "" {
			documents = append(documents, written)
		}
	}
	out := []byte(strings.Join(documents, "---\n"))
	again, after := &diag.List{}, &ast.Definitions{}
	parse.File(path, out, after, again)
	if again.Errors() > 0 || !ast.Same(before, after) {
		return nil, errChanged
	}
	return out, nil
}

// section writes one document with the comments around it; "" if there is nothing.
func section(b *builder, of document.Section) string {
	p := &printer{}
	b.next = of.From
	if of.Node == nil {
		p.comments(0, squeeze(b.head(of.To)))
	} else {
		t := b.build(of.Node, of.Node.At.Line, min(of.To, len(b.file.Lines)+1))
		p.block(t, placeOf(of.Node), 0)
	}
	for len(p.lines) > 0 && p.lines[len(p.lines)-1].text == "" {
		p.lines = p.lines[:len(p.lines)-1]
	}
	text := p.String()
	if c, found := b.file.Comments[of.From-1]; found && of.From > 1 && c.Column == 0 && !c.Own {
		text = c.Text + "\n" + text // behind the marker
	}
	return text
}

// placeOf is the place of a document, by its kind.
func placeOf(n *document.Node) place {
	for _, kind := range fields.Kinds() {
		for _, entry := range n.Entries {
			if entry.Key.Text.String == kind.Key {
				return place{object: fields.Of(kind.What)}
			}
		}
	}
	return place{}
}
