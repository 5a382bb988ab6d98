package wire

import "encoding/json"

// WhyRequest is the body of POST /v1/why. Keys and Request are as in FeaturesRequest, of one row.
type WhyRequest struct {
	Feature string `json:"feature"` // view.feature
	Keys    Object `json:"keys"`
	Request Object `json:"request,omitempty"`
	At      string `json:"at,omitempty"`    // RFC 3339, or a date in the project's zone; "": now
	Mode    string `json:"mode,omitempty"`  // ideal (default) or as_served
	Limit   int    `json:"limit,omitempty"` // events listed for each part; 0: 100
	Text    bool   `json:"text,omitempty"`  // values are in the notation of the command line
	// Project asks about the definitions in the project's folder as they are now, applied or not.
	Project bool `json:"project,omitempty"`
	// Test asks for a test of this name instead, of the view that Feature names: the answer has
	// nothing but Recorded. The name may be empty.
	Test *string `json:"test,omitempty"`
}

// Why is one value and the events behind it. Times are RFC 3339 in UTC. EventTime and the age are
// nil if no event contributes; the age is At less the event time.
type Why struct {
	Feature    string          `json:"feature"`
	Version    string          `json:"version"`
	Type       string          `json:"type"`
	Expression string          `json:"expression"`
	Value      json.RawMessage `json:"value"`
	Status     string          `json:"status"`
	At         string          `json:"at"`
	Boundary   string          `json:"boundary"`
	EventTime  *string         `json:"event_time"`
	AgeSeconds *float64        `json:"age_seconds"`
	Parts      []WhyPart       `json:"parts"`
	Recorded   *Recorded       `json:"recorded,omitempty"`
}

// WhyPart is one aggregate, or the newest row, that the value reads. The counts are of all events,
// however few are listed.
type WhyPart struct {
	View         string `json:"view"`
	Reads        string `json:"reads"`
	Boundary     string `json:"boundary"`
	From         string `json:"from,omitempty"` // inclusive; none: from the beginning
	To           string `json:"to"`             // exclusive
	Contributing int    `json:"contributing"`
	Excluded     int    `json:"excluded"`
	// Reasons counts the events that do not count, by reason.
	Reasons map[string]int `json:"reasons,omitempty"`
	Events  []WhyEvent     `json:"events"`          // those that count, the newest first
	Left    []WhyEvent     `json:"excluded_events"` // those that do not, the nearest first
}

// WhyEvent is one event of the entity. Reason is empty for one that contributes. Position is
// path:row of a file, or p:EPOCH-SEQUENCE:row of a pushed event.
type WhyEvent struct {
	Time      string          `json:"time"`
	Available string          `json:"available"`
	Position  string          `json:"position"`
	Argument  json.RawMessage `json:"argument,omitempty"`
	Reason    string          `json:"reason,omitempty"`
}
