package serve

import (
	"github.com/fettle-ml/fettle/internal/engine"
)

// Why a value is what it is, where its status alone does not say it.
const (
	ReasonNullKey  = "null_key"  // a key column is null: there is no entity
	ReasonNoEvents = "no_events" // null, and no event contributed
	ReasonNull     = "null"      // events contributed, and null is what they say
	ReasonExpires  = "expires"   // the newest event is older than the feature's expires
	ReasonMaxAge   = "max_age"   // the newest event is older than the request allows
	ReasonInput    = "input"     // a feature that it reads has expired
	ReasonCap      = "cap"       // more distinct values than are counted
)

// EventTime returns the time of the newest event that a value rests on, or engine.NoTime.
func (a *Answer) EventTime(feature, row int) int64 { return a.Values[feature].Time[row] }

// Age returns how old a value is at T in microseconds. There is no age without an event time.
func (a *Answer) Age(feature, row int) (age int64, known bool) {
	at := a.Values[feature].Time[row]
	return a.AsOf - at, at != engine.NoTime
}

// Reason says why a value is null or was replaced; "" for a value that events gave. It tells what a
// default stands for.
func (a *Answer) Reason(feature, row int) string {
	v := a.Values[feature]
	status := v.Status[row]
	if status == engine.Fresh && !v.Column.IsNull(row) {
		return ""
	}
	if a.nullKey(feature, row) {
		return ReasonNullKey
	}
	at := v.Time[row]
	wanted := a.Query.Features[feature]
	expires := wanted.View.Features[wanted.Feature].Expires
	switch {
	case status == engine.Failed:
		return ReasonCap
	case at == engine.NoTime:
		if status == engine.Expired {
			return ReasonInput
		}
		return ReasonNoEvents
	case expires > 0 && v.Boundary[row]-at > expires:
		return ReasonExpires
	case a.maxAge > 0 && a.AsOf-at > a.maxAge:
		return ReasonMaxAge
	case status == engine.Expired:
		return ReasonInput
	default:
		return ReasonNull
	}
}

// nullKey reports whether the row has no entity for the role of a feature.
func (a *Answer) nullKey(feature, row int) bool {
	for _, c := range a.keys[a.Query.Features[feature].Role] {
		if c.IsNull(row) {
			return true
		}
	}
	return false
}
