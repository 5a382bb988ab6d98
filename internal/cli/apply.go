package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/wire"
)

// applyFlags are the flags of apply.
type applyFlags struct {
	yes, noWait bool
	allow       []string
}

// newApply is the command apply. What is applied is always a plan that was shown: if the definitions
// or the registry change in between, it is refused.
func newApply(s *session) *cobra.Command {
	f := &applyFlags{}
	command := &cobra.Command{
		Use:   "apply [PLANFILE]",
		Short: "Put definitions into force: show the plan, ask, and commit it",
		Args:  cobra.MaximumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			if !f.yes && (!s.asked || s.output == outputJSON) {
				return &app.Error{
					Code: app.ExitUsage, Message: "nobody can be asked whether to apply",
					Hint: "look at fettle plan, and give --yes",
				}
			}
			s.interrupted = "interrupted; what was committed stays"
			var planned *wire.Plan
			if len(args) > 0 {
				var err error
				if planned, err = readPlan(s.path(args[0])); err != nil {
					return err
				}
			}
			return s.with(command.Context(), func(c *connection) error {
				return s.apply(command.Context(), c, planned, f)
			})
		}),
	}
	flags := command.Flags()
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.BoolVar(&f.noWait, "no-wait", false, "do not wait until new views are filled")
	flags.StringArrayVar(&f.allow, "allow-break", nil, "let the change break `MODEL`; may be repeated")
	return command
}

// apply shows a plan, asks, and commits it. A plan from a file brings the texts it was made from.
func (s *session) apply(ctx context.Context, c *connection, plan *wire.Plan, f *applyFlags) error {
	request := &wire.ApplyRequest{AllowBreak: f.allow, NoWait: f.noWait}
	if plan == nil {
		var err error
		if plan, err = c.client.Plan(ctx, &wire.PlanRequest{}); err != nil {
			return err
		}
	} else if plan.Request != nil {
		request.Files, request.Lock = plan.Request.Files, plan.Request.Lock
	}
	request.Plan = plan.ID
	if s.output == outputText {
		s.printPlan(plan)
		if len(plan.Changes) == 0 && plan.Base > 0 {
			return nil
		}
	}
	if !f.yes {
		if agreed, err := s.ask("apply?"); err != nil || !agreed {
			return err
		}
	}
	answer, err := c.client.Apply(ctx, request)
	if err != nil {
		return err
	}
	s.printApply(answer)
	return nil
}

// ask waits for yes or no; anything but yes is no, and not an error.
func (s *session) ask(question string) (bool, error) {
	fmt.Fprintf(s.streams.Err, "%s yes or no: ", question)
	line, err := bufio.NewReader(s.streams.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	fmt.Fprintln(s.streams.Out, "nothing was applied")
	return false, nil
}

// printApply says what is in force now. The changes were listed by the plan.
func (s *session) printApply(a *wire.ApplyAnswer) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, a)
		return
	}
	fmt.Fprintf(s.streams.Out, "applied revision %d with %s\n", a.Revision, plural(len(a.Changes), "change"))
	if len(a.Building) > 0 {
		fmt.Fprintf(s.streams.Out, "not filled yet: %s; fettle status tells when they are\n",
			strings.Join(a.Building, ", "))
	}
}
