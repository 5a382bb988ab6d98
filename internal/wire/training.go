package wire

// TrainingRequest is the JSON body of POST /v1/training. The labels may be uploaded instead, as the
// body in CSV, NDJSON, Parquet or Arrow: then the other fields are parameters of the URL under the same
// names.
type TrainingRequest struct {
	Model    string   `json:"model,omitempty"`
	Features []string `json:"features,omitempty"`
	Labels   *Labels  `json:"labels,omitempty"`     // none: the model's label source
	Time     string   `json:"time,omitempty"`       // the label column of times
	Target   string   `json:"target,omitempty"`     // the label column to be predicted
	Mode     string   `json:"mode,omitempty"`       // ideal (default) or as_served
	GapMS    int64    `json:"gap_ms,omitempty"`     // values are evaluated this much before the label
	MaxAgeMS int64    `json:"max_age_ms,omitempty"` // older values are null, expired; 0: any age
	Timezone string   `json:"timezone,omitempty"`
	Strict   bool     `json:"strict,omitempty"`
	// Project asks for the definitions in the project's folder as they are now, applied or not.
	Project bool `json:"project,omitempty"`
	MaxBad  int  `json:"max_bad,omitempty"`
	// Spine makes the rows: every entity that is known at each time, "2024-01-01..2024-03-01 every
	// 1d"; AsOf is a spine of one time. With labels, those have the keys of the entities instead.
	Spine string `json:"spine,omitempty"`
	AsOf  string `json:"as_of,omitempty"`
	// Split divides the result by time: "train:..2024-03-01,valid:..2024-04-01,test", or by shares of
	// the rows: "train:0.8,test:0.2". Rows of the embargo after each boundary are left out.
	Split     string `json:"split,omitempty"`
	EmbargoMS int64  `json:"embargo_ms,omitempty"`
	// Now is how far a label source that looks ahead is complete (default: to its newest event).
	Now string `json:"now,omitempty"`
	// Rebuild is the text of a manifest, whose training set is made again: it says everything but the
	// format, and where the labels are if they were not in the project.
	Rebuild string `json:"rebuild,omitempty"`
	// LabelsName is what the manifest calls the labels.
	LabelsName string `json:"labels_name,omitempty"`
	Format     string `json:"format,omitempty"` // of the result: parquet (default), csv or jsonl
}

// Labels is the rows that features are wanted for: columns, a path, a file or an upload.
type Labels struct {
	// Columns is an array for each column, all of one length, types inferred as from a JSON file.
	Columns Object `json:"columns,omitempty"`
	// Path is a file on the server's machine. A server allows it only to its own directory's owner.
	Path string `json:"path,omitempty"`
	// File is the content of a file, in base64, and Format what it is: csv, jsonl or parquet.
	File   string `json:"file,omitempty"`
	Format string `json:"format,omitempty"`
	// Upload is the body of a request that holds the labels themselves; it never is in JSON.
	Upload *Upload `json:"-"`
}

// Upload is a file that came as the body of a request.
type Upload struct {
	Format string // csv, jsonl, parquet, arrow or arrows
	Body   []byte
}

// The states of a job.
const (
	JobQueued    = "queued"
	JobRunning   = "running"
	JobDone      = "done"
	JobFailed    = "failed"
	JobCancelled = "cancelled"
)

// Job is the body of GET /v1/jobs/{id}, and the answer to the request that began it. Result is there
// when it is done, Error when it has failed.
type Job struct {
	ID        string       `json:"job"`
	State     string       `json:"state"`
	Stage     string       `json:"stage,omitempty"`
	Done      int64        `json:"done,omitempty"`
	Total     int64        `json:"total,omitempty"` // 0: not known
	CreatedAt string       `json:"created_at,omitempty"`
	EndedAt   string       `json:"ended_at,omitempty"`
	Result    *TrainResult `json:"result,omitempty"`
	Error     *Error       `json:"error,omitempty"`
}

// TrainResult is what was made. Output and Manifest are names of files for the command line and
// links for the API.
type TrainResult struct {
	Rows       int64          `json:"rows"`
	Output     string         `json:"output"`
	Manifest   string         `json:"manifest"`
	DatasetID  string         `json:"dataset_id"`
	Features   []TrainFeature `json:"features"`
	NullLabels int64          `json:"null_labels"`
	Warnings   []string       `json:"warnings"`
	Sources    []TrainSource  `json:"sources"`
	// Differing counts the cells in which the other mode differs; nil if that is not known.
	Differing *int64 `json:"differing,omitempty"`
	// Parts are the files of a set that was divided: then output, manifest and dataset_id are
	// empty, and counts are of all parts together.
	Parts []TrainPart `json:"parts,omitempty"`
	// Embargoed and Untimed rows are in no part.
	Embargoed int64 `json:"embargoed,omitempty"`
	Untimed   int64 `json:"untimed,omitempty"`
	// Young rows of a label source that looks ahead were left out; it was complete to CompleteTo.
	Young      int64  `json:"young,omitempty"`
	CompleteTo string `json:"complete_to,omitempty"`
	// Leakage says which features may know too much; none from a server that does not look.
	Leakage *Leakage `json:"leakage,omitempty"`
}

// TrainPart is one file of a training set that was divided.
type TrainPart struct {
	Name      string `json:"name"`
	Rows      int64  `json:"rows"`
	Output    string `json:"output"`
	Manifest  string `json:"manifest"`
	DatasetID string `json:"dataset_id"`
}

// Leakage is the report on features that may know more than could be known at the label's time. Of
// Total findings the first are listed, the gravest first.
type Leakage struct {
	Target    string           `json:"target,omitempty"` // column of the labels; none: Note says why
	Note      string           `json:"note,omitempty"`
	Rows      int              `json:"rows"`       // looked at
	RowsLater int              `json:"rows_later"` // and just after their time too
	Total     int              `json:"total"`
	Findings  []LeakageFinding `json:"findings"`
}

// LeakageFinding is one reason to look at a feature: Figure reached Threshold.
type LeakageFinding struct {
	Kind      string   `json:"kind"` // copy, power, timing, after or availability
	Feature   string   `json:"feature"`
	Measure   string   `json:"measure"`
	Figure    float64  `json:"figure"`
	Threshold float64  `json:"threshold"`
	Class     string   `json:"class,omitempty"`   // value of the target that it is about
	Row       int64    `json:"row,omitempty"`     // label row that shows it, from 1
	Sources   []string `json:"sources,omitempty"` // without a rule of availability
	Message   string   `json:"message"`
	Hint      string   `json:"hint"`
}

// TrainFeature counts one output column. Nulls count all rows; the statuses leave out rows without
// a time or key. A default is not null.
type TrainFeature struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Type    string `json:"type"`
	Nulls   int64  `json:"nulls"`
	Missing int64  `json:"missing"`
	Expired int64  `json:"expired"`
	Default int64  `json:"default"`
	Error   int64  `json:"error"`
}

// TrainSource counts what was read. Duplicates and quarantined rows are among Rows, and their
// values are in no feature.
type TrainSource struct {
	Name        string `json:"name"`
	Files       int    `json:"files"`
	Rows        int64  `json:"rows"`
	Duplicates  int64  `json:"duplicates"`
	Quarantined int64  `json:"quarantined"`
}
