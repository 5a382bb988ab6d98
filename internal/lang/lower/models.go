package lower

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// model compiles one model. The model enters the plan even after errors, because the whole plan is
// dropped then.
func (c *compiler) model(decl *ast.Model) {
	m := &plan.Model{
		Meta: meta(decl.Meta), Name: decl.Name.Text, Version: decl.Version, Baseline: decl.Baseline,
		Timeout: given(decl.Timeout, defaultTimeout),
		Log:     plan.LogRule{Sample: decl.Sample, Retention: given(decl.Retention, 0)},
	}
	b := &modelBuild{c: c, decl: decl, plan: m, roles: map[string]int{}}
	for _, role := range decl.Roles {
		b.role(role)
	}
	for _, f := range decl.Features {
		b.feature(f)
	}
	b.collisions()
	b.labelTypes()
	if decl.Label != nil {
		c.label(b)
	}
	c.plan.Models = append(c.plan.Models, m)
}

// modelBuild is a model while it is compiled. at and named run beside the features of the plan, so
// all three change together.
type modelBuild struct {
	c     *compiler
	decl  *ast.Model
	plan  *plan.Model
	roles map[string]int // by name; -1 for a role that was refused
	at    []diag.Position
	named []bool // the output name was given
}

// declared reports whether the model names its roles itself.
func (b *modelBuild) declared() bool { return len(b.decl.Roles) > 0 }

// role compiles a declared role. A role that is refused is out of the plan, and its features are
// silent.
func (b *modelBuild) role(decl ast.Role) {
	c := b.c
	if _, twice := b.roles[decl.Name.Text]; twice {
		c.fail(decl.Name.At, diag.DuplicateName, "the model has the role "+decl.Name.Text+" twice",
			"rename one")
		return
	}
	// The name is known from here on, so that features of a role that is refused below are not
	// reported as well.
	b.roles[decl.Name.Text] = -1
	e := c.entityNamed(decl.Entity)
	if !c.unreserved(decl.Name) || e == nil || !e.ok {
		return
	}
	if other, taken := c.names[decl.Name.Text]; taken && other.kind == "view" {
		c.twice(decl.Name, other)
		return
	}
	role := plan.Role{Name: decl.Name.Text, Entity: e.plan}
	columns := map[string]string{}
	for _, pair := range decl.Key {
		columns[pair.Name.Text] = pair.Value.Text
		if !hasField(e.plan.Key, pair.Name.Text) {
			c.fail(pair.Name.At, diag.BadKey, "the entity "+e.plan.Name+" has no key column "+pair.Name.Text,
				"its key is "+fieldNames(e.plan.Key))
		}
	}
	for _, field := range e.plan.Key {
		column := columns[field.Name]
		if column == "" {
			if column = field.Name; len(decl.Key) > 0 {
				// A key is given whole or not at all: one with a column missing is a slip more
				// often than a wish for the default.
				c.fail(decl.Name.At, diag.BadKey, "the role "+role.Name+" does not give the key column "+
					field.Name,
					"add "+field.Name+": with the column of the labels")
			}
		}
		role.Key = append(role.Key, column)
	}
	b.roles[role.Name] = len(b.plan.Roles)
	b.plan.Roles = append(b.plan.Roles, role)
}

// hasField reports whether a key or request has a column of that name.
func hasField(fields []schema.Field, name string) bool {
	for _, field := range fields {
		if field.Name == name {
			return true
		}
	}
	return false
}

// fieldNames lists the columns of a key for a hint. They are in the order of the key, which is that
// of its values.
func fieldNames(fields []schema.Field) string {
	var names []string
	for _, field := range fields {
		names = append(names, field.Name)
	}
	return strings.Join(names, ", ")
}

// defaultRole returns the role of an entity in a model that declares none. It is made at the first
// use, as if a role with the names of the entity and of its key columns had been declared.
func (b *modelBuild) defaultRole(e *entity) int {
	index, found := b.roles[e.plan.Name]
	if !found {
		role := plan.Role{Name: e.plan.Name, Entity: e.plan}
		for _, field := range e.plan.Key {
			role.Key = append(role.Key, field.Name)
		}
		index = len(b.plan.Roles)
		b.roles[role.Name] = index
		b.plan.Roles = append(b.plan.Roles, role)
	}
	return index
}

// feature adds or excludes what one item of the list stands for. Items apply in their order, so
// that an exclusion takes away what was included before it only.
func (b *modelBuild) feature(item ast.ModelFeature) {
	text, exclude := strings.CutPrefix(item.Name.Text, "-")
	role, v, name := b.target(item.Name, text)
	if v == nil {
		return
	}
	if name == "*" && item.As.Text != "" {
		b.c.fail(item.As.At, diag.BadModel, "all features of a view cannot have one name",
			"list them one by one")
		return
	}
	var found []*feature
	if name == "*" {
		found = v.ordered
	} else if f := v.features[name]; f != nil {
		found = []*feature{f}
	} else {
		b.c.unknownFeature(item.Name.At, v, name)
		return
	}
	removed := false
	for _, f := range found {
		if exclude {
			removed = b.remove(role, f) || removed
		} else {
			b.add(role, f, item, name == "*")
		}
	}
	if exclude && !removed {
		b.c.fail(item.Name.At, diag.BadModel, text+" is excluded, and was not included before",
			"remove it, or move it to the end")
	}
}

// target resolves view.feature or role.view.feature; the view is nil after an error. role is an
// index into the roles of the plan. How many parts a path has depends on the model alone, so that a
// new view cannot change what a path means.
func (b *modelBuild) target(w ast.Word, text string) (role int, v *view, name string) {
	c := b.c
	parts := strings.Split(text, ".")
	form := "view.feature or view.*"
	if b.declared() {
		form = "role.view.feature or role.view.*"
	}
	if want := 2 + boolInt(b.declared()); len(parts) != want {
		c.fail(w.At, diag.BadModel, "the feature "+text+" is not written as "+form,
			map[bool]string{true: "the model declares roles under entities",
				false: "roles are declared under entities"}[b.declared()])
		return 0, nil, ""
	}
	viewName := parts[len(parts)-2]
	if v = c.views[viewName]; v == nil {
		c.missing(w.At, diag.UnknownView, "there is no view "+viewName,
			diag.DidYouMean(viewName, keys(c.views), ""))
		return 0, nil, ""
	}
	if v.entity == nil || !v.entity.ok {
		// The view or the entity has an error of its own.
		return 0, nil, ""
	}
	name = parts[len(parts)-1]
	if !b.declared() {
		return b.defaultRole(v.entity), v, name
	}
	role, found := b.roles[parts[0]]
	switch {
	case !found:
		c.fail(w.At, diag.UnknownRole, "the model has no role "+parts[0],
			diag.DidYouMean(parts[0], keys(b.roles), "declare it under entities"))
	case role < 0:
	case b.plan.Roles[role].Entity != v.plan.Entity:
		c.fail(w.At, diag.WrongEntity, "the role "+parts[0]+" is of the entity "+
			b.plan.Roles[role].Entity.Name+
			", the view "+viewName+" of "+v.plan.Entity.Name, "")
	default:
		return role, v, name
	}
	return 0, nil, ""
}

// boolInt is 1 for true.
func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// find returns where a feature is in the list, or -1. The role counts: one feature in two roles is
// two columns.
func (b *modelBuild) find(role int, f *feature) int {
	for i, other := range b.plan.Features {
		if other.Role == role && other.View == f.view.plan && other.Feature == f.index {
			return i
		}
	}
	return -1
}

// add includes a feature. One that a pattern included already may get a name of its own. Named
// twice by itself it is a mistake; a pattern over one that is there changes nothing.
func (b *modelBuild) add(role int, f *feature, item ast.ModelFeature, pattern bool) {
	out := plan.ModelFeature{Role: role, View: f.view.plan, Feature: f.index, Name: f.path()}
	if b.declared() {
		out.Name = b.plan.Roles[role].Name + "." + out.Name
	}
	if item.As.Text != "" {
		out.Name = item.As.Text
	}
	at := b.find(role, f)
	switch {
	case at < 0:
		b.plan.Features = append(b.plan.Features, out)
		b.at, b.named = append(b.at, item.Name.At), append(b.named, !pattern)
	case pattern:
	case b.named[at]:
		b.c.fail(item.Name.At, diag.DuplicateName, "the model has the feature "+f.path()+" already",
			"remove one")
	default:
		b.plan.Features[at], b.at[at], b.named[at] = out, item.Name.At, true
	}
}

// remove excludes a feature; false if it was not included.
func (b *modelBuild) remove(role int, f *feature) bool {
	i := b.find(role, f)
	if i < 0 {
		return false
	}
	b.plan.Features = append(b.plan.Features[:i], b.plan.Features[i+1:]...)
	b.at = append(b.at[:i], b.at[i+1:]...)
	b.named = append(b.named[:i], b.named[i+1:]...)
	return true
}

// collisions refuses two output columns of one name, and one of a key column's. They stand side by
// side in the same rows. The later one has the error.
func (b *modelBuild) collisions() {
	seen := map[string]bool{}
	for _, role := range b.plan.Roles {
		for _, column := range role.Key {
			seen[column] = true
		}
	}
	for i, f := range b.plan.Features {
		if seen[f.Name] {
			b.c.fail(b.at[i], diag.DuplicateName, "the model has two columns named "+f.Name,
				"give one another name: {feature: name}")
		}
		seen[f.Name] = true
	}
}
