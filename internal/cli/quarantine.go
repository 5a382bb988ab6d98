package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/wire"
)

// mostQuarantined is how many entries are asked for when they are only counted.
const mostQuarantined = 10_000

// newQuarantine is the command quarantine with its three verbs.
func newQuarantine(s *session) *cobra.Command {
	command := &cobra.Command{
		Use:   "quarantine",
		Short: "Look at rows that were put aside, and try them again",
		Args:  cobra.NoArgs,
		RunE: s.run(func(*cobra.Command, []string) error {
			return usage("say what to do: quarantine list, show SOURCE or retry SOURCE")
		}),
	}
	command.AddCommand(newQuarantineList(s), newQuarantineShow(s), newQuarantineRetry(s))
	return command
}

// quarantineCount is what list tells of one source.
type quarantineCount struct {
	Source string `json:"source"`
	Rows   int    `json:"rows"`
}

func newQuarantineList(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "list [SOURCE]",
		Short: "Count the rows that were put aside, by source",
		Args:  cobra.MaximumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			var counts []quarantineCount
			err := s.with(command.Context(), func(c *connection) (err error) {
				counts, err = countQuarantine(command.Context(), c, args)
				return err
			})
			if err != nil {
				return err
			}
			s.printQuarantineList(counts)
			return nil
		}),
	}
}

// countQuarantine counts the entries of the sources that are named, or of all that are pushed to.
func countQuarantine(ctx context.Context, c *connection, sources []string) ([]quarantineCount, error) {
	if len(sources) == 0 {
		status, err := c.client.Status(ctx)
		if err != nil {
			return nil, err
		}
		for _, source := range status.Sources {
			if source.Push {
				sources = append(sources, source.Name)
			}
		}
	}
	counts := []quarantineCount{}
	for _, source := range sources {
		answer, err := c.client.Quarantine(ctx, source, mostQuarantined)
		if err != nil {
			return nil, err
		}
		counts = append(counts, quarantineCount{source, len(answer.Entries)})
	}
	return counts, nil
}

func (s *session) printQuarantineList(counts []quarantineCount) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, map[string]any{"sources": counts})
		return
	}
	if len(counts) == 0 {
		fmt.Fprintln(s.streams.Out, "no source is pushed to")
		return
	}
	rows := [][]string{{"source", "rows"}}
	for _, c := range counts {
		text := strconv.Itoa(c.Rows)
		if c.Rows == mostQuarantined {
			text += " or more"
		}
		rows = append(rows, []string{c.Source, text})
	}
	table(s.streams.Out, rows)
}

func newQuarantineShow(s *session) *cobra.Command {
	limit := 100
	command := &cobra.Command{
		Use:   "show SOURCE",
		Short: "List the rows of a source that were put aside, and what is wrong with them",
		Args:  cobra.ExactArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			if limit < 1 || limit > mostQuarantined {
				return usage("--limit is %d; it is 1 to %d", limit, mostQuarantined)
			}
			return s.with(command.Context(), func(c *connection) error {
				answer, err := c.client.Quarantine(command.Context(), args[0], limit)
				if err != nil {
					return err
				}
				s.printQuarantine(answer, limit)
				return nil
			})
		}),
	}
	command.Flags().IntVar(&limit, "limit", limit, "list up to `N` rows, the newest")
	return command
}

// printQuarantine writes an entry to a line, its problems and its text below.
func (s *session) printQuarantine(a *wire.QuarantineAnswer, limit int) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, a)
		return
	}
	out := s.streams.Out
	if len(a.Entries) == 0 {
		fmt.Fprintf(out, "%s: nothing was put aside\n", a.Source)
		return
	}
	for _, e := range a.Entries {
		fmt.Fprintf(out, "%s row %d, received %s\n", e.Position, e.Row, e.ReceivedAt)
		for _, p := range e.Problems {
			problem := app.Problem{Field: p.Field, Code: p.Code, Message: p.Message}
			fmt.Fprintf(out, "  %s\n", strings.TrimSpace(problem.String()))
		}
		if text := strings.TrimRight(e.Text, "\r\n"); text != "" {
			if e.Truncated {
				text += " ..."
			}
			fmt.Fprintf(out, "  %s\n", text)
		}
	}
	if len(a.Entries) == limit {
		fmt.Fprintln(out, "there may be more; a larger --limit lists them")
	}
}

func newQuarantineRetry(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "retry SOURCE",
		Short: "Push the rows that were put aside again, after the definitions were mended",
		Args:  cobra.ExactArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			s.interrupted = "interrupted; what was acknowledged stays"
			return s.with(command.Context(), func(c *connection) error {
				answer, err := c.client.Retry(command.Context(), args[0])
				if err != nil {
					return err
				}
				result := newIngested(args[0]).add(sent{file: args[0]}, answer)
				if err := c.awaitApplied(command.Context(), result); err != nil {
					return err
				}
				s.printIngest(result)
				if answer.QuarantinedRows > 0 {
					s.code = app.ExitFailed
				}
				return nil
			})
		}),
	}
}
