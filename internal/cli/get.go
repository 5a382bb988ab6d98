package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// getFlags are the flags of get.
type getFlags struct {
	request wire.FeaturesRequest
	fields  []string
	asOf    string
	timeout string
}

// newGet is the command get. Keys and request fields stay text; the node types them by its schema.
func newGet(s *session) *cobra.Command {
	f := &getFlags{}
	command := &cobra.Command{
		Use:   "get (MODEL | FEATURE..) KEY=V..",
		Short: "Ask for the values of a model or of features, as a client of the server would",
		Long: "Ask for the values of a model or of features, as a client of the server would.\n\n" +
			"MODEL is a name or NAME@VERSION, FEATURE is VIEW.FEATURE or VIEW.*. A model with roles\n" +
			"takes the names of keys that it gives them.",
		Args: cobra.MinimumNArgs(1),
		RunE: s.run(func(command *cobra.Command, args []string) error {
			request, err := f.resolve(args)
			if err != nil {
				return err
			}
			return s.with(command.Context(), func(c *connection) error {
				answer, err := c.client.Features(command.Context(), request)
				if err != nil {
					return err
				}
				return s.printGet(answer)
			})
		}),
	}
	flags := command.Flags()
	flags.StringArrayVar(&f.fields, "request", nil, "a field `K=V` of the request; may be repeated")
	flags.StringVar(&f.asOf, "as-of", "", "the time `T` asked for: RFC 3339 with a zone, or a date (default now)")
	flags.StringVar(&f.request.Mode, "mode", "",
		"`ideal|as_served`: what was available at T (default with --as-of), or what serving could see")
	flags.StringVar(&f.request.MaxAge, "max-age", "", "null values older than a `DURATION`")
	flags.StringVar(&f.request.MinPosition, "min-position", "", "wait for the events of an earlier `POSITION`")
	flags.StringVar(&f.timeout, "timeout", "10s",
		"give up after a `DURATION`; a person is more patient than the views are for models")
	flags.BoolVar(&f.request.Detail, "detail", false, "also show version, event time, age and reason")
	return command
}

// resolve tells names from keys: names hold no equals sign, and the name of a model no dot.
func (f *getFlags) resolve(args []string) (*wire.FeaturesRequest, error) {
	r := f.request
	r.Text = true
	var names, keys []string
	for _, arg := range args {
		if strings.Contains(arg, "=") {
			keys = append(keys, arg)
		} else {
			names = append(names, arg)
		}
	}
	switch {
	case len(names) == 0:
		return nil, usage("which values? name a model, or features as VIEW.FEATURE, before the keys")
	case len(names) == 1 && !strings.Contains(names[0], "."):
		r.Model = names[0]
	default:
		r.Features = names
	}
	var err error
	if r.Entities, err = members("the key", keys); err != nil {
		return nil, err
	}
	if r.Request, err = members("--request", f.fields); err != nil {
		return nil, err
	}
	if f.asOf != "" {
		r.AsOf = &f.asOf
	}
	if f.timeout != "" {
		micros, err := schema.ParseDuration(f.timeout)
		if err != nil || micros < schema.Millisecond {
			return nil, usage("--timeout is %q; write a duration such as 50ms", f.timeout)
		}
		r.TimeoutMS = micros / schema.Millisecond
	}
	return &r, nil
}

// members reads KEY=V arguments as an object of strings in their order.
func members(what string, args []string) (wire.Object, error) {
	if _, err := pairs(what, args); err != nil {
		return nil, err
	}
	var object wire.Object
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		object = append(object, wire.StringMember(name, value))
	}
	return object, nil
}

// printGet writes a value to a line. The status column says fresh too: a table with holes makes one
// ask what they mean.
func (s *session) printGet(a *wire.FeaturesAnswer) error {
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, a)
		return nil
	}
	asked := [][]string{{"as of", a.AsOf}}
	if a.Model != "" {
		asked = append([][]string{{"model", a.Model}}, asked...)
	}
	table(s.streams.Out, asked)
	fmt.Fprintln(s.streams.Out)
	header := []string{"feature", "value", "status"}
	if a.Meta != nil {
		header = append(header, "event time", "age", "version", "reason")
	}
	rows := [][]string{header}
	for _, m := range a.Values {
		status := wire.Fresh
		if text := a.Status[m.Name]; text != nil {
			status = rawText(text)
		}
		row := []string{m.Name, rawText(m.Value), status}
		if a.Meta != nil {
			var meta wire.Meta
			if err := json.Unmarshal(a.Meta[m.Name], &meta); err != nil {
				return unreadable(err)
			}
			row = append(row, metaCells(meta)...)
		}
		rows = append(rows, row)
	}
	table(s.streams.Out, rows)
	return nil
}

// metaCells writes what else is known of a value.
func metaCells(meta wire.Meta) []string {
	at, age := "", ""
	if meta.EventTime != nil {
		at = *meta.EventTime
	}
	if meta.AgeMS != nil {
		age = (time.Duration(*meta.AgeMS) * time.Millisecond).Round(time.Second).String()
	}
	return []string{at, age, meta.Version, meta.Reason}
}

// rawText writes a JSON value for people: text without its quotes, everything else as it is.
func rawText(value json.RawMessage) string {
	var text string
	if len(value) > 0 && value[0] == '"' && json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// unreadable is about an answer of another form than this release knows.
func unreadable(err error) error {
	return &app.Error{
		Code: app.ExitUnavailable, Message: "the answer of the server cannot be read", Err: err,
		Hint: "use the release that the server is of",
	}
}
