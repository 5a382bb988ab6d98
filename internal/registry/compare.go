package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// comparison fills in the changes of a proposal.
type comparison struct {
	old, new map[string]Definition // by kind and name
	before   []Definition
	proposal *Proposal
	breaks   map[string]bool     // models that would break, as name@version
	users    map[string][]string // models as name@version by the view.feature they have or had
	touched  map[string]bool
}

// newComparison looks up who uses which feature: the models as they would be, and those that are in
// force, under the names that features had then.
func newComparison(before *Revision, p *Proposal) *comparison {
	c := &comparison{
		old: byName(before.Definitions), new: byName(p.next.Definitions), before: before.Definitions,
		proposal: p, breaks: map[string]bool{}, users: map[string][]string{}, touched: map[string]bool{},
	}
	for _, b := range p.Breaks {
		c.breaks[fmt.Sprintf("%s@%d", b.Model, b.Version)] = true
	}
	for i := range p.next.Models {
		c.use(&p.next.Models[i])
	}
	for _, d := range before.Definitions {
		if d.Kind != ModelKind {
			continue
		}
		for i := range before.Models {
			if m := &before.Models[i]; m.String() == d.Name+"@"+d.Version {
				c.use(m)
			}
		}
	}
	return c
}

func (c *comparison) use(m *Model) {
	for _, f := range m.Features {
		if users := c.users[f.Feature]; !slices.Contains(users, m.String()) {
			c.users[f.Feature] = append(users, m.String())
		}
	}
}

// byName maps definitions by kind and name, since an entity and a source may share a name.
func byName(all []Definition) map[string]Definition {
	named := make(map[string]Definition, len(all))
	for _, d := range all {
		named[string(d.Kind)+" "+d.Name] = d
	}
	return named
}

// run goes through the definitions in the order in which changes are listed.
func (c *comparison) run() {
	for _, kind := range kinds {
		count := Count{Kind: kind}
		for _, d := range c.proposal.next.Definitions {
			if d.Kind != kind {
				continue
			}
			old, found := c.old[string(kind)+" "+d.Name]
			switch {
			case !found:
				count.Added++
				c.add(c.added(d))
			case old.Version == d.Version && slices.Equal(old.Facts, d.Facts):
				count.Unchanged++
			default:
				count.Changed++
				c.add(c.changed(old, d))
			}
		}
		for _, d := range c.before {
			if _, found := c.new[string(kind)+" "+d.Name]; d.Kind == kind && !found {
				count.Removed++
				c.add(c.removed(d))
			}
		}
		c.proposal.Counts = append(c.proposal.Counts, count)
	}
	c.proposal.Models = slices.Sorted(maps.Keys(c.touched))
	if c.proposal.Models == nil {
		c.proposal.Models = []string{}
	}
}

// add lists a change, with lists that are never nil.
func (c *comparison) add(change Change) {
	slices.Sort(change.Models)
	change.Models = append([]string{}, slices.Compact(change.Models)...)
	for _, model := range change.Models {
		c.touched[model] = true
	}
	change.Why = append([]string{}, change.Why...)
	c.proposal.Changes = append(c.proposal.Changes, change)
}

func (c *comparison) added(d Definition) Change {
	change := Change{
		Kind: d.Kind, Name: d.Name, Class: Added, Effect: Harmless, New: d.Version, Models: c.models(d),
	}
	if d.Kind == FeatureKind {
		if other := renamed(d.Version, c.old, c.new); other != "" {
			change.Why = append(change.Why, "the same values as "+other+", which is removed")
		}
		c.breaking(&change)
	}
	return change
}

func (c *comparison) removed(d Definition) Change {
	change := Change{
		Kind: d.Kind, Name: d.Name, Class: Removed, Effect: Harmless, Old: d.Version, Models: c.models(d),
	}
	switch d.Kind {
	case FeatureKind:
		if other := renamed(d.Version, c.new, c.old); other != "" {
			change.Why = append(change.Why, "the same values are in "+other+", which is added")
		}
		c.breaking(&change)
	case ModelKind:
		change.Why = append(change.Why, "it can no longer be asked for; its versions stay settled")
	}
	return change
}

// renamed finds a feature of this version that is in one set and not in the other.
func renamed(version string, in, without map[string]Definition) string {
	for _, key := range slices.Sorted(maps.Keys(in)) {
		d := in[key]
		if _, both := without[key]; d.Kind == FeatureKind && d.Version == version && !both {
			return d.Name
		}
	}
	return ""
}

// changed compares two definitions of one name. What is no feature or model has a new version if a
// feature that depends on it has.
func (c *comparison) changed(old, d Definition) Change {
	change := Change{
		Kind: d.Kind, Name: d.Name, Class: Changed, Effect: Harmless, Old: old.Version, New: d.Version,
		Why: explain(old, d),
	}
	switch d.Kind {
	case FeatureKind:
		if old.Version == d.Version {
			break
		}
		change.Effect = NewVersion
		change.Models = c.models(d)
		c.breaking(&change)
	case ModelKind:
		change.Models = []string{d.Name + "@" + d.Version}
		if old.Version != d.Version {
			change.Effect = NewVersion
			change.Models = append(change.Models, old.Name+"@"+old.Version)
		}
		c.breaking(&change)
	default:
		for _, feature := range c.features(d) {
			before, found := c.old[string(FeatureKind)+" "+feature.Name]
			if found && before.Version != feature.Version {
				change.Effect = NewVersion
				change.Models = append(change.Models, c.users[feature.Name]...)
			}
		}
		if d.Kind == SourceKind {
			c.renumbered(d, &change)
		}
	}
	return change
}

// breaking raises the effect of a change that a model cannot take.
func (c *comparison) breaking(change *Change) {
	for _, model := range change.Models {
		if c.breaks[model] && c.inBreak(model, change) {
			change.Effect = BreaksModel
		}
	}
}

// inBreak reports whether a change is part of what breaks the model.
func (c *comparison) inBreak(model string, change *Change) bool {
	if change.Kind == ModelKind {
		return true
	}
	for _, b := range c.proposal.Breaks {
		if fmt.Sprintf("%s@%d", b.Model, b.Version) != model {
			continue
		}
		for _, f := range b.Features {
			if f.Feature == change.Name {
				return true
			}
		}
	}
	return false
}

// renumbered tells about a source that gets a number of its own for its new columns.
func (c *comparison) renumbered(d Definition, change *Change) {
	for _, s := range c.proposal.next.Sources {
		if s.Name != d.Name || s.Revision != c.proposal.next.Number {
			continue
		}
		why := fmt.Sprintf("with these columns it is source number %d", s.ID)
		if d.fact("push") != "" {
			why += "; events pushed so far stay with the number they have"
		}
		change.Why = append(change.Why, why)
	}
}

// models returns the models that an added or removed definition touches.
func (c *comparison) models(d Definition) []string {
	switch d.Kind {
	case FeatureKind:
		return slices.Clone(c.users[d.Name])
	case ModelKind:
		return []string{d.Name + "@" + d.Version}
	}
	return nil
}

// features returns the features that a view, or the views of a source or an entity, have now.
func (c *comparison) features(d Definition) []Definition {
	var all []Definition
	for _, f := range c.proposal.next.Definitions {
		if f.Kind != FeatureKind {
			continue
		}
		name, _, _ := strings.Cut(f.Name, ".")
		view := c.new[string(ViewKind)+" "+name]
		if d.Kind == ViewKind && name == d.Name || view.fact(string(d.Kind)) == d.Name {
			all = append(all, f)
		}
	}
	return all
}

// fact returns the text of a fact; "" if there is none.
func (d Definition) fact(name string) string {
	for _, f := range d.Facts {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}
