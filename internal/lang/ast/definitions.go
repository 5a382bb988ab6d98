package ast

import "github.com/fettle-ml/fettle/internal/lang/diag"

// Definitions is everything a project declares, in the order of the files.
type Definitions struct {
	Project  *Project
	Entities []*Entity
	Sources  []*Source
	Views    []*View
	Models   []*Model
	Tests    []*Test
	// Incomplete is true if a document could not be read: names may be missing for that.
	Incomplete bool
}

// Word is a piece of text with its place. One that was left out has Text "".
type Word struct {
	Text string
	At   diag.Position
	// Quoted tells '' from nothing and 'null' from null where that matters.
	Quoted bool
}

// Expression is an expression in a field. Expr is nil if the field was left out or did not parse;
// the latter has been reported, and Text is set.
type Expression struct {
	Expr Expr
	Text string
	At   diag.Position
}

// Missing reports whether the field was left out.
func (e Expression) Missing() bool { return e.Text == "" && e.At.Line == 0 }

// Typed is a name with a type as text.
type Typed struct {
	Name Word
	Type Word
}

// Bound is a name with an expression.
type Bound struct {
	Name  Word
	Value Expression
}

// Pair is a name with a text.
type Pair struct {
	Name  Word
	Value Word
}

// Meta is what describes a definition.
type Meta struct {
	Description string
	Owner       string
	Tags        []string
	PII         bool
}

// Project is the content of fettle.yaml.
type Project struct {
	Name        Word
	Timezone    Word
	Definitions []string
	Data        string
	State       string
	Listen      string // of the server: host:port
}

// Entity is the declaration of an entity. A key column's type may name another entity.
type Entity struct {
	Meta
	Name      Word
	Key       []Typed
	BelongsTo []Link
}

// Link is one entry of belongs_to. Entity is the alias itself in the short form, whose key is one
// pair without a name.
type Link struct {
	Alias  Word
	Entity Word
	Key    []Pair
}

// Source is the declaration of a source. Durations that were left out are -1.
type Source struct {
	Meta
	Name       Word
	Mode       Word
	Paths      []Word
	Format     Word
	Push       bool
	Fields     []Typed
	EventTime  EventTime
	Available  Expression
	Sequence   Word
	ID         Word
	Op         Word
	Key        []Word
	DeleteWhen Expression
	Where      Expression
	Columns    []Bound
	Edge       Word
	MaxFuture  int64
	Dedup      int64
	Heartbeat  int64
	Retention  int64
	Cutover    *int64
	Checks     []Check
}

// EventTime says which column is the event time and how it is read.
type EventTime struct {
	At         diag.Position
	Column     Word
	Timezone   Word
	ZoneColumn Word
	Unit       Word
}

// View is the declaration of a view. Durations that were left out are -1.
type View struct {
	Meta
	Name       Word
	Entity     Word
	Source     Word
	Key        []Bound
	Freshness  Word
	ReadyAfter int64
	ReadyAt    diag.Position
	Edge       Word
	Expires    int64
	Where      Expression
	Request    []Typed
	Timeout    int64
	Fallback   []Fallback
	Features   []*Feature
}

// Feature is one feature, after fan-out.
type Feature struct {
	Meta
	Name       Word
	Value      Expression
	Type       Word
	Default    Word
	Expires    int64
	Checks     []Check
	Fallback   []Fallback
	Deprecated *Deprecation
}

// Deprecation announces the end of a feature.
type Deprecation struct {
	After *int64
	Use   string
}

// Check is a declared expectation.
type Check struct {
	At       diag.Position
	Kind     string
	Severity string
	Values   []Word
	Rate     float64
	Value    Expression
}

// Fallback is one rung of a ladder.
type Fallback struct {
	Kind string
	Age  int64
}

// Model is the declaration of a model.
type Model struct {
	Meta
	Name      Word
	Version   int
	Roles     []Role
	Features  []ModelFeature
	Label     *Label
	Baseline  string
	Timeout   int64
	Sample    float64
	Retention int64
}

// Role is one entity of a model's rows.
type Role struct {
	Name   Word
	Entity Word
	Key    []Pair
}

// ModelFeature is one item of a model's features: a name, a pattern that ends in *, an exclusion
// that begins with -, or a name with the one it gets.
type ModelFeature struct {
	Name Word
	As   Word
}

// Label says where a model's labels come from.
type Label struct {
	At     diag.Position
	Source Word
	Key    []Bound
	Time   Expression
	Value  Expression
	Where  Expression
}

// Test is a declared case.
type Test struct {
	Name    Word
	View    Word
	Now     Word
	Key     []Pair
	Events  []TestRow
	Request []Pair
	Expect  []Pair
}

// TestRow is one event of a test. Source is empty if the test does not group its events by source.
type TestRow struct {
	At     diag.Position
	Source Word
	Cells  []Pair
}

// Kinds are the keys that say what a document declares, in the order in which they are looked for.
var Kinds = [...]string{
	"project", "test", "monitor", "pipeline", "policy", "fit", "environment", "model", "function",
	"view", "source", "entity",
}

// ReservedNames may not be given to views, links and roles.
var ReservedNames = [...]string{"event", "this", "request", "fn", "fit"}
