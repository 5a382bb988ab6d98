package lower

import (
	"maps"
	"slices"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
)

// named is what a name of the shared namespace stands for.
type named struct {
	kind string
	at   diag.Position
}

// declare registers every definition under its name. Views and sources whose name is taken are
// compiled all the same, so that their own mistakes are found. Sources and tests have names apart
// from the shared ones.
func (c *compiler) declare(all *ast.Definitions) {
	for _, decl := range all.Entities {
		e := &entity{decl: decl, plan: &plan.Entity{Meta: meta(decl.Meta), Name: decl.Name.Text}}
		if !c.claim(decl.Name, "entity") {
			continue
		}
		c.entities[decl.Name.Text] = e
		c.allEntities = append(c.allEntities, e)
		c.plan.Entities = append(c.plan.Entities, e.plan)
	}
	for _, decl := range all.Views {
		v := &view{decl: decl, plan: &plan.View{Meta: meta(decl.Meta), Name: decl.Name.Text}}
		if c.claim(decl.Name, "view") && c.unreserved(decl.Name) {
			c.views[decl.Name.Text] = v
		}
		c.allViews = append(c.allViews, v)
		c.plan.Views = append(c.plan.Views, v.plan)
	}
	for _, decl := range all.Models {
		c.claim(decl.Name, "model")
	}
	for _, decl := range all.Sources {
		s := &source{decl: decl, plan: &plan.Source{Meta: meta(decl.Meta), Name: decl.Name.Text}}
		if decl.Name.Text == "" {
			continue
		}
		if other := c.sources[decl.Name.Text]; other != nil {
			c.twice(decl.Name, named{"source", other.decl.Name.At})
		} else {
			c.sources[decl.Name.Text] = s
		}
		c.allSources = append(c.allSources, s)
		c.plan.Sources = append(c.plan.Sources, s.plan)
	}
	tests := map[string]diag.Position{}
	for _, decl := range all.Tests {
		if at, found := tests[decl.Name.Text]; found && decl.Name.Text != "" {
			c.twice(decl.Name, named{"test", at})
		}
		tests[decl.Name.Text] = decl.Name.At
	}
}

// claim takes a name in the namespace that entities, views, models and links share. If it is
// refused, that was reported here, or by the parser for a name that is missing.
func (c *compiler) claim(name ast.Word, kind string) bool {
	if name.Text == "" {
		return false
	}
	if other, taken := c.names[name.Text]; taken {
		c.twice(name, other)
		return false
	}
	c.names[name.Text] = named{kind, name.At}
	return true
}

// twice reports a name that is taken, with the place of the definition that has it.
func (c *compiler) twice(name ast.Word, other named) {
	hint := "entities, views, links and models share no name: rename one"
	if other.kind == "source" || other.kind == "test" {
		hint = "rename one"
	}
	c.fail(name.At, diag.DuplicateName, "the name "+name.Text+" is already that of the "+other.kind+
		" at "+
		other.at.String(), hint)
}

// unreserved refuses the names that qualify paths. A view named event, say, would take event.column
// away from every expression.
func (c *compiler) unreserved(name ast.Word) bool {
	if slices.Contains(ast.ReservedNames[:], name.Text) {
		c.fail(name.At, diag.ReservedName, "the name "+name.Text+" is a word of the language",
			"rename it")
		return false
	}
	return true
}

// entityNamed finds an entity, or reports that there is none. An empty name was reported by the
// parser.
func (c *compiler) entityNamed(w ast.Word) *entity {
	e := c.entities[w.Text]
	if e == nil && w.Text != "" {
		c.missing(w.At, diag.UnknownEntity, "there is no entity "+w.Text,
			diag.DidYouMean(w.Text, keys(c.entities), "declare it"))
	}
	return e
}

// keys returns the keys of a map, sorted. They feed messages, which must not differ from run to
// run.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
