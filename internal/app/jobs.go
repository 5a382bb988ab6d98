package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// Bounds of training jobs. One runs at a time, since it takes every processor and a share of the
// memory; the files of ended ones stay until they are too many.
const (
	queuedJobs = 16
	keptJobs   = 50
)

// work is what a job does: it writes its output and manifest to the paths it is given.
type work func(ctx context.Context, folder string, report func(stage string, done, total int64)) (
	*wire.TrainResult, error)

// jobs runs training jobs one after the other. Each has a folder for its files, which goes with it.
type jobs struct {
	disk  disk.FS
	path  string
	clock clock.Clock

	mutex   sync.Mutex
	known   map[string]*job
	order   []string // of creation
	stopped bool

	turn  chan struct{}
	group sync.WaitGroup
}

// job is one training job. Its fields are guarded by the mutex of jobs; done is closed at the end.
type job struct {
	wire.Job
	folder string
	format string
	cancel context.CancelFunc
	done   chan struct{}
}

// newJobs empties the folder of jobs: those of an earlier process have nobody who waits for them.
func newJobs(fsys disk.FS, path string, clk clock.Clock) (*jobs, error) {
	if err := removeAll(fsys, path); err != nil {
		return nil, fmt.Errorf("remove old jobs: %w", err)
	}
	return &jobs{
		disk: fsys, path: path, clock: clk, known: map[string]*job{}, turn: make(chan struct{}, 1),
	}, nil
}

// start begins a job that writes a file of a format.
func (j *jobs) start(format string, do work) (*wire.Job, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	waiting := 0
	for _, known := range j.known {
		if known.State == wire.JobQueued || known.State == wire.JobRunning {
			waiting++
		}
	}
	switch {
	case j.stopped:
		return nil, &wire.Error{Code: wire.Unavailable, Message: "the server stops"}
	case waiting >= queuedJobs:
		return nil, &wire.Error{
			Code: wire.Overloaded, Message: fmt.Sprintf("%d training jobs wait already", waiting),
			Hint: "wait for one to end, or cancel one",
		}
	}
	j.forget()
	id := make([]byte, 8)
	if _, err := rand.Read(id); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &job{format: format, cancel: cancel, done: make(chan struct{})}
	n.ID, n.State = "j"+hex.EncodeToString(id), wire.JobQueued
	n.CreatedAt = schema.FormatTime(j.clock.Now())
	n.folder = filepath.Join(j.path, n.ID)
	j.known[n.ID] = n
	j.order = append(j.order, n.ID)
	j.group.Go(func() { j.run(ctx, n, do) })
	return n.snapshot(), nil
}

// snapshot copies what is told of a job; the mutex must be held.
func (n *job) snapshot() *wire.Job {
	copied := n.Job
	return &copied
}

// run waits for the job's turn and does its work.
func (j *jobs) run(ctx context.Context, n *job, do work) {
	defer close(n.done)
	defer n.cancel()
	var result *wire.TrainResult
	var err error
	select {
	case j.turn <- struct{}{}:
		defer func() { <-j.turn }()
		j.update(func() { n.State = wire.JobRunning })
		if err = j.disk.MkdirAll(n.folder); err == nil {
			result, err = recovered(do)(ctx, n.folder, func(stage string, done, total int64) {
				j.update(func() { n.Stage, n.Done, n.Total = stage, done, max(0, total) })
			})
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	j.update(func() {
		n.EndedAt = schema.FormatTime(j.clock.Now())
		switch {
		case err == nil:
			n.State, n.Result = wire.JobDone, result
		case errors.Is(err, context.Canceled):
			n.State = wire.JobCancelled
		default:
			n.State, n.Error = wire.JobFailed, wireError(err)
		}
	})
}

// recovered makes a panic in a job an error of the job: it must not end the server.
func recovered(do work) work {
	return func(ctx context.Context, folder string, report func(stage string, done, total int64)) (
		result *wire.TrainResult, err error) {
		defer func() {
			if panicked := recover(); panicked != nil {
				err = fmt.Errorf("BUG: a training job failed: %v", panicked)
			}
		}()
		return do(ctx, folder, report)
	}
}

func (j *jobs) update(change func()) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	change()
}

// forget lets go of the oldest jobs that have ended; the mutex must be held.
func (j *jobs) forget() {
	for i := 0; len(j.order) >= keptJobs && i < len(j.order); {
		n := j.known[j.order[i]]
		select {
		case <-n.done:
			_ = removeAll(j.disk, n.folder) // an empty folder at worst, removed with the next start
			delete(j.known, n.ID)
			j.order = append(j.order[:i], j.order[i+1:]...)
		default:
			i++
		}
	}
}

// find returns a job, or says that there is none.
func (j *jobs) find(id string) (*job, error) {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if n := j.known[id]; n != nil {
		return n, nil
	}
	return nil, &wire.Error{
		Code: wire.NotFound, Message: "there is no job " + id, Hint: "jobs are forgotten when the server stops",
	}
}

// wait returns a job as it is, or when it has ended.
func (j *jobs) wait(ctx context.Context, id string, wait bool) (*wire.Job, error) {
	n, err := j.find(id)
	if err != nil {
		return nil, err
	}
	if wait {
		select {
		case <-n.done:
		case <-ctx.Done():
		}
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return n.snapshot(), nil
}

// open returns a file of a job that is done.
func (j *jobs) open(ctx context.Context, id string, file api.File) (*api.Artifact, error) {
	now, err := j.wait(ctx, id, false)
	if err != nil {
		return nil, err
	}
	if now.State != wire.JobDone {
		return nil, &wire.Error{Code: wire.Conflict, Message: "job " + id + " is " + now.State, Hint: "wait until it is done"}
	}
	n, err := j.find(id)
	if err != nil {
		return nil, err
	}
	a := &api.Artifact{Format: n.format}
	name := outputName(n.format)
	if name, err = partName(name, file.Part, now.Result); err != nil {
		return nil, err
	}
	if file.Manifest {
		a.Format, name = "json", name+manifestSuffix
	}
	f, err := j.disk.Open(filepath.Join(n.folder, name))
	if err != nil {
		return nil, fmt.Errorf("open the result of job %s: %w", id, err)
	}
	if a.Size, err = f.Size(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	a.Body = f
	return a, nil
}

// partName returns the name of the file of a part.
func partName(name, part string, result *wire.TrainResult) (string, error) {
	var parts []string
	for _, p := range result.Parts {
		if parts = append(parts, p.Name); p.Name == part {
			return PartOutput(name, part), nil
		}
	}
	switch {
	case part == "" && len(parts) == 0:
		return name, nil
	case len(parts) == 0:
		return "", &wire.Error{
			Code: wire.NotFound, Field: "part", Message: "the training set is not divided", Hint: "leave part out",
		}
	default:
		return "", &wire.Error{
			Code: wire.NotFound, Field: "part", Message: fmt.Sprintf("there is no part %q", part),
			Hint: "say which: " + strings.Join(parts, ", "),
		}
	}
}

// cancel ends a job and forgets it with its files.
func (j *jobs) cancel(ctx context.Context, id string) (*wire.Job, error) {
	n, err := j.find(id)
	if err != nil {
		return nil, err
	}
	n.cancel()
	select {
	case <-n.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	delete(j.known, id)
	for i, known := range j.order {
		if known == id {
			j.order = append(j.order[:i], j.order[i+1:]...)
			break
		}
	}
	if n.State == wire.JobRunning {
		panic("BUG: a job that has ended is still running")
	}
	return n.snapshot(), removeAll(j.disk, n.folder)
}

// stop cancels all jobs and waits for them.
func (j *jobs) stop() error {
	j.mutex.Lock()
	j.stopped = true
	for _, n := range j.known {
		n.cancel()
	}
	j.mutex.Unlock()
	j.group.Wait()
	return removeAll(j.disk, j.path)
}

// removeAll removes a file or a folder with what is in it; nothing there is no error.
func removeAll(fsys disk.FS, name string) error {
	info, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := fsys.ReadDir(name)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := removeAll(fsys, filepath.Join(name, entry.Name())); err != nil {
				return err
			}
		}
	}
	return fsys.Remove(name)
}

// manifestSuffix is what the name of a manifest has more than that of its training set.
const manifestSuffix = ".manifest.json"

// outputName is the name of a job's training set.
func outputName(format string) string { return "result." + format }
