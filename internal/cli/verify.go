package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/wire"
)

// newVerify is the command verify: the proof that what was served is what training computes.
func newVerify(s *session) *cobra.Command {
	request := &wire.VerifyRequest{}
	var labels string
	command := &cobra.Command{
		Use:   "verify",
		Short: "Compare served values with those that history gives, bit for bit",
		Long: "Compare served values with those that history gives, bit for bit.\n\n" +
			"Without --labels the answers that serving has sampled are computed again. With it an\n" +
			"empty online store is fed with history as it became available, and asked at the time of\n" +
			"each label. Exit code 1 if any value differs.",
		Args: cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			switch {
			case request.Sample < 0:
				return usage("--sample is %d; it is 1 or more, or 0 for all", request.Sample)
			case labels == "" && (request.Time != "" || request.Timezone != ""):
				return usage("--time and --timezone are about the rows of --labels")
			case labels != "" && (request.Sample != 0 || request.Since != ""):
				return usage("--sample and --since are about sampled answers, --labels is about a replay; give one")
			}
			return s.with(command.Context(), func(c *connection) (err error) {
				if labels != "" {
					if request.Labels, err = s.readLabels(s.path(labels)); err != nil {
						return err
					}
				}
				answer, err := c.client.Verify(command.Context(), request)
				if err != nil {
					return s.aboutLabels(err, s.path(labels))
				}
				s.printVerify(answer)
				if answer.Mismatched > 0 {
					s.code = app.ExitFailed
				}
				return nil
			})
		}),
	}
	flags := command.Flags()
	flags.StringVar(&request.Model, "model", "", "only what was asked of model `M`; with --labels, which model is asked")
	flags.StringSliceVar(&request.Features, "features", nil, "with --labels: ask for features `F..`, not for a model")
	flags.IntVar(&request.Sample, "sample", 0, "compare up to `N` answers, the newest (default all)")
	flags.StringVar(&request.Since, "since", "", "compare answers given since the time `T`")
	flags.StringVar(&labels, "labels", "", "replay history, and ask at the times in `FILE`, or - for stdin")
	flags.StringVar(&request.Time, "time", "", "`COLUMN` of the labels that holds the time asked for")
	flags.StringVar(&request.Timezone, "timezone", "", "`ZONE` of label times that have none")
	return command
}

// printVerify lists what differs, then counts. That nothing was compared is said: it is no proof.
func (s *session) printVerify(a *wire.VerifyAnswer) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, a)
		return
	}
	out := s.streams.Out
	for _, m := range a.Mismatches {
		fmt.Fprintf(out, "%s of %s at %s: served %s (%s), history gives %s (%s)\n", m.Feature, objectText(m.Entities),
			m.AsOf, rawText(m.Served), m.ServedStatus, rawText(m.Computed), m.ComputedStatus)
	}
	if hidden := a.Mismatched - int64(len(a.Mismatches)); hidden > 0 && len(a.Mismatches) > 0 {
		fmt.Fprintf(out, "and %d more\n", hidden)
	}
	if a.EventsApplied > 0 || a.OnlineReads > 0 {
		fmt.Fprintf(out, "replayed: %s applied, %s\n", plural(a.EventsApplied, "event"), plural(a.OnlineReads, "online read"))
	}
	asked := "answer"
	if a.EventsApplied > 0 || a.OnlineReads > 0 {
		asked = "label row"
	}
	fmt.Fprintf(out, "%s: %s compared, %d mismatched\n", plural(a.Requests, asked), plural(a.Compared, "value"),
		a.Mismatched)
	for _, reason := range slices.Sorted(maps.Keys(a.Skipped)) {
		fmt.Fprintf(out, "skipped %s: %s\n", plural(a.Skipped[reason], "value"), reason)
	}
	if a.Compared == 0 {
		fmt.Fprintf(s.streams.Err, "%s nothing was compared, so nothing is shown\n", s.paint(yellow, "warning:"))
	}
}

// objectText writes an object as KEY=V arguments.
func objectText(object wire.Object) string {
	text := ""
	for i, m := range object {
		if i > 0 {
			text += " "
		}
		text += m.Name + "=" + rawText(m.Value)
	}
	return text
}
