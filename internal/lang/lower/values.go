package lower

import (
	"slices"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// valueScope is the scope of a feature's expression: columns are those of the newest row, and
// aggregates, other features, other views and the request can be read.
type valueScope struct {
	c    *compiler
	view *view
	self *feature // nil in checks
}

// Path implements check.Names.
func (s *valueScope) Path(p *ast.Path) *plan.Expr {
	first := p.Parts[0]
	if len(p.Parts) == 1 {
		return s.bare(first)
	}
	if !first.Quoted && len(p.Parts) == 2 {
		// With more parts these words are taken for links, and reported as unknown ones.
		switch first.Name {
		case "event":
			return s.event(p.Parts[1])
		case "this":
			return s.this(p.Parts[1])
		case "request":
			return s.request(p.Parts[1])
		}
	}
	return s.reference(p)
}

// bare resolves an unqualified name, pseudo-columns first.
func (s *valueScope) bare(part ast.Part) *plan.Expr {
	if !part.Quoted {
		switch part.Name {
		case "event_time", "received_at":
			return s.event(part)
		case "as_of":
			return timestamp(plan.AsOf)
		}
	}
	f, isColumn := s.c.bareName(s.view, s.self, s.view.source, part)
	if f != nil {
		return s.feature(f, part.At)
	}
	if isColumn {
		return s.c.eventColumn(s.view.source, part, false)
	}
	return nil
}

// event reads a column of the newest row. A broken view reports nothing, since its source was
// reported.
func (s *valueScope) event(part ast.Part) *plan.Expr {
	if s.view.source == nil {
		if !s.view.broken {
			s.c.fail(part.At, diag.UnknownColumn, "this view has no source, so there is no "+part.Name, "")
		}
		return nil
	}
	return s.c.eventColumn(s.view.source, part, false)
}

// this reads a feature of the view by its qualified name. With this the feature is meant even where
// a column has its name.
func (s *valueScope) this(part ast.Part) *plan.Expr {
	f := s.c.featureOf(s.view, part)
	if f == nil {
		return nil
	}
	return s.feature(f, part.At)
}

// feature reads another feature of the view. The feature is compiled first, because its type is
// needed here and its layer by layerOf.
func (s *valueScope) feature(f *feature, at diag.Position) *plan.Expr {
	e := s.c.compile(f, at)
	if e == nil {
		return nil
	}
	return &plan.Expr{Op: plan.FeatureOf, Type: e.Type, Index: f.index}
}

// request reads a field of the request, or the time asked for. That a refreshed view declares a
// request was reported with the declaration, so its fields are not reported again.
func (s *valueScope) request(part ast.Part) *plan.Expr {
	if part.Name == "time" && !part.Quoted {
		if s.view.refreshed() {
			s.c.fail(part.At, diag.RefreshedRequest, "a refreshed view cannot read request.time",
				"write as_of, or use freshness: realtime")
			return nil
		}
		return timestamp(plan.RequestAt)
	}
	index, found := s.view.request[part.Name]
	if !found {
		hint := diag.DidYouMean(part.Name, keys(s.view.request), "")
		if hint == "" {
			hint = "declare it under request: {" + part.Name + ": type}"
		}
		s.c.fail(part.At, diag.UnknownRequest, "the view "+s.view.plan.Name+" has no request field "+
			part.Name, hint)
		return nil
	}
	field := s.view.plan.Request[index]
	if field.Type.Kind == schema.Null {
		// The type was refused where the field is declared.
		return nil
	}
	return &plan.Expr{Op: plan.RequestOf, Type: field.Type, Index: index}
}

// AsOf implements check.Names. Every value is one as of a time, so nothing is refused.
func (s *valueScope) AsOf(diag.Position, string) bool { return true }

// Aggregate implements check.Names.
func (s *valueScope) Aggregate(call *ast.Call, f *builtin.Function) *plan.Expr {
	return s.c.aggregate(s, call, f)
}

// reference reads a feature of another view: VIEW.feature, or LINK.VIEW.feature by any number of
// links.
func (s *valueScope) reference(p *ast.Path) *plan.Expr {
	v, links := s.target(p)
	if v == nil {
		return nil
	}
	last := p.Parts[len(p.Parts)-1]
	// The view's own features have one form in the plan, whatever they are called by.
	if v == s.view && len(links) == 0 {
		return s.this(last)
	}
	f := s.c.featureOf(v, last)
	if f == nil || !s.readable(p, v, links) {
		return nil
	}
	for _, l := range links {
		if !s.c.compileLink(l, last.At) {
			return nil
		}
	}
	e := s.c.compile(f, last.At)
	if e == nil {
		return nil
	}
	// A refreshed view is computed before there is a request, so it may not read one through
	// others.
	if f.plan.Layer == plan.RequestTime && s.view.refreshed() {
		s.c.fail(last.At, diag.RefreshedRequest, "a refreshed view cannot read "+f.path()+
			", which reads the request",
			"use freshness: realtime")
		return nil
	}
	return &plan.Expr{Op: plan.ReferenceOf, Type: e.Type, Index: s.intern(links, f)}
}

// compileLink compiles the features a link's key is read from. A false result needs no report:
// whatever failed has one.
func (c *compiler) compileLink(l *link, at diag.Position) bool {
	for _, f := range l.features {
		if c.compile(f, at) == nil {
			return false
		}
	}
	return l.ok
}

// readable checks that a view is of the entity that a path leads to. It reports nothing if one of
// the entities is not known.
func (s *valueScope) readable(p *ast.Path, v *view, links []*link) bool {
	at := s.view.entity
	if len(links) > 0 {
		at = links[len(links)-1].to
	}
	if at == nil || v.entity == nil {
		return false
	}
	if at == v.entity {
		return true
	}
	hint := "add belongs_to to the entity " + s.view.entity.plan.Name + " and write LINK." +
		v.plan.Name
	for _, name := range keys(at.links) {
		if at.links[name].to == v.entity {
			hint = "write " + name + "." + v.plan.Name + "." + p.Parts[len(p.Parts)-1].Name
			break
		}
	}
	s.c.fail(p.Position(), diag.WrongEntity, "the view "+v.plan.Name+" is of the entity "+
		v.entity.plan.Name+
		", not of "+at.plan.Name, hint)
	return false
}

// target follows the links of a path to the view it names; nil after an error. Every part but the
// last two must be a link, each of the entity the one before leads to.
func (s *valueScope) target(p *ast.Path) (*view, []*link) {
	parts := p.Parts
	at := s.view.entity
	var links []*link
	for _, part := range parts[:len(parts)-2] {
		if at == nil {
			return nil, nil
		}
		l := at.links[part.Name]
		if l == nil && at.refused[part.Name] {
			return nil, nil
		}
		if l == nil {
			s.unknownLink(p, at, part)
			return nil, nil
		}
		links = append(links, l)
		at = l.to
	}
	name := parts[len(parts)-2]
	v := s.c.views[name.Name]
	switch {
	case v != nil:
		return v, links
	case at != nil && at.links[name.Name] != nil:
		s.c.missing(name.At, diag.UnknownView, name.Name+" is a link, and no view follows it",
			"write "+name.Name+".VIEW."+parts[len(parts)-1].Name)
	case len(parts) > 2:
		s.c.missing(name.At, diag.UnknownView, "there is no view "+name.Name,
			diag.DidYouMean(name.Name, keys(s.c.views), ""))
	default:
		s.unknownQualifier(p, name)
	}
	return nil, nil
}

// unknownLink reports the part of a path that is no link. A view in its place means that a feature
// was taken for something with parts. Otherwise the link may be declared in a file that could not
// be read, and nothing is reported then.
func (s *valueScope) unknownLink(p *ast.Path, at *entity, part ast.Part) {
	if at == s.view.entity && s.c.views[part.Name] != nil {
		s.c.fail(p.Parts[1].At, diag.UnknownFeature, "a feature has no parts", "write "+part.Name+"."+
			p.Parts[1].Name)
		return
	}
	hint := diag.DidYouMean(part.Name, keys(at.links), "")
	if hint == "" {
		hint = "add it to belongs_to of the entity " + at.plan.Name
	}
	s.c.missing(part.At, diag.UnknownView, "the entity "+at.plan.Name+" has no link "+part.Name, hint)
}

// unknownQualifier reports the first part of a path that is nothing at all. A column is told apart,
// because a similar name would not help whoever thinks it has parts.
func (s *valueScope) unknownQualifier(p *ast.Path, name ast.Part) {
	names := append(keys(s.c.views), "event", "this", "request")
	if s.view.entity != nil {
		names = append(names, keys(s.view.entity.links)...)
	}
	if s.view.source != nil && slices.Contains(keys(s.view.source.columns), name.Name) {
		s.c.missing(name.At, diag.UnknownView, name.Name+" is a column, and columns have no parts", "")
		return
	}
	s.c.missing(name.At, diag.UnknownView, dotted(p)+": "+name.Name+
		" is neither a view nor event, this or request",
		diag.DidYouMean(name.Name, names, ""))
}

// intern returns the index of a reference in its view, adding it at the first use. References with
// equal links and features are computed once. Expressions keep the index, so the list only grows.
func (s *valueScope) intern(links []*link, f *feature) int {
	key := f.path()
	r := &plan.Reference{View: f.view.plan, Feature: f.index}
	for _, l := range links {
		key = l.plan.Name + "." + key
		r.Path = append(r.Path, l.plan)
	}
	index, found := s.view.references[key]
	if !found {
		index = len(s.view.plan.References)
		s.view.references[key] = index
		s.view.plan.References = append(s.view.plan.References, r)
	}
	return index
}
