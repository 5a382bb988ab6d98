package app

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/ingest"
)

// crashJournal is what the clients of crashing lives know: every request that they sent and every
// answer that they got. It decides by itself, with lists and maps, what must be there.
type crashJournal struct {
	rng     *rand.Rand
	wall    int64 // the clients' clock
	serial  int64 // the last tag
	pushes  []*crashPush
	recent  []*crashRow // rows whose ids may be sent again
	rows    map[int64]*crashRow
	present [2][]*crashRow // by source, what is known to be there
	totals  [2]crashTotals
}

// crashTotals counts rows of requests that are known to be in.
type crashTotals struct{ in, accepted, duplicates, quarantined int64 }

func (c *crashTotals) add(rows, accepted, bad int64) {
	c.in += rows
	c.accepted += accepted
	c.quarantined += bad
	c.duplicates += rows - accepted - bad
}

// crashRow is a row of a request. Each has a tag of its own, also one that repeats an id.
type crashRow struct {
	tag        int64
	source     int
	id         string // "": the source has none
	at         int64
	card, shop string
	amount     float64
	null       bool // the amount is
	text       string
	bad        bool
	fate       crashFate
}

// crashFate is whether a row is there: not known, or for ever.
type crashFate uint8

const (
	unknownFate crashFate = iota
	isIn
	isOut
)

// crashPush is a request, which may be sent more than once.
type crashPush struct {
	source  int
	rows    []*crashRow
	request ingest.PushRequest
	bad     int64
	result  *ingest.PushResult // nil: not acknowledged
	state   pushState
	behind  uint64 // its place in the log, if any, comes after this one
	flying  bool   // it is being sent
}

// pushState is whether a request is in. One of which no row is new leaves no trace in the rows: it
// is vague.
type pushState uint8

const (
	pushUnknown pushState = iota
	pushIn
	pushOut
	pushVague
)

const (
	crashStart = int64(1_790_000_000_000_000)
	crashCards = 5
	crashShops = 3
	hourMicros = int64(3_600_000_000)
)

var crashSources = [...]string{"sales", "clicks"}

// draw makes a request of new rows, rows that repeat an id, and bad ones.
func (j *crashJournal) draw(rng *rand.Rand) *crashPush {
	p := &crashPush{source: rng.IntN(2)}
	var body strings.Builder
	atomic := rng.IntN(6) == 0
	for range 1 + rng.IntN(4) {
		row := j.drawRow(rng, p.source)
		if row.bad {
			p.bad++
		}
		p.rows = append(p.rows, row)
		body.WriteString(row.text)
	}
	p.request = ingest.PushRequest{Source: crashSources[p.source], Format: format.JSONL,
		Body: []byte(body.String()), MaxBad: -1, Atomic: atomic}
	if rng.IntN(3) == 0 {
		p.request.IdempotencyKey = fmt.Sprint("key", p.rows[0].tag)
	}
	j.pushes = append(j.pushes, p)
	return p
}

func (j *crashJournal) drawRow(rng *rand.Rand, source int) *crashRow {
	j.serial++
	row := &crashRow{tag: j.serial, source: source, card: fmt.Sprint("c", rng.IntN(crashCards)),
		shop: fmt.Sprint("s", rng.IntN(crashShops))}
	row.amount = []float64{0.1, 0.2, 1e16, -1e16, 3.25, float64(rng.IntN(1000)) / 7}[rng.IntN(6)]
	row.null = rng.IntN(10) == 0
	// No two events have one time: the tag is in its last digits. Late ones come as often as not.
	late := []int64{0, 0, 50 * 60, 23 * 3600, 26 * 3600}[rng.IntN(5)]
	row.at = (j.wall/1e6-rng.Int64N(late+2)-1)*1e6 + row.tag%1e6
	if source == 0 {
		row.id = fmt.Sprint("i", row.tag)
		if n := len(j.recent); n > 0 && rng.IntN(3) == 0 {
			same := j.recent[n-1-rng.IntN(min(n, 6))]
			row.id, row.at, row.card, row.shop = same.id, same.at, same.card, same.shop
			row.amount, row.null = same.amount, same.null
		}
	}
	more := ""
	switch rng.IntN(24) {
	case 0:
		row.bad, more = true, `,"colour":1`
	case 1:
		row.bad, row.at = true, j.wall+48*hourMicros+row.tag
	case 2:
		// An id that is known to be there, with another time.
		if source == 0 && len(j.present[0]) > 0 {
			row.bad = true
			row.id = j.present[0][rng.IntN(len(j.present[0]))].id
			row.at = crashStart - 1 - row.tag
		}
	}
	row.text = row.line(more)
	j.rows[row.tag] = row
	if source == 0 && !row.bad {
		j.recent = append(j.recent, row)
	}
	return row
}

func (r *crashRow) line(more string) string {
	amount := "null"
	if !r.null {
		amount = fmt.Sprintf("%g", r.amount)
	}
	id := ""
	if r.id != "" {
		id = fmt.Sprintf(`"id":%q,`, r.id)
	}
	return fmt.Sprintf("{%s\"tag\":%d,\"card\":%q,\"shop\":%q,\"amount\":%s,\"at\":%q%s}\n", id, r.tag,
		r.card, r.shop, amount, time.UnixMicro(r.at).UTC().Format("2006-01-02T15:04:05.000000Z"), more)
}

// send notes that a request is on its way, perhaps again: one that was not there may be from now on.
func (j *crashJournal) send(p *crashPush) {
	if p.state == pushOut || p.state == pushVague {
		p.state = pushUnknown
		for _, row := range p.rows {
			row.fate = unknownFate
		}
	}
}

// acknowledge enters an answer. It returns what is wrong with it.
func (j *crashJournal) acknowledge(p *crashPush, before pushState, result *ingest.PushResult) error {
	known, n := p.result, int64(len(p.rows))
	switch {
	case result.Accepted+result.Duplicates+result.QuarantinedRows != n || result.QuarantinedRows != p.bad:
		return fmt.Errorf("%d rows, %d of them bad, were answered by %+v: %s", n, p.bad, result, p.request.Body)
	case result.Repeated != (before == pushIn) && before != pushVague:
		return fmt.Errorf("key %s, which was %d before, was answered by %+v", p.request.IdempotencyKey, before, result)
	case known != nil && (known.Accepted != result.Accepted || known.Duplicates != result.Duplicates ||
		known.Position.Sequence != result.Position.Sequence):
		return fmt.Errorf("key %s was answered by %+v, now by %+v", p.request.IdempotencyKey, known, result)
	}
	if !result.Repeated {
		j.totals[p.source].add(n, result.Accepted, p.bad)
	}
	p.state, p.result = pushIn, result
	return nil
}

// arrive adds the rows of a request that was acknowledged while no other was sent. It returns how
// many are new.
func (j *crashJournal) arrive(p *crashPush) (accepted int64) {
	known := map[string]bool{}
	for _, row := range j.present[p.source] {
		known[row.id] = row.id != ""
	}
	for _, row := range p.rows {
		if row.bad || known[row.id] {
			continue
		}
		known[row.id] = row.id != ""
		j.present[p.source] = append(j.present[p.source], row)
		accepted++
	}
	return accepted
}

// crashFound is a row that a source has.
type crashFound struct {
	tag        int64
	id         string
	at         int64
	card, shop string
	amount     float64
	null       bool
}

// settle compares all rows that a source has, after a restart, with the journal, and notes which
// requests are in. It returns what is wrong.
func (j *crashJournal) settle(source int, found []crashFound) error {
	tags, ids := map[int64]bool{}, map[string]*crashRow{}
	j.present[source] = j.present[source][:0]
	for _, f := range found {
		row := j.rows[f.tag]
		switch {
		case row == nil || row.source != source:
			return fmt.Errorf("nobody sent the row %+v", f)
		case tags[f.tag]:
			return fmt.Errorf("the row %+v is there twice", f)
		case row.bad || row.fate == isOut:
			return fmt.Errorf("the row %+v is there; bad %t", f, row.bad)
		case row.id != "" && ids[row.id] != nil:
			return fmt.Errorf("the id of %+v is there twice", f)
		case f.id != row.id || f.at != row.at || f.card != row.card || f.shop != row.shop || f.null != row.null ||
			!f.null && math.Float64bits(f.amount) != math.Float64bits(row.amount):
			return fmt.Errorf("the row %+v was sent as %+v", f, row)
		}
		tags[f.tag] = true
		if row.id != "" {
			ids[row.id] = row
		}
		j.present[source] = append(j.present[source], row)
	}
	for _, p := range j.pushes {
		if p.source == source {
			if err := j.settlePush(p, tags, ids); err != nil {
				return err
			}
		}
	}
	for _, row := range j.rows {
		if row.source != source {
			continue
		}
		if row.fate == isIn && !tags[row.tag] {
			return fmt.Errorf("the row %+v was there and is gone", row)
		}
		row.fate = isOut
		if tags[row.tag] {
			row.fate = isIn
		}
	}
	return nil
}

// settlePush finds out whether one request is in.
func (j *crashJournal) settlePush(p *crashPush, tags map[int64]bool, ids map[string]*crashRow) error {
	accepted, missing := int64(0), 0
	for _, row := range p.rows {
		switch {
		case row.bad:
		case tags[row.tag]:
			accepted++
		case row.id == "" || ids[row.id] == nil:
			missing++
		}
	}
	switch {
	case p.result != nil && (missing > 0 || accepted != p.result.Accepted):
		return fmt.Errorf("acknowledged by %+v; %d rows are there, %d missing: %s", p.result, accepted, missing,
			p.request.Body)
	case accepted > 0 && missing > 0:
		return fmt.Errorf("a part of a request is there: %d rows of %s", accepted, p.request.Body)
	case p.state != pushUnknown:
	case accepted > 0:
		j.totals[p.source].add(int64(len(p.rows)), accepted, p.bad)
		p.state = pushIn
	case missing > 0 || p.request.Atomic && p.bad > 0:
		p.state = pushOut
	}
	return nil
}

// account compares the counters of a source with the requests that are in. What vague ones may have
// added is taken as the counters have it.
func (j *crashJournal) account(source int, got crashTotals) error {
	vague := int64(0)
	for _, p := range j.pushes {
		if p.source == source && p.state == pushUnknown {
			vague += int64(len(p.rows))
			p.state = pushVague
		}
	}
	want := j.totals[source]
	more := crashTotals{got.in - want.in, got.accepted - want.accepted, got.duplicates - want.duplicates,
		got.quarantined - want.quarantined}
	if got.in != got.accepted+got.duplicates+got.quarantined || got.accepted != int64(len(j.present[source])) ||
		more.accepted != 0 || more.duplicates < 0 || more.quarantined < 0 || more.in > vague {
		return fmt.Errorf("%s: the counters are %+v, want %+v and at most %d rows more; %d rows are there",
			crashSources[source], got, want, vague, len(j.present[source]))
	}
	j.totals[source] = got
	return nil
}

// crashValues are the naive values of one entity: what the definitions say, word by word.
type crashValues struct {
	sumHour, maxHour, sumDay, maxDay, newest *float64
	countHour, countDay, countAll            int64
}

// values computes the values of an entity at a time over the rows that are there.
func (j *crashJournal) values(source int, of func(*crashRow) bool, at int64) crashValues {
	v := crashValues{}
	var newest *crashRow
	for _, row := range j.present[source] {
		if !of(row) || row.at >= at {
			continue
		}
		v.countAll++
		if newest == nil || row.at > newest.at {
			newest = row
		}
	}
	if newest != nil && !newest.null {
		v.newest = &newest.amount
	}
	v.countHour, v.sumHour, v.maxHour = j.window(source, of, at-hourMicros, at)
	v.countDay, v.sumDay, v.maxDay = j.window(source, of, at-24*hourMicros, at)
	return v
}

// window is count, sum and max of the events with from <= event time < to. The sum is exact, and
// rounded once.
func (j *crashJournal) window(source int, of func(*crashRow) bool, from, to int64) (n int64, sum, most *float64) {
	exact := new(big.Rat)
	for _, row := range j.present[source] {
		if !of(row) || row.at < from || row.at >= to {
			continue
		}
		n++
		if row.null {
			continue
		}
		exact.Add(exact, new(big.Rat).SetFloat64(row.amount))
		if most == nil || row.amount > *most {
			most = &row.amount
		}
	}
	if most != nil {
		rounded, _ := exact.Float64()
		sum = &rounded
	}
	return n, sum, most
}
