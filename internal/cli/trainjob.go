package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// train makes the training set where its events are: on a server if one answers, else here. In a
// project without a server to which nothing was applied there are only files, and nothing is opened
// or registered.
func (s *session) train(ctx context.Context, o app.TrainOptions) (*wire.TrainResult, error) {
	if s.server == "" {
		state, err := s.statePath(ctx)
		if err != nil {
			return nil, err
		}
		c, err := s.owner(ctx, state)
		switch {
		case err != nil:
			return nil, err
		case c != nil:
			defer c.client.Close()
			return s.trainThere(ctx, c, o)
		case !wasApplied(state):
			return app.Train(ctx, o)
		}
	}
	var result *wire.TrainResult
	err := s.with(ctx, func(c *connection) (err error) {
		if c.node == nil {
			result, err = s.trainThere(ctx, c, o)
			return err
		}
		o.Node = c.node
		result, err = app.Train(ctx, o)
		return err
	})
	return result, err
}

// trainThere makes a training set as a job of a server, and copies it. What the server cannot know,
// such as whether the output would replace a file of the project, is checked here, first.
func (s *session) trainThere(ctx context.Context, c *connection, o app.TrainOptions) (
	_ *wire.TrainResult, err error) {
	if s.server == "" {
		if err := app.CheckTrain(ctx, o); err != nil {
			return nil, err
		}
	}
	request, err := s.trainRequest(o)
	if err != nil {
		return nil, err
	}
	job, err := c.client.Train(ctx, request, false)
	if err != nil {
		return nil, s.aboutLabels(err, o.Labels)
	}
	id := job.ID
	// A job that nobody takes the result of any more only costs: also after an interrupt.
	defer func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthPatience)
		defer cancel()
		_, _ = c.client.CancelJob(patience, id) // it ends with the server at the latest
	}()
	if job, err = c.awaitJob(ctx, job, o.Progress); err != nil {
		return nil, s.aboutLabels(err, o.Labels)
	}
	return c.download(ctx, job, o.Output)
}

// trainRequest says to a server what is wanted. Definitions are those of the project as they are
// now, if it is the project's server that is asked.
func (s *session) trainRequest(o app.TrainOptions) (*wire.TrainingRequest, error) {
	if o.Gap%schema.Millisecond != 0 || o.MaxAge%schema.Millisecond != 0 || o.Embargo%schema.Millisecond != 0 {
		return nil, usage("--gap, --max-age and --embargo are whole milliseconds where a server makes the training set")
	}
	if o.Memory != 0 {
		return nil, usage("--memory bounds this process, but a server makes the training set; it bounds itself")
	}
	labels, err := s.readLabels(o.Labels)
	if err != nil {
		return nil, err
	}
	if labels != nil && labels.Upload != nil && len(o.Rebuild) > 0 {
		labels = &wire.Labels{
			File: base64.StdEncoding.EncodeToString(labels.Upload.Body), Format: labels.Upload.Format,
		}
	}
	name := ""
	if s.server == "" {
		name = app.LabelsName(o.Dir, o.Labels)
	}
	return &wire.TrainingRequest{
		Spine: o.Spine, AsOf: o.AsOf, Split: o.Split, EmbargoMS: o.Embargo / schema.Millisecond,
		Now: o.Now, Rebuild: string(o.Rebuild), LabelsName: name,
		Model: o.Model, Features: o.Features, Labels: labels, Time: o.Time, Target: o.Target, Mode: o.Mode,
		GapMS: o.Gap / schema.Millisecond, MaxAgeMS: o.MaxAge / schema.Millisecond, Timezone: o.Timezone,
		Strict: o.Strict, MaxBad: o.MaxBad, Project: s.server == "",
		Format: strings.TrimPrefix(strings.ToLower(filepath.Ext(o.Output)), "."),
	}, nil
}

// The pauses between two looks at a job: short at first, since most are.
const (
	shortestPause = 2 * time.Millisecond
	longestPause  = 250 * time.Millisecond
)

// awaitJob waits until a job has ended; it fails if the job did not end well.
func (c *connection) awaitJob(ctx context.Context, job *wire.Job,
	progress func(stage string, done, total int64)) (*wire.Job, error) {
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		switch job.State {
		case wire.JobDone:
			return job, nil
		case wire.JobFailed:
			if job.Error == nil {
				return nil, &wire.Error{Code: wire.Internal, Message: "the job failed, and nothing says why"}
			}
			return nil, job.Error
		case wire.JobCancelled:
			return nil, &wire.Error{Code: wire.Cancelled, Message: "the job was cancelled", Hint: "start it again"}
		}
		if progress != nil && job.Stage != "" {
			total := job.Total
			if total == 0 {
				total = -1
			}
			progress(job.Stage, job.Done, total)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		next, err := c.client.Job(ctx, job.ID, false)
		if err != nil {
			return nil, err
		}
		job = next
	}
}

// download copies the training set and its manifest, both or none, of all parts.
func (c *connection) download(ctx context.Context, job *wire.Job, output string) (*wire.TrainResult, error) {
	if job.Result == nil {
		return nil, unreadable(errors.New("a job that is done has no result"))
	}
	result := *job.Result
	result.Parts = slices.Clone(result.Parts)
	if len(result.Parts) == 0 {
		result.Output, result.Manifest = filepath.ToSlash(output), filepath.ToSlash(output+manifestSuffix)
		return &result, c.downloadPart(ctx, job.ID, "", output)
	}
	for i := range result.Parts {
		part := &result.Parts[i]
		name := app.PartOutput(output, part.Name)
		if err := c.downloadPart(ctx, job.ID, part.Name, name); err != nil {
			for _, done := range result.Parts[:i] {
				_ = disk.OS{}.Remove(filepath.FromSlash(done.Manifest))
				_ = disk.OS{}.Remove(filepath.FromSlash(done.Output))
			}
			return nil, err
		}
		part.Output, part.Manifest = filepath.ToSlash(name), filepath.ToSlash(name+manifestSuffix)
	}
	return &result, nil
}

// manifestSuffix is what the name of a manifest has more than that of its training set.
const manifestSuffix = ".manifest.json"

// downloadPart copies one file and its manifest.
func (c *connection) downloadPart(ctx context.Context, job, part, output string) error {
	manifest := output + manifestSuffix
	// The manifest comes first, as in package app: a training set never stands there without one
	// that describes it.
	err := disk.WriteFile(disk.OS{}, output, func(w io.Writer) error {
		if err := c.client.PartResult(ctx, job, part, w); err != nil {
			return err
		}
		return disk.WriteFile(disk.OS{}, manifest, func(w io.Writer) error {
			return c.client.PartManifest(ctx, job, part, w)
		})
	})
	if err != nil {
		_ = disk.OS{}.Remove(manifest) // none describes a set that is not there
	}
	return err
}

// trainAndPrint makes a training set, telling how far it is, and prints what it holds.
func (s *session) trainAndPrint(ctx context.Context, o app.TrainOptions) error {
	report, stop := s.newProgress()
	o.Progress = report
	result, err := s.train(ctx, o)
	stop()
	if err != nil {
		return err
	}
	s.printTrain(result)
	return nil
}
