package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/wire"
)

// newTest is the command test. It needs definitions only, so it runs in this process even if a
// server has the project's data.
func newTest(s *session) *cobra.Command {
	options := app.TestOptions{}
	command := &cobra.Command{
		Use:   "test [NAME..]",
		Short: "Run the tests of the definitions: rows in, values out, without any data",
		Long: "Run the tests of the definitions: rows in, values out, without any data.\n\n" +
			"Exit code 1 if a value is not the one that its test expects.",
		RunE: s.run(func(command *cobra.Command, args []string) error {
			options.Dir, options.Names = s.dir, args
			result, err := app.Test(command.Context(), options)
			if err != nil {
				return err
			}
			s.printTests(result)
			if result.Failed > 0 {
				s.code = app.ExitFailed
			}
			return nil
		}),
	}
	command.Flags().BoolVar(&options.Update, "update", false,
		"rewrite what the tests expect to what the definitions give")
	command.AddCommand(newRecord(s))
	return command
}

// newRecord is the command test record.
func newRecord(s *session) *cobra.Command {
	options := app.RecordOptions{}
	var fields []string
	var output string
	command := &cobra.Command{
		Use:   "record VIEW KEY=V..",
		Short: "Write a test from real data: the events behind a view's values, and the values",
		Args:  cobra.MinimumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			options.Dir, options.Feature = s.dir, args[0]
			if strings.Contains(args[0], ".") {
				return usage("%s is no view; a test is of all features of one, such as %s", args[0],
					strings.Split(args[0], ".")[0])
			}
			recorded, err := s.record(command.Context(), options, args[1:], fields)
			if err != nil {
				return err
			}
			return s.writeTest(recorded, output)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&options.At, "at", "",
		"the time `T` asked for: RFC 3339 with a zone, or a date in the project's zone (default now)")
	flags.StringVar(&options.Name, "name", "", "the `NAME` of the test (default: the view's, with the time)")
	flags.StringVar(&output, "output", "",
		"the `FILE` to write; - prints it (default: tests/NAME.yaml with the definitions)")
	flags.StringArrayVar(&fields, "request", nil, "a field `K=V` of the request; may be repeated")
	return command
}

// record makes the test where the events are, as why does.
func (s *session) record(ctx context.Context, o app.RecordOptions, keys, fields []string) (*wire.Recorded, error) {
	request, err := s.whyRequest(ctx, &o.WhyOptions, keys, fields)
	if err != nil {
		return nil, err
	}
	if request == nil {
		return app.Record(ctx, o)
	}
	request.Test = &o.Name
	var result *wire.Why
	err = s.with(ctx, func(c *connection) (err error) {
		result, err = c.client.Why(ctx, request)
		return err
	})
	if err != nil {
		return nil, err
	}
	if result.Recorded == nil {
		return nil, &app.Error{
			Code: app.ExitUnavailable, Message: "the server cannot record tests", Hint: "run a newer release of fettle there",
		}
	}
	return result.Recorded, nil
}

// writeTest writes a recorded test and says where.
func (s *session) writeTest(recorded *wire.Recorded, output string) error {
	if output == "-" {
		fmt.Fprint(s.streams.Out, recorded.Text)
		return nil
	}
	name, err := app.WriteTest(s.dir, s.path(output), recorded)
	if err != nil {
		return err
	}
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, map[string]any{
			"test": recorded.Test, "view": recorded.View, "events": recorded.Events,
			"values": recorded.Values, "file": name,
		})
		return nil
	}
	fmt.Fprintf(s.streams.Out, "%s: %s of %s from %s\n", name, plural(recorded.Values, "value"),
		recorded.View, plural(recorded.Events, "event"))
	return nil
}

// printTests writes one line for a test that passed, and for one that did not each value with the
// events behind it.
func (s *session) printTests(r *app.TestResult) {
	out := s.streams.Out
	if s.output == outputJSON {
		s.writeJSON(out, r)
		return
	}
	for _, c := range r.Tests {
		word := "ok"
		if !c.Passed {
			word = "FAIL"
		}
		fmt.Fprintf(out, "%-4s  %s  %s:%d  %s of %s\n", word, c.Name, c.File, c.Line,
			plural(len(c.Values), "value"), c.View)
		for _, v := range c.Values {
			if !v.Passed {
				s.printUnexpected(v)
			}
		}
		if !c.Passed {
			fmt.Fprintln(out)
		}
	}
	for _, name := range r.Updated {
		fmt.Fprintf(out, "updated %s\n", name)
	}
	if len(r.Tests) == 0 {
		fmt.Fprintln(out, "there are no tests; write one as a document that begins with test: NAME, "+
			"or record one: fettle test record VIEW KEY=V")
		return
	}
	fmt.Fprintf(out, "%s: %d passed, %d failed\n", plural(len(r.Tests), "test"), r.Passed, r.Failed)
}

// printUnexpected writes one value that is not as expected.
func (s *session) printUnexpected(v app.TestValue) {
	out := s.streams.Out
	fmt.Fprintf(out, "\n%s\n", v.Feature)
	table(out, [][]string{
		{"  expected", valueText(v.Expected, v.Type)},
		{"  got", valueText(v.Got, v.Type) + " (" + v.Status + ")"},
	})
	for _, part := range v.Parts {
		s.printPart(part)
	}
}
