package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// trainFlags are the flags of train: durations are kept as text until the command runs, so that a
// bad one is reported like any other wrong argument.
type trainFlags struct {
	options     app.TrainOptions
	gap, maxAge string
	memory      string
}

// newTrain is the command train. It only reads flags: which features, labels and options make sense
// together is decided in package app, for every caller alike.
func newTrain(s *session) *cobra.Command {
	f := &trainFlags{}
	command := &cobra.Command{
		Use:   "train (--model M | --features F..) --output FILE",
		Short: "Compute a training set: the label rows with every feature as of the row's time",
		Args:  cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			options, err := f.resolve(s)
			if err != nil {
				return err
			}
			report, stop := s.newProgress()
			options.Progress = report
			result, err := s.train(command.Context(), options)
			stop()
			if err != nil {
				return err
			}
			s.printTrain(result)
			return nil
		}),
	}
	flags, o := command.Flags(), &f.options
	flags.StringVar(&o.Model, "model", "", "compute the features of model `M`")
	flags.StringSliceVar(&o.Features, "features", nil,
		"compute features `F..`: view.feature or view.*, several with commas")
	flags.StringVar(&o.Labels, "labels", "",
		"take the label rows from `FILE`, or - for stdin (default: the model's label source)")
	flags.StringVar(&o.Time, "time", "", "`COLUMN` of the labels that holds the time asked for")
	flags.StringVar(&o.Target, "target", "",
		"`COLUMN` of the labels that is to be predicted, for the report on leakage (default: the only one that is left)")
	flags.StringVar(&o.Output, "output", "", "write `FILE`; Parquet, CSV or JSON lines by its suffix")
	flags.StringVar(&o.Mode, "mode", "ideal",
		"`ideal|as_served`: an event counts if it was available, or only if serving could see it too")
	flags.StringVar(&f.gap, "gap", "0s", "evaluate a `DURATION` before the label's time")
	flags.StringVar(&f.maxAge, "max-age", "0s", "null values older than a `DURATION`; 0s: none")
	flags.StringVar(&o.Timezone, "timezone", "", "`ZONE` of label times that have none")
	flags.StringVar(&f.memory, "memory", "",
		"stay within about `SIZE` such as 512MB or 4GB, with files beside the output (default: a quarter of the machine)")
	flags.IntVar(&o.MaxBad, "max-bad", 0, "leave out up to `N` bad rows and list them")
	flags.BoolVar(&o.Strict, "strict", false, "refuse sources that do not say when events can be known")
	command.MarkFlagsMutuallyExclusive("model", "features")
	command.MarkFlagsOneRequired("model", "features")
	if err := command.MarkFlagRequired("output"); err != nil {
		panic("BUG: " + err.Error())
	}
	return command
}

// resolve reads the durations and resolves paths against -C. Flags are judged here only where the
// message should name the flag; the rest is left to package app.
func (f *trainFlags) resolve(s *session) (app.TrainOptions, error) {
	o := f.options
	o.Dir, o.Labels, o.Output = s.dir, s.path(o.Labels), s.path(o.Output)
	o.Input, o.Alone = s.streams.In, true
	var err error
	if o.Gap, err = schema.ParseDuration(f.gap); err != nil {
		return o, usage("--gap: %v", err)
	}
	if o.MaxAge, err = schema.ParseDuration(f.maxAge); err != nil {
		return o, usage("--max-age: %v", err)
	}
	if o.Memory, err = parseSize(f.memory); err != nil {
		return o, usage("--memory: %v", err)
	}
	if o.Memory > 0 && o.Memory < app.LeastMemory {
		return o, usage("--memory is %s; it is at least %dMB", f.memory, app.LeastMemory>>20)
	}
	if o.Mode != wire.Ideal && o.Mode != wire.AsServed {
		return o, usage("--mode is %q; it is ideal or as_served", o.Mode)
	}
	if o.MaxBad < 0 {
		return o, usage("--max-bad is %d; it is 0 or more", o.MaxBad)
	}
	return o, nil
}

// printTrain writes what was made, what was read, and for each feature how many values are null and
// why. Warnings go to stderr: they are no part of the result. The table has a line for every
// feature, also those without a null: its absence is what one looks for.
func (s *session) printTrain(r *wire.TrainResult) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, r)
		return
	}
	out := s.streams.Out
	for _, warning := range append(r.Warnings, leaks(r.Leakage)...) {
		fmt.Fprintf(s.streams.Err, "%s %s\n", s.paint(yellow, "warning:"), warning)
	}
	fmt.Fprintf(out, "wrote %s with %s to %s\n", plural(r.Rows, "row"),
		plural(len(r.Features), "feature"), r.Output)
	fmt.Fprintf(out, "manifest %s\ndataset  %s\n", r.Manifest, r.DatasetID)
	for _, source := range r.Sources {
		fmt.Fprintf(out, "read %s: %s, %s, %s, %s left out\n", source.Name,
			plural(int64(source.Files), "file"), plural(source.Rows, "row"),
			plural(source.Duplicates, "duplicate"), plural(source.Quarantined, "bad row"))
	}
	if r.NullLabels > 0 {
		fmt.Fprintf(out, "%s without a time or a key: no features\n", plural(r.NullLabels, "row"))
	}
	if r.Differing != nil {
		fmt.Fprintf(out, "%s between ideal and as_served\n", differing(*r.Differing))
	}
	fmt.Fprint(out, leakageLine(r.Leakage))
	rows := [][]string{{"feature", "type", "null", "missing", "expired", "default", "error"}}
	for _, f := range r.Features {
		row := []string{f.Name, f.Type}
		for _, n := range []int64{f.Nulls, f.Missing, f.Expired, f.Default, f.Error} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, row)
	}
	table(out, rows)
}

// differing counts the cells in which the two modes of time differ.
func differing(n int64) string {
	if n == 1 {
		return "1 cell differs"
	}
	return plural(n, "cell") + " differ"
}
