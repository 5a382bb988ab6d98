package wire

// PlanRequest is the body of POST /v1/plan. Without files the server reads the definitions in its
// own project directory.
type PlanRequest struct {
	Files []File `json:"files,omitempty"`
	Lock  string `json:"lock,omitempty"` // the text of fettle.lock
	// Explain names the features to explain: VIEW.FEATURE, VIEW.*, or * for all.
	Explain []string `json:"explain,omitempty"`
}

// File is one file of definitions, its path relative to the project, with "/".
type File struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// The classes of a change.
const (
	Harmless   = "harmless"    // no value changes: descriptions, owners, new definitions
	NewVersion = "new_version" // a feature gets a new version; models keep the old one
	Breaks     = "breaks"      // a model that is in use would lose or change a feature
)

// Plan is the answer to POST /v1/plan, and what `plan --out` writes to a file: it has the files that
// were planned, so that exactly these are applied.
type Plan struct {
	ID       string     `json:"plan"`     // of base and texts; apply refuses another
	Base     int64      `json:"base"`     // the registry's revision that it is compared with
	Changes  []Change   `json:"changes"`  // nothing changes: empty
	Models   []string   `json:"models"`   // models touched, name@version
	Backfill []Backfill `json:"backfill"` // what apply would compute
	Problems []Detail   `json:"problems"` // warnings of the definitions
	// Explained has the features that were asked for, in the order of the definitions.
	Explained []Explanation `json:"explained,omitempty"`
	Request   *PlanRequest  `json:"request,omitempty"`
}

// Explanation says where and how a feature is computed, and what an event and a read cost.
type Explanation struct {
	Feature    string   `json:"feature"`
	Layer      string   `json:"layer"`
	Type       string   `json:"type"`
	Freshness  string   `json:"freshness"`
	Version    string   `json:"version"`
	Served     string   `json:"served"`  // where serving computes it
	Trained    string   `json:"trained"` // where training does
	Source     string   `json:"source,omitempty"`
	Columns    []string `json:"columns"` // of the source
	Lanes      []Lane   `json:"lanes"`
	References []string `json:"references"`
	Request    []string `json:"request"`
	// PerEvent is what an event costs, PerRead what a read does.
	PerEvent struct {
		Filters int `json:"filters"`
		Bytes   int `json:"bytes"` // kept, about; text counts as 16
	} `json:"per_event"`
	PerRead struct {
		Windows int    `json:"windows"`
		Reach   string `json:"reach,omitempty"` // how far back: a duration, or all
		Newest  bool   `json:"newest"`          // it reads the newest row
	} `json:"per_read"`
}

// Lane is what aggregates read: an argument under a filter. Shared counts the other features of the view
// that read the same.
type Lane struct {
	Reads      string   `json:"reads"`
	Aggregates []string `json:"aggregates"`
	Shared     int      `json:"shared"`
}

// Change is one definition that is added, changed or removed.
type Change struct {
	Kind    string   `json:"kind"`   // entity, source, view, feature, model
	Name    string   `json:"name"`   // view.feature for a feature, name@version for a model
	Action  string   `json:"action"` // added, changed, removed
	Class   string   `json:"class"`
	Message string   `json:"message,omitempty"` // what changed, for people
	From    string   `json:"from,omitempty"`    // version before
	To      string   `json:"to,omitempty"`      // version after
	Models  []string `json:"models,omitempty"`  // models that it touches
}

// Backfill is an estimate of what one view needs before it is ready.
type Backfill struct {
	View    string  `json:"view"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
}

// ApplyRequest is the body of POST /v1/apply. With a Plan it is refused with conflict if that plan
// does not describe the change any more. AllowBreak names models that may break.
type ApplyRequest struct {
	Plan       string   `json:"plan,omitempty"`
	Files      []File   `json:"files,omitempty"`
	Lock       string   `json:"lock,omitempty"`
	AllowBreak []string `json:"allow_break,omitempty"`
	// NoWait answers when the definitions are committed, before new views are filled.
	NoWait bool `json:"no_wait,omitempty"`
}

// ApplyAnswer says what was committed.
type ApplyAnswer struct {
	Revision  int64    `json:"revision"`
	AppliedAt string   `json:"applied_at"`
	Changes   []Change `json:"changes"`
	Models    []string `json:"models"`
	// Building names the views that are not filled yet.
	Building []string `json:"building"`
}

// DefinitionsAnswer is the body of GET /v1/registry/{kind}. Next is the cursor of the next page, "" at
// the end.
type DefinitionsAnswer struct {
	Kind     string       `json:"kind"`
	Revision int64        `json:"revision"`
	Items    []Definition `json:"items"`
	Next     string       `json:"next,omitempty"`
}

// Definition is one definition. Which of the later fields are there depends on the kind.
type Definition struct {
	Kind        string       `json:"kind"` // entity, source, view, feature, model
	Name        string       `json:"name"`
	Version     string       `json:"version,omitempty"` // of a feature or model
	Description string       `json:"description,omitempty"`
	Owner       string       `json:"owner,omitempty"`
	Tags        []string     `json:"tags,omitempty"`
	Type        string       `json:"type,omitempty"`       // of a feature
	Expression  string       `json:"expression,omitempty"` // of a feature
	Layer       string       `json:"layer,omitempty"`      // of a feature
	Freshness   string       `json:"freshness,omitempty"`  // of a view or feature
	Entity      string       `json:"entity,omitempty"`     // of a view or feature
	Source      string       `json:"source,omitempty"`     // of a view
	Key         []TypedField `json:"key,omitempty"`        // of an entity
	Columns     []TypedField `json:"columns,omitempty"`    // of a source
	Inputs      []TypedField `json:"inputs,omitempty"`     // of a model: keys, request
	Features    []Versioned  `json:"features,omitempty"`   // of a view or model
	Ready       *bool        `json:"ready,omitempty"`      // of a view
	Since       string       `json:"since,omitempty"`      // since when it is served
}

// TypedField is a name and a type, as the language writes it.
type TypedField struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Versioned is a feature and the version of it that is meant.
type Versioned struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}
