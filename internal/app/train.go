package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/train"
	"github.com/fettle-ml/fettle/internal/train/leakage"
	"github.com/fettle-ml/fettle/internal/wire"
)

// TrainOptions says which training set is made. Durations are microseconds. Exactly one of Model
// and Features is given. Zero values are the defaults, except for Output, which has none. Progress
// gets a total of -1 if it is not known.
type TrainOptions struct {
	Dir      string
	Model    string   // name, or name@version
	Features []string // instead of a model: view.feature, view.*
	Labels   string   // a file; "-" for CSV or Parquet on Input; "" for the model's label source
	Input    io.Reader
	// LabelsName is what the manifest calls the labels; default: their path in the project.
	LabelsName string
	Time       string // label column of times
	Target     string // label column that is to be predicted, for the report on leakage
	// Spine makes rows instead, as train.ParseSpine reads it; AsOf is a spine of one time. The
	// labels, if any, have the keys of their entities then.
	Spine, AsOf string
	Split       string // as train.ParseSplit reads it; "": one file
	Embargo     int64
	// Now is how far a label source that looks ahead is complete; "": to its newest event.
	Now string
	// Rebuild is a manifest whose training set is made again: all that it says is taken from it.
	Rebuild  []byte
	Output   string // .parquet, .csv or .jsonl
	Mode     string // ideal, the default, or as_served
	Gap      int64
	MaxAge   int64
	Timezone string
	MaxBad   int
	Strict   bool // refuse sources without a rule of availability
	Workers  int
	// Memory is about what the process may take, in bytes; 0: a quarter of the machine's. Alone says
	// that it does nothing else, so that its collector may be told of the bound.
	Memory int64
	Alone  bool
	// Node, if set, has the project's data, and what was pushed counts too. Applied asks for the
	// definitions that it serves instead of those in the folder.
	Node     *Node
	Applied  bool
	Progress func(stage string, done, total int64)
}

// Train makes a training set and its manifest beside it. On any error neither is left behind.
// Whatever can be refused without reading data is refused first, in the order of how cheap it is to
// find out. An output of an earlier run is replaced only when the new one is complete.
func Train(ctx context.Context, o TrainOptions) (*wire.TrainResult, error) {
	r, err := prepareTrain(ctx, o)
	if err != nil {
		return nil, err
	}
	return r.train(ctx)
}

// CheckTrain refuses what Train would refuse before it reads data. What was applied it cannot know,
// so that definitions which a manifest needs may be elsewhere.
func CheckTrain(ctx context.Context, o TrainOptions) error {
	_, err := prepareTrain(ctx, o)
	if e := (*Error)(nil); errors.As(err, &e) && errors.Is(e.Err, errVersions) {
		return nil
	}
	return err
}

// findFeatures selects what is asked for of the definitions that are asked for.
func (r *trainRun) findFeatures(ctx context.Context) (*plan.Plan, error) {
	p, err := r.project.planOf(ctx, r.Node, r.Applied)
	if err != nil {
		return nil, err
	}
	r.selection, err = selectFeatures(p, r.TrainOptions)
	return p, err
}

// selectFeatures finds what is asked for, and refuses it if its sources cannot be read as asked.
func selectFeatures(p *plan.Plan, o TrainOptions) (*plan.Selection, error) {
	var s *plan.Selection
	var err error
	switch {
	case o.Model != "" && len(o.Features) > 0:
		return nil, &Error{Code: ExitUsage, Message: "--model and --features are two ways to say what", Hint: "give one"}
	case o.Model != "":
		s, err = plan.ForModel(p, o.Model)
	case len(o.Features) > 0:
		s, err = plan.ForFeatures(p, o.Features)
	default:
		return nil, &Error{Code: ExitUsage, Message: "which features?", Hint: "give --model NAME or --features VIEW.FEATURE"}
	}
	if err != nil {
		return nil, asError(err)
	}
	if err := checkColumns(s); err != nil {
		return nil, err
	}
	return s, o.checkStrict(s)
}

// checkColumns refuses sources whose files are not there and whose columns nobody declared. Such
// definitions compile, with a warning, so that a project can be written before its data is there;
// computing from them would give nothing but nulls.
func checkColumns(s *plan.Selection) error {
	var problems []Problem
	for _, source := range s.Sources() {
		if source.Unchecked {
			problems = append(problems, Problem{
				Code: "source-files", Severity: SeverityError,
				Message: fmt.Sprintf("source %s: no file matches %s", source.Name, strings.Join(source.Paths, ", ")),
				Hint:    "check the path, which is relative to the project",
			})
		}
	}
	if len(problems) > 0 {
		return Invalid("the data is not there", problems...)
	}
	return nil
}

// checkStrict refuses sources whose availability nobody stated. The default, an event counts from
// its own time on, is where training sets leak: it is true of few real sources.
func (o TrainOptions) checkStrict(s *plan.Selection) error {
	if !o.Strict {
		return nil
	}
	var problems []Problem
	for _, source := range s.Sources() {
		if source.Available == nil {
			problems = append(problems, Problem{
				Code: "default-availability", Severity: SeverityError,
				Message: "source " + source.Name + " does not say when its events can be known",
				Hint:    "add available:, such as available: event_time + 2m",
			})
		}
	}
	if len(problems) > 0 {
		return Invalid("--strict: availability is not declared", problems...)
	}
	return nil
}

// train computes and writes the set. The label file stays open until the output is complete,
// because its columns are copied while writing.
func (r *trainRun) train(ctx context.Context) (_ *wire.TrainResult, err error) {
	p, o := r.project, r.TrainOptions
	labels, closeLabels, err := p.openLabels(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	labels.Spine, labels.Now = r.spine, r.now
	history := p.events(o.Node, r.selection, o.MaxBad)
	if r.want != nil {
		history.goBack(r.want)
		if err := r.unchanged(labels); err != nil {
			return nil, err
		}
	}
	options := train.Options{
		Gap: o.Gap, MaxAge: o.MaxAge, MaxBad: o.MaxBad, Workers: o.Workers, Mode: o.Mode, Served: history.served,
		Split: r.split, Strict: o.Strict,
	}
	if o.Progress != nil {
		options.Progress = func(stage string, done int64) { o.Progress(stage, done, -1) }
	}
	spill, err := openSpill(p.disk, o.Output)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, spill.Close()) }()
	total := o.Memory
	if total == 0 {
		total = machineMemory(p.disk) / 4
	}
	options.Memory, options.Spill = workingMemory(total), spill
	if o.Alone {
		defer boundHeap(total)()
	}
	set, err := train.Build(ctx, r.selection, labels, history, options)
	if err != nil {
		return nil, spillError(asError(err))
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	manifests, err := r.write(ctx, set)
	if err != nil {
		return nil, spillError(asError(err))
	}
	return r.result(manifests), nil
}

// write writes the files of all parts and their manifests, or none.
func (r *trainRun) write(ctx context.Context, set *train.Set) ([]*train.Manifest, error) {
	var manifests []*train.Manifest
	writers := make([]io.Writer, len(r.outputs))
	// Each file is complete under its name only when all that are nested in it are: a training set
	// never stands there without a manifest that describes it.
	var nest func(part int) error
	nest = func(part int) error {
		switch {
		case part == len(r.outputs):
			if err := set.Write(ctx, writers, r.kind); err != nil {
				return err
			}
			manifests = set.Manifests()
			return r.writeManifests(manifests)
		case r.outputs[part] == "":
			return nest(part + 1)
		}
		return disk.WriteFile(r.project.disk, r.outputs[part], func(w io.Writer) error {
			writers[part] = w
			return nest(part + 1)
		})
	}
	if err := nest(0); err != nil {
		// They may have been written before an output failed; none describes a set that is not
		// there.
		for _, output := range r.outputs {
			if manifests != nil && output != "" {
				_ = r.project.disk.Remove(output + manifestSuffix)
			}
		}
		return nil, err
	}
	return manifests, nil
}

// writeManifests writes the manifests of the parts, if they are as they are wanted.
func (r *trainRun) writeManifests(manifests []*train.Manifest) error {
	for part, m := range manifests {
		if r.outputs[part] == "" {
			continue
		}
		m.Warnings = warnings(m)
		if r.want != nil {
			if err := r.same(m); err != nil {
				return err
			}
		}
		text, err := m.Encode()
		if err != nil {
			return err
		}
		err = disk.WriteFile(r.project.disk, r.outputs[part]+manifestSuffix, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// warnings says what a reader of the training set should know. They are in the manifest too,
// because whoever gets the file has not seen the terminal.
func warnings(m *train.Manifest) []string {
	var list []string
	for _, s := range m.Sources {
		if s.Default {
			list = append(list, fmt.Sprintf(
				"source %s says no availability: events count as known at their own time", s.Name))
		}
		if s.BadRows > 0 {
			list = append(list, fmt.Sprintf("source %s: %s left out, listed in the manifest",
				s.Name, counted(s.BadRows, "bad row")))
		}
	}
	if n := m.Labels.NullTimes + m.Labels.NullKeys; n > 0 {
		list = append(list, fmt.Sprintf("%s without a time or key: their features are null", counted(n, "label row")))
	}
	return list
}

// result tells of all parts together, and of each.
func (r *trainRun) result(manifests []*train.Manifest) *wire.TrainResult {
	var all *wire.TrainResult
	for part, m := range manifests {
		output := r.outputs[part]
		if output == "" {
			continue
		}
		one := resultOf(m, output, output+manifestSuffix)
		if m.Split != nil && r.want == nil {
			one.Parts = []wire.TrainPart{{
				Name: m.Split.Part, Rows: one.Rows, Output: one.Output, Manifest: one.Manifest, DatasetID: one.DatasetID,
			}}
		}
		if all == nil {
			all = one
		} else {
			addResult(all, one)
		}
	}
	return all
}

// addResult joins the result of one more part. Files and identities are those of each part only.
func addResult(all, more *wire.TrainResult) {
	all.Rows += more.Rows
	all.NullLabels += more.NullLabels
	all.Output, all.Manifest, all.DatasetID = "", "", ""
	all.Parts = append(all.Parts, more.Parts...)
	for i := range all.Features {
		f, m := &all.Features[i], more.Features[i]
		f.Nulls += m.Nulls
		f.Missing += m.Missing
		f.Expired += m.Expired
		f.Default += m.Default
		f.Error += m.Error
	}
	if all.Differing != nil {
		*all.Differing += *more.Differing
	}
	for _, warning := range more.Warnings {
		if !slices.Contains(all.Warnings, warning) {
			all.Warnings = append(all.Warnings, warning)
		}
	}
}

// resultOf makes lists that are empty and not nil, so that JSON has [] and not null.
func resultOf(m *train.Manifest, output, manifest string) *wire.TrainResult {
	r := &wire.TrainResult{
		Rows: m.Labels.Rows, Output: filepath.ToSlash(output), Manifest: filepath.ToSlash(manifest),
		DatasetID: m.DatasetID, NullLabels: m.Labels.NullTimes + m.Labels.NullKeys,
		Warnings: append([]string{}, m.Warnings...),
		Features: []wire.TrainFeature{}, Sources: []wire.TrainSource{}, Leakage: leakageOf(m.Leakage),
	}
	if m.Differing != nil {
		differing := *m.Differing
		r.Differing = &differing
	}
	if m.Split != nil {
		r.Embargoed, r.Untimed = m.Split.Embargoed, m.Split.Untimed
	}
	if m.Labels.Young != nil {
		r.Young, r.CompleteTo = *m.Labels.Young, m.Labels.CompleteTo
	}
	for _, f := range m.Features {
		r.Features = append(r.Features, wire.TrainFeature{
			Name: f.Name, Version: f.Version, Type: f.Type, Nulls: f.Nulls, Missing: f.Missing,
			Expired: f.Expired, Default: f.Default, Error: f.Error,
		})
	}
	for _, s := range m.Sources {
		r.Sources = append(r.Sources, wire.TrainSource{
			Name: s.Name, Files: len(s.Files), Rows: s.Rows, Duplicates: s.Duplicates, Quarantined: s.BadRows,
		})
	}
	return r
}

// leakageOf is the report as it is sent. A server of before has none in its manifest.
func leakageOf(r *leakage.Report) *wire.Leakage {
	if r == nil {
		return nil
	}
	out := &wire.Leakage{
		Target: r.Target, Note: r.Note, Rows: r.Rows, RowsLater: r.Later, Total: r.Total,
		Findings: []wire.LeakageFinding{},
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, wire.LeakageFinding{
			Kind: string(f.Kind), Feature: f.Feature, Measure: f.Measure, Figure: f.Figure, Threshold: f.Threshold,
			Class: f.Class, Row: f.Row, Sources: f.Sources, Message: f.Message, Hint: f.Hint,
		})
	}
	return out
}

// counted writes a number with its noun.
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
