package plan

import "github.com/fettle-ml/fettle/internal/schema"

// Plan is all definitions of a project.
type Plan struct {
	Project  string
	Timezone string // zone of daily and weekly grids and of bare dates
	Entities []*Entity
	Sources  []*Source
	Views    []*View
	Models   []*Model
	Tests    []*Test
}

// Meta is what describes a definition and never enters a version.
type Meta struct {
	Description string
	Owner       string
	Tags        []string
	PII         bool
}

// Entity is what features describe.
type Entity struct {
	Meta
	Name  string
	Key   []schema.Field
	Links []*Link
}

// Link leads from an entity to another one, as of the same boundary.
type Link struct {
	Name   string
	Entity *Entity
	// Key gives each key column of Entity, in order.
	Key []LinkKey
}

// LinkKey is where one key column of a linked entity comes from: a feature of a view of the entity
// the link belongs to, or, when View is nil, column Column of that entity's own key.
type LinkKey struct {
	View    *View
	Feature int
	Column  int
}

// Mode tells streams of events from tables of row versions.
type Mode uint8

// The modes of sources.
const (
	Events Mode = iota
	Table
)

// Edge is which end of a window an event at exactly the boundary falls on.
type Edge uint8

// The edges: Before gives [b-w, b), At gives (b-w, b].
const (
	Before Edge = iota
	At
)

// Source is a stream or table of timestamped events.
type Source struct {
	Meta
	Name    string
	Mode    Mode
	Paths   []string // globs relative to the project, in order; "/" on every system
	Format  string   // parquet, csv, jsonl; "" by suffix
	Push    bool
	Columns []Column
	// Unchecked is true when no schema was known at compile time: Columns is empty then, and the
	// plan cannot be computed from.
	Unchecked  bool
	EventTime  TimeRule
	Available  *Expr // event scope, timestamp; nil: the default rule
	Sequence   int   // column, or -1
	ID         int   // column, or -1
	Op         *int  // column of insert, replace and delete; nil: every row is an insert
	Key        []int // of a table: columns
	DeleteWhen *Expr // of a table: event scope, bool; nil: never
	Where      *Expr // event scope, bool; nil: all
	Edge       Edge
	MaxFuture  int64 // microseconds
	Dedup      int64 // microseconds
	Heartbeat  int64 // microseconds; 0: none
	Retention  int64 // microseconds; 0: for ever
	Cutover    *int64
	Checks     []Check
}

// Column is a stored column, or a computed one if Expr is set. A computed column reads only columns
// before it.
type Column struct {
	Name string
	Type schema.Type
	Expr *Expr
}

// TimeRule says how a source's event time is read.
type TimeRule struct {
	Column     int
	Zone       string // of zone-less times, of the event time and every other column; "": none
	ZoneColumn int    // column that names the zone, or -1
	Unit       int64  // microseconds of one unit of an integer time; 0 if the column is a time
}

// View is features of one entity computed from one source.
type View struct {
	Meta
	Name       string
	Entity     *Entity
	Source     *Source // nil: only references and the request
	Key        []*Expr // event scope, one per key column of the entity
	Freshness  Freshness
	Edge       Edge
	Expires    int64 // microseconds; 0: never
	Where      *Expr // event scope, bool; nil: all
	Request    []schema.Field
	Features   []*Feature
	Aggregates []*Aggregate
	References []*Reference
	Timeout    int64 // microseconds
	Fallback   []Fallback
}

// Feature is one named, typed value of a view.
type Feature struct {
	Meta
	Name       string
	Expr       *Expr // value scope
	Type       schema.Type
	Layer      Layer
	Default    *schema.Value // of Type; nil: none
	Expires    int64         // microseconds; 0: never (the view's is already taken over)
	Checks     []Check
	Fallback   []Fallback
	Deprecated *Deprecation
	Version    string // by Version; set by lowering
	Text       string // the expression as written, for people
}

// Layer is the place of a feature in the pyramid, inferred.
type Layer uint8

// The layers, lowest first. A feature's layer is the highest of what it reads.
const (
	Raw Layer = iota
	Derived
	Aggregated
	CrossEntity
	RequestTime
)

// String returns the layer's name.
func (l Layer) String() string {
	return [...]string{"raw", "derived", "aggregate", "cross-entity", "request"}[l]
}

// Reference is a feature of another view that a view reads: of the same entity if Path is empty,
// else of the entity at the end of the path.
type Reference struct {
	Path    []*Link
	View    *View
	Feature int
}

// Aggregate is one aggregate call. Two calls of a view with equal function, arguments, filter and
// window are one Aggregate.
type Aggregate struct {
	Func     string // name in plan/builtin
	Distinct bool
	Args     []*Expr // event scope
	Where    *Expr   // event scope, bool, without the view's own filter; nil: all
	Window   Window
	Type     schema.Type
}

// WindowKind is the family of a window.
type WindowKind uint8

// The kinds of windows.
const (
	Sliding WindowKind = iota // over 7d
	All                       // over all
	Last                      // over last 20
	Session                   // over session 30m
)

// Window is the set of events an aggregate reads. Times are microseconds.
type Window struct {
	Kind   WindowKind
	Length int64  // Sliding: the width; Session: the gap
	Since  *int64 // All: the first instant, inclusive
	Count  int    // Last: the number of events
	Max    int64  // Session: the longest; 0: any
	Offset int64  // Sliding, All: microseconds; Last, Session: a count
	Hop    int64  // Sliding: the grid both ends are floored to; 0: none
}

// Fallback is one rung of the ladder of a view or feature.
type Fallback struct {
	Kind string // last, median, default, error
	Age  int64  // of last: how old at most, microseconds
}

// Check is a declared expectation about data.
type Check struct {
	Kind     string // not_null, between, in, regex, unique, row_count, freshness, schema, expr
	Severity string // warn, block, quarantine
	Values   []schema.Value
	Rate     float64
	Expr     *Expr
}

// Deprecation announces the end of a feature.
type Deprecation struct {
	After *int64
	Use   string
}

// Model is the contract with one trained model.
type Model struct {
	Meta
	Name     string
	Version  int
	Roles    []Role
	Features []ModelFeature
	Label    *Label
	Baseline string
	Timeout  int64
	Log      LogRule
}

// Role is one entity of a model's rows. Key names the label or request column of each key column.
type Role struct {
	Name   string
	Entity *Entity
	Key    []string
}

// ModelFeature is one output column of a model.
type ModelFeature struct {
	Role    int
	View    *View
	Feature int
	Name    string // output column: view.feature, role.view.feature, or the name given by as
}

// Label is where a model's labels come from when no file is given.
type Label struct {
	Source *Source
	Key    []LabelKey
	Time   *Expr // event scope, timestamp; nil: event_time
	Where  *Expr // event scope, bool; nil: all
	Expr   *Expr // event scope; nil when Ahead is set
	// Ahead is an aggregate over the events after the label's time, known at T + Window.Length.
	Ahead *Aggregate
}

// LabelKey gives one label column its value.
type LabelKey struct {
	Column string
	Expr   *Expr
}

// LogRule is how served values of a model are logged.
type LogRule struct {
	Sample    float64
	Retention int64
}

// Test is a declared case: rows in, values out.
type Test struct {
	Name    string
	View    *View
	Now     int64
	Events  []TestEvent
	Request map[string]schema.Value
	Key     []schema.Value
	Expect  []Expectation
}

// TestEvent is one row of a test, by stored column of its source.
type TestEvent struct {
	Source     *Source
	EventTime  int64
	ReceivedAt *int64 // of a live event
	Columns    []int
	Values     []schema.Value
}

// Expectation is a value a test expects.
type Expectation struct {
	Feature int
	Value   schema.Value
}
