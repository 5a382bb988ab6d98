package durability

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
)

const (
	clients = 4
	cards   = 3 // of each client
)

var featureNames = []string{"sum_1h", "max_1h", "count_1h", "sum_1d", "max_1d", "count_1d", "count_all", "newest"}

// client pushes and reads, one request at a time, and keeps a journal. Its cards and ids are its own.
type client struct {
	number int
	rng    *rand.Rand
	server *server
	flying *atomic.Int64 // pushes that were sent and not answered, of all clients

	serial  int64
	sent    []*row // whose ids may be sent again
	ids     map[string]bool
	present [2][]*row         // by source
	absent  [2]map[int64]bool // tags that must not be there
	pushed  []*push           // acknowledged, with a key
	lost    *push             // was in flight when the server was killed
	last    string            // position of what was acknowledged
	answers []*served         // of this life and some of earlier ones

	acked, values, filled, compared, repeated int
}

func newClient(number int, flying *atomic.Int64, seed uint64) *client {
	return &client{number: number, rng: rand.New(rand.NewPCG(seed, uint64(number))), flying: flying,
		ids: map[string]bool{}, absent: [2]map[int64]bool{{}, {}}}
}

func (c *client) card(i int) string { return fmt.Sprintf("c%d-%d", c.number, i) }

// live pushes and reads until the server is gone.
func (c *client) live() error {
	for {
		err := c.step()
		if errors.Is(err, errGone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("client %d: %w", c.number, err)
		}
		time.Sleep(time.Duration(c.rng.IntN(3000)) * time.Microsecond) // leaves the server time for the others
	}
}

func (c *client) step() error {
	switch n := len(c.pushed); {
	case c.rng.IntN(3) == 0:
		return c.read()
	case n > 0 && c.rng.IntN(6) == 0:
		return c.send(c.pushed[pick(c.rng, n, 50)])
	default:
		return c.send(c.draw())
	}
}

// send sends a request, new or again, and compares the answer with what it must be.
func (c *client) send(p *push) error {
	var answer struct {
		Accepted    int64  `json:"accepted"`
		Duplicates  int64  `json:"duplicates"`
		Quarantined int64  `json:"quarantined_rows"`
		Position    string `json:"position"`
		Repeated    bool   `json:"repeated"`
	}
	c.flying.Add(1)
	err := c.server.post("/v1/events/"+sources[p.source], "application/x-ndjson", p.key, p.body, &answer)
	c.flying.Add(-1)
	if errors.Is(err, errGone) && !p.acked {
		c.lost = p
	}
	if err != nil {
		return err
	}
	if !answer.Repeated { // else it is the position of the first time, which is not the last one
		c.last = answer.Position
	}
	if answer.Accepted+answer.Duplicates+answer.Quarantined != int64(len(p.rows)) || answer.Quarantined != p.bad {
		return fmt.Errorf("%d rows, %d of them bad, were answered by %+v", len(p.rows), p.bad, answer)
	}
	if p.acked {
		c.repeated++
		if !answer.Repeated {
			return fmt.Errorf("key %s was acknowledged before and is taken again: %+v", p.key, answer)
		}
		return nil
	}
	p.acked = true
	c.acked += int(answer.Accepted)
	if p.key != "" {
		c.pushed = append(c.pushed, p)
	}
	if n := c.arrive(p); n != answer.Accepted {
		return fmt.Errorf("%d rows are new: %+v: %s", n, answer, p.body)
	}
	return nil
}

// ask asks for the model's values of the client's cards.
func (c *client) ask(more map[string]any) (*served, error) {
	entities := make([]string, cards)
	for i := range entities {
		entities[i] = c.card(i)
	}
	request := map[string]any{"model": "everything", "entities": map[string]any{"card": entities}, "timeout_ms": 20_000}
	maps.Copy(request, more)
	body, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer := &served{}
	return answer, c.server.post("/v1/features", "application/json", "", body, answer)
}

// read reads its own writes and compares every value with the naive one.
func (c *client) read() error {
	more := map[string]any{}
	if c.last != "" {
		more["min_position"] = c.last
	}
	answer, err := c.ask(more)
	if err != nil {
		return err
	}
	c.answers = append(c.answers, answer)
	at, err := time.Parse(time.RFC3339Nano, answer.AsOf)
	if err != nil {
		return err
	}
	var wrong []error
	for source, name := range sources {
		for i := range cards {
			want := c.naive(source, c.card(i), at.UnixMicro())
			for _, feature := range featureNames {
				column := answer.Columns[name+"_of."+feature]
				if len(column) != cards {
					return fmt.Errorf("%s_of.%s has %d values", name, feature, len(column))
				}
				if err := same(string(column[i]), want[feature]); err != nil {
					wrong = append(wrong, fmt.Errorf("%s_of.%s of %s at %s: %w", name, feature, c.card(i), answer.AsOf, err))
				}
				c.values++
				if want[feature] != nil {
					c.filled++
				}
			}
		}
	}
	return errors.Join(wrong...)
}

// same compares a JSON value with a naive one, bit for bit.
func same(text string, want *float64) error {
	if want == nil {
		if text != "null" {
			return fmt.Errorf("it is %s, want null", text)
		}
		return nil
	}
	got, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Float64bits(got) != math.Float64bits(*want) {
		return fmt.Errorf("it is %s, want %v", text, *want)
	}
	return nil
}

// settle finds out, after a restart, what became of the request that was in flight, and compares
// everything there is with the journal.
func (c *client) settle() error {
	if p := c.lost; p != nil {
		if err := c.settleLost(p); err != nil {
			return err
		}
	}
	for source := range sources {
		if err := c.census(source); err != nil {
			return fmt.Errorf("client %d, %s: %w", c.number, sources[source], err)
		}
	}
	if err := c.read(); err != nil {
		return fmt.Errorf("client %d: %w", c.number, err)
	}
	return c.again()
}

// settleLost decides whether the request is there, from its rows: all that it would bring, or none.
// Some are sent again: ids and keys must keep that from counting twice.
func (c *client) settleLost(p *push) error {
	fresh := map[int64]bool{}
	ids := map[string]bool{}
	for _, r := range p.rows {
		if r.bad || r.id != "" && (c.ids[r.id] || ids[r.id]) {
			continue
		}
		ids[r.id] = true
		fresh[r.tag] = true
	}
	times, err := c.times(p.source, slices.Collect(maps.Keys(fresh)))
	if err != nil {
		return err
	}
	there := 0
	for _, n := range times {
		there += n
	}
	if there != 0 && there != len(fresh) {
		return fmt.Errorf("client %d: %d of %d rows of a request are there: %s", c.number, there, len(fresh), p.body)
	}
	c.lost = nil
	if again := p.key != "" || p.source == 0; again && c.rng.IntN(3) > 0 {
		return c.resend(p, there > 0)
	}
	if there > 0 {
		c.arrive(p)
		return nil
	}
	for _, r := range p.rows {
		c.absent[p.source][r.tag] = true
	}
	return nil
}

// resend sends the request that was in flight again.
func (c *client) resend(p *push, there bool) error {
	if there && p.key == "" { // its events are there and their ids known: all of it is copies
		c.arrive(p)
		copies := &push{source: p.source, rows: p.rows, bad: p.bad, body: p.body}
		return c.sendCopies(copies)
	}
	return c.send(p)
}

// sendCopies sends what is there already under its ids.
func (c *client) sendCopies(p *push) error {
	before := len(c.present[p.source])
	absent := maps.Clone(c.absent[p.source])
	if err := c.send(p); err != nil {
		return err
	}
	if len(c.present[p.source]) != before {
		return fmt.Errorf("client %d: events that were there count again: %s", c.number, p.body)
	}
	c.absent[p.source] = absent
	return nil
}

// times asks how often each event is there.
func (c *client) times(source int, tags []int64) (map[int64]int, error) {
	out := map[int64]int{}
	for some := range slices.Chunk(tags, 20_000) {
		name := sources[source] + "_event.times"
		request := map[string]any{"features": []string{name}, "entities": map[string]any{"tag": some}, "timeout_ms": 20_000}
		if c.last != "" {
			request["min_position"] = c.last
		}
		body, err := json.Marshal(request)
		if err != nil {
			return nil, err
		}
		answer := &served{}
		if err := c.server.post("/v1/features", "application/json", "", body, answer); err != nil {
			return nil, err
		}
		if len(answer.Columns[name]) != len(some) {
			return nil, fmt.Errorf("%d answers for %d events", len(answer.Columns[name]), len(some))
		}
		for i, tag := range some {
			if out[tag], err = strconv.Atoi(string(answer.Columns[name][i])); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// census compares which events are there with the journal.
func (c *client) census(source int) error {
	want := map[int64]int{}
	for tag := range c.absent[source] {
		want[tag] = 0
	}
	for _, r := range c.present[source] {
		want[r.tag] = 1
	}
	got, err := c.times(source, slices.Collect(maps.Keys(want)))
	if err != nil {
		return err
	}
	for tag, n := range want {
		if got[tag] != n {
			return fmt.Errorf("event %d is there %d times, want %d", tag, got[tag], n)
		}
	}
	return nil
}

// again asks for answers of before as they were served then, and keeps some for later lives.
func (c *client) again() error {
	c.rng.Shuffle(len(c.answers), func(i, j int) { c.answers[i], c.answers[j] = c.answers[j], c.answers[i] })
	c.answers = c.answers[:min(len(c.answers), 12)]
	for _, before := range c.answers {
		now, err := c.ask(map[string]any{"as_of": before.AsOf, "mode": "as_served"})
		if err != nil {
			return err
		}
		a, err := json.Marshal(before.Columns)
		if err != nil {
			return err
		}
		b, err := json.Marshal(now.Columns)
		if err != nil {
			return err
		}
		if string(a) != string(b) || string(before.Status) != string(now.Status) || now.AsOf != before.AsOf {
			return fmt.Errorf("client %d: at %s was served\n%s %s\nnow it is\n%s %s", c.number, before.AsOf, a,
				before.Status, b, now.Status)
		}
		c.compared++
	}
	return nil
}

// report logs what a client did.
func (c *client) report(t *testing.T) {
	t.Logf("client %d: %d events acknowledged, %d values compared, %d of them not null, %d answers asked for again, "+
		"%d keys sent again", c.number, c.acked, c.values, c.filled, c.compared, c.repeated)
}
