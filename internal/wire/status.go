package wire

// Status is the body of GET /v1/status. Times are RFC 3339 in UTC, empty where there is none.
type Status struct {
	Version   string         `json:"version"` // of the program
	Project   string         `json:"project"`
	Revision  int64          `json:"revision"` // of the registry; 0: nothing was applied
	Ready     bool           `json:"ready"`
	Now       string         `json:"now"`
	StartedAt string         `json:"started_at"`
	Clock     string         `json:"clock"` // system or simulated
	Log       LogStatus      `json:"log"`
	Sources   []SourceStatus `json:"sources"`
	Views     []ViewStatus   `json:"views"`
	Models    []ModelStatus  `json:"models"`
	Samples   SampleStatus   `json:"samples"`
	// Problems is what needs somebody's attention, in sentences; none: all is well.
	Problems []string `json:"problems"`
}

// LogStatus is how far the log and what follows it have come. Durable less Applied is the lag.
type LogStatus struct {
	Durable   string `json:"durable"`              // position of the last acknowledged record
	Applied   string `json:"applied"`              // position of the last one that is served
	VisibleAt string `json:"visible_at,omitempty"` // since when
	History   string `json:"history,omitempty"`    // position that history reflects
	Records   int64  `json:"records"`              // between Applied and Durable
	Bytes     int64  `json:"bytes"`
}

// SourceStatus counts the events that came into a source: In = Accepted + Duplicates + Quarantined.
type SourceStatus struct {
	Name        string `json:"name"`
	Push        bool   `json:"push"`
	In          int64  `json:"in"`
	Accepted    int64  `json:"accepted"`
	Duplicates  int64  `json:"duplicates"`
	Quarantined int64  `json:"quarantined"`
	NewestEvent string `json:"newest_event,omitempty"`
	History     string `json:"history,omitempty"` // position that its history reflects
}

// ViewStatus counts the events of a view: Accepted = Applied + Filtered + NoKey + OutOfReach.
type ViewStatus struct {
	Name       string `json:"name"`
	Entity     string `json:"entity"`
	Source     string `json:"source,omitempty"`
	Freshness  string `json:"freshness"`
	Ready      bool   `json:"ready"`
	Since      string `json:"since,omitempty"` // since when it is served
	Accepted   int64  `json:"accepted"`
	Applied    int64  `json:"applied"`
	Filtered   int64  `json:"filtered"`
	NoKey      int64  `json:"no_key"`
	OutOfReach int64  `json:"out_of_reach"`
}

// ModelStatus is one version of a model.
type ModelStatus struct {
	Name     string `json:"name"`
	Version  int    `json:"version"`
	Features int    `json:"features"`
	Ready    bool   `json:"ready"`
}

// SampleStatus counts the answers kept for verify.
type SampleStatus struct {
	Kept    int64 `json:"kept"`
	Dropped int64 `json:"dropped"`
}

// HistoryRequest is the parameters of GET /v1/history/{view}. Keys are text in the notation of the
// command line.
type HistoryRequest struct {
	View   string
	Keys   map[string]string // of the URL's key.NAME
	From   string            // inclusive
	To     string            // exclusive
	Limit  int               // rows; 0: 100
	Cursor string
}

// HistoryAnswer is the values of one entity over time: a row for each instant at which an event of
// it changed something. Next is the cursor of the next page, "" at the end.
type HistoryAnswer struct {
	View string       `json:"view"`
	From string       `json:"from,omitempty"`
	To   string       `json:"to,omitempty"`
	Rows []HistoryRow `json:"rows"`
	Next string       `json:"next,omitempty"`
}

// HistoryRow is the values of a view at one instant.
type HistoryRow struct {
	At     string            `json:"at"`
	Values Object            `json:"values"`
	Status map[string]string `json:"status"` // of values that are not fresh
}
