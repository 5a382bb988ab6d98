package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/plan"
)

// Proposal is what applying a plan would change, and everything that Commit needs for it. One that
// was read from a file can be looked at and compared by its ID; to commit it, propose again.
type Proposal struct {
	// ID is equal for equal texts that would follow the same revision.
	ID   string `json:"id"`
	Base int    `json:"base"` // number of the revision it follows; 0 for none
	// Changes are in the order of kinds, and within a kind added or changed ones in the order of the
	// definitions before removed ones.
	Changes []Change `json:"changes"`
	Counts  []Count  `json:"counts"` // one per kind
	// Models are those that a change touches, as name@version, sorted.
	Models []string `json:"models"`
	Breaks []Break  `json:"breaks"`
	// Texts tells whether the texts are others than those of the base, if only by a comment.
	Texts bool `json:"texts_changed"`

	next *Revision // what to commit; carryOver completes it
	base string    // checksum of the base

	refused error // what Commit answers whatever happens
}

// Change is one definition that is not as it was.
type Change struct {
	Kind   Kind   `json:"kind"`
	Name   string `json:"name"`
	Class  Class  `json:"class"`
	Effect Effect `json:"effect"`
	// Old and New are the versions of a feature or model; "" where there is none.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
	// Why says in words which parts of the meaning changed.
	Why    []string `json:"why"`
	Models []string `json:"models"` // touched by this change, as name@version
}

// Count is how many definitions of a kind are in each class.
type Count struct {
	Kind      Kind `json:"kind"`
	Added     int  `json:"added"`
	Changed   int  `json:"changed"`
	Removed   int  `json:"removed"`
	Unchanged int  `json:"unchanged"`
}

// Class is what happens to a definition.
type Class string

// The classes of changes.
const (
	Added   Class = "added"
	Changed Class = "changed"
	Removed Class = "removed"
)

// Effect is what a change means for values.
type Effect string

// The effects: a harmless change leaves every value there was as it is.
const (
	Harmless    Effect = "harmless"
	NewVersion  Effect = "new version"
	BreaksModel Effect = "breaks a model"
)

// Empty reports whether committing the proposal would change nothing at all.
func (p *Proposal) Empty() bool { return len(p.Changes) == 0 && !p.Texts }

// Total adds up the counts of all kinds.
func (p *Proposal) Total() Count {
	var total Count
	for _, c := range p.Counts {
		total.Added += c.Added
		total.Changed += c.Changed
		total.Removed += c.Removed
		total.Unchanged += c.Unchanged
	}
	return total
}

// Propose compares a plan, compiled from texts, with the newest revision. It commits nothing. The
// plan and the texts must not be changed afterwards. A plan with a source whose columns are not
// known (plan.Source.Unchecked) means nothing yet: its proposal is empty, and Commit refuses it.
func (r *Registry) Propose(next *plan.Plan, texts Texts) *Proposal {
	base := r.Current()
	for _, s := range next.Sources {
		if s.Unchecked {
			err := fmt.Errorf("the columns of the source %s are not known; pin them, or declare its fields",
				s.Name)
			return &Proposal{
				Changes: []Change{}, Counts: []Count{}, Models: []string{}, Breaks: []Break{}, refused: err,
			}
		}
	}
	return propose(base, next, texts)
}

func propose(base *Revision, next *plan.Plan, texts Texts) *Proposal {
	if texts.Files == nil {
		texts.Files = []File{}
	}
	before := base
	if before == nil {
		before = &Revision{}
	}
	revision := &Revision{
		Number: before.Number + 1, Base: before.checksum, Engine: plan.EngineSemantics,
		Name: next.Project, Zone: next.Timezone, Texts: texts,
		Definitions: describe(next), Models: []Model{}, Views: []View{},
	}
	// Numbers are given here and not at the commit, so that the proposal can tell them.
	revision.Sources = numbered(before.Sources, next.Sources, revision.Number)
	for _, m := range next.Models {
		revision.Models = append(revision.Models, resolve(m, revision.Number))
	}
	for _, v := range next.Views {
		revision.Views = append(revision.Views, viewOf(v))
	}
	p := &Proposal{
		Base: before.Number, Changes: []Change{}, Models: []string{}, Breaks: []Break{},
		Texts: base == nil || !equalTexts(base.Texts, texts), next: revision, base: before.checksum,
	}
	p.ID = identity(p)
	for i := range revision.Models {
		if b := broken(before, &revision.Models[i]); b != nil {
			p.Breaks = append(p.Breaks, *b)
		}
	}
	newComparison(before, p).run()
	return p
}

// identity hashes what makes a proposal stale when it changes. The versions are part of it, because
// another release may mean something else by the same texts.
func identity(p *Proposal) string {
	versions := []string{}
	for _, d := range p.next.Definitions {
		versions = append(versions, d.Name, d.Version)
	}
	text, err := json.Marshal([]any{p.Base, p.base, p.next.Engine, p.next.Texts, versions})
	if err != nil {
		panic("BUG: texts are always JSON: " + err.Error())
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:16])
}

// equalTexts compares byte by byte: a remark counts, since it is what people will read later.
func equalTexts(a, b Texts) bool {
	return a.Project == b.Project && a.Lock == b.Lock && slices.Equal(a.Files, b.Files)
}

// numbered adds the sources that have no number yet.
func numbered(before []Source, sources []*plan.Source, revision int) []Source {
	all := slices.Clone(before)
	if all == nil {
		all = []Source{}
	}
	for _, s := range sources {
		columns := storedColumns(s)
		if _, found := sourceID(all, s.Name, columns); !found {
			all = append(all, Source{
				ID: uint32(len(all) + 1), Name: s.Name, Columns: columns, Revision: revision,
			})
		}
	}
	return all
}

// resolve writes down what a model stands for.
func resolve(m *plan.Model, revision int) Model {
	model := Model{
		Name: m.Name, Version: m.Version, Roles: []Role{}, Features: []ModelFeature{},
		Revision: revision,
	}
	for _, role := range m.Roles {
		model.Roles = append(model.Roles, Role{
			Name: role.Name, Entity: role.Entity.Name, Key: append([]string{}, role.Key...),
		})
	}
	for _, f := range m.Features {
		model.Features = append(model.Features, ModelFeature{
			Name: f.Name, Role: m.Roles[f.Role].Name, Feature: featureName(f),
			Version: f.View.Features[f.Feature].Version,
		})
	}
	return model
}

// viewOf describes a view for the time it is served since, which is not known before the commit.
func viewOf(v *plan.View) View {
	view := View{
		Name: v.Name, Entity: v.Entity.Name, Freshness: v.Freshness.String(), Key: keyMapping(v),
	}
	if v.Source != nil {
		view.Source = v.Source.Name
	}
	return view
}

// revision returns what to commit after the current revision, or that one if there is nothing to
// commit.
func (p *Proposal) revision(current *Revision, allow []string) (*Revision, error) {
	checksum := ""
	if current != nil {
		checksum = current.checksum
	}
	switch {
	case p.refused != nil:
		return nil, p.refused
	case p.next == nil:
		return nil, errors.New("this proposal was only read, not made; propose the definitions again")
	case p.base != checksum:
		return nil, ErrStale
	}
	if err := p.next.valid(); err != nil {
		return nil, err
	}
	// An allowance holds for the model it names and no other: what was agreed to was looked at.
	var refused []Break
	for _, b := range p.Breaks {
		name := fmt.Sprintf("%s@%d", b.Model, b.Version)
		if !slices.Contains(allow, b.Model) && !slices.Contains(allow, name) {
			refused = append(refused, b)
		}
	}
	if len(refused) > 0 {
		return nil, &BreaksError{Breaks: refused}
	}
	if p.Empty() && current != nil {
		return current, nil
	}
	next := *p.next
	return &next, nil
}

// valid refuses what a revision cannot hold. JSON would silently replace bytes that are not UTF-8,
// and the texts would then mean something else than the plan.
func (r *Revision) valid() error {
	files := []File{r.Texts.Project, {Path: "fettle.lock", Text: r.Texts.Lock}}
	files = append(files, r.Texts.Files...)
	for _, f := range files {
		if !utf8.ValidString(f.Path) || !utf8.ValidString(f.Text) {
			return fmt.Errorf("%q is not UTF-8 text", f.Path)
		}
	}
	return nil
}

// carryOver completes a revision with what the one before it has settled: the time a view is served
// since, and models. A model that is in both lists was allowed to break, or is the same.
func (r *Revision) carryOver(before *Revision, by string, at int64) {
	r.By, r.At = by, at
	if before == nil {
		before = &Revision{}
	}
	r.Views = slices.Clone(r.Views)
	for i := range r.Views {
		view := &r.Views[i]
		view.Since = at
		for _, old := range before.Views {
			same := old
			same.Since = at
			if same == *view {
				view.Since = old.Since
			}
		}
	}
	models := slices.Clone(before.Models)
	for _, m := range r.Models {
		i := slices.IndexFunc(models, func(old Model) bool {
			return old.Name == m.Name && old.Version == m.Version
		})
		switch {
		case i < 0:
			models = append(models, m)
		case broken(before, &m) != nil:
			models[i] = m
		}
	}
	slices.SortFunc(models, compareModels)
	if models != nil {
		r.Models = models
	}
}
