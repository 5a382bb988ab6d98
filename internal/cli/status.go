package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/wire"
)

// newStatus is the command status.
func newStatus(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show what is served, the counts of events, and how far serving lags behind",
		Args:  cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			return s.with(command.Context(), func(c *connection) error {
				status, err := c.client.Status(command.Context())
				if err != nil {
					return err
				}
				s.printStatus(status)
				return nil
			})
		}),
	}
}

// printStatus fits one screen for a project of usual size. Problems come last, where they are seen.
func (s *session) printStatus(st *wire.Status) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, st)
		return
	}
	out := s.streams.Out
	revision := "nothing applied"
	if st.Revision > 0 {
		revision = fmt.Sprintf("revision %d", st.Revision)
	}
	now := st.Now
	if st.Clock != "system" {
		now += " (" + st.Clock + ")"
	}
	rows := [][]string{{"project", st.Project}, {"applied", revision}, {"now", now}}
	if st.Log.Durable != "" {
		rows = append(rows, []string{"log", logText(st.Log)})
	}
	if st.Samples.Kept+st.Samples.Dropped > 0 {
		rows = append(rows, []string{"samples", fmt.Sprintf("%d kept, %d dropped", st.Samples.Kept, st.Samples.Dropped)})
	}
	table(out, rows)
	s.printSources(st.Sources)
	s.printViews(st.Views)
	s.printModels(st.Models)
	for _, problem := range st.Problems {
		fmt.Fprintf(out, "\n%s\n", problem)
	}
}

// logText says how far the log is, and how much of it cannot be asked for yet.
func logText(l wire.LogStatus) string {
	text := l.Durable + ", " + sizeText(l.Bytes)
	if l.Records > 0 {
		return text + ", " + plural(l.Records, "record") + " not applied yet"
	}
	return text + ", all applied"
}

func (s *session) printSources(sources []wire.SourceStatus) {
	if len(sources) == 0 {
		return
	}
	rows := [][]string{{"source", "pushed", "accepted", "duplicates", "quarantined", "newest event"}}
	for _, v := range sources {
		row := []string{v.Name}
		if v.Push {
			row = append(row, numbers(v.In, v.Accepted, v.Duplicates, v.Quarantined)...)
		} else {
			row = append(row, "files", "", "", "")
		}
		rows = append(rows, append(row, v.NewestEvent))
	}
	fmt.Fprintln(s.streams.Out)
	table(s.streams.Out, rows)
}

func (s *session) printViews(views []wire.ViewStatus) {
	if len(views) == 0 {
		return
	}
	rows := [][]string{{"view", "entity", "freshness", "state", "applied", "filtered", "no key", "out of reach"}}
	for _, v := range views {
		row := []string{v.Name, v.Entity, v.Freshness, stateText(v.Ready)}
		rows = append(rows, append(row, numbers(v.Applied, v.Filtered, v.NoKey, v.OutOfReach)...))
	}
	fmt.Fprintln(s.streams.Out)
	table(s.streams.Out, rows)
}

func (s *session) printModels(models []wire.ModelStatus) {
	if len(models) == 0 {
		return
	}
	rows := [][]string{{"model", "features", "state"}}
	for _, m := range models {
		rows = append(rows, []string{fmt.Sprintf("%s@%d", m.Name, m.Version), strconv.Itoa(m.Features), stateText(m.Ready)})
	}
	fmt.Fprintln(s.streams.Out)
	table(s.streams.Out, rows)
}

func stateText(ready bool) string {
	if ready {
		return "ready"
	}
	return "building"
}

func numbers(values ...int64) []string {
	var cells []string
	for _, n := range values {
		cells = append(cells, strconv.FormatInt(n, 10))
	}
	return cells
}
