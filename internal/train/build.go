package train

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// History is the events of all sources, and what reading them showed. The sources that Sources
// names go into the manifest and the identity of the dataset, so it must not be asked before
// everything is read.
type History interface {
	engine.Events
	// Sources reports on every source read so far, by name.
	Sources() []Source
}

// Options tunes a training set.
type Options struct {
	Gap     int64 // microseconds: values as of that much before the label
	MaxAge  int64 // microseconds: older values are null; 0: any age
	MaxBad  int   // for the record: what sources and labels were allowed
	Workers int
	// Memory bounds, in bytes, label rows, events and values that are held at a time; 0: no bound.
	// What is beyond it goes to Spill, which must be there then.
	Memory int64
	Spill  engine.Spill
	// Mode is Ideal, which is the default, or AsServed. Served says what serving had seen; it is nil
	// if nothing was ever served, and then the modes are the same.
	Mode   string
	Served *engine.Served
	// Progress, if set, is told what is being done and how many rows are done.
	Progress func(stage string, done int64)
}

// events returns what the engine reports to; nil, if nobody listens, spares it the calls.
func (o Options) events() func(string, int64) {
	if o.Progress == nil {
		return nil
	}
	return func(source string, rows int64) { o.Progress("read "+source, rows) }
}

// report tells of a stage of this package's own work.
func (o Options) report(stage string, done int64) {
	if o.Progress != nil {
		o.Progress(stage, done)
	}
}

// Set is a training set in memory: the labels and the values of each feature. The label columns of
// a file are not in it: they are copied from the file while it is written.
type Set struct {
	Rows     int
	Manifest *Manifest

	labels *Labels
	fields []schema.Field
	values []*batch.Column
	spool  *spool // has the values instead; nil: they are in memory
	slice  int    // rows that are written at a time
}

// Close removes what the set has on disk. The set cannot be written any more.
func (s *Set) Close() error {
	if s.spool == nil {
		return nil
	}
	return s.spool.run.Close()
}

// Build computes the features of a selection for the labels. The label file, if any, is read but
// not closed, because Write reads it again. Names that clash and missing columns are refused before
// any history is read, since reading it may take hours.
func Build(ctx context.Context, s *plan.Selection, labels *Labels, history History, options Options) (*Set, error) {
	// Labels of a source have no column of their own for the time, so the output gives it a name.
	if labels.Input == nil && labels.Time == "" {
		labels.Time = "time"
	}
	if err := checkNames(s, labels); err != nil {
		return nil, err
	}
	if err := labels.chooseTarget(s); err != nil {
		return nil, err
	}
	rows, err := ReadRows(ctx, s, labels, history, options)
	if err != nil {
		return nil, err
	}
	set := &Set{Rows: rows.Count, labels: labels, slice: writeRows}
	if err := set.compute(ctx, s, rows, history, options); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	set.Manifest.identify()
	return set, nil
}

// compute evaluates the features and counts what came of them: for all rows at a time if there is
// memory for that, or else for one group after the other.
func (s *Set) compute(ctx context.Context, selection *plan.Selection, rows engine.Rows, history History,
	options Options) error {
	plan := planGroups(selection, rows.Count, options)
	options.Memory = plan.events
	w := &groupWork{
		selection: selection, groups: []engine.Rows{rows}, history: history, options: options,
		counts: &counts{}, look: s.labels.analysis(selection, rows),
	}
	w.later = laterRows(rows, w.look.Later())
	if plan.groups > 1 {
		return s.computeGroups(ctx, w, rows, plan)
	}
	report, err := w.evaluate(ctx, func(_ int, values []*engine.Value) error {
		w.look.Add(groupOf(allRows(rows.Count), values))
		w.counts.add(selection, rows, values)
		for i, v := range values {
			s.fields = append(s.fields, schema.Field{Name: selection.Features[i].Name, Type: v.Column.Type})
			s.values = append(s.values, v.Column)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.describe(w, report)
	return nil
}

// describe fills in the manifest. It must come after the evaluation: only then does the history
// know which files were read.
func (s *Set) describe(w *groupWork, report *engine.Report) {
	counts := w.counts
	s.Manifest = manifestOf(w.selection, s.labels, w.history, w.options)
	s.Manifest.Leakage = lookReport(w.look, w.options)
	if w.options.Served != nil {
		s.Manifest.Differing = &counts.differing
	}
	s.Manifest.Features = counts.features
	s.Manifest.Labels.Rows = counts.rows
	s.Manifest.Labels.NullTimes, s.Manifest.Labels.NullKeys = counts.nullTimes, counts.nullKeys
	s.Manifest.addReport(report)
}

// counts adds up what came of the label rows, group by group.
type counts struct {
	features                  []FeatureCounts
	rows, nullTimes, nullKeys int64
	differing                 int64
}

// add counts one group of rows.
func (c *counts) add(s *plan.Selection, rows engine.Rows, values []*engine.Value) {
	absent := make([][]bool, len(rows.Roles))
	for r, role := range rows.Roles {
		absent[r] = absentRows(rows, role.Columns)
	}
	if c.features == nil {
		c.features = make([]FeatureCounts, len(values))
	}
	for i, v := range values {
		c.features[i].add(featureOf(s.Features[i], v, absent[s.Features[i].Role]))
	}
	c.rows += int64(rows.Count)
	c.countAbsent(rows, absent)
}

// ReadRows reads the label rows that Build computes values for, without computing any. The labels
// can be read once.
func ReadRows(ctx context.Context, s *plan.Selection, labels *Labels, history History, options Options) (
	engine.Rows, error) {
	var err error
	switch {
	case labels.Input != nil:
		err = labels.read(ctx, s)
	case s.Label == nil:
		err = invalid("there are no labels", "give a file with --labels, or declare the model's label:")
	default:
		err = labels.fromSource(ctx, s, history, options)
	}
	if err != nil {
		return engine.Rows{}, err
	}
	return labels.engineRows(s, options)
}

// evaluate asks the engine for all features at once, so that a source they share is read once.
func evaluate(ctx context.Context, s *plan.Selection, rows engine.Rows, history History, options Options) (
	[]*engine.Value, *engine.Report, error) {
	return engine.Evaluate(ctx, history, rows, wantedOf(s), engineOptions(options))
}

// wantedOf lists the outputs in the order of the selection.
func wantedOf(s *plan.Selection) []engine.Wanted {
	wanted := make([]engine.Wanted, len(s.Features))
	for i, f := range s.Features {
		wanted[i] = engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature}
	}
	return wanted
}

func engineOptions(o Options) engine.Options {
	return engine.Options{
		Workers: o.Workers, MaxAge: o.MaxAge, Progress: o.events(), Memory: o.Memory, Spill: o.Spill,
	}
}

// checkNames refuses an output with two columns of one name, before any work. A table with two
// columns of one name can be written, but hardly any reader takes it.
func checkNames(s *plan.Selection, labels *Labels) error {
	taken := map[string]string{}
	for _, name := range labels.names(s) {
		taken[name] = "a label column"
	}
	for _, f := range s.Features {
		if by, used := taken[f.Name]; used {
			return invalid(fmt.Sprintf("output column %s is %s already", f.Name, by),
				"rename the label column, or the feature in the model: {"+f.Name+": new_name}")
		}
		taken[f.Name] = "a feature"
	}
	return nil
}

// writeRows is how many rows are written at a time. It bounds how long an interrupt waits and what
// the output has to hold at a time.
const writeRows = 1 << 17

// Write writes the label columns and then the features. A set without rows is written too, with its
// columns: the loop runs once for it. On an error what was written so far is not a valid file; the
// caller throws it away.
func (s *Set) Write(ctx context.Context, w io.Writer, kind format.Format, options Options) error {
	output, fields, columns, err := s.open(w, kind)
	if err != nil {
		return fmt.Errorf("write the training set: %w", err)
	}
	for from := 0; from < s.Rows || from == 0; from += s.slice {
		to := min(from+s.slice, s.Rows)
		slices := make([]*batch.Column, len(columns), len(fields))
		for i, c := range columns {
			slices[i] = c.Slice(from, to)
		}
		if s.spool != nil {
			spooled, err := s.spool.next(from, to)
			if err != nil {
				return err
			}
			slices = append(slices, spooled...)
		}
		if err := output.Write(&batch.Batch{Fields: fields, Columns: slices, Rows: to - from}); err != nil {
			return fmt.Errorf("write the training set: %w", err)
		}
		options.report("write", int64(to))
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if err := output.Close(); err != nil {
		return fmt.Errorf("write the training set: %w", err)
	}
	return nil
}

// open begins the output: beside the label file, or with the columns of the label source. Beside a
// file only the features are ours to give; its own columns keep every byte they can. Labels of a
// source have no file, so all of their columns are given.
func (s *Set) open(w io.Writer, kind format.Format) (format.Output, []schema.Field, []*batch.Column, error) {
	if s.labels.Input != nil {
		output, err := format.CreateBeside(w, kind, s.labels.Input, s.fields)
		return output, s.fields, s.values, err
	}
	fields := append(append([]schema.Field(nil), s.labels.order...), s.fields...)
	var columns []*batch.Column
	for _, field := range s.labels.order {
		columns = append(columns, s.labels.columns[field.Name])
	}
	columns = append(columns, s.values...)
	output, err := format.Create(w, kind, fields)
	return output, fields, columns, err
}

// featureOf counts the statuses of one feature. Rows without a key or time are counted apart. They
// have no entity and so no status that would say anything about the feature's data.
func featureOf(f plan.ModelFeature, v *engine.Value, absent []bool) FeatureCounts {
	counts := FeatureCounts{
		Name: f.Name, Version: f.View.Features[f.Feature].Version, Type: v.Column.Type.String(),
		Made: v.Nulls,
	}
	for _, valid := range v.Column.Valid {
		if !valid {
			counts.Nulls++
		}
	}
	var by [256]int64
	for i, status := range v.Status {
		if absent == nil || !absent[i] {
			by[status]++
		}
	}
	counts.Missing, counts.Expired = by[engine.Missing], by[engine.Expired]
	counts.Default, counts.Error = by[engine.Default], by[engine.Failed]
	return counts
}

// absentRows marks the rows that have no time or no key of a role; nil if all have both. Such a row
// has nulls for every feature of the role and is written nevertheless.
func absentRows(rows engine.Rows, keys []*batch.Column) []bool {
	var absent []bool
	mark := func(valid []bool) {
		if valid != nil && absent == nil {
			absent = make([]bool, rows.Count)
		}
		for i, ok := range valid {
			absent[i] = absent[i] || !ok
		}
	}
	mark(rows.Valid)
	for _, c := range keys {
		mark(c.Valid)
	}
	return absent
}
