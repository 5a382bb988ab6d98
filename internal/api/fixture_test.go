package api_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

const token = "secret-of-the-test"

const definitions = `
entity: card
key: {card_id: string}
---
entity: shop
key: {shop_id: int64}
---
source: payments
path: payments.jsonl
event_time: ts
available: event_time
fields: {card: string, shop: int64, amount: decimal(2), ts: timestamp}
---
view: spend
entity: card
source: payments
key: {card_id: card}
expires: 30d
request: {limit: int64}
features:
  total: sum(amount) over 7d
  mean: {expr: "avg(cast(amount as float64)) over 7d"}
  latest: {expr: last(amount) over 1d, default: 0.00}
  newest: event_time
  left: request.limit - count() over 7d
---
view: shops
entity: shop
source: payments
key: {shop_id: shop}
features:
  sales: count() over 1d
---
model: fraud
version: 3
entities: {card: card, shop: {entity: shop, key: {shop_id: at_shop}}}
features: [card.spend.*, shop.shops.sales]
`

func compile(t testing.TB) *plan.Plan {
	t.Helper()
	result := lang.Compile(lang.Input{
		Project: lang.File{Path: "fettle.yaml", Text: []byte("project: test\n")},
		Files:   []lang.File{{Path: "features/all.yaml", Text: []byte(definitions)}},
	})
	if result.Plan == nil {
		t.Fatal(result.Diagnostics)
	}
	return result.Plan
}

// now is the T of every request without as_of.
var now = mustTime("2024-05-08T12:00:00Z")

func mustTime(text string) int64 {
	at, _, err := schema.ParseTime(text)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return at
}

// payments is the events that values are computed from.
type payments struct{}

func (payments) Scan(_ context.Context, request *engine.ScanRequest, emit func(int, *engine.Chunk) error) error {
	rows := []struct {
		card   string
		shop   int64
		amount int64
		at     string
	}{
		{"c1", 7, 1250, "2024-05-02T12:00:00Z"}, {"c1", 7, 99, "2024-05-08T11:59:59.123456Z"},
		{"c2", 8, 100, "2024-01-01T00:00:00Z"}, {"k\"ey", 7, 5, "2024-05-08T00:00:00Z"},
	}
	chunk := &engine.Chunk{}
	builders := make([]*batch.Builder, len(request.Columns))
	for i, column := range request.Columns {
		builders[i] = batch.NewBuilder(request.Source.Columns[column].Type)
	}
	for _, row := range rows {
		at := mustTime(row.at)
		chunk.EventTime = append(chunk.EventTime, at)
		values := []schema.Value{
			schema.StringValue(row.card), schema.IntValue(row.shop),
			{Type: schema.DecimalOf(2), Dec: schema.Int128From(row.amount)},
			{Type: schema.Of(schema.Timestamp), Int: at},
		}
		for i, column := range request.Columns {
			builders[i].Append(values[column])
		}
	}
	for _, b := range builders {
		chunk.Columns = append(chunk.Columns, b.Column())
	}
	return emit(0, chunk)
}

type timeline struct{}

func (timeline) Read() (int64, error) { return now, nil }

var errFull = errors.New("write /secret/path: no space left")

// events takes lines and puts aside those that hold "bad".
type events struct {
	mutex sync.Mutex
	last  ingest.PushRequest
	block chan struct{} // if set, Push waits for it
}

func (e *events) Push(ctx context.Context, r ingest.PushRequest) (*ingest.PushResult, error) {
	if e.block != nil {
		select {
		case <-e.block:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	e.mutex.Lock()
	e.last = r
	e.mutex.Unlock()
	result := &ingest.PushResult{Position: log.Position{Epoch: 1, Sequence: 42}}
	switch r.Source {
	case "payments":
	case "files":
		return nil, ingest.ErrNotPushed
	case "full":
		return nil, errFull
	case "odd":
		return nil, errors.New("read /secret/path: a thing nobody thought of")
	case "broken":
		panic("a bug with a secret in it")
	default:
		return nil, ingest.ErrUnknownSource
	}
	if r.IdempotencyKey == "used" {
		return nil, ingest.ErrConflict
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(r.Body), "\n"), "\n") {
		if !strings.Contains(line, "bad") {
			result.Accepted++
			continue
		}
		result.QuarantinedRows++
		result.Quarantined = append(result.Quarantined, ingest.Quarantined{Row: int64(i + 1), Line: int64(i + 1),
			Field: "amount", Code: "bad_type", Message: "amount is \"bad\", not a decimal(2)"})
	}
	if r.Atomic && result.QuarantinedRows > 0 {
		return nil, &ingest.RejectedError{Source: r.Source, Rows: result.QuarantinedRows, Quarantined: result.Quarantined}
	}
	return result, nil
}

func (e *events) Quarantine(_ context.Context, source string, limit int) ([]ingest.Entry, error) {
	if source != "payments" {
		return nil, ingest.ErrUnknownSource
	}
	entries := []ingest.Entry{{Position: log.Position{Epoch: 1, Sequence: 41}, ReceivedAt: now, Row: 2, Line: 3,
		Problems: []ingest.Problem{{Field: "amount", Code: "bad_type", Message: "amount is \"x\""}},
		Text:     `{"amount":"x"}`, Format: "jsonl"}}
	return entries[:min(limit, 1)], nil
}

func (e *events) Retry(context.Context, string) (*ingest.PushResult, error) {
	return &ingest.PushResult{Accepted: 1, Position: log.Position{Epoch: 1, Sequence: 43}}, nil
}

type catalog struct{}

func (catalog) Plan(_ context.Context, r *wire.PlanRequest) (*wire.Plan, error) {
	if len(r.Files) > 0 && r.Files[0].Text == "wrong" {
		return nil, &wire.Error{Code: wire.InvalidArgument, Message: "1 error in the definitions",
			Details: []wire.Detail{{File: r.Files[0].Path, Line: 1, Column: 1, Code: "syntax", Severity: "error",
				Message: "this is not a definition"}}}
	}
	return &wire.Plan{ID: "pl-1", Base: 4, Changes: []wire.Change{{Kind: "feature", Name: "spend.total", Action: "changed",
		Class: wire.NewVersion, From: "ab12", To: "cd34"}}, Models: []string{}, Backfill: []wire.Backfill{},
		Problems: []wire.Detail{}}, nil
}

func (catalog) Apply(_ context.Context, r *wire.ApplyRequest) (*wire.ApplyAnswer, error) {
	switch r.Plan {
	case "stale":
		return nil, registry.ErrStale
	case "breaks":
		return nil, &registry.BreaksError{Breaks: []registry.Break{{Model: "fraud", Version: 3, Hint: "raise its version"}}}
	}
	return &wire.ApplyAnswer{Revision: 5, AppliedAt: "2024-05-08T12:00:00.000000Z", Changes: []wire.Change{},
		Models: []string{"fraud@3"}, Building: []string{}}, nil
}

func (catalog) List(_ context.Context, kind, cursor string, limit int) (*wire.DefinitionsAnswer, error) {
	return &wire.DefinitionsAnswer{Kind: kind, Revision: 4, Items: []wire.Definition{{Kind: kind, Name: "first"}},
		Next: strings.Repeat("n", min(limit, 2)) + cursor}, nil
}

func (catalog) Show(_ context.Context, kind, name, version string) (*wire.Definition, error) {
	if name == "none" {
		return nil, &wire.Error{Code: wire.NotFound, Message: "there is no " + kind + " none"}
	}
	return &wire.Definition{Kind: kind, Name: name, Version: version}, nil
}

type training struct {
	mutex sync.Mutex
	last  *wire.TrainingRequest
}

func (j *training) Start(_ context.Context, r *wire.TrainingRequest) (*wire.Job, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.last = r
	return &wire.Job{ID: "j1", State: wire.JobQueued}, nil
}

func (j *training) Wait(_ context.Context, id string, wait bool) (*wire.Job, error) {
	if id != "j1" {
		return nil, &wire.Error{Code: wire.NotFound, Message: "there is no job " + id}
	}
	job := &wire.Job{ID: id, State: wire.JobRunning, Stage: "read labels", Done: 5}
	if wait {
		job = &wire.Job{ID: id, State: wire.JobDone, Result: &wire.TrainResult{Rows: 2, Output: "/v1/jobs/j1/result",
			Manifest: "/v1/jobs/j1/manifest", DatasetID: "ds-1", Features: []wire.TrainFeature{}, Warnings: []string{},
			Sources: []wire.TrainSource{}}}
	}
	return job, nil
}

func (j *training) Open(_ context.Context, id string, file api.File) (*api.Artifact, error) {
	switch {
	case id == "breaks":
		broken := io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), failing{})
		return &api.Artifact{Format: "csv", Size: -1, Body: io.NopCloser(broken)}, nil
	case id != "j1":
		return nil, &wire.Error{Code: wire.NotFound, Message: "there is no job " + id}
	case file.Manifest:
		return &api.Artifact{Format: "json", Size: 3, Body: io.NopCloser(strings.NewReader("{}\n"))}, nil
	default:
		return &api.Artifact{Format: "csv", Size: -1, Body: io.NopCloser(strings.NewReader("card_id,total\nc1,1.00\n"))}, nil
	}
}

func (j *training) Cancel(_ context.Context, id string) (*wire.Job, error) {
	return &wire.Job{ID: id, State: wire.JobCancelled}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFull }

type operations struct{}

func (operations) Status(context.Context) (*wire.Status, error) {
	return &wire.Status{Version: "0.1.0", Project: "test", Revision: 4, Ready: true, Clock: "system",
		Sources: []wire.SourceStatus{}, Views: []wire.ViewStatus{}, Models: []wire.ModelStatus{}, Problems: []string{}}, nil
}

func (operations) Why(_ context.Context, r *wire.WhyRequest) (*wire.Why, error) {
	if r.Feature != "spend.total" {
		return nil, &serve.UnknownError{Message: "there is no feature " + r.Feature, Hint: "did you mean spend.total?"}
	}
	return &wire.Why{Feature: r.Feature, Value: []byte(`"13.49"`), Status: wire.Fresh, Parts: []wire.WhyPart{}}, nil
}

func (operations) Verify(_ context.Context, r *wire.VerifyRequest) (*wire.VerifyAnswer, error) {
	answer := &wire.VerifyAnswer{Requests: 1, Compared: 6, Skipped: map[string]int64{}, Mismatches: []wire.Mismatch{}}
	if r.Labels != nil && r.Labels.Upload != nil {
		answer.Requests = int64(bytes.Count(r.Labels.Upload.Body, []byte("\n"))) - 1
	}
	return answer, nil
}

func (operations) History(_ context.Context, r *wire.HistoryRequest) (*wire.HistoryAnswer, error) {
	return &wire.HistoryAnswer{View: r.View, From: r.From, To: r.To, Rows: []wire.HistoryRow{{At: r.To,
		Values: wire.Object{wire.StringMember("key", r.Keys["card_id"])}, Status: map[string]string{}}}}, nil
}

// newNode returns a node that answers values from a real server, and everything else from fakes.
func newNode(t testing.TB) api.Node {
	t.Helper()
	p := compile(t)
	server := serve.New(serve.Options{
		Current:  func() *serve.Current { return &serve.Current{Plan: p} },
		State:    func(int64) engine.Events { return payments{} },
		Timeline: timeline{}, SampleRate: -1,
		Position: func() log.Position { return log.Position{Epoch: 1, Sequence: 42} },
		Wait: func(_ context.Context, p log.Position) error {
			if p.Sequence > 42 {
				return ingest.ErrPosition
			}
			return nil
		},
	})
	return api.Node{Features: server, Events: &events{}, Definitions: catalog{}, Training: &training{},
		Operations: operations{}, Timezone: func() string { return "Europe/Paris" }}
}

func options() api.Options {
	return api.Options{Token: token, Clock: clock.NewFake(now), Classify: func(err error) *wire.Error {
		if errors.Is(err, errFull) {
			return &wire.Error{Code: wire.DiskFull, Message: "the disk is full", Hint: "make room"}
		}
		return nil
	}}
}

// request makes a request with the token.
func request(method, path, contentType, body string) *http.Request {
	r, err := http.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if err != nil {
		panic("BUG: " + err.Error())
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}
