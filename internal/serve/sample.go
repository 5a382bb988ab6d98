package serve

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
)

// sample is what was asked and answered, for some rows of a request.
type sample struct {
	sampleHead
	id       string
	at       int64
	position log.Position
	rows     int
	places   []uint32          // of the rows in the request, from 0
	keys     [][]*batch.Column // by role
	request  []*batch.Column   // by field of the head
	values   []sampleValue     // by feature of the head
}

// sampleHead is what samples of equal requests have in common: they are computed again together.
type sampleHead struct {
	model    string
	served   bool
	maxAge   int64
	roles    []sampleRole
	fields   []schema.Field // of the request
	features []sampleFeature
}

// sampleRole is one entity of the rows.
type sampleRole struct {
	name   string
	entity string
	key    []schema.Field // by the names of the role's columns
}

// sampleFeature is one output. View and feature are names of definitions; name is the output's.
type sampleFeature struct {
	role                         int
	name, view, feature, version string
	kind                         schema.Type
}

// sampleValue is the values of one output.
type sampleValue struct {
	column *batch.Column
	status []sampleStatus
	time   []int64
}

// sampleStatus is a status as samples store it: the engine may number its own as it likes.
type sampleStatus uint8

const (
	sampledFresh sampleStatus = iota
	sampledMissing
	sampledExpired
	sampledDefault
	sampledError
	sampledFallback // reserved: answered by the ladder of fallbacks
	sampledStale    // reserved: answered knowing that the input lags
	sampledEnd
)

// String returns the status as it is printed.
func (s sampleStatus) String() string {
	return [...]string{"fresh", "missing", "expired", "default", "error", "fallback", "stale"}[s]
}

// storedStatus returns how samples store a status of the engine.
func storedStatus(s engine.Status) sampleStatus {
	switch s {
	case engine.Fresh:
		return sampledFresh
	case engine.Missing:
		return sampledMissing
	case engine.Expired:
		return sampledExpired
	case engine.Default:
		return sampledDefault
	case engine.Failed:
		return sampledError
	default:
		panic(fmt.Sprintf("BUG: samples have no status %d", s))
	}
}

// sampleOf takes the chosen rows of an answer.
func sampleOf(a *Answer, rows Rows, chosen []uint32) *sample {
	q := a.Query
	s := &sample{id: a.RequestID, at: a.AsOf, position: a.Position, rows: len(chosen), places: chosen}
	s.model, s.served, s.maxAge = q.Model, a.Served, a.maxAge
	for i, role := range q.Roles {
		r := sampleRole{name: role.Name, entity: role.Entity.Name}
		var columns []*batch.Column
		for k, field := range role.Entity.Key {
			r.key = append(r.key, schema.Field{Name: role.Key[k], Type: field.Type})
			columns = append(columns, batch.Gather(rows.Keys[i][k], chosen))
		}
		s.roles, s.keys = append(s.roles, r), append(s.keys, columns)
	}
	for _, field := range q.Request {
		s.fields = append(s.fields, field)
		s.request = append(s.request, batch.Gather(rows.Request[field.Name], chosen))
	}
	for i, f := range q.Features {
		s.features = append(s.features, sampleFeature{
			role: f.Role, name: f.Name, view: f.View.Name, feature: f.View.Features[f.Feature].Name,
			version: q.Versions[i], kind: q.Types[i],
		})
		v := sampleValue{column: batch.Gather(a.Values[i].Column, chosen)}
		for _, row := range chosen {
			v.status = append(v.status, storedStatus(a.Values[i].Status[row]))
			v.time = append(v.time, a.Values[i].Time[row])
		}
		s.values = append(s.values, v)
	}
	return s
}
