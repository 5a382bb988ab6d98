package wire

import "encoding/json"

// VerifyRequest is the body of POST /v1/verify. Without labels it compares sampled answers with what
// history gives. With labels it replays history through an empty online store and asks the serving
// path at each label's time.
type VerifyRequest struct {
	Model    string   `json:"model,omitempty"`
	Features []string `json:"features,omitempty"`
	Sample   int      `json:"sample,omitempty"` // compare at most this many answers; 0: all
	Since    string   `json:"since,omitempty"`  // RFC 3339: only answers given since then
	Labels   *Labels  `json:"labels,omitempty"`
	Time     string   `json:"time,omitempty"` // the label column of times
	Timezone string   `json:"timezone,omitempty"`
	Limit    int      `json:"limit,omitempty"` // mismatches listed; 0: 100
}

// VerifyAnswer counts values, one for each feature and row. Compared includes Mismatched; a value
// that was not compared is under the reason in Skipped.
type VerifyAnswer struct {
	Requests   int64            `json:"requests"` // sampled answers, or label rows
	Compared   int64            `json:"compared"`
	Mismatched int64            `json:"mismatched"`
	Skipped    map[string]int64 `json:"skipped"`
	Mismatches []Mismatch       `json:"mismatches"`
	// EventsApplied and OnlineReads are of a replay only.
	EventsApplied int64 `json:"events_applied,omitempty"`
	OnlineReads   int64 `json:"online_reads,omitempty"`
}

// Mismatch is one value that was served otherwise than history gives it. RequestID names the sampled
// answer, Row the row in it or among the labels, from 1.
type Mismatch struct {
	RequestID      string          `json:"request_id,omitempty"`
	Row            int64           `json:"row"`
	Feature        string          `json:"feature"`
	AsOf           string          `json:"as_of"`
	Entities       Object          `json:"entities,omitempty"`
	Served         json.RawMessage `json:"served"`
	ServedStatus   string          `json:"served_status"`
	Computed       json.RawMessage `json:"computed"`
	ComputedStatus string          `json:"computed_status"`
}
