package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/train/leakage"
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
	// Split divides the rows into parts; nil: they stay together.
	Split *Split
	// Strict is for the record: that sources without a rule of availability were refused.
	Strict bool
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
// a file are not in it: they are copied from the file while it is written. Of a spine it has some of
// the rows at a time, and the others are computed while it is written.
type Set struct {
	selection *plan.Selection
	labels    *Labels
	history   History
	options   Options
	partition *partition // nil: the rows stay together
	counts    *counts
	look      *leakage.Analysis // nil: of a spine, which has nothing to be predicted
	later     engine.Rows       // some rows just after their time, for the analysis alone

	rows   int // that are in the set now
	parts  []int16
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
	run := s.spool.run
	s.spool = nil
	return run.Close()
}

// Build computes the features of a selection for the labels. The label file, if any, is read but
// not closed, because Write reads it again. Names that clash and missing columns are refused before
// any history is read, since reading it may take hours.
func Build(ctx context.Context, s *plan.Selection, labels *Labels, history History, options Options) (*Set, error) {
	if err := labels.prepare(s); err != nil {
		return nil, err
	}
	if err := checkNames(s, labels); err != nil {
		return nil, err
	}
	if labels.Spine == nil {
		if err := labels.chooseTarget(s); err != nil {
			return nil, err
		}
	} else if labels.Target != "" {
		return nil, invalid("rows of a spine have no column "+labels.Target+" to be predicted", "leave out --target")
	}
	rows, err := ReadRows(ctx, s, labels, history, options)
	if err != nil {
		return nil, err
	}
	set := &Set{selection: s, labels: labels, history: history, options: options, counts: newCounts(options)}
	if options.Split != nil {
		var times []timeCount
		if labels.spine != nil {
			times = labels.spine.knownAt()
		} else {
			times = countTimes(rows)
		}
		set.partition = options.Split.resolve(times)
	}
	if err := set.compute(ctx, rows); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return set, nil
}

// prepare settles what the columns of the labels are named.
func (l *Labels) prepare(s *plan.Selection) error {
	// Rows that are no file's have no column of their own for the time, so the output gives it a
	// name.
	if (l.Input == nil || l.Spine != nil) && l.Time == "" {
		l.Time = "time"
	}
	if l.Spine == nil {
		return nil
	}
	if err := l.Spine.Check(); err != nil {
		return &InvalidError{Message: err.Error(), Usage: true}
	}
	return l.checkSpine(s)
}

// compute evaluates the features and counts what came of them: for all rows at a time if there is
// memory for that, or else for one group after the other.
func (s *Set) compute(ctx context.Context, rows engine.Rows) error {
	options := s.options
	s.rows, s.slice, s.parts = rows.Count, writeRows, s.partition.rows(rows)
	s.counts.left(s.parts)
	if s.labels.Spine == nil {
		s.look = s.labels.analysis(s.selection, rows)
		s.later = laterRows(rows, s.look.Later())
	}
	plan := planGroups(s.selection, rows.Count, options)
	options.Memory = plan.events
	if plan.groups > 1 {
		return s.computeGroups(ctx, rows, options, plan)
	}
	s.fields, s.values = nil, nil
	report, err := s.evaluateGroups(ctx, []engine.Rows{rows}, options, func(_ int, c *computed) error {
		s.lookAt(allRows(rows.Count), c.values)
		c.parts = s.parts
		s.counts.add(s.selection, rows, c)
		for i, v := range c.values {
			s.fields = append(s.fields, schema.Field{Name: s.selection.Features[i].Name, Type: v.Column.Type})
			s.values = append(s.values, v.Column)
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.counts.addReport(report)
	return nil
}

// advance computes the next rows of a spine; false: all were there.
func (s *Set) advance(ctx context.Context) (bool, error) {
	if s.labels.spine == nil || !s.labels.nextSlab(s.options) {
		return false, nil
	}
	if err := s.Close(); err != nil {
		return false, err
	}
	s.values = nil
	rows, err := s.labels.engineRows(s.selection, s.options)
	if err != nil {
		return false, err
	}
	return true, s.compute(ctx, rows)
}

// ReadRows reads the label rows that Build computes values for, without computing any. The labels
// can be read once.
func ReadRows(ctx context.Context, s *plan.Selection, labels *Labels, history History, options Options) (
	engine.Rows, error) {
	var err error
	switch {
	case labels.Spine != nil:
		err = labels.fromSpine(ctx, s, history, options)
	case labels.Input != nil:
		err = labels.read(ctx, s)
	case s.Label == nil:
		err = invalid("there are no labels",
			"give a file with --labels, a --spine of all entities, or declare the model's label:")
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
