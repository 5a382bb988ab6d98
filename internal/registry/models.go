package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// compareModels is the order in which models are listed.
func compareModels(a, b Model) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
}

// broken compares a model with what its version was settled to be; nil if it is the same or new.
// What a feature is called may change: only the columns, their order and their meaning count.
func broken(before *Revision, next *Model) *Break {
	pinned := before.Model(next.Name, next.Version)
	if pinned == nil {
		return nil
	}
	b := &Break{
		Model: next.Name, Version: next.Version, Features: []BrokenEntry{}, Problems: []string{},
	}
	for _, f := range next.Features {
		old := pinned.feature(f.Name)
		switch {
		case old == nil:
			b.Features = append(b.Features, BrokenEntry{Name: f.Name, Feature: f.Feature, New: f.Version})
		case old.Version != f.Version:
			b.Features = append(b.Features, BrokenEntry{
				Name: f.Name, Feature: f.Feature, Old: old.Version, New: f.Version,
			})
		case old.Role != f.Role:
			b.Problems = append(b.Problems,
				fmt.Sprintf("%s is of the role %s, not %s", f.Name, f.Role, old.Role))
		}
	}
	for _, f := range pinned.Features {
		if next.feature(f.Name) == nil {
			b.Features = append(b.Features, BrokenEntry{Name: f.Name, Feature: f.Feature, Old: f.Version})
		}
	}
	if len(b.Features) == 0 && !slices.EqualFunc(pinned.Features, next.Features, sameColumn) {
		b.Problems = append(b.Problems, "the features have another order")
	}
	b.Problems = append(b.Problems, otherRoles(pinned, next)...)
	if len(b.Features) == 0 && len(b.Problems) == 0 {
		return nil
	}
	b.Hint = fmt.Sprintf("write version: %d in the model %s, or allow it with --allow-break %s",
		before.newestVersion(next.Name)+1, next.Name, next.Name)
	return b
}

// sameColumn compares columns by name; broken compares the rest.
func sameColumn(a, b ModelFeature) bool { return a.Name == b.Name }

// feature returns the feature behind an output column, or nil.
func (m *Model) feature(column string) *ModelFeature {
	for i := range m.Features {
		if m.Features[i].Name == column {
			return &m.Features[i]
		}
	}
	return nil
}

// otherRoles tells what is different about roles: who asks for the model has to name their keys.
func otherRoles(old, next *Model) []string {
	var problems []string
	text := func(r Role) string { return r.Entity + " by " + strings.Join(r.Key, ", ") }
	find := func(m *Model, name string) *Role {
		for i := range m.Roles {
			if m.Roles[i].Name == name {
				return &m.Roles[i]
			}
		}
		return nil
	}
	for _, role := range next.Roles {
		before := find(old, role.Name)
		switch {
		case before == nil:
			problems = append(problems, "the role "+role.Name+" is new")
		case text(*before) != text(role):
			problems = append(problems,
				fmt.Sprintf("the role %s is %s, not %s", role.Name, text(role), text(*before)))
		}
	}
	for _, role := range old.Roles {
		if find(next, role.Name) == nil {
			problems = append(problems, "the role "+role.Name+" is gone")
		}
	}
	return problems
}

// newestVersion returns the greatest version of a model that was ever applied, or 0.
func (r *Revision) newestVersion(name string) int {
	newest := 0
	for _, m := range r.Models {
		if m.Name == name {
			newest = max(newest, m.Version)
		}
	}
	return newest
}
