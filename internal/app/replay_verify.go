package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
	"github.com/fettle-ml/fettle/internal/train"
	"github.com/fettle-ml/fettle/internal/wire"
)

// replayTimeout bounds one answer of a replay: nobody waits for it, so it is generous.
const replayTimeout = time.Minute

// compare asks for every row at its time and compares the answers with what training computes.
func (r *replay) compare(ctx context.Context, rows engine.Rows, want []*engine.Value, limit int) (
	_ *wire.VerifyAnswer, err error) {
	answer := &wire.VerifyAnswer{
		Requests: int64(rows.Count), Skipped: map[string]int64{}, Mismatches: []wire.Mismatch{},
	}
	if r.query, err = r.server.Resolve(r.selection.Model, r.selection.Names()); err != nil {
		return nil, err
	}
	byTime := map[int64][]uint32{}
	for row := range rows.Count {
		if !rows.Known(row) {
			answer.Skipped["rows without a time or key"] += int64(len(want))
			continue
		}
		byTime[rows.Times[row]] = append(byTime[rows.Times[row]], uint32(row))
	}
	instants, err := r.instants(rows.Times, rows.Valid)
	if err != nil {
		return nil, err
	}
	for _, at := range instants {
		if err := r.advance(ctx, at); err != nil {
			return nil, err
		}
		asked := byTime[at]
		if len(asked) == 0 {
			continue
		}
		got, err := r.ask(ctx, rows, asked)
		if err != nil {
			return nil, err
		}
		if got.AsOf != at {
			return nil, errors.New("BUG: the clock of the replay is not where it should be")
		}
		for i, row := range asked {
			r.judge(answer, limit, got, want, i, int(row))
		}
	}
	answer.EventsApplied, answer.OnlineReads = r.events, r.reads
	return answer, nil
}

// ask asks the serving path for the rows of one instant.
func (r *replay) ask(ctx context.Context, rows engine.Rows, asked []uint32) (*serve.Answer, error) {
	wanted := serve.Rows{Count: len(asked), Request: map[string]*batch.Column{}, Timeout: replayTimeout}
	for _, role := range rows.Roles {
		var keys []*batch.Column
		for _, c := range role.Columns {
			keys = append(keys, batch.Gather(c, asked))
		}
		wanted.Keys = append(wanted.Keys, keys)
	}
	for _, field := range r.query.Request {
		wanted.Request[field.Name] = batch.Gather(rows.Request[field.Name], asked)
	}
	r.reads += int64(len(asked))
	return r.server.Ask(ctx, r.query, wanted)
}

// judge compares the features of one row, bit for bit, and lists the first ones that differ.
func (r *replay) judge(answer *wire.VerifyAnswer, limit int, got *serve.Answer, want []*engine.Value, i, row int) {
	for f, v := range want {
		answer.Compared++
		served, trained := got.Values[f], v
		if served.Status[i] == trained.Status[row] && batch.Same(served.Column, i, trained.Column, row) {
			continue
		}
		answer.Mismatched++
		if len(answer.Mismatches) >= limit {
			continue
		}
		m := wire.Mismatch{
			RequestID: got.RequestID, Row: int64(row) + 1, Feature: r.query.Names[f], AsOf: schema.FormatTime(got.AsOf),
			Served: wire.AppendCell(nil, served.Column, i), ServedStatus: served.Status[i].String(),
			Computed: wire.AppendCell(nil, trained.Column, row), ComputedStatus: trained.Status[row].String(),
		}
		answer.Mismatches = append(answer.Mismatches, m)
	}
}

// verifyLabels replays the history of the node and compares what it would have served at the times
// of the labels with what training computes.
func (n operations) verifyLabels(ctx context.Context, request *wire.VerifyRequest) (_ *wire.VerifyAnswer, err error) {
	folder := n.directory.name(jobsDir, "verify-"+rand.Text())
	if err := n.directory.disk.MkdirAll(folder); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, removeAll(n.directory.disk, folder)) }()
	o := TrainOptions{Model: request.Model, Features: request.Features, Time: request.Time, Timezone: request.Timezone}
	if o.Labels, err = n.labelFile(request.Labels, folder); err != nil {
		return nil, err
	}
	a, err := appliedOf(n.registry.Current()) // a copy: the replay changes its plan
	if err != nil {
		return nil, err
	}
	selection, err := selectFeatures(a.plan, o)
	if err != nil {
		return nil, err
	}
	labels, closeLabels, err := n.project.openLabels(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeLabels()) }()
	return n.replayed(ctx, a.plan, selection, labels, cmp.Or(request.Limit, 100))
}

// replayed computes the rows of the labels on both roads, which have the history and the
// definitions in common and nothing else.
func (n *Node) replayed(ctx context.Context, p *plan.Plan, s *plan.Selection, labels *train.Labels, limit int) (
	_ *wire.VerifyAnswer, err error) {
	for _, source := range s.Sources() {
		if source.Op != nil {
			return nil, usageError("the events of "+source.Name+
				" are corrected by op, which the online road does not take",
				"name features of other sources with --features")
		}
	}
	history := n.project.events(n, s, 0)
	rows, err := train.ReadRows(ctx, s, labels, history, train.Options{})
	if err != nil {
		return nil, err
	}
	var wanted []engine.Wanted
	for _, f := range s.Features {
		wanted = append(wanted, engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature})
	}
	want, _, err := engine.Evaluate(ctx, history, rows, wanted, engine.Options{})
	if err != nil {
		return nil, err
	}
	r, err := newReplay(ctx, p, s, history)
	if err != nil {
		return nil, err
	}
	r.corrupt = n.corrupt
	answer, err := r.compare(ctx, rows, want, limit)
	return answer, errors.Join(err, r.close(ctx))
}
