package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// naive decides as the rules say, with a map and a list, and shares no code with the ingester.
type naive struct {
	now         int64
	ids         map[string]naiveEvent
	nulls       int
	quarantine  [][]naiveRow // by request
	in          int64
	accepted    int64
	duplicates  int64
	quarantined int64
}

type naiveEvent struct{ eventTime, received int64 }

// naiveRow is a row before it is text. A broken one is bad whatever the time.
type naiveRow struct {
	id        string // "": null
	eventTime int64
	broken    string // the code
	text      string
}

// judge returns the code of a bad row, "duplicate", or nothing, and remembers an accepted one.
func (m *naive) judge(r naiveRow) string {
	if r.broken != "" {
		return r.broken
	}
	if r.eventTime > m.now+5*minute {
		return "too_far_in_future"
	}
	if r.id == "" {
		m.nulls++
		return ""
	}
	before, known := m.ids[r.id]
	if known && before.received >= m.now-day {
		if before.eventTime == r.eventTime {
			return "duplicate"
		}
		return "id_conflict"
	}
	m.ids[r.id] = naiveEvent{r.eventTime, m.now}
	return ""
}

func (m *naive) push(rows []naiveRow) (accepted, duplicates int64, bad []string) {
	var kept []naiveRow
	for i, r := range rows {
		switch verdict := m.judge(r); verdict {
		case "":
			accepted++
		case "duplicate":
			duplicates++
		default:
			bad = append(bad, fmt.Sprintf("%d:%s", i+1, verdict))
			kept = append(kept, r)
		}
	}
	m.in += int64(len(rows))
	m.accepted += accepted
	m.duplicates += duplicates
	m.quarantined += int64(len(kept))
	m.quarantine = append(m.quarantine, kept)
	return accepted, duplicates, bad
}

func (m *naive) retry() (accepted, duplicates, bad int64) {
	for i, rows := range m.quarantine {
		var kept []naiveRow
		for _, r := range rows {
			if r.broken == "bad_record" {
				kept = append(kept, r) // not tried
				continue
			}
			switch m.judge(r) {
			case "":
				accepted++
			case "duplicate":
				duplicates++
			default:
				bad++
				kept = append(kept, r)
			}
		}
		m.quarantine[i] = kept
	}
	m.in += accepted + duplicates
	m.accepted += accepted
	m.duplicates += duplicates
	return accepted, duplicates, bad
}

func (m *naive) listed() (n int) {
	for _, rows := range m.quarantine {
		n += len(rows)
	}
	return n
}

// randomRow draws a row: mostly good ones, of few ids, so that they meet again.
func randomRow(rng *rand.Rand, now int64) naiveRow {
	r := naiveRow{id: fmt.Sprintf("i%d", rng.IntN(300))}
	r.eventTime = noon - int64(len(r.id))*second // the same for each id
	switch rng.IntN(12) {
	case 0:
		r.eventTime += int64(rng.IntN(3)) * second
	case 1:
		r.eventTime = now + 4*minute + int64(rng.IntN(120))*second
	case 2:
		r.id = ""
	}
	id := "null"
	if r.id != "" {
		id = fmt.Sprintf("%q", r.id)
	}
	more := ""
	switch rng.IntN(20) {
	case 0:
		r.broken, more = "bad_type", `,"amount":"much"`
	case 1:
		r.broken, more = "unknown_field", `,"colour":1`
	case 2:
		r.broken, more = "bad_record", `,"n":1,"n":2`
	case 3:
		r.broken = "null_time"
		r.text = fmt.Sprintf("{\"id\":%s}\n", id)
		return r
	}
	r.text = fmt.Sprintf("{\"id\":%s,\"ts\":%q%s}\n", id, schema.FormatTime(r.eventTime), more)
	return r
}

func TestAgainstNaive(t *testing.T) {
	t.Parallel()
	const seed = 20261123
	rng := rand.New(rand.NewPCG(seed, 0))
	f := newFixture(t).open()
	m := &naive{now: noon, ids: map[string]naiveEvent{}}
	requests, retries, reopened, resolved := 0, 0, 0, int64(0)
	for requests < 600 && !t.Failed() {
		switch action := rng.IntN(40); {
		case action == 0:
			f.reopen()
			reopened++
		case action == 1:
			retries++
			accepted, duplicates, bad := m.retry()
			r, err := f.in.Retry(t.Context(), "payments")
			if err != nil {
				t.Fatal(err)
			}
			f.counts(r, accepted, duplicates, bad)
			resolved += accepted + duplicates
		case action < 6:
			steps := []int64{second, 3 * minute, 2 * 3600 * second, 13 * 3600 * second}
			m.now = f.wall.Advance(steps[rng.IntN(len(steps))])
		default:
			requests++
			naivePush(f, m, rng)
		}
		if t.Failed() {
			t.Logf("seed %d, request %d", seed, requests)
		}
	}
	f.close()
	ids, nulls, counts := f.state.(*fake).rows()
	if counts.In != m.in || counts.Accepted != m.accepted || counts.Duplicates != m.duplicates ||
		counts.Quarantined != m.quarantined || nulls != m.nulls || len(ids) != len(m.ids) {
		t.Errorf("state has %+v, %d ids and %d without; want %+v", counts, len(ids), nulls, m)
	}
	for id, event := range m.ids {
		if ids[id] != event.eventTime {
			t.Errorf("event %s has time %d, want %d", id, ids[id], event.eventTime)
		}
	}
	t.Logf("seed %d: %d requests, %d retries that settled %d rows, %d openings; %+v",
		seed, requests, retries, resolved, reopened, counts)
	if retries < 8 || resolved < 20 || reopened < 8 || m.duplicates < 500 || m.quarantined < 500 {
		t.Error("not enough was exercised")
	}
}

// naivePush sends one request to both.
func naivePush(f *fixture, m *naive, rng *rand.Rand) {
	var rows []naiveRow
	text := ""
	for range 1 + rng.IntN(12) {
		row := randomRow(rng, m.now)
		rows = append(rows, row)
		text += row.text
	}
	accepted, duplicates, bad := m.push(rows)
	r := f.push(text)
	f.counts(r, accepted, duplicates, int64(len(bad)))
	var got []string
	for _, q := range r.Quarantined {
		got = append(got, fmt.Sprintf("%d:%s", q.Row, q.Code))
	}
	if fmt.Sprint(got) != fmt.Sprint(bad) {
		f.t.Errorf("quarantined %v, want %v", got, bad)
	}
	if err := f.in.Wait(f.t.Context(), r.Position); err != nil {
		f.t.Error(err)
	}
	if m.in%8 != 0 {
		return // listing costs a look at every record
	}
	entries, err := f.in.Quarantine(f.t.Context(), "payments", 1<<20)
	if err != nil || len(entries) != m.listed() {
		f.t.Errorf("%d rows in quarantine, want %d: %v", len(entries), m.listed(), err)
	}
}
