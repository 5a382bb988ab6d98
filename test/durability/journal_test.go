package durability

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"
)

// definitions are two sources, of which one has no ids, with equal views of cards, and for each an
// entity that is one event: its count is how often the event is there.
const definitions = `entity: card
key: {card: string}
---
entity: event
key: {tag: int64}
---
source: sales
push: true
id: id
dedup: 30d
fields: {id: string, tag: int64, card: string, amount: float64, at: timestamp}
event_time: at
---
source: clicks
push: true
fields: {tag: int64, card: string, amount: float64, at: timestamp}
event_time: at
---
view: sales_of
entity: card
source: sales
features: FEATURES
---
view: clicks_of
entity: card
source: clicks
features: FEATURES
---
view: sales_event
entity: event
source: sales
features: {times: count() over all}
---
view: clicks_event
entity: event
source: clicks
features: {times: count() over all}
---
model: everything
features: [sales_of.*, clicks_of.*]
log: {sample: 1}
`

const features = `{sum_1h: sum(amount) over 1h, max_1h: max(amount) over 1h, count_1h: count() over 1h,
  sum_1d: sum(amount) over 1d, max_1d: max(amount) over 1d, count_1d: count() over 1d,
  count_all: count() over all, newest: amount}`

var sources = [...]string{"sales", "clicks"}

// row is an event, or another copy of one: then it has the id of that one and a tag of its own.
type row struct {
	tag    int64
	id     string // "": the source has none
	at     int64  // microseconds since 1970
	card   string
	amount float64
	null   bool
	bad    bool
}

func (r *row) text() string {
	id, amount, more := "", "null", ""
	if r.id != "" {
		id = fmt.Sprintf(`"id":%q,`, r.id)
	}
	if !r.null {
		amount = fmt.Sprintf("%g", r.amount)
	}
	if r.bad {
		more = `,"colour":1`
	}
	return fmt.Sprintf("{%s\"tag\":%d,\"card\":%q,\"amount\":%s,\"at\":%q%s}\n", id, r.tag, r.card, amount,
		formatTime(r.at), more)
}

func formatTime(at int64) string {
	return time.UnixMicro(at).UTC().Format("2006-01-02T15:04:05.000000Z")
}

// push is a request with events.
type push struct {
	source int
	rows   []*row
	bad    int64
	key    string
	body   []byte
	acked  bool
}

// draw makes a request of a client, with rows of its own cards.
func (c *client) draw() *push {
	p := &push{source: c.rng.IntN(2)}
	var body strings.Builder
	for range 1 + c.rng.IntN(10) {
		r := c.drawRow(p.source)
		if r.bad {
			p.bad++
		}
		p.rows = append(p.rows, r)
		body.WriteString(r.text())
	}
	p.body = []byte(body.String())
	if c.rng.IntN(2) == 0 {
		p.key = fmt.Sprintf("k%d-%d", c.number, p.rows[0].tag)
	}
	return p
}

func (c *client) drawRow(source int) *row {
	c.serial++
	r := &row{tag: c.serial*clients + int64(c.number), card: c.card(c.rng.IntN(cards))}
	r.amount = []float64{0.1, 0.2, 1e16, -1e16, float64(c.rng.IntN(1000)) / 7}[c.rng.IntN(5)]
	r.null, r.bad = c.rng.IntN(10) == 0, c.rng.IntN(20) == 0
	late := []int64{0, 50 * 60, 23 * 3600, 26 * 3600}[c.rng.IntN(4)]
	// The tag in the last digits keeps the times of a client's events apart.
	r.at = (time.Now().Unix()-c.rng.Int64N(late+2)-1)*1e6 + r.tag%1e6
	if source == 1 {
		return r
	}
	r.id = fmt.Sprint("i", r.tag)
	if n := len(c.sent); n > 0 && c.rng.IntN(4) == 0 {
		same := c.sent[n-1-c.rng.IntN(min(n, 20))]
		r.id, r.at, r.card, r.amount, r.null = same.id, same.at, same.card, same.amount, same.null
	}
	if !r.bad {
		c.sent = append(c.sent, r)
	}
	return r
}

// arrive adds the rows of a request that is there: those that are not bad and no copies. It returns
// how many they are.
func (c *client) arrive(p *push) (accepted int64) {
	for _, r := range p.rows {
		switch {
		case r.bad || r.id != "" && c.ids[r.id]:
			c.absent[p.source][r.tag] = true
			continue
		case r.id != "":
			c.ids[r.id] = true
		}
		accepted++
		delete(c.absent[p.source], r.tag)
		c.present[p.source] = append(c.present[p.source], r)
	}
	return accepted
}

// naive is the values of a card as of a time, by the names of features.
func (c *client) naive(source int, card string, at int64) map[string]*float64 {
	out := map[string]*float64{}
	all := int64(0)
	var newest *row
	for _, r := range c.present[source] {
		if r.card != card || r.at >= at {
			continue
		}
		all++
		if newest == nil || r.at > newest.at {
			newest = r
		}
	}
	if newest != nil && !newest.null {
		out["newest"] = &newest.amount
	}
	out["count_all"] = whole(all)
	for name, width := range map[string]int64{"1h": 3_600_000_000, "1d": 86_400_000_000} {
		count, sum, most := int64(0), new(big.Rat), (*float64)(nil)
		for _, r := range c.present[source] {
			if r.card != card || r.at < at-width || r.at >= at {
				continue
			}
			count++
			if r.null {
				continue
			}
			sum.Add(sum, new(big.Rat).SetFloat64(r.amount))
			if most == nil || r.amount > *most {
				most = &r.amount
			}
		}
		out["count_"+name] = whole(count)
		if most != nil {
			rounded, _ := sum.Float64()
			out["sum_"+name], out["max_"+name] = &rounded, most
		}
	}
	return out
}

func whole(n int64) *float64 {
	f := float64(n)
	return &f
}

// served is an answer with values, columns by feature.
type served struct {
	AsOf     string                       `json:"as_of"`
	Position string                       `json:"position"`
	Columns  map[string][]json.RawMessage `json:"columns"`
	Status   json.RawMessage              `json:"status"`
}

// pick returns the place of one of the last few of n.
func pick(rng *rand.Rand, n, few int) int { return n - 1 - rng.IntN(min(n, few)) }
