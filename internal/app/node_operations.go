package app

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/wire"
)

// operations shows how a node does. It implements api.Operations.
type operations struct{ *Node }

// Status tells what is served, from which data, and what needs attention.
func (n operations) Status(context.Context) (*wire.Status, error) {
	s := &wire.Status{
		Version: version(), Project: n.project.Settings.Name, Clock: "system",
		StartedAt: schema.FormatTime(n.started), Now: schema.FormatTime(n.options.Clock.Now()),
		Sources: []wire.SourceStatus{}, Views: []wire.ViewStatus{}, Models: []wire.ModelStatus{},
		Problems: []string{},
	}
	if n.options.Simulated {
		s.Clock = "simulated"
	}
	position := n.live.state.Position()
	durable, visible := n.live.log.Last(), n.live.ingest.Visible()
	waiting, _ := n.live.ingest.Unapplied()
	s.Log = wire.LogStatus{
		Durable: wire.FormatPosition(durable.Epoch, durable.Sequence), Bytes: n.live.log.Bytes(),
		Applied: wire.FormatPosition(visible.Epoch, visible.Sequence), Records: int64(waiting),
	}
	s.Samples.Dropped = n.server.Dropped()
	if position.Sequence > 0 {
		s.Log.VisibleAt = schema.FormatTime(position.VisibleAt)
	}
	if err := n.live.log.Err(); err != nil {
		s.Problems = append(s.Problems, "no events are taken: "+err.Error())
	}
	for _, damage := range n.live.report.Damages {
		s.Problems = append(s.Problems, fmt.Sprint("the log is damaged: ", damage))
	}
	if why := n.unserved.Load(); why != nil {
		s.Problems = append(s.Problems, fmt.Sprintf("the definitions that were applied last are not in force: %v", *why))
	}
	a := n.applied.Load()
	if a == nil {
		s.Problems = append(s.Problems, "nothing is served; run fettle apply")
		return s, nil
	}
	s.Ready, s.Revision = true, int64(a.revision.Number)
	n.sources(a, s)
	n.views(a, s)
	for _, m := range a.plan.Models {
		s.Models = append(s.Models, wire.ModelStatus{
			Name: m.Name, Version: m.Version, Features: len(m.Features), Ready: true,
		})
	}
	return s, nil
}

func (n operations) sources(a *applied, s *wire.Status) {
	counts := n.live.state.Counts()
	for _, source := range a.layout.Sources {
		c := counts[source.ID]
		s.Sources = append(s.Sources, wire.SourceStatus{
			Name: source.Plan.Name, Push: source.Plan.Push, In: c.In, Accepted: c.Accepted,
			Duplicates: c.Duplicates, Quarantined: c.Quarantined,
		})
	}
}

func (n operations) views(a *applied, s *wire.Status) {
	counts := n.live.state.ViewCounts()
	for _, v := range a.plan.Views {
		view := wire.ViewStatus{
			Name: v.Name, Entity: v.Entity.Name, Freshness: v.Freshness.String(), Ready: true,
			Since: schema.FormatTime(a.since[v]),
		}
		if v.Source != nil {
			view.Source = v.Source.Name
		}
		c := counts[v.Name]
		view.Accepted, view.Applied = c.Accepted, c.Applied
		view.Filtered, view.NoKey, view.OutOfReach = c.Filtered, c.NoKey, c.OutOfReach
		s.Views = append(s.Views, view)
	}
}

// version is the version of the program, as far as the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Why explains one value from history. The keys and request fields are JSON, or text as it is
// typed on a command line.
func (n operations) Why(ctx context.Context, request *wire.WhyRequest) (*wire.Why, error) {
	o := WhyOptions{
		Dir: n.project.Root, Feature: request.Feature, At: request.At, Limit: request.Limit,
		Served: request.Mode == wire.AsServed, Node: n.Node, Applied: !request.Project,
	}
	if request.Mode != "" && request.Mode != wire.AsServed && request.Mode != wire.Ideal {
		return nil, &wire.Error{
			Code: wire.InvalidArgument, Field: "mode", Message: "mode is " + request.Mode,
			Hint: "write ideal or as_served",
		}
	}
	var err error
	if o.Key, err = texts("keys", request.Keys, request.Text); err != nil {
		return nil, err
	}
	if o.Request, err = texts("request", request.Request, request.Text); err != nil {
		return nil, err
	}
	if request.Test != nil {
		recorded, err := Record(ctx, RecordOptions{WhyOptions: o, Name: *request.Test})
		return &wire.Why{Recorded: recorded, Parts: []wire.WhyPart{}}, err
	}
	return Why(ctx, o)
}

// texts writes JSON scalars as they would be typed.
func texts(field string, object wire.Object, typed bool) (map[string]string, error) {
	all := map[string]string{}
	for _, m := range object {
		text := string(m.Value)
		var s string
		switch {
		case json.Unmarshal(m.Value, &s) == nil && text != "null":
			text = s
		case typed || text == "null" || text[0] == '{' || text[0] == '[':
			return nil, &wire.Error{
				Code: wire.InvalidArgument, Field: field + "." + m.Name, Message: "this is no value: " + text,
				Hint: "write a string, a number, true or false",
			}
		}
		all[m.Name] = text
	}
	return all, nil
}

// Verify compares what was served with what history gives; with labels, what a replay serves.
func (n operations) Verify(ctx context.Context, request *wire.VerifyRequest) (*wire.VerifyAnswer, error) {
	if request.Labels != nil {
		return n.verifyLabels(ctx, request)
	}
	if len(request.Features) > 0 {
		return nil, &wire.Error{
			Code: wire.InvalidArgument, Field: "features", Message: "answers are verified whole",
			Hint: "give a model, or nothing for all answers",
		}
	}
	o := serve.VerifyOptions{Model: request.Model, Limit: request.Sample, Differences: request.Limit}
	if request.Since != "" {
		since, zoned, err := schema.ParseTime(request.Since)
		if err != nil || !zoned {
			return nil, &wire.Error{
				Code: wire.InvalidArgument, Field: "since", Message: request.Since + " is no time with a zone",
				Hint: "write it as 2026-05-01T12:30:00Z",
			}
		}
		o.Since = since
	}
	if a := n.applied.Load(); a != nil && o.Model != "" {
		if _, err := plan.ForModel(a.plan, o.Model); err != nil {
			return nil, err
		}
	}
	v, err := n.server.Verify(ctx, o)
	if err != nil {
		return nil, err
	}
	answer := &wire.VerifyAnswer{
		Requests: int64(v.Answers), Compared: v.Compared, Mismatched: v.Mismatched,
		Skipped: v.Skipped, Mismatches: []wire.Mismatch{},
	}
	if v.Damaged > 0 {
		answer.Skipped["damaged samples"] = int64(v.Damaged)
	}
	for _, d := range v.Differences {
		m := wire.Mismatch{
			RequestID: d.RequestID, Row: int64(d.Row), Feature: d.Feature, AsOf: schema.FormatTime(d.At),
			Served: wire.AppendValue(nil, d.Served.Value), ServedStatus: d.Served.Status,
			Computed: wire.AppendValue(nil, d.Recomputed.Value), ComputedStatus: d.Recomputed.Status,
		}
		for _, key := range d.Keys {
			m.Entities = append(m.Entities, wire.Member{Name: key.Name, Value: wire.AppendValue(nil, key.Value)})
		}
		answer.Mismatches = append(answer.Mismatches, m)
	}
	return answer, nil
}

// viewNamed finds a served view.
func (a *applied) viewNamed(name string) (*plan.View, error) {
	var known []string
	for _, v := range a.plan.Views {
		if v.Name == name {
			return v, nil
		}
		known = append(known, v.Name)
	}
	e := &wire.Error{Code: wire.NotFound, Message: fmt.Sprintf("there is no view %q", name)}
	if near := schema.Nearest(name, known); near != "" {
		e.Hint = "did you mean " + near + "?"
	}
	return nil, e
}
