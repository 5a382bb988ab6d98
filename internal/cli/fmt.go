package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
)

// newFormat is the command fmt. The files that it changed are its result.
func newFormat(s *session) *cobra.Command {
	options := app.FormatOptions{}
	command := &cobra.Command{
		Use:   "fmt [PATH..]",
		Short: "Write definition files in their canonical form; what they say stays the same",
		Long: "Write definition files in their canonical form; what they say stays the same.\n\n" +
			"Fields get one order, expressions one spacing; comments stay where they belong. If a\n" +
			"file has errors nothing is written, and the exit code is 3.",
		RunE: s.run(func(command *cobra.Command, args []string) error {
			options.Dir = s.dir
			for _, path := range args {
				options.Paths = append(options.Paths, s.path(path))
			}
			result, err := app.Format(command.Context(), options)
			if err != nil {
				return err
			}
			s.printFormat(result)
			if options.Check && len(result.Changed) > 0 {
				s.code = app.ExitFailed
			}
			return nil
		}),
	}
	command.Flags().BoolVar(&options.Check, "check", false,
		"write nothing; exit with 1 if a file is not canonical")
	return command
}

// printFormat names the files that changed, one to a line, so that the output can be piped on.
func (s *session) printFormat(r *app.FormatResult) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, r)
		return
	}
	for _, name := range r.Changed {
		fmt.Fprintln(s.streams.Out, name)
	}
}
