package cli

import (
	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/lang"
)

// newSchema is the command schema. It needs no project, and -o changes nothing: the result is JSON.
func newSchema(s *session) *cobra.Command {
	var completion bool
	command := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of definition files, for editors",
		Args:  cobra.NoArgs,
		RunE: s.run(func(*cobra.Command, []string) error {
			text := lang.JSONSchema()
			if completion {
				text = lang.Completion()
			}
			_, err := s.streams.Out.Write(text)
			return err
		}),
	}
	command.Flags().BoolVar(&completion, "completion", false,
		"print what can stand in expressions instead: functions, windows, keywords")
	return command
}
