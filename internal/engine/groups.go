package engine

import (
	"context"
	"errors"
	"slices"
)

// EvaluateGroups settles the wanted features for groups of rows, and gives emit the values of one
// group after the other: no more of them are in memory at a time. A source is read once for all
// groups, unless a feature follows a link, whose keys are values themselves: then it is read for
// each group. The values are those that Evaluate gives, and so is the report.
func EvaluateGroups(ctx context.Context, events Events, groups []Rows, wanted []Wanted,
	options Options, emit func(group int, values []*Value) error) (*Report, error) {
	emitted := false
	once := func(group int, values []*Value) error {
		emitted = true
		return emit(group, values)
	}
	report, err := evaluateGroups(ctx, events, groups, wanted, options, once)
	if errors.Is(err, errLate) && !emitted {
		return evaluateGroups(ctx, singlePass{events}, groups, wanted, options, emit)
	}
	return report, err
}

// singlePass hides that a source can be read twice.
type singlePass struct{ Events }

// Scan asks for the scan that takes the place of those before.
func (s singlePass) Scan(ctx context.Context, request *ScanRequest,
	emit func(worker int, chunk *Chunk) error) error {
	anew := *request
	anew.Pass = Anew
	return s.Events.Scan(ctx, &anew, emit)
}

func evaluateGroups(ctx context.Context, events Events, groups []Rows, wanted []Wanted,
	options Options, emit func(group int, values []*Value) error) (_ *Report, err error) {
	options = options.withDefaults()
	shared := &programs{}
	m := newMemory(options)
	defer func() { err = errors.Join(err, m.close()) }()
	evaluations := make([]*evaluation, len(groups))
	for i, rows := range groups {
		e := newEvaluation(rows, options, shared)
		e.memory = m
		if err := e.want(wanted); err != nil {
			return nil, err
		}
		evaluations[i] = e
	}
	g := &groupScans{events: events, evaluations: evaluations}
	apart := slices.ContainsFunc(evaluations[0].order, func(t *task) bool { return !t.keys.ready() })
	if !apart {
		if err := g.scan(ctx, options); err != nil {
			return nil, err
		}
	}
	report := evaluations[0].report
	for i, e := range evaluations {
		if apart {
			err = e.foldAll(ctx, events)
		} else {
			err = g.fold(ctx, i)
		}
		if err != nil {
			return nil, err
		}
		values, err := e.values(wanted)
		if err != nil {
			return nil, err
		}
		evaluations[i] = nil // the values may go before the next group is folded
		if err := emit(i, values); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// groupScans is the scans of groups whose sources are read together. Groups want the same of a
// source, each with its own entities, so that each has feeds of its own.
type groupScans struct {
	events      Events
	evaluations []*evaluation
	scans       []*sourceScan
	feeds       [][][]*feed // by group and scan
}

// scan reads every source once, for the feeds of all groups.
func (g *groupScans) scan(ctx context.Context, options Options) error {
	g.feeds = make([][][]*feed, len(g.evaluations))
	for i, e := range g.evaluations {
		scans, _, err := e.nextScans()
		if err != nil {
			return err
		}
		for k, s := range scans {
			g.feeds[i] = append(g.feeds[i], s.feeds)
			if i == 0 {
				g.scans, s.memory = append(g.scans, s), e.memory
				continue
			}
			if !slices.Equal(s.columns, g.scans[k].columns) {
				panic("BUG: groups read different columns of a source")
			}
			for _, f := range s.feeds {
				f.scan = g.scans[k]
			}
			g.scans[k].feeds = append(g.scans[k].feeds, s.feeds...)
		}
	}
	for _, s := range g.scans {
		if err := s.run(ctx, g.events, options); err != nil {
			return err
		}
		g.evaluations[0].count(s)
		s.feeds = nil // each group lets go of its own
	}
	return nil
}

// fold folds the feeds of a group.
func (g *groupScans) fold(ctx context.Context, group int) error {
	for k, s := range g.scans {
		if err := g.evaluations[group].foldFeeds(ctx, g.events, s, g.feeds[group][k]); err != nil {
			return err
		}
	}
	g.feeds[group] = nil
	return nil
}
