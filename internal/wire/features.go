package wire

import "encoding/json"

// FeaturesRequest is the body of POST /v1/features. Exactly one of Model and Features is given.
// A value of Entities or Request that is an array makes the request columnar: all arrays have one
// length, and scalars stand for that many rows.
type FeaturesRequest struct {
	Model    string   `json:"model,omitempty"`    // name, or name@version
	Features []string `json:"features,omitempty"` // view.feature, view.*
	// Entities gives every key column of every role under the name that the model gives it.
	Entities Object `json:"entities,omitempty"`
	Request  Object `json:"request,omitempty"`
	// AsOf is an instant in RFC 3339 with a zone, or a date in the project's zone; nil: now.
	AsOf *string `json:"as_of,omitempty"`
	// Mode is ideal (default) or as_served. It is about as_of: without one the answer is what is
	// visible now.
	Mode        string `json:"mode,omitempty"`
	MaxAge      string `json:"max_age,omitempty"`      // such as 1h: older values are null, expired
	MinPosition string `json:"min_position,omitempty"` // of an earlier answer: wait for those events
	TimeoutMS   int64  `json:"timeout_ms,omitempty"`
	Detail      bool   `json:"detail,omitempty"`
	// Text says that every value of Entities and Request is a string in the notation of the command
	// line, to be read as its type demands.
	Text bool `json:"text,omitempty"`
}

// FeaturesAnswer is the answer to one row (Values) or to columns (Rows, Columns). Names come in the
// order of the model.
type FeaturesAnswer struct {
	AsOf     string `json:"as_of"`
	Model    string `json:"model,omitempty"` // name@version
	From     string `json:"from,omitempty"`  // history, if the answer was not computed from live state
	Position string `json:"position,omitempty"`
	Rows     *int   `json:"rows,omitempty"`
	Values   Object `json:"values,omitempty"`
	Columns  Object `json:"columns,omitempty"` // an array for each feature
	// Status has the features whose value is not fresh: {"f":"missing"} for a row, and for columns
	// {"f":{"3":"missing"}} under the place in the array, from 0.
	Status map[string]json.RawMessage `json:"status"`
	// Meta is there if detail was asked for: a Meta for each feature of a row, a MetaColumns for
	// columns.
	Meta      map[string]json.RawMessage `json:"meta,omitempty"`
	RequestID string                     `json:"request_id"`
}

// Meta is what else is known of one value. EventTime and AgeMS are null if no event contributes.
type Meta struct {
	Version   string  `json:"version"`
	EventTime *string `json:"event_time"`
	AgeMS     *int64  `json:"age_ms"`
	Status    string  `json:"status"`
	Reason    string  `json:"reason,omitempty"`
}

// MetaColumns is Meta for the rows of a columnar answer.
type MetaColumns struct {
	Version   string    `json:"version"`
	EventTime []*string `json:"event_time"`
	AgeMS     []*int64  `json:"age_ms"`
	Status    []string  `json:"status"`
}

// The statuses of values.
const (
	Fresh    = "fresh"
	Stale    = "stale"
	Missing  = "missing"
	Expired  = "expired"
	Default  = "default"
	Fallback = "fallback"
	Failed   = "error"
)

// The two modes of time.
const (
	Ideal    = "ideal"
	AsServed = "as_served"
)
