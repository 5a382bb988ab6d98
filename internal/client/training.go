package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/fettle-ml/fettle/internal/wire"
)

// Train begins a training set. With wait the answer comes when it is done, or after a minute or so in
// any case: then the job is still running.
func (c *Client) Train(ctx context.Context, message *wire.TrainingRequest, wait bool) (*wire.Job, error) {
	query := url.Values{}
	addFlag(query, "wait", wait)
	job := &wire.Job{}
	if message.Labels == nil || message.Labels.Upload == nil {
		return job, c.call(ctx, request{method: http.MethodPost, path: "/v1/training", query: query}, message, job)
	}
	add(query, "model", message.Model)
	addNames(query, message.Features)
	add(query, "time", message.Time)
	add(query, "mode", message.Mode)
	add(query, "timezone", message.Timezone)
	add(query, "format", message.Format)
	add(query, "spine", message.Spine)
	add(query, "as_of", message.AsOf)
	add(query, "split", message.Split)
	add(query, "labels_name", message.LabelsName)
	addNumber(query, "embargo_ms", message.EmbargoMS)
	addNumber(query, "gap_ms", message.GapMS)
	addNumber(query, "max_age_ms", message.MaxAgeMS)
	addNumber(query, "max_bad", int64(message.MaxBad))
	addFlag(query, "strict", message.Strict)
	addFlag(query, "project", message.Project)
	r, err := uploaded("/v1/training", query, message.Labels.Upload)
	if err != nil {
		return nil, err
	}
	return job, c.call(ctx, r, nil, job)
}

// addNames writes a list of features as one parameter.
func addNames(query url.Values, names []string) { add(query, "features", strings.Join(names, ",")) }

// Job asks for a job; with wait the answer comes when it has ended, or after a minute or so.
func (c *Client) Job(ctx context.Context, id string, wait bool) (*wire.Job, error) {
	query := url.Values{}
	addFlag(query, "wait", wait)
	job := &wire.Job{}
	return job, c.get(ctx, "/v1/jobs/"+url.PathEscape(id), query, job)
}

// CancelJob ends a job and removes what it made.
func (c *Client) CancelJob(ctx context.Context, id string) (*wire.Job, error) {
	job := &wire.Job{}
	return job, c.call(ctx, request{method: http.MethodDelete, path: "/v1/jobs/" + url.PathEscape(id)}, nil, job)
}

// Result copies the training set of a job that is done. After an error the output is a part of it.
func (c *Client) Result(ctx context.Context, id string, output io.Writer) error {
	return c.PartResult(ctx, id, "", output)
}

// Manifest copies the manifest of a job that is done.
func (c *Client) Manifest(ctx context.Context, id string, output io.Writer) error {
	return c.PartManifest(ctx, id, "", output)
}

// PartResult copies a part of a training set that was divided, as Result does.
func (c *Client) PartResult(ctx context.Context, id, part string, output io.Writer) error {
	return c.copy(ctx, "/v1/jobs/"+url.PathEscape(id)+"/result", part, output)
}

// PartManifest copies the manifest of a part.
func (c *Client) PartManifest(ctx context.Context, id, part string, output io.Writer) error {
	return c.copy(ctx, "/v1/jobs/"+url.PathEscape(id)+"/manifest", part, output)
}

func (c *Client) copy(ctx context.Context, path, part string, output io.Writer) error {
	query := url.Values{}
	add(query, "part", part)
	answer, err := c.send(ctx, request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(output, answer.Body)
	return err
}
