package serve

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Rows is what values are wanted for, and how.
type Rows struct {
	Count int
	// Keys has the key columns of each role of the query, in the order of its entity's key. Where
	// one is null the row has no entity.
	Keys [][]*batch.Column
	// Request has a column for each request field of the query, and no other.
	Request map[string]*batch.Column
	// AsOf asks for values as of another time than now. They are answered in mode ideal, from what
	// is known now, unless Served is set.
	AsOf *int64
	// Served asks for what serving could see at AsOf.
	Served bool
	// MaxAge, in microseconds, makes older values null; 0: any age.
	MaxAge int64
	// MinPosition waits until it is visible; the zero position waits for nothing.
	MinPosition log.Position
	// Timeout is how long the request may take; 0: what the model or the views say.
	Timeout time.Duration
}

// Answer is the values of a request, column by column in the order of the query.
type Answer struct {
	RequestID string
	Query     *Query
	Rows      int
	AsOf      int64
	Served    bool // mode as_served; else ideal
	// Position is one up to which events were visible at least; the zero position if nobody knows.
	Position log.Position
	Values   []*engine.Value
	From     string // where the values were computed from

	keys    [][]*batch.Column
	maxAge  int64
	drawn   int64 // when the request was answered
	visible int64 // the events that were visible at this time are looked at
}

// FromState is the From of an answer that was computed from the online state.
const FromState = "state"

// fewRows is how many rows one goroutine computes: below it, starting more costs more than it gains.
const fewRows = 2000

// Ask answers a request. It fails as a whole or not at all.
func (s *Server) Ask(ctx context.Context, q *Query, rows Rows) (*Answer, error) {
	if err := s.check(q, rows); err != nil {
		return nil, err
	}
	timeout := q.timeout
	if rows.Timeout > 0 {
		timeout = rows.Timeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if rows.MinPosition != (log.Position{}) {
		if s.options.Wait == nil {
			return nil, &InvalidError{Field: "min_position", Message: "this server has no positions to wait for",
				Hint: "leave out min_position"}
		}
		if err := s.options.Wait(limited, rows.MinPosition); err != nil {
			return nil, asDeadline(ctx, fmt.Sprintf("wait for position %s", rows.MinPosition), err)
		}
	}
	answer, err := s.begin(q, rows)
	if err != nil {
		return nil, err
	}
	if err := s.evaluate(limited, answer, rows); err != nil {
		return nil, asDeadline(ctx, "settle the values", err)
	}
	if s.options.Observer.Answered != nil {
		s.options.Observer.Answered(q.Model, rows.Count, len(q.Names))
	}
	s.sample(answer, rows)
	return answer, nil
}

// begin draws the id and the time of a request. The position is read first: what is visible by then
// is visible at T too.
func (s *Server) begin(q *Query, rows Rows) (*Answer, error) {
	var random [12]byte
	if _, err := io.ReadFull(s.options.Random, random[:]); err != nil {
		return nil, fmt.Errorf("draw a request id: %w", err)
	}
	a := &Answer{
		RequestID: hex.EncodeToString(random[:]), Query: q, Rows: rows.Count, From: FromState,
		Served: rows.AsOf == nil || rows.Served, keys: rows.Keys, maxAge: rows.MaxAge,
	}
	if s.options.Position != nil {
		a.Position = s.options.Position()
	}
	now, err := s.options.Timeline.Read()
	if err != nil {
		return nil, fmt.Errorf("draw the time of a request: %w", err)
	}
	a.AsOf, a.drawn, a.visible = now, now, now
	if rows.AsOf == nil {
		return a, nil
	}
	a.AsOf = *rows.AsOf
	if !rows.Served {
		return a, nil // everything that is known now may count, whenever it became visible
	}
	if a.AsOf > now {
		return nil, &InvalidError{
			Field:   "as_of",
			Message: "what is served at " + schema.FormatTime(a.AsOf) + " is not known yet",
			Hint:    "leave out as_of, or ask in mode ideal",
		}
	}
	a.visible, a.Position = a.AsOf, log.Position{}
	return a, nil
}

// evaluate settles the values.
func (s *Server) evaluate(ctx context.Context, a *Answer, rows Rows) error {
	wanted := engine.Rows{Count: rows.Count, Times: repeat(a.AsOf, rows.Count), Request: rows.Request}
	for i, role := range a.Query.Roles {
		wanted.Roles = append(wanted.Roles, engine.Keys{Entity: role.Entity, Columns: rows.Keys[i]})
	}
	if a.Served {
		wanted.Served = servedSince(a.Query.current)
	}
	options := engine.Options{Workers: 1, MaxAge: rows.MaxAge}
	if rows.Count > fewRows {
		options.Workers = 0
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	a.Values, _, err = a.Query.prepared.Evaluate(ctx, s.options.State(a.visible), wanted, options)
	return err
}

func servedSince(c *Current) *engine.Served {
	if c.Since == nil {
		return &engine.Served{Since: func(*plan.View) int64 { return engine.NoTime }}
	}
	return &engine.Served{Since: c.Since}
}

func repeat(x int64, n int) []int64 {
	all := make([]int64, n)
	for i := range all {
		all[i] = x
	}
	return all
}
