package registry

import (
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// File is the text of one definition file. Path is relative to the project, with '/'.
type File struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Texts is everything that a compilation of the definitions depends on.
type Texts struct {
	Project File   `json:"project"`
	Files   []File `json:"files"`          // in the order in which they are compiled
	Lock    string `json:"lock,omitempty"` // text of fettle.lock; "" if there is none
}

// Revision is the definitions as they were applied once. Lists are never nil.
type Revision struct {
	Number int    `json:"number"`   // from 1 on
	Base   string `json:"base"`     // checksum of the revision before; "" for the first
	Engine int    `json:"engine"`   // plan.EngineSemantics
	By     string `json:"by"`       // who applied it
	At     int64  `json:"at"`       // when, microseconds since 1970 UTC
	Name   string `json:"project"`  // of the project
	Zone   string `json:"timezone"` // of the project
	Texts  Texts  `json:"texts"`
	// Sources are the numbers of all sources there ever were, in the order of their numbers.
	Sources []Source `json:"sources"`
	// Definitions are those that the texts mean, for comparisons: by kind, then in their order.
	Definitions []Definition `json:"definitions"`
	// Models are all models that were ever applied, by name and version.
	Models []Model `json:"models"`
	Views  []View  `json:"views"` // those that are served, in the order of the definitions

	checksum string // of the file it is in
}

// Source is the number that a source has with these stored columns. Records of the event log and
// rows of the online state carry it.
type Source struct {
	ID       uint32   `json:"id"` // from 1 on
	Name     string   `json:"name"`
	Columns  []Column `json:"columns"`
	Revision int      `json:"revision"` // the first with it
}

// Column is a stored column of a source, with its type as the language writes it.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Model is what a version of a model stands for, for ever.
type Model struct {
	Name     string         `json:"name"`
	Version  int            `json:"version"`
	Roles    []Role         `json:"roles"`
	Features []ModelFeature `json:"features"`
	Revision int            `json:"revision"` // the one that settled it
}

// Role is an entity of a model's rows, with the label or request column of each key column.
type Role struct {
	Name   string   `json:"name"`
	Entity string   `json:"entity"`
	Key    []string `json:"key"`
}

// ModelFeature is one output column of a model. Feature is what the definitions called the feature
// when the model was settled; it may have been renamed since.
type ModelFeature struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Feature string `json:"feature"`
	Version string `json:"version"`
}

// View says since when a view is served. It is the same one as before while all but Since are
// equal: then what it published stays as it was served.
type View struct {
	Name      string `json:"name"`
	Entity    string `json:"entity"`
	Source    string `json:"source,omitempty"`
	Freshness string `json:"freshness"`
	Key       string `json:"key,omitempty"` // how events become entities, canonical
	Since     int64  `json:"since"`         // microseconds since 1970 UTC
}

// Definition is one definition taken apart into facts, so that two revisions can be compared
// without compiling them. Version is that of a feature or model. Facts have different names.
type Definition struct {
	Kind    Kind   `json:"kind"`
	Name    string `json:"name"` // of a feature: view.feature
	Version string `json:"version,omitempty"`
	Facts   []Fact `json:"facts"`
}

// Fact is one thing that a definition says.
type Fact struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Kind is the kind of a definition.
type Kind string

// The kinds, in the order in which definitions are listed.
const (
	EntityKind  Kind = "entity"
	SourceKind  Kind = "source"
	ViewKind    Kind = "view"
	FeatureKind Kind = "feature"
	ModelKind   Kind = "model"
)

var kinds = [...]Kind{EntityKind, SourceKind, ViewKind, FeatureKind, ModelKind}

// Checksum identifies the revision by its content: 64 hexadecimal digits.
func (r *Revision) Checksum() string { return r.checksum }

// SourceID returns the number of a source. False means that the source, or that set of columns, is
// not part of the revision.
func (r *Revision) SourceID(source *plan.Source) (uint32, bool) {
	return sourceID(r.Sources, source.Name, storedColumns(source))
}

// sourceID finds columns in the same order only: events are stored by the place of a column.
func sourceID(all []Source, name string, columns []Column) (uint32, bool) {
	for _, s := range all {
		if s.Name == name && slices.Equal(s.Columns, columns) {
			return s.ID, true
		}
	}
	return 0, false
}

// SourceOf returns the source of a number, or nil.
func (r *Revision) SourceOf(id uint32) *Source {
	if id == 0 || int64(id) > int64(len(r.Sources)) {
		return nil
	}
	return &r.Sources[id-1]
}

// Since returns since when a view is served. False means that the revision does not have it.
func (r *Revision) Since(view string) (int64, bool) {
	for _, v := range r.Views {
		if v.Name == view {
			return v.Since, true
		}
	}
	return 0, false
}

// Model returns what a version of a model stands for, or nil if it was never applied.
func (r *Revision) Model(name string, version int) *Model {
	for i := range r.Models {
		if r.Models[i].Name == name && r.Models[i].Version == version {
			return &r.Models[i]
		}
	}
	return nil
}

// FeatureVersion returns the version of view.feature, or "" if there is none.
func (r *Revision) FeatureVersion(name string) string {
	for _, d := range r.Definitions {
		if d.Kind == FeatureKind && d.Name == name {
			return d.Version
		}
	}
	return ""
}

// Fields returns the columns of a source with their types.
func (s *Source) Fields() ([]schema.Field, error) {
	fields := make([]schema.Field, len(s.Columns))
	for i, column := range s.Columns {
		t, err := schema.ParseType(column.Type)
		if err != nil {
			return nil, fmt.Errorf("source %d, column %q: %w", s.ID, column.Name, err)
		}
		fields[i] = schema.Field{Name: column.Name, Type: t}
	}
	return fields, nil
}

// String returns name@version.
func (m *Model) String() string { return fmt.Sprintf("%s@%d", m.Name, m.Version) }

// storedColumns are the columns that events bring, without the computed ones.
func storedColumns(source *plan.Source) []Column {
	columns := []Column{}
	for _, c := range source.Columns {
		if c.Expr == nil {
			columns = append(columns, Column{Name: c.Name, Type: c.Type.String()})
		}
	}
	return columns
}
