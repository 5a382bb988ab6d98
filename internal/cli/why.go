package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// newWhy is the command why. Keys and request fields stay text here; the project's schema types
// them. It shows no progress: it reads the sources of one feature only, and an interrupt ends it.
func newWhy(s *session) *cobra.Command {
	options := app.WhyOptions{}
	var fields []string
	command := &cobra.Command{
		Use:   "why FEATURE KEY=V..",
		Short: "Explain one value: the events behind it, and those left out with the reason",
		Args:  cobra.MinimumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			options.Dir, options.Feature = s.dir, args[0]
			if options.Limit < 1 || options.Limit > mostListed*10 {
				return usage("--limit is %d; it is 1 to %d", options.Limit, mostListed*10)
			}
			result, err := s.why(command.Context(), options, args[1:], fields)
			if err != nil {
				return err
			}
			s.printWhy(result)
			return nil
		}),
	}
	flags := command.Flags()
	flags.StringVar(&options.At, "at", "",
		"the time `T` asked for: RFC 3339 with a zone, or a date in the project's zone (default now)")
	flags.IntVar(&options.Limit, "limit", 100, "list up to `N` events of each part, the newest")
	flags.BoolVar(&options.Served, "as-served", false, "leave out events that serving could not see yet at that time")
	flags.StringArrayVar(&fields, "request", nil, "a field `K=V` of the request; may be repeated")
	return command
}

// why explains a value where its events are.
func (s *session) why(ctx context.Context, o app.WhyOptions, keys, fields []string) (*wire.Why, error) {
	request, err := s.whyRequest(ctx, &o, keys, fields)
	if err != nil {
		return nil, err
	}
	if request == nil {
		return app.Why(ctx, o)
	}
	request.Limit = o.Limit
	if o.Served {
		request.Mode = wire.AsServed
	}
	var result *wire.Why
	err = s.with(ctx, func(c *connection) (err error) {
		result, err = c.client.Why(ctx, request)
		return err
	})
	return result, err
}

// whyRequest reads the key and the request fields, and makes a request of what is asked. nil: in a
// project without a server to which nothing was applied there are only files, and nothing need be
// opened or registered.
func (s *session) whyRequest(ctx context.Context, o *app.WhyOptions, keys, fields []string) (*wire.WhyRequest, error) {
	var err error
	if o.Key, err = pairs("the key", keys); err != nil {
		return nil, err
	}
	if o.Request, err = pairs("--request", fields); err != nil {
		return nil, err
	}
	if s.server == "" {
		state, err := s.statePath(ctx)
		if err != nil || !wasApplied(state) {
			return nil, err
		}
	}
	request := &wire.WhyRequest{Feature: o.Feature, At: o.At, Text: true, Project: s.server == ""}
	if request.Keys, err = members("the key", keys); err != nil {
		return nil, err
	}
	request.Request, err = members("--request", fields)
	return request, err
}

// pairs reads KEY=V arguments. A value may hold further equals signs; a key given twice is an
// error, because one of the two would be ignored silently. what names the argument in the message.
// An empty value is allowed, since text may be empty.
func pairs(what string, args []string) (map[string]string, error) {
	values := map[string]string{}
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if _, twice := values[name]; !found || name == "" || twice {
			return nil, usage("%s is %q; write KEY=V, each key once", what, arg)
		}
		values[name] = value
	}
	return values, nil
}

// printWhy writes the value with what settled it, then each thing it reads. The boundary is shown
// only where it is not the time asked for, that is, for views that are refreshed.
func (s *session) printWhy(r *wire.Why) {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, r)
		return
	}
	out := s.streams.Out
	rows := [][]string{
		{"feature", r.Feature},
		{"value", valueText(r.Value, r.Type) + " (" + r.Status + ")"},
		{"type", r.Type},
		{"expression", strings.TrimSpace(r.Expression)},
		{"version", r.Version},
		{"at", r.At},
	}
	if r.Boundary != r.At {
		rows = append(rows, []string{"as of", r.Boundary})
	}
	if r.EventTime != nil {
		age := time.Duration(*r.AgeSeconds * float64(time.Second)).Round(time.Second)
		rows = append(rows, []string{"event time", *r.EventTime + ", " + age.String() + " before"})
	}
	table(out, rows)
	for _, part := range r.Parts {
		s.printPart(part)
	}
}

// printPart writes one aggregate, or the newest row, and its events.
func (s *session) printPart(p wire.WhyPart) {
	out, from := s.streams.Out, p.From
	if from == "" {
		from = "the beginning"
	}
	fmt.Fprintf(out, "\n%s of %s\n", p.Reads, p.View)
	fmt.Fprintf(out, "from %s until before %s, known by %s\n", from, p.To, p.Boundary)
	s.printEvents("counts", "count", p.Contributing, p.Events)
	s.printEvents("is left out", "are left out", p.Excluded, p.Left)
}

// printEvents writes one list of events in its order. What is not shown is counted,
// so that the lines always add up to the total. An event outside of the window is shown only if it
// is among the nearest of its side, since an entity may have thousands of them and the ones at the
// edge are those in doubt.
func (s *session) printEvents(one, many string, total int, events []wire.WhyEvent) {
	verb := many
	if total == 1 {
		verb = one
	}
	fmt.Fprintln(s.streams.Out, plural(total, "event")+" "+verb)
	rows, hidden := [][]string{}, total-len(events)
	outside := map[string]int{}
	for _, e := range events {
		if e.Reason == reasonBefore || e.Reason == reasonAfter {
			if outside[e.Reason]++; outside[e.Reason] > nearby {
				hidden++
				continue
			}
		}
		row := []string{"  " + e.Time, "available " + e.Available, e.Position}
		switch {
		case e.Reason != "":
			row = append(row, e.Reason)
		case e.Argument != nil:
			row = append(row, rawText(e.Argument))
		}
		rows = append(rows, row)
	}
	table(s.streams.Out, rows)
	if hidden > 0 {
		fmt.Fprintf(s.streams.Out, "  and %d more; -o json and a larger --limit list them\n", hidden)
	}
}

// nearby is how many events outside of a window are shown on each side of it: the list begins with
// those nearest to it.
const nearby = 3

// The reasons of events outside of a window.
const (
	// They are the engine's words, which arrive here as text; they must change together.
	reasonBefore = "before the window"
	reasonAfter  = "at or after the window's end"
)

// valueText writes a value of a type for people. Floats are written as in CSV and in definitions, so
// that they can be copied from here to there.
func valueText(value json.RawMessage, kind string) string {
	if kind == "float64" {
		if x, err := strconv.ParseFloat(string(value), 64); err == nil {
			return schema.FormatFloat(x)
		}
	}
	return rawText(value)
}
