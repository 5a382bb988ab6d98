package wire

import "encoding/json"

// EventsRequest is the JSON body of POST /v1/events/{source}. Each event is an object with the
// columns of the source. The other bodies, NDJSON, CSV and Parquet, are events without an envelope.
type EventsRequest struct {
	Events []json.RawMessage `json:"events"`
}

// EventsAnswer says what became of the events of one request. Accepted, Duplicates and
// QuarantinedRows add up to the number of rows.
type EventsAnswer struct {
	Accepted        int64 `json:"accepted"`
	Duplicates      int64 `json:"duplicates"`
	QuarantinedRows int64 `json:"quarantined_rows"`
	// Quarantined says what is wrong with the rows that were put aside, with the first of them if they
	// are many. A row can be there more than once.
	Quarantined []QuarantinedRow `json:"quarantined"`
	// Position is where the decision stands in the log, "p:EPOCH-SEQUENCE"; as the min_position of a
	// later request it says: not before these events.
	Position string `json:"position"`
	// Repeated says that a request with this Idempotency-Key had been answered before, with this.
	Repeated bool `json:"repeated,omitempty"`
}

// QuarantinedRow is one thing wrong with a row. Line is there for bodies of lines, where it
// may differ from the row.
type QuarantinedRow struct {
	Row     int64  `json:"row"`
	Line    int64  `json:"line,omitempty"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// QuarantineAnswer is the body of GET /v1/quarantine/{source}, the newest entries first.
type QuarantineAnswer struct {
	Source  string            `json:"source"`
	Entries []QuarantineEntry `json:"entries"`
}

// QuarantineEntry is one row that was put aside. Text is the row as it came, in Format, or its
// beginning if it is Truncated.
type QuarantineEntry struct {
	Position   string    `json:"position"` // of the request that it came with
	ReceivedAt string    `json:"received_at"`
	Row        int64     `json:"row"` // in that request
	Line       int64     `json:"line,omitempty"`
	Problems   []Problem `json:"problems"`
	Text       string    `json:"text,omitempty"`
	Format     string    `json:"format,omitempty"`
	Truncated  bool      `json:"truncated,omitempty"`
}

// Problem is one thing wrong with a row.
type Problem struct {
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}
