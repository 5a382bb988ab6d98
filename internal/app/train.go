package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/source/file"
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
	Time     string // label column of times
	Target   string // label column that is to be predicted, for the report on leakage
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
	project, selection, kind, err := prepareTrain(ctx, o)
	if err != nil {
		return nil, err
	}
	return project.train(ctx, selection, kind, o)
}

// CheckTrain refuses what Train would refuse before it reads data.
func CheckTrain(ctx context.Context, o TrainOptions) error {
	_, _, _, err := prepareTrain(ctx, o)
	return err
}

func prepareTrain(ctx context.Context, o TrainOptions) (*Project, *plan.Selection, format.Format, error) {
	if o.Gap < 0 || o.MaxAge < 0 {
		return nil, nil, "", &Error{Code: ExitUsage, Message: "a gap or age below zero would look into the future"}
	}
	if o.Mode != "" && o.Mode != train.Ideal && o.Mode != train.AsServed {
		return nil, nil, "", &Error{
			Code: ExitUsage, Message: fmt.Sprintf("mode %q is not known", o.Mode), Hint: "write ideal or as_served",
		}
	}
	kind, compression, err := format.Detect(o.Output)
	if err != nil {
		return nil, nil, "", &Error{Code: ExitUsage, Message: "--output", Err: err}
	}
	if compression != format.Plain {
		return nil, nil, "", &Error{
			Code: ExitUsage, Message: "--output " + o.Output + ": training sets are not written compressed",
			Hint: "leave ." + string(compression) + " out, or write Parquet, which is compressed inside",
		}
	}
	project, err := OpenProject(o.Dir)
	if err != nil {
		return nil, nil, "", err
	}
	p, err := project.planOf(ctx, o.Node, o.Applied)
	if err != nil {
		return nil, nil, "", err
	}
	selection, err := selectFeatures(p, o)
	if err != nil {
		return nil, nil, "", err
	}
	if err := project.checkOutput(p, o); err != nil {
		return nil, nil, "", err
	}
	return project, selection, kind, nil
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
func (p *Project) train(ctx context.Context, s *plan.Selection, kind format.Format, o TrainOptions) (
	_ *wire.TrainResult, err error) {
	labels, closeLabels, err := p.openLabels(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	history := p.events(o.Node, s, o.MaxBad)
	options := train.Options{
		Gap: o.Gap, MaxAge: o.MaxAge, MaxBad: o.MaxBad, Workers: o.Workers, Mode: o.Mode, Served: history.served,
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
	set, err := train.Build(ctx, s, labels, history, options)
	if err != nil {
		return nil, spillError(asError(err))
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	set.Manifest.Warnings = warnings(set.Manifest)
	manifest := o.Output + ".manifest.json"
	text, err := set.Manifest.Encode()
	if err != nil {
		return nil, err
	}
	// The manifest comes first: a training set never stands there without one that describes it.
	err = disk.WriteFile(p.disk, o.Output, func(w io.Writer) error {
		if err := set.Write(ctx, w, kind, options); err != nil {
			return err
		}
		return disk.WriteFile(p.disk, manifest, func(w io.Writer) error {
			_, err := w.Write(text)
			return err
		})
	})
	if err != nil {
		// It may have been written before the output failed; none describes a set that is not
		// there.
		_ = p.disk.Remove(manifest)
		return nil, spillError(asError(err))
	}
	return resultOf(set.Manifest, o.Output, manifest), nil
}

// openLabels opens the label file, or none if the labels come from a source. The function closes
// what was opened and is never nil without an error. Standard input is read whole into memory,
// because labels are read twice: once for their keys, once to be copied.
func (p *Project) openLabels(o TrainOptions) (*train.Labels, func() error, error) {
	labels := &train.Labels{Name: o.Labels, Time: o.Time, Zone: o.Timezone, MaxBad: o.MaxBad, Target: o.Target}
	nothing := func() error { return nil }
	var fsys disk.FS = p.disk
	name := o.Labels
	switch name {
	case "":
		return labels, nothing, nil
	case "-":
		text, err := io.ReadAll(o.Input)
		if err != nil {
			return nil, nil, &Error{Code: ExitUnavailable, Message: "read labels from standard input", Err: err}
		}
		memory := disk.NewMemory()
		name = "stdin.csv"
		// A pipe has no suffix to tell the format by; Parquet begins with these bytes and CSV
		// cannot.
		if bytes.HasPrefix(text, []byte("PAR1")) {
			name = "stdin.parquet"
		}
		err = disk.WriteFile(memory, name, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(text))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		fsys = memory
	}
	digest, err := digestFile(fsys, name)
	if err != nil {
		return nil, nil, labelsError(o.Labels, err)
	}
	input, err := format.Open(fsys, name, format.Options{})
	if err != nil {
		return nil, nil, labelsError(o.Labels, err)
	}
	labels.Input, labels.Digest = input, digest
	return labels, input.Close, nil
}

// labelsError is about the file as the user named it. A missing file is told without the words of
// the system.
func labelsError(name string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &Error{Code: ExitInvalid, Message: "there is no label file " + name}
	}
	return &Error{Code: ExitInvalid, Message: "open labels", Err: err}
}

// digestFile returns the SHA-256 of a file's bytes, in hexadecimal.
func digestFile(fsys disk.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, f.Close())
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

// resultOf makes lists that are empty and not nil, so that JSON has [] and not null.
func resultOf(m *train.Manifest, output, manifest string) *wire.TrainResult {
	r := &wire.TrainResult{
		Rows: m.Labels.Rows, Output: filepath.ToSlash(output), Manifest: filepath.ToSlash(manifest),
		DatasetID: m.DatasetID, NullLabels: m.Labels.NullTimes + m.Labels.NullKeys,
		Warnings: append([]string{}, m.Warnings...), Differing: m.Differing,
		Features: []wire.TrainFeature{}, Sources: []wire.TrainSource{}, Leakage: leakageOf(m.Leakage),
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

// asError turns an error of a flow into one with an exit code and all problems. An interrupt is
// passed on as it is; the command line tells it apart. What is not known counts as something that
// is not there, since bad input has types of its own.
func asError(err error) error {
	var known *Error
	var invalid *train.InvalidError
	var bad *file.BadRowsError
	var wrong *plan.SelectionError
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &wrong):
		e := &Error{Code: ExitUsage, Message: wrong.Message, Hint: wrong.Hint}
		if wrong.Conflict {
			e.Code = ExitInvalid
		}
		return e
	case errors.As(err, &invalid):
		e := &Error{Code: ExitInvalid, Message: invalid.Message, Hint: invalid.Hint}
		if invalid.Usage {
			e.Code = ExitUsage
		}
		// The cells are listed up to a limit, so the message, which counts all, may say more.
		for _, cell := range invalid.Bad {
			e.Problems = append(e.Problems, Problem{
				File: invalid.File, Row: cell.Row, Line: int(cell.Line), Field: cell.Field, Code: cell.Code,
				Severity: SeverityError, Message: cell.Message,
			})
		}
		return e
	case errors.As(err, &bad):
		e := &Error{
			Code:    ExitInvalid,
			Message: fmt.Sprintf("source %s has %s, %d allowed", bad.Source, counted(bad.Total, "bad row"), bad.Allowed),
			Hint:    "mend them, declare another type in fields:, or leave out as many with --max-bad",
		}
		for _, row := range bad.Bad {
			e.Problems = append(e.Problems, Problem{
				File: row.Path, Row: row.Row, Line: int(row.Line), Field: row.Field, Code: row.Code,
				Severity: SeverityError, Message: row.Message,
			})
		}
		return e
	case errors.Is(err, file.ErrNoFile), errors.Is(err, file.ErrLayout), errors.Is(err, format.ErrFormat):
		return &Error{Code: ExitInvalid, Err: err}
	default:
		return &Error{Code: ExitUnavailable, Err: err}
	}
}
