package cli

import (
	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
)

// newExport is the command export: a training set without labels, whose rows are all entities.
func newExport(s *session) *cobra.Command {
	f := &trainFlags{gap: "0s", maxAge: "0s", embargo: "0s"}
	var from, to, every string
	command := &cobra.Command{
		Use:   "export VIEW|MODEL (--as-of T | --from A --to B --every 1d) --output FILE",
		Short: "Write the values of all entities at one time or many, for scoring in batch",
		Long: "The rows are all entities known at each time: those with an event that was available by then\n" +
			"in a source of the features; or those of --keys, a file with the columns of the key. Columns\n" +
			"are the key, the time, and a column for each feature, as in a training set.",
		Args: cobra.ExactArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			switch {
			case f.options.AsOf != "":
			case from == "" || to == "" || every == "":
				return usage("at which times? give --as-of, or --from, --to and --every")
			default:
				f.options.Spine = from + ".." + to + " every " + every
			}
			options, err := f.resolve(s)
			if err != nil {
				return err
			}
			if options.Model, options.Features, err = app.ViewOrModel(s.dir, args[0]); err != nil {
				return err
			}
			return s.trainAndPrint(command.Context(), options)
		}),
	}
	flags, o := command.Flags(), &f.options
	flags.StringVar(&o.AsOf, "as-of", "", "the values at one time `T`: RFC 3339, or a date in the project's zone")
	flags.StringVar(&from, "from", "", "the values from `A` on")
	flags.StringVar(&to, "to", "", "until `B`, which is excluded")
	flags.StringVar(&every, "every", "", "at steps of a `DURATION` such as 1d")
	flags.StringVar(&o.Labels, "keys", "", "the entities of `FILE` instead of all that are known, or - for stdin")
	flags.StringVar(&o.Time, "time", "", "`NAME` of the column of times (default time)")
	flags.StringVar(&o.Output, "output", "", "write `FILE`; Parquet, CSV or JSON lines by its suffix")
	flags.StringVar(&o.Mode, "mode", "ideal",
		"`ideal|as_served`: an event counts if it was available, or only if serving could see it too")
	flags.StringVar(&f.memory, "memory", "",
		"stay within about `SIZE` such as 512MB or 4GB, with files beside the output (default: a quarter of the machine)")
	flags.IntVar(&o.MaxBad, "max-bad", 0, "leave out up to `N` bad rows and list them")
	flags.BoolVar(&o.Strict, "strict", false, "refuse sources that do not say when events can be known")
	for _, other := range []string{"from", "to", "every"} {
		command.MarkFlagsMutuallyExclusive("as-of", other)
	}
	if err := command.MarkFlagRequired("output"); err != nil {
		panic("BUG: " + err.Error())
	}
	return command
}
