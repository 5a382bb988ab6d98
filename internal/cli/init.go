package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
)

// newInit is the command init: it writes a project where there is none, and says what to type next.
// The template is empty unless one is named: nobody should find example data in a project by
// surprise.
func newInit(s *session) *cobra.Command {
	options := app.InitOptions{}
	command := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Begin a project in an empty folder",
		Args:  cobra.MaximumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			options.Dir = s.dir
			if len(args) > 0 {
				options.Dir = s.path(args[0])
			}
			report, stop := s.newProgress()
			options.Progress = report
			result, err := app.Init(command.Context(), options)
			stop()
			if err != nil {
				return err
			}
			s.printInit(result)
			return nil
		}),
	}
	command.Flags().StringVar(&options.Template, "template", "empty",
		"`cards|flights|empty`: what the project begins with")
	return command
}

// printInit lists the files and the next commands. The paths are those the user typed, so that the
// commands can be copied. In text the lines after next are the only ones that are meant to be
// copied.
func (s *session) printInit(result *app.InitResult) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, result)
		return
	}
	fmt.Fprintf(s.streams.Out, "wrote %s to %s:\n", plural(len(result.Files), "file"), result.Dir)
	for _, file := range result.Files {
		fmt.Fprintf(s.streams.Out, "  %s\n", file)
	}
	fmt.Fprintln(s.streams.Out, "next:")
	for _, next := range result.Next {
		fmt.Fprintf(s.streams.Out, "  %s\n", next)
	}
}
