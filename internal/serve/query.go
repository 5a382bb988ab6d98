package serve

import (
	"fmt"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Query is what can be asked again and again: the features of a model, or a list of them. It is
// resolved against the definitions of one moment.
type Query struct {
	Model    string // name@version, or "" for a list of features
	Roles    []plan.Role
	Features []plan.ModelFeature // in the order of the answer
	Names    []string            // of the outputs, as Features has them
	Versions []string            // of the features
	Types    []schema.Type
	// Request is the request fields that must be given, and Needed names a feature that reads each.
	Request []schema.Field
	Needed  map[string]string

	current  *Current
	prepared *engine.Prepared
	timeout  time.Duration
	rate     float64 // the share of entities whose answers are sampled
}

// longestKey bounds the text under which a query is kept, and with it the memory of all of them. A
// longer list of features is resolved each time.
const longestKey = 16 << 10

// Resolve finds what a request asks for: either a model, by name or as name@version, or a list of
// features. Query and definitions are kept, so asking again is cheap.
func (s *Server) Resolve(model string, features []string) (*Query, error) {
	current, err := s.current()
	if err != nil {
		return nil, err
	}
	key := model
	switch {
	case model != "" && len(features) > 0:
		return nil, &InvalidError{Message: "both a model and features are asked for", Hint: "leave out one of them"}
	case model == "" && len(features) == 0:
		return nil, &InvalidError{Message: "neither a model nor features are asked for",
			Hint: `give "model": "NAME" or "features": ["VIEW.FEATURE"]`}
	case model == "":
		// No name has a line break in it, so models and lists cannot meet.
		key = "\n" + strings.Join(features, "\n")
	}
	if q := s.known(current, key); q != nil {
		return q, nil
	}
	var selection *plan.Selection
	if model != "" {
		selection, err = plan.ForModel(current.Plan, model)
	} else {
		selection, err = plan.ForFeatures(current.Plan, features)
	}
	if err != nil {
		return nil, asRefusal(err)
	}
	q, err := s.newQuery(current, selection)
	if err != nil {
		return nil, err
	}
	s.keep(current, key, q)
	return q, nil
}

// known returns a query that was resolved before. Those of other definitions are forgotten.
func (s *Server) known(current *Current, key string) *Query {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.plan != current.Plan {
		s.plan = current.Plan
		clear(s.queries)
	}
	return s.queries[key]
}

// keep remembers a query. When there are too many any other one goes: it costs what resolving it
// again costs, and no more.
func (s *Server) keep(current *Current, key string, q *Query) {
	if len(key) > longestKey {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.plan != current.Plan {
		return
	}
	if len(s.queries) >= s.options.Queries {
		for other := range s.queries {
			delete(s.queries, other)
			break
		}
	}
	s.queries[key] = q
}

func (s *Server) newQuery(current *Current, selection *plan.Selection) (*Query, error) {
	q := &Query{
		Model: selection.Model, Roles: selection.Roles, Features: selection.Features,
		current: current, rate: s.options.SampleRate,
	}
	for _, source := range selection.Sources() {
		if source.Unchecked {
			return nil, &InvalidError{
				Message: fmt.Sprintf("source %s has no known columns", source.Name),
				Hint:    "declare its fields: and apply again",
			}
		}
	}
	var err error
	if q.Request, q.Needed, err = selection.Requests(); err != nil {
		return nil, asRefusal(err)
	}
	var wanted []engine.Wanted
	for _, f := range q.Features {
		feature := f.View.Features[f.Feature]
		q.Names = append(q.Names, f.Name)
		q.Versions = append(q.Versions, feature.Version)
		q.Types = append(q.Types, feature.Type)
		wanted = append(wanted, engine.Wanted{Role: f.Role, View: f.View, Feature: f.Feature})
		q.timeout = max(q.timeout, time.Duration(f.View.Timeout)*time.Microsecond)
	}
	q.prepared = engine.Prepare(wanted)
	for _, m := range current.Plan.Models {
		if q.Model != fmt.Sprintf("%s@%d", m.Name, m.Version) {
			continue
		}
		if m.Timeout > 0 {
			q.timeout = time.Duration(m.Timeout) * time.Microsecond
		}
		if m.Log.Sample > 0 {
			q.rate = m.Log.Sample
		}
	}
	if q.timeout == 0 {
		q.timeout = s.options.Timeout
	}
	return q, nil
}
