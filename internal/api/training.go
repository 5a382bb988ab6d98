package api

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/wire"
)

// mostMillis is the longest duration that a request may give, about 300 years.
const mostMillis = 10_000_000_000_000

// train answers POST /v1/training: 202 with a job, or the finished job if it was waited for.
func (a *API) train(w http.ResponseWriter, r *http.Request) error {
	if a.node.Training == nil {
		return absent("to make training sets")
	}
	request, wait, err := a.trainingRequest(w, r)
	if err != nil {
		return err
	}
	give, err := a.heavy.take(r.Context())
	if err != nil {
		return err
	}
	job, err := a.node.Training.Start(r.Context(), request)
	give() // the job is the node's now, and waiting for it is no work
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/v1/jobs/"+url.PathEscape(job.ID))
	if wait {
		if job, err = a.awaitJob(r, job.ID); err != nil {
			return err
		}
	}
	status := http.StatusAccepted
	if job.State == wire.JobDone || job.State == wire.JobFailed || job.State == wire.JobCancelled {
		status = http.StatusOK
	}
	a.write(w, status, job)
	return nil
}

// awaitJob waits for a job for a bounded time, and returns it as it then is.
func (a *API) awaitJob(r *http.Request, id string) (*wire.Job, error) {
	ctx, cancel := context.WithTimeout(r.Context(), a.options.JobWait)
	defer cancel()
	return a.node.Training.Wait(ctx, id, true)
}

// trainingRequest reads either a JSON body or a body of labels with the rest in the URL.
func (a *API) trainingRequest(w http.ResponseWriter, r *http.Request) (*wire.TrainingRequest, bool, error) {
	request := &wire.TrainingRequest{}
	upload, err := a.upload(w, r, request, "wait")
	if err != nil {
		return nil, false, err
	}
	if upload == nil {
		wait, err := boolean(r.URL.Query(), "wait")
		return request, wait, err
	}
	values, err := parameters(r, "wait", "model", "features", "time", "target", "mode", "gap_ms", "max_age_ms",
		"timezone", "strict", "max_bad", "format", "project", "spine", "as_of", "split", "embargo_ms", "labels_name")
	if err != nil {
		return nil, false, err
	}
	request = &wire.TrainingRequest{
		Model: values.Get("model"), Features: names(values.Get("features")), Time: values.Get("time"),
		Target: values.Get("target"),
		Mode:   values.Get("mode"), Timezone: values.Get("timezone"), Format: values.Get("format"),
		Labels: &wire.Labels{Upload: upload}, LabelsName: values.Get("labels_name"), Spine: values.Get("spine"),
		AsOf: values.Get("as_of"), Split: values.Get("split"),
	}
	wait, err := trainingNumbers(values, request)
	return request, wait, err
}

// trainingNumbers reads the parameters that are no text.
func trainingNumbers(values url.Values, request *wire.TrainingRequest) (wait bool, err error) {
	if request.GapMS, err = whole(values, "gap_ms", mostMillis); err != nil {
		return false, err
	}
	if request.MaxAgeMS, err = whole(values, "max_age_ms", mostMillis); err != nil {
		return false, err
	}
	if request.EmbargoMS, err = whole(values, "embargo_ms", mostMillis); err != nil {
		return false, err
	}
	bad, err := whole(values, "max_bad", 1<<40)
	if err != nil {
		return false, err
	}
	request.MaxBad = int(bad)
	if request.Project, err = boolean(values, "project"); err != nil {
		return false, err
	}
	if request.Strict, err = boolean(values, "strict"); err != nil {
		return false, err
	}
	return boolean(values, "wait")
}

// upload reads a body: JSON into message, with the parameters named besides, or else a file, which it
// returns.
func (a *API) upload(w http.ResponseWriter, r *http.Request, message any, names ...string) (*wire.Upload, error) {
	kind, err := contentType(r, typeJSON, typeCSV, typeNDJSON, typeParquet, typeArrowStream, typeArrow)
	if err != nil {
		return nil, err
	}
	if kind == typeJSON {
		return nil, a.decode(w, r, message, names...)
	}
	body, err := a.body(w, r)
	if err != nil {
		return nil, err
	}
	upload := &wire.Upload{Body: body}
	setFormat(&upload.Format, kind)
	return upload, nil
}

// names cuts a list of names in a URL.
func names(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// job answers GET /v1/jobs/{id}; with wait it waits for the end of the job, for a bounded time.
func (a *API) job(w http.ResponseWriter, r *http.Request) error {
	if a.node.Training == nil {
		return absent("jobs")
	}
	values, err := parameters(r, "wait")
	if err != nil {
		return err
	}
	wait, err := boolean(values, "wait")
	if err != nil {
		return err
	}
	var job *wire.Job
	if wait {
		job, err = a.awaitJob(r, r.PathValue("id"))
	} else {
		job, err = a.node.Training.Wait(r.Context(), r.PathValue("id"), false)
	}
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, job)
	return nil
}

// cancelJob answers DELETE /v1/jobs/{id}.
func (a *API) cancelJob(w http.ResponseWriter, r *http.Request) error {
	if a.node.Training == nil {
		return absent("jobs")
	}
	if _, err := parameters(r); err != nil {
		return err
	}
	job, err := a.node.Training.Cancel(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	a.write(w, http.StatusOK, job)
	return nil
}

// jobResult answers GET /v1/jobs/{id}/result with the training set.
func (a *API) jobResult(w http.ResponseWriter, r *http.Request) error { return a.artifact(w, r, false) }

// jobManifest answers GET /v1/jobs/{id}/manifest.
func (a *API) jobManifest(w http.ResponseWriter, r *http.Request) error {
	return a.artifact(w, r, true)
}

// artifact sends a file of any size piece by piece. If it breaks off, so does the connection: the
// client must not take a part for the whole.
func (a *API) artifact(w http.ResponseWriter, r *http.Request, manifest bool) error {
	if a.node.Training == nil {
		return absent("jobs")
	}
	values, err := parameters(r, "part")
	if err != nil {
		return err
	}
	which := File{Part: values.Get("part"), Manifest: manifest}
	file, err := a.node.Training.Open(r.Context(), r.PathValue("id"), which)
	if err != nil {
		return err
	}
	defer file.Body.Close()
	header := w.Header()
	header.Set("Content-Type", map[string]string{"parquet": typeParquet, "csv": typeCSV, "jsonl": typeNDJSON,
		"json": typeJSON, "arrow": typeArrow, "arrows": typeArrowStream}[file.Format])
	if file.Size >= 0 {
		header.Set("Content-Length", strconv.FormatInt(file.Size, 10))
	}
	a.allowWrite(w)
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	// Every piece has its own deadline, so that a file of any size can be sent to a client of any speed
	// but none.
	buffer := make([]byte, 256<<10)
	for {
		n, err := file.Body.Read(buffer)
		if n > 0 {
			a.allowWrite(w)
			if _, err := w.Write(buffer[:n]); err != nil {
				panic(http.ErrAbortHandler) // the client has gone, or is too slow
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			a.options.Observer.Failed(callOf(r).id, err)
			panic(http.ErrAbortHandler)
		}
	}
}
