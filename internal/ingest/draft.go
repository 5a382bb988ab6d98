package ingest

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/state"
)

// The codes of quarantined rows, besides those of package source/file and format.
const (
	tooFarInFuture = "too_far_in_future"
)

// draft is a request that is parsed and typed, on its way to a decision.
type draft struct {
	request *PushRequest
	source  state.Source
	body    *file.Body
	limit   int // bytes of one record
	hash    [sha256.Size]byte
	retried []retried // rows of the quarantine that the body is made of; nil: it is a new request

	ids     []string         // different ones
	id      []int32          // by row, its place in ids; -1: none. nil: the source has no id
	known   []state.Identity // by id: what state knew
	outcome *outcome         // the last one that was worked out, with its payloads
}

// verdict is what becomes of a row.
type verdict uint8

const (
	accepted verdict = iota
	duplicate
	unreadable // parsing found it bad
	conflicting
	inFuture
)

// outcome is the decision about a request.
type outcome struct {
	verdicts []verdict
	rows     []uint32 // the accepted ones
	counts   state.Counts
	bad      []BadRow
	codes    map[string]int64
	header   []byte
	resolved []RowID
	payloads [][]byte
	bytes    int
}

// newDraft parses a request and numbers its ids. It is the costly part, and holds no lock.
func (g *Ingester) newDraft(request *PushRequest, source state.Source) (*draft, error) {
	body, err := readBody(source.Plan, request, g.options.MaxRows)
	if err != nil {
		return nil, err
	}
	d := &draft{request: request, source: source, body: body, limit: g.options.RecordBytes}
	if request.IdempotencyKey != "" {
		d.hash = sha256.Sum256(request.Body)
	}
	texts := identities(source.Plan, body)
	if texts == nil {
		return d, nil
	}
	d.id = make([]int32, body.Rows)
	places := make(map[string]int32, body.Rows)
	for i, text := range texts {
		d.id[i] = -1
		if text == "" {
			continue
		}
		place, found := places[text]
		if !found {
			place = int32(len(d.ids))
			places[text] = place
			d.ids = append(d.ids, text)
		}
		d.id[i] = place
	}
	return d, nil
}

// decide works out what becomes of the rows if they were received at a time and identities are what
// is known of the ids. It changes neither. If that is what was worked out before, so is its
// encoding, which is the costly part.
func (d *draft) decide(received int64, known []state.Identity) (*outcome, error) {
	verdicts := d.verdicts(received, slices.Clone(known))
	if d.outcome != nil && slices.Equal(d.outcome.verdicts, verdicts) {
		return d.outcome, nil
	}
	o := &outcome{verdicts: verdicts, codes: map[string]int64{}}
	for i, v := range verdicts {
		switch v {
		case accepted:
			o.counts.Accepted++
			o.rows = append(o.rows, uint32(i))
		case duplicate:
			o.counts.Duplicates++
		default:
			o.counts.Quarantined++
		}
	}
	o.counts.In = int64(len(verdicts))
	d.quarantine(o)
	if err := d.encode(o); err != nil {
		return nil, err
	}
	d.outcome = o
	return o, nil
}

// verdicts judges row by row. known is what is known of each id, and learns from accepted rows: only
// they use up their id, so that a bad row can be sent again.
func (d *draft) verdicts(received int64, known []state.Identity) []verdict {
	out := make([]verdict, d.body.Rows)
	// The bound is that of this decision; a retry has a later one.
	latest := received + d.source.Plan.MaxFuture
	for i, at := range d.body.EventTime {
		var same *state.Identity
		if d.id != nil && d.id[i] >= 0 {
			same = &known[d.id[i]]
		}
		switch {
		case d.body.BadRows != nil && d.body.BadRows[i]:
			out[i] = unreadable
		case at > latest:
			out[i] = inFuture
		case same == nil:
		case !same.Known:
			*same = state.Identity{Known: true, EventTime: at}
		case same.EventTime == at:
			out[i] = duplicate
		default:
			out[i] = conflicting
		}
	}
	return out
}

// quarantine lists the bad rows of an outcome, the first of them if there are many.
func (d *draft) quarantine(o *outcome) {
	if o.counts.Quarantined == 0 {
		return
	}
	for code, rows := range d.body.Codes {
		o.codes[code] += rows
	}
	parsed := problems(d.body.Bad)
	columns := d.source.Plan.Columns
	for i, v := range o.verdicts {
		var p Problem
		switch v {
		case conflicting:
			p = newProblem(columns[d.source.Plan.ID].Name, file.IDConflict, fmt.Sprintf(
				"an event with the id %.60s was there before, with another event time",
				d.body.Columns[d.source.Plan.ID].Value(i)))
		case inFuture:
			p = newProblem(columns[d.source.Plan.EventTime.Column].Name, tooFarInFuture, fmt.Sprintf(
				"the event time is more than %d s after the time of receipt; check the sender's clock",
				d.source.Plan.MaxFuture/1_000_000))
		case unreadable:
			if len(parsed) > 0 && parsed[0].Row == int64(i)+1 && len(o.bad) < maxListed {
				o.bad = append(o.bad, parsed[0])
			}
			if len(parsed) > 0 && parsed[0].Row == int64(i)+1 {
				parsed = parsed[1:]
			}
			continue
		default:
			continue
		}
		o.codes[p.Code]++
		if len(o.bad) < maxListed {
			o.bad = append(o.bad, BadRow{Row: int64(i) + 1, Problems: []Problem{p}})
		}
	}
	o.header = keepTexts(o.bad, d.source.Plan, d.request, d.body)
}

// encode makes the payloads of an outcome. A retry records only what it settles.
func (d *draft) encode(o *outcome) error {
	r := &Record{Key: d.request.IdempotencyKey, Body: d.hash,
		Duplicates: o.counts.Duplicates, Quarantined: o.counts.Quarantined,
		Format: textFormat(d.request.Format), Header: o.header, Bad: o.bad}
	if d.retried != nil {
		r.Retry, r.Quarantined, r.Bad = true, 0, nil
		for i, v := range o.verdicts {
			if v == accepted || v == duplicate {
				r.Resolved = append(r.Resolved, d.retried[i].RowID)
			}
		}
		o.resolved = r.Resolved
	}
	rows := selection{d.body.EventTime, d.body.Columns, o.rows}
	payloads, err := encodeRequest(r, rows, d.limit)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	}
	o.payloads, o.bytes = payloads, 0
	for _, payload := range payloads {
		o.bytes += len(payload)
	}
	return nil
}

// records makes the log records of an outcome.
func (o *outcome) records(source uint32, received int64) []log.Record {
	list := make([]log.Record, len(o.payloads))
	for i, payload := range o.payloads {
		list[i] = log.Record{Op: log.Insert, Target: source, ReceivedAt: received, Payload: payload}
	}
	return list
}

// late counts the accepted rows by how long after their event they came. A late event is counted,
// never treated otherwise.
func (o *outcome) late(d *draft, received int64) (late [lateBounds + 1]int64) {
	for _, row := range o.rows {
		late[lateBucket(received-d.body.EventTime[row])]++
	}
	return late
}
