package cli

import (
	"fmt"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
)

// The formats of results.
const (
	outputText = "text"
	outputJSON = "json"
)

// session is one run of the command line: the global flags, and the exit code of a command that
// did its work and found something to report.
type session struct {
	streams Streams
	dir     string
	output  string
	quiet   bool
	noColor bool
	server  string
	code    int
	// asked says that stdin is a terminal, so that a command may ask something.
	asked bool
	// interrupted is what an interrupt leaves behind, in words.
	interrupted string
	// reasons are what requests failed from that were answered in this process.
	reasons []error
	reports sync.Mutex // for reasons, and for lines on stderr
}

// newRoot builds the tree of commands anew for every run, so that no flag outlives it. Errors and
// usage are not printed by cobra, because Run prints them in the form that -o asks for. If that
// form is not known, its own error can only be text.
func newRoot(s *session) *cobra.Command {
	root := &cobra.Command{
		Use:   "fettle",
		Short: "Features for machine learning: declared once, the same value everywhere",
		Long: "Fettle turns one declaration of features into training data that never looks into\n" +
			"the future. Start with: fettle init --template cards my-project",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if s.output != outputText && s.output != outputJSON {
				bad := s.output
				s.output = outputText
				return fmt.Errorf("-o is %q; it is text or json", bad)
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&s.dir, "chdir", "C", ".", "run as if started in `DIR`")
	flags.StringVar(&s.server, "server", "", "work on the server at `URL`, with the token in "+tokenVariable)
	flags.StringVarP(&s.output, "output-format", "o", outputText, "`text|json`: the form of results")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "no progress on stderr")
	flags.BoolVar(&s.noColor, "no-color", false, "no colours, even on a terminal")
	root.AddCommand(newInit(s), newLint(s), newFormat(s), newSchema(s), newTest(s), newPlan(s), newApply(s),
		newServe(s), newIngest(s), newGet(s), newTrain(s), newExport(s), newVerify(s), newWhy(s), newStatus(s),
		newQuarantine(s), newVersion(s))
	return root
}

// run adapts a command's function: what it returns is the command's own error, not one of usage.
func (s *session) run(f func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		if err := f(command, args); err != nil {
			return ranError{err}
		}
		return nil
	}
}

// path resolves a path given by the user against -C; "-" and "" stay. The process does not change
// its folder: that would be a state shared by runs of one process.
func (s *session) path(path string) string {
	if path == "" || path == "-" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.dir, path)
}

// usage is an error of the arguments.
func usage(format string, args ...any) error {
	return &app.Error{Code: app.ExitUsage, Message: fmt.Sprintf(format, args...)}
}
