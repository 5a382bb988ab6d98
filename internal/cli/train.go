package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// trainFlags are the flags of train: durations are kept as text until the command runs, so that a
// bad one is reported like any other wrong argument.
type trainFlags struct {
	options     app.TrainOptions
	gap, maxAge string
	embargo     string
	memory      string
	rebuild     string
}

// newTrain is the command train. It only reads flags: which features, labels and options make sense
// together is decided in package app, for every caller alike.
func newTrain(s *session) *cobra.Command {
	f := &trainFlags{}
	command := &cobra.Command{
		Use:   "train (--model M | --features F.. | --rebuild MANIFEST) --output FILE",
		Short: "Compute a training set: the label rows with every feature as of the row's time",
		Long: "The label rows come from --labels, from the model's label source, or from --spine: then they\n" +
			"are all entities known at each time, in the columns of the key and `time`.\n\n" +
			"--split cuts by time: train:..2024-03-01,valid:..2024-04-01,test (a part ends before its date),\n" +
			"or by shares of the rows in the order of time: 0.8/0.1/0.1, or train:0.8,test:0.2. Each part\n" +
			"is a file of its own: out.train.parquet beside out.valid.parquet, with its manifest.\n\n" +
			"--rebuild makes the set of a manifest again: the same bytes, or exit 4 and what changed.",
		Args: cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			options, err := f.resolve(s)
			if err != nil {
				return err
			}
			return s.trainAndPrint(command.Context(), options)
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
	flags.StringVar(&o.Spine, "spine", "",
		"make the rows: every entity known, at each time of `'A..B every 1d'`, B excluded")
	flags.StringVar(&o.Split, "split", "", "write a file for each of `PARTS`, divided by time or by shares of the rows")
	flags.StringVar(&f.embargo, "embargo", "0s", "leave out rows of a `DURATION` after each boundary of --split")
	flags.StringVar(&o.Now, "now", "",
		"a label source that looks ahead is complete to `T` (default: to its newest event)")
	flags.StringVar(&f.rebuild, "rebuild", "", "make the training set of `MANIFEST` again, byte for byte")
	flags.StringVar(&f.memory, "memory", "",
		"stay within about `SIZE` such as 512MB or 4GB, with files beside the output (default: a quarter of the machine)")
	flags.IntVar(&o.MaxBad, "max-bad", 0, "leave out up to `N` bad rows and list them")
	flags.BoolVar(&o.Strict, "strict", false, "refuse sources that do not say when events can be known")
	command.MarkFlagsMutuallyExclusive("model", "features", "rebuild")
	command.MarkFlagsMutuallyExclusive("labels", "spine")
	command.MarkFlagsOneRequired("model", "features", "rebuild")
	for _, other := range []string{
		"time", "mode", "gap", "max-age", "timezone", "spine", "split", "embargo", "now", "max-bad", "strict",
	} {
		command.MarkFlagsMutuallyExclusive("rebuild", other)
	}
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
	if o.Embargo, err = schema.ParseDuration(f.embargo); err != nil {
		return o, usage("--embargo: %v", err)
	}
	if o.Rebuild, err = s.readManifest(f.rebuild); err != nil {
		return o, err
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

// readManifest reads the manifest of --rebuild; nothing if there is none.
func (s *session) readManifest(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	f, err := disk.OS{}.Open(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &app.Error{Code: app.ExitInvalid, Message: "there is no manifest " + name}
	}
	if err != nil {
		return nil, &app.Error{Code: app.ExitInvalid, Message: "open the manifest", Err: err}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes))
	if err != nil {
		return nil, &app.Error{Code: app.ExitInvalid, Message: "read the manifest", Err: err}
	}
	return text, nil
}

// printParts writes where a training set is, and which rows are not in it.
func (s *session) printParts(r *wire.TrainResult) {
	out := s.streams.Out
	if len(r.Parts) == 0 {
		fmt.Fprintf(out, "wrote %s with %s to %s\n", plural(r.Rows, "row"),
			plural(len(r.Features), "feature"), r.Output)
		fmt.Fprintf(out, "manifest %s\ndataset  %s\n", r.Manifest, r.DatasetID)
	}
	for _, part := range r.Parts {
		fmt.Fprintf(out, "wrote %s: %s with %s to %s\n", part.Name, plural(part.Rows, "row"),
			plural(len(r.Features), "feature"), part.Output)
		fmt.Fprintf(out, "manifest %s\ndataset  %s\n", part.Manifest, part.DatasetID)
	}
	if r.Embargoed > 0 {
		fmt.Fprintf(out, "%s left out: within the embargo after a boundary\n", plural(r.Embargoed, "row"))
	}
	if r.Untimed > 0 {
		fmt.Fprintf(out, "%s left out: without a time, in no part\n", plural(r.Untimed, "row"))
	}
	if r.Young > 0 {
		fmt.Fprintf(out, "%s left out: too young, the labels are complete to %s\n",
			plural(r.Young, "row"), r.CompleteTo)
	}
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
	s.printParts(r)
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
