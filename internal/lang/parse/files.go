package parse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/schema"
)

// ProjectFile is the name of the file that makes a folder a project.
const ProjectFile = "fettle.yaml"

// File reads the definitions of one file into all. path is relative to the project, with / on every
// system. Incomplete is set if a definition is missing, because then a name that nothing declares
// may be one of its.
func File(path string, text []byte, all *ast.Definitions, report *diag.List) {
	r := &reader{report: report}
	documents, complete := document.Parse(path, text, report)
	all.Incomplete = all.Incomplete || !complete
	for _, n := range documents {
		r.definition(path, n, all)
	}
}

// definition reads one document. A document of a reserved kind is dropped with an error, and does
// not make the rest incomplete, because nothing can name what it declares.
func (r *reader) definition(path string, n *document.Node, all *ast.Definitions) {
	if n.Kind != document.Mapping {
		r.fail(n.At, diag.UnknownKind, "a definition is a mapping, this is "+n.Kind.String(),
			"begin with a kind and a name, such as entity: card")
		return
	}
	kind, at := kindOf(n)
	switch kind {
	case "project":
		if path != ProjectFile || all.Project != nil {
			r.fail(at, diag.Misplaced, "project is declared once, in "+ProjectFile, "remove this document")
			return
		}
		all.Project = r.project(n)
	case "entity":
		all.Entities = append(all.Entities, r.entity(n))
	case "source":
		all.Sources = append(all.Sources, r.source(n))
	case "view":
		all.Views = append(all.Views, r.view(n))
	case "model":
		all.Models = append(all.Models, r.model(n))
	case "test":
		all.Tests = append(all.Tests, r.test(n))
	case "":
		// What this document would have declared is not known.
		all.Incomplete = true
		r.unknownKind(n)
	default:
		r.fail(at, diag.Reserved, "the kind "+kind+" is reserved for later", "remove this document")
	}
}

// kindOf returns the kind of a document and where it stands, "" if it has none. A view has fields
// named entity and source too, so the order of ast.Kinds decides: a kind comes before those that
// its fields are named after.
func kindOf(n *document.Node) (string, diag.Position) {
	for _, kind := range ast.Kinds {
		for _, entry := range n.Entries {
			if entry.Key.Text.String == kind {
				return kind, entry.Key.At
			}
		}
	}
	return "", n.At
}

// unknownKind reports a document without a kind, with the kind that a key of it is close to. The
// first key that is close to a kind is taken for it.
func (r *reader) unknownKind(n *document.Node) {
	kinds := "entity, source, view, model, test"
	for _, entry := range n.Entries {
		if near := schema.Nearest(entry.Key.Text.String, ast.Kinds[:]); near != "" {
			r.fail(entry.Key.At, diag.UnknownKind, "the document has no kind", "did you mean "+near+"?")
			return
		}
	}
	r.fail(n.At, diag.UnknownKind, "the document has no kind", "one of its keys must be "+kinds)
}

// project reads fettle.yaml. What the compiler does not need is checked for its shape only. State
// alone may lie outside of the project.
func (r *reader) project(n *document.Node) *ast.Project {
	p := &ast.Project{Name: ast.Word{At: n.At}, Definitions: []string{"features/"}, Data: "data/",
		State: ".fettle/", Listen: "127.0.0.1:7070"}
	ignore := func(*document.Node) {}
	r.fields(n, "a project", handlers{
		"project":  func(n *document.Node) { p.Name = r.name(n) },
		"timezone": func(n *document.Node) { p.Timezone = r.word(n) },
		"definitions": func(n *document.Node) {
			p.Definitions = nil
			for _, folder := range r.words(n) {
				p.Definitions = append(p.Definitions, r.inside(folder))
			}
		},
		"data":  func(n *document.Node) { p.Data = r.inside(r.word(n)) },
		"state": func(n *document.Node) { p.State = r.word(n).Text },
		"server": func(n *document.Node) {
			r.fields(n, "server", handlers{"listen": func(n *document.Node) { p.Listen = r.address(n) }})
		},
		"limits": func(n *document.Node) {
			size := func(n *document.Node) { r.size(n) }
			r.fields(n, "limits", handlers{"memory": size, "disk_free": size})
		},
		"retention": func(n *document.Node) { r.duration(n) },
		"environments": func(n *document.Node) {
			r.entries(n, "environments", func(key ast.Word, _ *document.Node) { r.checkName(key) })
		},
		"description": ignore,
	})
	return p
}

// inside refuses paths that lead out of the project. The backslash is refused everywhere, so that a
// project that works on one system works on all. The text is returned even then, because the error
// keeps it from being used.
func (r *reader) inside(w ast.Word) string {
	if w.Text != "" && (strings.HasPrefix(w.Text, "/") || strings.Contains(w.Text, "\\") ||
		slices.Contains(strings.Split(w.Text, "/"), "..")) {
		r.fail(w.At, diag.BadPath, "the path "+strconv.Quote(w.Text)+" does not stay inside the project",
			"write it relative to "+ProjectFile+", with / and without ..")
	}
	return w.Text
}

// address reads a host and a port. Port 0 takes any that is free. The host may be empty, which is
// every address of the machine.
func (r *reader) address(n *document.Node) string {
	w := r.word(n)
	colon := strings.LastIndexByte(w.Text, ':')
	port, err := strconv.ParseUint(w.Text[colon+1:], 10, 16)
	if w.Text != "" && (colon < 0 || err != nil || strconv.FormatUint(port, 10) != w.Text[colon+1:]) {
		r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not a host and a port",
			"write it as 127.0.0.1:7070")
	}
	return w.Text
}

// size reads an amount of memory or disk such as 2GB, or 10%. The amount is not kept, since nothing
// reads it yet.
func (r *reader) size(n *document.Node) {
	w := r.word(n)
	number := strings.TrimRight(w.Text, "KMGTiB%")
	if _, err := strconv.ParseFloat(number, 64); err != nil && w.Text != "" {
		r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not a size", "write it as 512MB or 2GiB")
	}
}

// entity reads the declaration of an entity.
func (r *reader) entity(n *document.Node) *ast.Entity {
	e := &ast.Entity{Name: ast.Word{At: n.At}}
	r.fields(n, "an entity", r.meta(&e.Meta, handlers{
		"entity": func(n *document.Node) { e.Name = r.name(n) },
		"key":    func(n *document.Node) { e.Key = r.typed(n, "key", true) },
		"belongs_to": func(n *document.Node) {
			r.entries(n, "belongs_to", func(alias ast.Word, value *document.Node) {
				r.checkName(alias)
				e.BelongsTo = append(e.BelongsTo, r.link(alias, value))
			})
		},
	}))
	r.requireAll(n, "an entity", "the entity")
	return e
}

// hasField reports whether a field is there, readable or not: one that could not be read is not
// missing as well.
func hasField(n *document.Node, name string) bool {
	for _, entry := range n.Entries {
		if entry.Key.Text.String == name {
			return true
		}
	}
	return false
}

// link reads alias: view.feature, or alias: {entity, key}. Without entity: the link leads to the
// one it is named after.
func (r *reader) link(alias ast.Word, n *document.Node) ast.Link {
	l := ast.Link{Alias: alias, Entity: alias}
	if n.Kind == document.Scalar {
		l.Key = []ast.Pair{{Value: r.word(n)}}
		return l
	}
	ok := r.fields(n, "a link", handlers{
		"entity": func(n *document.Node) { l.Entity = r.word(n) },
		"key": func(n *document.Node) {
			if n.Kind == document.Scalar {
				l.Key = []ast.Pair{{Value: r.word(n)}}
				return
			}
			l.Key = r.pairs(n, "key")
		},
	})
	if ok {
		r.requireAll(n, "a link", "the link "+alias.Text)
	}
	return l
}
