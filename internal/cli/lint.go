package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
)

// formatSARIF is the form that code hosts show beside a change; only lint has it.
const formatSARIF = "sarif"

// newLint is the command lint. Findings are its result, so they go to stdout; the exit code tells
// scripts whether there were any. --format exists beside -o because SARIF makes sense for findings
// only; without it -o decides.
func newLint(s *session) *cobra.Command {
	options := app.LintOptions{}
	var strict bool
	var format string
	command := &cobra.Command{
		Use:   "lint [PATH..]",
		Short: "Check the definitions of a project, without reading data",
		Long: "Check the definitions of a project, without reading data.\n\n" +
			"Every error is listed as file:line:column: what is wrong; what to do. Exit code 3 on\n" +
			"errors, and 1 on warnings with --strict.",
		RunE: s.run(func(command *cobra.Command, args []string) error {
			switch format {
			case "":
				format = s.output
			case outputText, outputJSON, formatSARIF:
			default:
				return usage("--format is %q; it is text, json or sarif", format)
			}
			options.Dir = s.dir
			for _, path := range args {
				options.Paths = append(options.Paths, s.path(path))
			}
			result, err := app.Lint(command.Context(), options)
			if err != nil {
				return err
			}
			s.printLint(result, format)
			switch {
			case result.Errors > 0:
				s.code = app.ExitInvalid
			case strict && result.Warnings > 0:
				s.code = app.ExitFailed
			}
			return nil
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&strict, "strict", false, "fail on warnings too")
	flags.BoolVar(&options.Pin, "pin", false, "write the columns of the sources to fettle.lock")
	flags.StringVar(&format, "format", "", "`text|json|sarif`: the form of the report")
	return command
}

// printLint writes the findings, one to a line, and one line of what the project holds. The counts
// of definitions are left out when they did not compile: they would all be 0. The last line is
// always there, so that a clean project does not look like a command that hung.
func (s *session) printLint(result *app.LintResult, format string) {
	switch format {
	case outputJSON:
		s.writeJSON(s.streams.Out, result)
		return
	case formatSARIF:
		s.writeJSON(s.streams.Out, sarifOf(result, readVersion().Version))
		return
	}
	for _, problem := range result.Problems {
		fmt.Fprintln(s.streams.Out, s.problemLine(problem))
	}
	if len(result.Pinned) > 0 {
		fmt.Fprintf(s.streams.Out, "pinned the columns of %s in fettle.lock\n",
			plural(len(result.Pinned), "source"))
	}
	counts := plural(result.Errors, "error") + ", " + plural(result.Warnings, "warning")
	if !result.Compiled {
		fmt.Fprintf(s.streams.Out, "%s: %s\n", result.Project, counts)
		return
	}
	fmt.Fprintf(s.streams.Out, "%s: %s, %s, %s, %s, %s: %s\n", result.Project,
		plural(result.Entities, "entity"), plural(result.Sources, "source"),
		plural(result.Views, "view"), plural(len(result.Features), "feature"),
		plural(result.Models, "model"), counts)
}
