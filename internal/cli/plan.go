package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/wire"
)

// The exit codes of plan --exit-code, for scripts that decide what may go on without a person.
const (
	exitChanges = 10
	exitModels  = 11
)

// newPlan is the command plan. It changes nothing; what it prints is what apply would do now.
func newPlan(s *session) *cobra.Command {
	var out string
	var exitCode bool
	var explain []string
	command := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would change, and which models that touches",
		Args:  cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			var plan *wire.Plan
			err := s.with(command.Context(), func(c *connection) error {
				var err error
				plan, err = c.client.Plan(command.Context(), &wire.PlanRequest{Explain: explain})
				return err
			})
			if err != nil {
				return err
			}
			if out != "" {
				if err := writePlan(s.path(out), plan); err != nil {
					return err
				}
			}
			s.printPlan(plan)
			switch {
			case exitCode && len(plan.Models) > 0:
				s.code = exitModels
			case exitCode && len(plan.Changes) > 0:
				s.code = exitChanges
			}
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&out, "out", "", "also write the plan to `FILE`, for fettle apply FILE")
	flags.StringSliceVar(&explain, "explain", nil,
		"also say of features `F..` where and how they are computed and what they cost: view.feature, view.*, or * for all")
	flags.BoolVar(&exitCode, "exit-code", false, "exit with 10 for changes, 11 if they touch a model")
	return command
}

// writePlan writes a plan for apply.
func writePlan(name string, plan *wire.Plan) error {
	err := disk.WriteFile(disk.OS{}, name, func(w io.Writer) error {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(plan)
	})
	if err != nil {
		return &app.Error{Code: app.ExitUnavailable, Message: "--out", Err: err}
	}
	return nil
}

// readPlan reads what writePlan wrote. It is read as strictly as a request, since a plan that is
// understood in part would apply something else than was looked at.
func readPlan(name string) (*wire.Plan, error) {
	f, err := disk.OS{}.Open(name)
	if err != nil {
		return nil, &app.Error{Code: app.ExitInvalid, Message: "read the plan", Err: err}
	}
	text, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, &app.Error{Code: app.ExitUnavailable, Message: "read the plan", Err: err}
	}
	plan := &wire.Plan{}
	if err := wire.Decode(text, plan); err != nil || plan.ID == "" {
		return nil, &app.Error{
			Code: app.ExitInvalid, Message: name + " is not a plan", Err: err, Hint: "write one with fettle plan --out FILE",
		}
	}
	return plan, nil
}

// printPlan lists the changes: + is added, ~ changed, - removed. The last line is always there.
func (s *session) printPlan(plan *wire.Plan) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, plan)
		return
	}
	out := s.streams.Out
	for i := range plan.Explained {
		printExplanation(out, &plan.Explained[i])
	}
	for _, d := range plan.Problems {
		fmt.Fprintln(s.streams.Err, s.problemLine(problemOf(d)))
	}
	if len(plan.Changes) == 0 {
		fmt.Fprintf(out, "nothing would change: the definitions are those of revision %d\n", plan.Base)
		return
	}
	rows := [][]string{}
	counts := map[string]int{}
	for _, c := range plan.Changes {
		counts[c.Action]++
		rows = append(rows, changeCells(c))
	}
	table(out, rows)
	fmt.Fprintln(out)
	for _, b := range plan.Backfill {
		fmt.Fprintf(out, "%s is filled from %s, %s, in about %s\n", b.View, plural(b.Rows, "row"),
			sizeText(b.Bytes), secondsText(b.Seconds))
	}
	if len(plan.Models) > 0 {
		fmt.Fprintf(out, "models touched: %s\n", strings.Join(plan.Models, ", "))
	}
	fmt.Fprintf(out, "plan: %d to add, %d to change, %d to remove\n", counts["added"], counts["changed"],
		counts["removed"])
}

// changeCells is one line of a plan: what, and what it means.
func changeCells(c wire.Change) []string {
	sign := map[string]string{"added": "+", "changed": "~", "removed": "-"}[c.Action]
	class := map[string]string{
		wire.Harmless: "", wire.NewVersion: "new version", wire.Breaks: "breaks " + strings.Join(c.Models, ", "),
	}[c.Class]
	if c.Action == "added" && c.Class == wire.NewVersion {
		class = ""
	}
	return []string{sign + " " + c.Kind, c.Name, class, c.Message}
}

// problemOf is a problem of the API as one of a command.
func problemOf(d wire.Detail) app.Problem {
	return fromWire(&wire.Error{Details: []wire.Detail{d}}).Problems[0]
}

// sizeText writes a number of bytes for people.
func sizeText(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	default:
		return plural(bytes, "byte")
	}
}

// secondsText writes an estimate: more digits would promise more than is known.
func secondsText(seconds float64) string {
	switch {
	case seconds < 1:
		return "a second"
	case seconds < 120:
		return fmt.Sprintf("%.0f seconds", seconds)
	default:
		return fmt.Sprintf("%.0f minutes", seconds/60)
	}
}
