package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/fettle-ml/fettle/internal/wire"
)

// Events are rows to push. Exactly the fields of one request to POST /v1/events/{source}.
type Events struct {
	Source         string
	ContentType    string // application/json, application/x-ndjson, text/csv, application/vnd.apache.parquet
	Encoding       string // gzip or zstd, if Body is packed
	Body           []byte
	Atomic         bool
	IdempotencyKey string
}

// Push sends events. It never sends them twice.
func (c *Client) Push(ctx context.Context, events Events) (*wire.EventsAnswer, error) {
	r := request{method: http.MethodPost, path: "/v1/events/" + url.PathEscape(events.Source), body: events.Body,
		header: http.Header{"Content-Type": {events.ContentType}}, query: url.Values{}}
	if events.Encoding != "" {
		r.header.Set("Content-Encoding", events.Encoding)
	}
	if events.IdempotencyKey != "" {
		r.header.Set("Idempotency-Key", events.IdempotencyKey)
	}
	if events.Atomic {
		r.query.Set("atomic", "true")
	}
	answer := &wire.EventsAnswer{}
	return answer, c.call(ctx, r, nil, answer)
}

// Features asks for values.
func (c *Client) Features(ctx context.Context, message *wire.FeaturesRequest) (*wire.FeaturesAnswer, error) {
	answer := &wire.FeaturesAnswer{}
	return answer, c.post(ctx, "/v1/features", message, answer)
}

// Why asks what a value rests on.
func (c *Client) Why(ctx context.Context, message *wire.WhyRequest) (*wire.Why, error) {
	answer := &wire.Why{}
	return answer, c.post(ctx, "/v1/why", message, answer)
}

// Verify compares what was served with what history gives. Labels that are an upload are sent as they
// are.
func (c *Client) Verify(ctx context.Context, message *wire.VerifyRequest) (*wire.VerifyAnswer, error) {
	answer := &wire.VerifyAnswer{}
	if message.Labels == nil || message.Labels.Upload == nil {
		return answer, c.post(ctx, "/v1/verify", message, answer)
	}
	query := url.Values{}
	add(query, "model", message.Model)
	addNames(query, message.Features)
	add(query, "time", message.Time)
	add(query, "timezone", message.Timezone)
	addNumber(query, "limit", int64(message.Limit))
	r, err := uploaded("/v1/verify", query, message.Labels.Upload)
	if err != nil {
		return nil, err
	}
	return answer, c.call(ctx, r, nil, answer)
}

// Plan asks what applying definitions would change.
func (c *Client) Plan(ctx context.Context, message *wire.PlanRequest) (*wire.Plan, error) {
	answer := &wire.Plan{}
	return answer, c.post(ctx, "/v1/plan", message, answer)
}

// Apply applies definitions.
func (c *Client) Apply(ctx context.Context, message *wire.ApplyRequest) (*wire.ApplyAnswer, error) {
	answer := &wire.ApplyAnswer{}
	return answer, c.post(ctx, "/v1/apply", message, answer)
}

// Status asks how the server does.
func (c *Client) Status(ctx context.Context) (*wire.Status, error) {
	answer := &wire.Status{}
	return answer, c.get(ctx, "/v1/status", nil, answer)
}

// Quarantine lists the newest rows that were put aside; limit 0 is the server's default.
func (c *Client) Quarantine(ctx context.Context, source string, limit int) (*wire.QuarantineAnswer, error) {
	query := url.Values{}
	addNumber(query, "limit", int64(limit))
	answer := &wire.QuarantineAnswer{}
	return answer, c.get(ctx, "/v1/quarantine/"+url.PathEscape(source), query, answer)
}

// Retry pushes all rows of a quarantine again.
func (c *Client) Retry(ctx context.Context, source string) (*wire.EventsAnswer, error) {
	answer := &wire.EventsAnswer{}
	return answer, c.post(ctx, "/v1/quarantine/"+url.PathEscape(source)+"/retry", nil, answer)
}

// History asks for the values of an entity over time.
func (c *Client) History(ctx context.Context, message *wire.HistoryRequest) (*wire.HistoryAnswer, error) {
	query := url.Values{}
	for name, value := range message.Keys {
		query.Set("key."+name, value)
	}
	add(query, "from", message.From)
	add(query, "to", message.To)
	add(query, "cursor", message.Cursor)
	addNumber(query, "limit", int64(message.Limit))
	answer := &wire.HistoryAnswer{}
	return answer, c.get(ctx, "/v1/history/"+url.PathEscape(message.View), query, answer)
}

// Definitions lists a page of definitions: entities, sources, views, features or models. cursor is the
// Next of the page before.
func (c *Client) Definitions(ctx context.Context, kinds, cursor string) (*wire.DefinitionsAnswer, error) {
	query := url.Values{}
	add(query, "cursor", cursor)
	answer := &wire.DefinitionsAnswer{}
	return answer, c.get(ctx, "/v1/registry/"+url.PathEscape(kinds), query, answer)
}

// Definition shows one definition by NAME or NAME@VERSION.
func (c *Client) Definition(ctx context.Context, kinds, name string) (*wire.Definition, error) {
	answer := &wire.Definition{}
	return answer, c.get(ctx, "/v1/registry/"+url.PathEscape(kinds)+"/"+url.PathEscape(name), nil, answer)
}

// Ready returns nil if the server answers requests. It needs no token.
func (c *Client) Ready(ctx context.Context) error {
	return c.get(ctx, "/readyz", nil, &struct{}{})
}

// Healthy returns nil if a server is there. It needs no token.
func (c *Client) Healthy(ctx context.Context) error {
	return c.get(ctx, "/healthz", nil, &struct{}{})
}

func add(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

func addNumber(query url.Values, name string, value int64) {
	if value != 0 {
		query.Set(name, strconv.FormatInt(value, 10))
	}
}

func addFlag(query url.Values, name string, value bool) {
	if value {
		query.Set(name, "true")
	}
}

// uploaded makes a request whose body is a file.
func uploaded(path string, query url.Values, file *wire.Upload) (request, error) {
	kind, known := map[string]string{
		"csv": "text/csv", "jsonl": "application/x-ndjson", "parquet": "application/vnd.apache.parquet",
		"arrow": "application/vnd.apache.arrow.file", "arrows": "application/vnd.apache.arrow.stream",
	}[file.Format]
	if !known {
		return request{}, fmt.Errorf("labels cannot be sent as %q; send csv, jsonl, parquet, arrow or arrows", file.Format)
	}
	return request{method: http.MethodPost, path: path, query: query, body: file.Body,
		header: http.Header{"Content-Type": {kind}}}, nil
}
