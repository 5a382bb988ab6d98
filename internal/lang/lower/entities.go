package lower

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// progress is how far something that is compiled on demand has come. Whatever is met again while it
// is compiling is part of a cycle.
type progress uint8

const (
	untouched progress = iota
	compiling
	compiled
)

// entity is an entity while it is compiled. The maps are made by entityKey and go by the name of
// the link.
type entity struct {
	decl  *ast.Entity
	plan  *plan.Entity
	state progress
	ok    bool // the key is known
	links map[string]*link
	// refused are links whose mistake was reported.
	refused map[string]bool
}

// entityKey settles the types of the key. A column typed by another entity takes its key's type.
// After an error ok is false, and the types in the plan's key are not to be relied on.
func (c *compiler) entityKey(e *entity) {
	if e.state != untouched {
		return
	}
	e.state, e.ok = compiling, true
	e.links, e.refused = map[string]*link{}, map[string]bool{}
	for _, column := range e.decl.Key {
		t, ok := c.keyType(e, column)
		e.ok = e.ok && ok
		e.plan.Key = append(e.plan.Key, schema.Field{Name: column.Name.Text, Type: t})
	}
	if len(e.decl.Key) == 0 {
		// The parser reported the missing key.
		e.ok = false
	}
	e.state = compiled
}

// keyType returns the type of one key column.
func (c *compiler) keyType(e *entity, column ast.Typed) (schema.Type, bool) {
	w := column.Type
	if w.Text == "" {
		// The parser reported the missing type.
		return schema.Type{}, false
	}
	if other := c.entities[w.Text]; other != nil {
		return c.keyTypeOf(e, column, other)
	}
	t, err := schema.ParseType(w.Text)
	if err != nil {
		names := append(keys(c.entities), "string", "int64", "bool", "bytes", "date")
		c.fail(w.At, diag.BadType, "the key column "+column.Name.Text+" has the type "+w.Text+
			", which is neither a type nor an entity",
			diag.DidYouMean(w.Text, names, "keys are string, int64, bool, bytes or date"))
		return t, false
	}
	if !t.KeyType() {
		c.fail(w.At, diag.BadKey, "a key column cannot be "+check.Article(t),
			"keys are string, int64, bool, bytes or date")
		return t, false
	}
	return t, true
}

// keyTypeOf returns the type of a column that holds the key of another entity. Only an entity with
// one key column can be the type of a column.
func (c *compiler) keyTypeOf(e *entity, column ast.Typed, other *entity) (schema.Type, bool) {
	if other.state == compiling {
		c.fail(column.Type.At, diag.EntityCycle, "the keys of "+e.plan.Name+" and "+other.plan.Name+
			" are typed by each other", "give one of them a type such as string")
		return schema.Type{}, false
	}
	c.entityKey(other)
	if !other.ok {
		return schema.Type{}, false
	}
	if len(other.plan.Key) != 1 {
		c.fail(column.Type.At, diag.BadKey, "the entity "+other.plan.Name+" has a key of several columns",
			"write the type of the column, and a link under belongs_to")
		return schema.Type{}, false
	}
	return other.plan.Key[0].Type, true
}

// link is a link while it is compiled.
type link struct {
	decl  ast.Link
	from  *entity
	to    *entity
	plan  *plan.Link
	state progress
	ok    bool
	// features are those its key is read from, which must be compiled before the link is followed.
	features []*feature
}

// declareLinks makes the links of an entity known by name: the implicit ones of its key columns,
// then those under belongs_to. A link that is refused is remembered, so that the paths through it
// are not reported as well.
func (c *compiler) declareLinks(e *entity) {
	for i, column := range e.decl.Key {
		other := c.entities[column.Type.Text]
		if other == nil {
			continue
		}
		if !other.ok || !e.ok || !c.linkName(column.Name, other) {
			e.refused[column.Name.Text] = true
			continue
		}
		l := &link{from: e, to: other, state: compiled, ok: true}
		l.plan = &plan.Link{Name: column.Name.Text, Entity: other.plan, Key: []plan.LinkKey{{Column: i}}}
		c.addLink(e, column.Name, l)
	}
	for _, decl := range e.decl.BelongsTo {
		other := c.entityNamed(decl.Entity)
		if other == nil || !c.linkName(decl.Alias, other) {
			e.refused[decl.Alias.Text] = true
			continue
		}
		l := &link{decl: decl, from: e, to: other}
		l.plan = &plan.Link{Name: decl.Alias.Text, Entity: other.plan}
		c.addLink(e, decl.Alias, l)
	}
}

// addLink gives a link to its entity; a second one of the name is refused. The plan keeps the order
// in which they are added.
func (c *compiler) addLink(e *entity, name ast.Word, l *link) {
	if e.links[name.Text] != nil {
		c.fail(name.At, diag.DuplicateName, "the entity "+e.plan.Name+" has the link "+name.Text+" twice",
			"rename one; a key column typed by an entity is a link too")
		return
	}
	e.links[name.Text] = l
	e.plan.Links = append(e.plan.Links, l.plan)
}

// linkName checks the name of a link: it may be that of the entity it leads to and of no other
// definition. Links share a namespace with the rest because both begin a path.
func (c *compiler) linkName(name ast.Word, to *entity) bool {
	if !c.unreserved(name) {
		return false
	}
	other, taken := c.names[name.Text]
	if taken && (other.kind != "entity" || c.entities[name.Text] != to) {
		c.twice(name, other)
		return false
	}
	return true
}

// entityLinks compiles the keys of all links of an entity. Implicit links are complete when they
// are declared.
func (c *compiler) entityLinks(e *entity) {
	for _, decl := range e.decl.BelongsTo {
		if l := e.links[decl.Alias.Text]; l != nil {
			c.linkKey(l)
		}
	}
}

// linkKey settles where the key of a link comes from. Links do not wait for the types of features:
// those are checked when the features are compiled.
func (c *compiler) linkKey(l *link) {
	if l.state != untouched {
		return
	}
	l.state = compiled
	if !l.to.ok || len(l.decl.Key) == 0 {
		// Either was reported. The link stays not ok, which silences the paths through it.
		return
	}
	pairs := l.linkPairs(c)
	if pairs == nil {
		return
	}
	l.ok = true
	for i, field := range l.to.plan.Key {
		key, ok := c.linkColumn(l, pairs[i], field)
		l.ok = l.ok && ok
		l.plan.Key = append(l.plan.Key, key)
	}
}

// linkPairs orders the declared key as the entity's key columns; nil after an error. The short
// form, alias: path, names no key column and fits an entity with one only.
func (l *link) linkPairs(c *compiler) []ast.Word {
	wanted := l.to.plan.Key
	if len(l.decl.Key) == 1 && l.decl.Key[0].Name.Text == "" {
		if len(wanted) != 1 {
			c.fail(l.decl.Key[0].Value.At, diag.BadLink, "the entity "+l.to.plan.Name+
				" has several key columns",
				"write {entity: "+l.to.plan.Name+", key: {column: path, ..}}")
			return nil
		}
		return []ast.Word{l.decl.Key[0].Value}
	}
	given := map[string]ast.Word{}
	names := map[string]bool{}
	for _, field := range wanted {
		names[field.Name] = true
	}
	for _, pair := range l.decl.Key {
		if !names[pair.Name.Text] {
			c.fail(pair.Name.At, diag.BadLink, "the entity "+l.to.plan.Name+" has no key column "+
				pair.Name.Text,
				diag.DidYouMean(pair.Name.Text, keys(names), "its key is "+strings.Join(keys(names), ", ")))
			return nil
		}
		given[pair.Name.Text] = pair.Value
	}
	ordered := make([]ast.Word, len(wanted))
	for i, field := range wanted {
		w, found := given[field.Name]
		if !found || w.Text == "" {
			c.fail(l.decl.Alias.At, diag.BadLink, "the link "+l.plan.Name+" does not give the key column "+
				field.Name,
				"add it to key:")
			return nil
		}
		ordered[i] = w
	}
	return ordered
}

// linkColumn resolves one path of a link: view.feature, or a key column of the entity itself. The
// feature it names need not be compiled yet.
func (c *compiler) linkColumn(l *link, w ast.Word, field schema.Field) (plan.LinkKey, bool) {
	parts := strings.Split(w.Text, ".")
	if len(parts) == 1 {
		for i, own := range l.from.plan.Key {
			if own.Name == w.Text {
				return plan.LinkKey{Column: i}, c.linkType(l, w, own.Type, field)
			}
		}
	}
	v := c.views[parts[0]]
	names := keys(c.views)
	for _, own := range l.from.plan.Key {
		names = append(names, own.Name)
	}
	if len(parts) != 2 || v == nil {
		c.fail(w.At, diag.BadLink, "the link "+l.plan.Name+" comes from "+w.Text+
			", which is neither view.feature nor a key column of "+l.from.plan.Name,
			diag.DidYouMean(parts[0], names, ""))
		return plan.LinkKey{}, false
	}
	// A view without an entity was reported with the view.
	if v.entity != l.from && v.entity != nil {
		c.fail(w.At, diag.WrongEntity, "the view "+parts[0]+" is of the entity "+v.entity.plan.Name+
			", the link of "+l.from.plan.Name, "read the key from a view of "+l.from.plan.Name)
		return plan.LinkKey{}, false
	}
	f := v.features[parts[1]]
	if f == nil {
		c.unknownFeature(w.At, v, parts[1])
		return plan.LinkKey{}, false
	}
	// The type is compared by settle, once it is known.
	l.features = append(l.features, f)
	f.keyOf = append(f.keyOf, keyUse{link: l, at: w, field: field})
	return plan.LinkKey{View: v.plan, Feature: f.index}, true
}

// linkType checks that a key column and what it is filled from have one type. The types must be the
// same to the letter, because keys are compared as bytes.
func (c *compiler) linkType(l *link, w ast.Word, t schema.Type, field schema.Field) bool {
	if t.Equal(field.Type) {
		return true
	}
	c.fail(w.At, diag.BadLink, "the link "+l.plan.Name+" gives "+check.Article(t)+
		" for the key column "+
		field.Name+" of "+l.to.plan.Name+", which is "+check.Article(field.Type),
		"give the feature that type")
	return false
}
