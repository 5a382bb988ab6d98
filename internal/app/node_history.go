package app

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// History tells how the values of one entity changed: as of each publication of a refreshed view,
// and as of each instant at which an event of the entity began to count for a realtime one. Values
// also change when events leave their windows; those instants are not listed.
func (n operations) History(ctx context.Context, request *wire.HistoryRequest) (*wire.HistoryAnswer, error) {
	a := n.applied.Load()
	if a == nil {
		return nil, &wire.Error{Code: wire.Unavailable, Message: "nothing was applied yet"}
	}
	view, err := a.viewNamed(request.View)
	if err != nil {
		return nil, err
	}
	h := &valueHistory{node: n.Node, view: view, limit: request.Limit, from: schema.MinTime, to: math.MaxInt64}
	if h.limit <= 0 {
		h.limit = 100
	}
	if h.now, err = n.live.timeline.Read(); err != nil {
		return nil, err
	}
	if err := h.bounds(request); err != nil {
		return nil, err
	}
	if err := h.keys(request.Keys); err != nil {
		return nil, err
	}
	if len(view.Request) > 0 {
		return nil, &wire.Error{
			Code: wire.InvalidArgument, Message: "view " + view.Name + " reads the request",
			Hint: "ask for its values with a request, through /v1/features",
		}
	}
	times, err := h.times(ctx)
	if err != nil {
		return nil, err
	}
	return h.answer(ctx, request, times)
}

// valueHistory is one request for the values of an entity over time.
type valueHistory struct {
	node     *Node
	view     *plan.View
	key      []*batch.Column
	from, to int64 // instants, [from, to)
	now      int64
	limit    int
}

func (h *valueHistory) bounds(request *wire.HistoryRequest) error {
	for _, bound := range []struct {
		field, text string
		to          *int64
	}{{"from", request.From, &h.from}, {"to", request.To, &h.to}, {"cursor", request.Cursor, &h.from}} {
		if bound.text == "" {
			continue
		}
		at, zoned, err := schema.ParseTime(bound.text)
		if err != nil || !zoned {
			return &wire.Error{
				Code: wire.InvalidArgument, Field: bound.field, Message: bound.text + " is no time with a zone",
				Hint: "write it as 2026-05-01T12:30:00Z",
			}
		}
		*bound.to = at
	}
	h.to = min(h.to, h.now+1)
	return nil
}

func (h *valueHistory) keys(given map[string]string) error {
	for _, field := range h.view.Entity.Key {
		text, found := given[field.Name]
		if !found {
			return &wire.Error{
				Code: wire.InvalidArgument, Field: "key." + field.Name, Message: "which " + h.view.Entity.Name + "?",
				Hint: "add key." + field.Name + "=VALUE",
			}
		}
		value, err := lang.ParseValue(text, field.Type)
		if err != nil {
			return &wire.Error{Code: wire.InvalidArgument, Field: "key." + field.Name, Message: err.Error()}
		}
		h.key = append(h.key, batch.Repeat(value, 1))
	}
	if len(given) != len(h.view.Entity.Key) {
		return &wire.Error{
			Code: wire.InvalidArgument, Message: fmt.Sprintf("%s has %d key columns, %d are given",
				h.view.Entity.Name, len(h.view.Entity.Key), len(given)),
		}
	}
	return nil
}

// times returns up to one more than limit instants at which values may have changed, ascending.
func (h *valueHistory) times(ctx context.Context) ([]int64, error) {
	boundary, err := plan.NewBoundary(h.view.Freshness)
	if err != nil {
		return nil, err
	}
	if h.view.Source == nil {
		return nil, nil
	}
	events, err := h.eventTimes(ctx)
	if err != nil || boundary.Immediate() || len(events) == 0 {
		return h.cut(events), err
	}
	// Before the first event there is nothing to publish.
	first := max(h.from, events[0])
	var published []int64
	for t := h.to - 1; t >= first && len(published) < maxPublications; {
		at := boundary.At(t) + h.view.Freshness.ReadyAfter
		if at >= first {
			published = append(published, at)
		}
		t = at - 1
	}
	slices.Reverse(published)
	return h.cut(published), nil
}

// maxPublications bounds the instants of a refreshed view that one request looks at.
const maxPublications = 100_000

func (h *valueHistory) cut(times []int64) []int64 {
	times = slices.DeleteFunc(times, func(t int64) bool { return t < h.from || t >= h.to })
	return times[:min(len(times), h.limit+1)]
}

// eventTimes returns when each event of the entity began to count, ascending.
func (h *valueHistory) eventTimes(ctx context.Context) ([]int64, error) {
	source := h.view.Source
	intake, err := engine.NewIntake(source, []*plan.View{h.view})
	if err != nil {
		return nil, err
	}
	request := &engine.ScanRequest{Source: source, Workers: 1, Feeds: []engine.FeedRequest{{
		View: h.view, Keys: h.key, From: engine.NoTime, To: math.MaxInt64, Least: engine.NoTime,
	}}}
	for i, c := range source.Columns {
		if c.Expr == nil {
			request.Columns = append(request.Columns, i)
		}
	}
	var times []int64
	err = h.node.live.state.At(h.now).Scan(ctx, request, func(_ int, c *engine.Chunk) error {
		wide := *c
		wide.Columns = make([]*batch.Column, len(source.Columns))
		for i, column := range request.Columns {
			wide.Columns[column] = c.Columns[i]
		}
		for row, at := range intake.Read(&wide).Available {
			if at == math.MaxInt64 {
				continue
			}
			// With edge before, an event is in no window that ends at its own time.
			if h.view.Edge == plan.Before {
				at = max(at, c.EventTime[row]+1)
			}
			times = append(times, at)
		}
		return nil
	})
	slices.Sort(times)
	return slices.Compact(times), err
}

// answer evaluates the view at the instants.
func (h *valueHistory) answer(ctx context.Context, request *wire.HistoryRequest, times []int64) (
	*wire.HistoryAnswer, error) {
	answer := &wire.HistoryAnswer{View: request.View, From: request.From, To: request.To, Rows: []wire.HistoryRow{}}
	if len(times) > h.limit {
		answer.Next = schema.FormatTime(times[h.limit])
		times = times[:h.limit]
	}
	if len(times) == 0 {
		return answer, nil
	}
	rows := engine.Rows{Count: len(times), Times: times}
	keys := engine.Keys{Entity: h.view.Entity}
	for _, c := range h.key {
		keys.Columns = append(keys.Columns, batch.Repeat(c.Value(0), len(times)))
	}
	rows.Roles = []engine.Keys{keys}
	var wanted []engine.Wanted
	for i := range h.view.Features {
		wanted = append(wanted, engine.Wanted{View: h.view, Feature: i})
	}
	values, _, err := engine.Evaluate(ctx, h.node.live.state.At(h.now), rows, wanted, engine.Options{Workers: 1})
	if err != nil {
		return nil, err
	}
	for row, at := range times {
		r := wire.HistoryRow{At: schema.FormatTime(at), Status: map[string]string{}}
		for i, v := range values {
			name := h.view.Features[i].Name
			r.Values = append(r.Values, wire.Member{Name: name, Value: wire.AppendCell(nil, v.Column, row)})
			if v.Status[row] != engine.Fresh {
				r.Status[name] = v.Status[row].String()
			}
		}
		answer.Rows = append(answer.Rows, r)
	}
	return answer, nil
}
