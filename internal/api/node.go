package api

import (
	"context"
	"io"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// Node is what is served. What is nil is answered with unavailable. All methods may be called from
// many goroutines. Besides the errors of the flows they may return *wire.Error, which is passed on as
// it is.
type Node struct {
	Features    Features
	Events      Events
	Definitions Definitions
	Training    Training
	Operations  Operations
	// Timezone returns the zone of dates, the project's; nil: UTC.
	Timezone func() string
	// Ready returns nil when requests can be answered. What else it returns is told to nobody.
	Ready func(ctx context.Context) error
}

// Features answers requests for values; *serve.Server does.
type Features interface {
	Resolve(model string, features []string) (*serve.Query, error)
	Ask(ctx context.Context, query *serve.Query, rows serve.Rows) (*serve.Answer, error)
}

// Events takes events in; *ingest.Ingester does.
type Events interface {
	Push(ctx context.Context, request ingest.PushRequest) (*ingest.PushResult, error)
	// Quarantine lists the newest rows that were put aside, limit at most.
	Quarantine(ctx context.Context, source string, limit int) ([]ingest.Entry, error)
	// Retry pushes all rows of the quarantine again.
	Retry(ctx context.Context, source string) (*ingest.PushResult, error)
}

// Definitions plans and applies definitions, and shows those that are applied.
type Definitions interface {
	Plan(ctx context.Context, request *wire.PlanRequest) (*wire.Plan, error)
	// Apply commits. A plan that is stale is a wire.Conflict, one that breaks a model wire.Denied.
	Apply(ctx context.Context, request *wire.ApplyRequest) (*wire.ApplyAnswer, error)
	// List returns a page of the definitions of a kind, in the order of their names: those behind
	// cursor, limit at most. The kind is entity, source, view, feature or model.
	List(ctx context.Context, kind, cursor string, limit int) (*wire.DefinitionsAnswer, error)
	// Show returns one definition; version is empty for the current one.
	Show(ctx context.Context, kind, name, version string) (*wire.Definition, error)
}

// Training makes training sets. A job belongs to the node and goes on when its request has ended.
type Training interface {
	// Start begins a job and returns at once. The request is the job's from then on.
	Start(ctx context.Context, request *wire.TrainingRequest) (*wire.Job, error)
	// Wait returns a job as it is now or, if wait is set, when it has ended or ctx has.
	Wait(ctx context.Context, id string, wait bool) (*wire.Job, error)
	// Open returns a file of a job that is done.
	Open(ctx context.Context, id string, file File) (*Artifact, error)
	// Cancel ends a job, if it has not ended, and forgets it with its files.
	Cancel(ctx context.Context, id string) (*wire.Job, error)
}

// File says which file of a job is meant: the training set or its manifest, of a part if there are
// some.
type File struct {
	Part     string
	Manifest bool
}

// Artifact is a file that a job made. Whoever gets it closes it.
type Artifact struct {
	Format string // parquet, csv, jsonl or json
	Size   int64  // -1: not known
	Body   io.ReadCloser
}

// Operations shows how the node does.
type Operations interface {
	Status(ctx context.Context) (*wire.Status, error)
	// Why explains a value. The keys and request fields are JSON, to be typed by the definitions.
	Why(ctx context.Context, request *wire.WhyRequest) (*wire.Why, error)
	Verify(ctx context.Context, request *wire.VerifyRequest) (*wire.VerifyAnswer, error)
	History(ctx context.Context, request *wire.HistoryRequest) (*wire.HistoryAnswer, error)
}
