package serve

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/state"
)

// VerifyOptions says which samples are computed again.
type VerifyOptions struct {
	Model string // name or name@version; "": all models and lists of features
	Since int64  // answers given since then; 0: all there are
	// Limit is how many answers are looked at, the newest ones. Default 10,000.
	Limit int
	// Differences is how many of them are described. Default 20.
	Differences int
	Workers     int // default: one per processor
}

// verifyBytes bounds the samples that are held at a time; answers beyond it are passed over like
// those beyond the limit.
const verifyBytes = 64 << 20

func (o VerifyOptions) withDefaults() VerifyOptions {
	if o.Limit <= 0 {
		o.Limit = 10_000
	}
	if o.Since == 0 {
		o.Since = math.MinInt64
	}
	if o.Differences <= 0 {
		o.Differences = 20
	}
	return o
}

// Verified is what a comparison found. A value is one feature of one row.
type Verified struct {
	Answers    int   // that were looked at
	Rows       int64 // in them
	Compared   int64 // values
	Mismatched int64 // of the compared
	// Skipped counts the values that were not compared, by the reason.
	Skipped map[string]int64
	// Passed is how many older answers were not looked at, because of the limit.
	Passed int
	// Damaged is how many samples cannot be read.
	Damaged     int
	Differences []Difference // the first ones
}

// Why values are not compared.
const (
	SkippedChanged  = "the definition changed"
	SkippedIdeal    = "answered in mode ideal"
	SkippedFallback = "answered by a fallback or from stale input"
)

// Difference is one value that was served with other bits than history gives.
type Difference struct {
	RequestID string
	Model     string
	Row       int    // in the request, from 1
	Feature   string // the output's name
	Keys      []Key  // of the feature's entity
	At        int64
	// Served and Recomputed are what was answered, and what history gives.
	Served, Recomputed Cell
}

// Key is one key column of an entity, by the name that the request gives it.
type Key struct {
	Name  string
	Value schema.Value
}

// Cell is a value with its status and the time of its newest event, or engine.NoTime.
type Cell struct {
	Value  schema.Value
	Status string
	Time   int64
}

// Verify computes sampled answers again from history, as of their T, from the events that were
// visible then, and compares every bit: values, nulls, statuses and event times. Samples that are
// still being stored are waited for. What it holds in memory is bounded; history is read once for
// each kind of request.
func (s *Server) Verify(ctx context.Context, options VerifyOptions) (*Verified, error) {
	current, err := s.current()
	if err != nil {
		return nil, err
	}
	o := options.withDefaults()
	if s.options.Samples == nil || s.options.History == nil {
		return nil, &InvalidError{Message: "answers are not sampled here", Hint: "set a share of answers to sample"}
	}
	if err := s.Drain(ctx); err != nil {
		return nil, err
	}
	v := &verification{
		result: &Verified{Skipped: map[string]int64{}}, current: current, history: s.options.History, options: o,
	}
	groups, err := v.collect(ctx, s.options.Samples)
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		if err := v.compare(ctx, group); err != nil {
			return nil, err
		}
	}
	return v.result, nil
}

// collect reads the samples and groups those of equal requests, in the order they were given.
func (v *verification) collect(ctx context.Context, samples Samples) ([]*sampleGroup, error) {
	newest := &newestSamples{limit: v.options.Limit}
	read := func(stored state.Sample) error {
		s, head, err := decodeSample(stored.Body)
		if err != nil {
			v.result.Damaged++
		} else if v.wants(s.model) {
			newest.add(heldSample{s, head, len(stored.Body)})
		}
		return ctx.Err()
	}
	if err := samples.Samples(ctx, v.options.Since, math.MaxInt64, read); err != nil {
		return nil, fmt.Errorf("read samples: %w", err)
	}
	v.result.Passed = newest.passed
	var groups []*sampleGroup
	byHead := map[string]*sampleGroup{}
	for _, held := range newest.samples {
		group := byHead[held.head]
		if group == nil {
			group = &sampleGroup{sampleHead: held.sampleHead}
			byHead[held.head] = group
			groups = append(groups, group)
		}
		group.samples = append(group.samples, held.sample)
		group.rows += held.rows
		v.result.Answers++
		v.result.Rows += int64(held.rows)
	}
	return groups, nil
}

// wants reports whether answers of a model are looked at.
func (v *verification) wants(model string) bool {
	name, _, _ := strings.Cut(model, "@")
	return v.options.Model == "" || v.options.Model == name || v.options.Model == model
}

// newestSamples keeps the last samples that were added, within two bounds.
type newestSamples struct {
	limit   int
	samples []heldSample
	bytes   int
	passed  int
}

type heldSample struct {
	*sample
	head  string
	bytes int
}

func (n *newestSamples) add(s heldSample) {
	n.samples = append(n.samples, s)
	n.bytes += s.bytes
	for len(n.samples) > n.limit || n.bytes > verifyBytes && len(n.samples) > 1 {
		n.bytes -= n.samples[0].bytes
		n.samples[0] = heldSample{}
		n.samples = n.samples[1:]
		n.passed++
	}
}
