package template

import (
	"cmp"
	"slices"

	"github.com/fettle-ml/fettle/internal/schema"
)

// Cards is the size of the generated example: payment cards, the shops they are used in, and some
// that are stolen. Thefts are bursts, each of a few purchases, and come on top of Events. Labels is
// an upper bound.
type Cards struct {
	Seed      uint64
	Start     int64 // microseconds
	Days      int
	Cards     int
	Merchants int
	Groups    int
	Events    int
	Thefts    int
	Labels    int
}

// DefaultCards is the example as init writes it: the first quarter of 2024, in which the clocks
// change in both of its time zones. The numbers are small enough for the files to be written within
// seconds and large enough for a model to find something. Changing any of them changes the files,
// and the texts that quote their values.
func DefaultCards() Cards {
	return Cards{
		Seed: 20240115, Start: 1705276800 * schema.Second, Days: 90,
		Cards: 2000, Merchants: 300, Groups: 8, Events: 200_000, Thefts: 600, Labels: 10_000,
	}
}

// purchase is one transaction. Two of one card at one instant differ by their sequence. A duplicate
// has the id of the first.
type purchase struct {
	id       int64
	at       int64 // the instant of the purchase
	posted   int64 // when the processor delivered it
	sequence int64
	card     *card
	merchant *merchant
	cents    int64
	channel  string
	status   string
	fraud    bool
}

var channels = [...]string{"chip", "online", "atm"}

// purchases returns all transactions in the order they were delivered, duplicates included. The
// order of calls to r decides every value after it, so nothing here can be moved or added without
// changing all files. About one in a hundred has a twin; about one in two hundred comes twice.
func (s Cards) purchases(r *random, w *world) []purchase {
	rows := make([]purchase, 0, s.Events+s.Events/100)
	for len(rows) < s.Events {
		c := w.wheel[r.below(int64(len(w.wheel)))]
		at := w.start + r.below(int64(s.Days))*schema.Day + timeOfDay(r, c)
		if at < w.start || at >= w.end {
			continue
		}
		p := s.purchase(r, w, c, at)
		rows = append(rows, p)
		if r.chance(8) { // two purchases within one microsecond, told apart by their sequence
			twin := s.purchase(r, w, c, at)
			twin.sequence = 1
			rows = append(rows, twin)
		}
	}
	rows = append(rows, s.thefts(r, w)...)
	slices.SortStableFunc(rows, func(a, b purchase) int { return cmp.Compare(a.at, b.at) })
	for i := range rows {
		rows[i].id = int64(i) + 1_000_000
	}
	for _, p := range slices.Clone(rows) {
		if r.chance(5) { // delivered twice
			p.posted += r.between(1, 240) * schema.Minute
			rows = append(rows, p)
		}
	}
	slices.SortStableFunc(rows, func(a, b purchase) int { return cmp.Compare(a.posted, b.posted) })
	return rows
}

// timeOfDay returns when in a UTC day a card is used: mostly in the waking hours of its home. Five
// hours stand for the American clock: the share of purchases at night is all that depends on it.
func timeOfDay(r *random, c *card) int64 {
	hour := 7 + r.below(8) + r.below(8)
	if r.chance(60) {
		hour = r.below(24)
	}
	if c.home.country == "US" {
		hour += 5
	}
	return hour%24*schema.Hour + r.below(schema.Hour/schema.Millisecond)*schema.Millisecond
}

// purchase draws one transaction of a card. Few merchants have most of the purchases.
func (s Cards) purchase(r *random, w *world, c *card, at int64) purchase {
	shop := w.merchants[r.skewed(int64(len(w.merchants)))]
	p := purchase{
		at: at, posted: at + delay(r), card: c, merchant: shop, channel: channels[shop.kind],
		cents: max(50, c.typical*r.between(10, 100)*r.between(10, 300)/8000), status: "paid",
	}
	if r.chance(40) {
		p.status = "declined"
	}
	return p
}

// delay is how long a transaction takes to arrive: seconds as a rule, sometimes half an hour, and
// for a late tail up to three days.
func delay(r *random) int64 {
	switch {
	case r.chance(10):
		return r.between(1, 72) * schema.Hour
	case r.chance(100):
		return r.between(120, 1800) * schema.Second
	default:
		return r.between(2, 110) * schema.Second
	}
}

// thefts are bursts of a stolen card: several purchases within minutes, larger than usual, mostly
// online or with risky merchants, and more often declined.
func (s Cards) thefts(r *random, w *world) []purchase {
	var rows []purchase
	for range s.Thefts {
		c := w.cards[r.below(int64(len(w.cards)))]
		at := w.start + r.below(w.end-w.start-schema.Day)/schema.Millisecond*schema.Millisecond
		for range r.between(2, 7) {
			p := s.purchase(r, w, c, at)
			for tries := 0; tries < 4 && !p.merchant.risky; tries++ {
				p.merchant = w.merchants[r.below(int64(len(w.merchants)))]
			}
			p.fraud, p.cents = true, p.cents*r.between(15, 60)/10
			p.channel = channels[r.below(2)]
			if r.chance(150) {
				p.status = "declined"
			}
			rows = append(rows, p)
			at += r.between(5, 240) * schema.Second
		}
	}
	return rows
}

// labelled picks the purchases to train on: every theft after the first 30 days, and others at
// random, in the order they happened; a few twice, as real label files have them. The first month
// is left out so that windows of 30 days are full at every label.
func (s Cards) labelled(r *random, w *world, rows []purchase) []purchase {
	var thefts, others []purchase
	seen := map[int64]bool{}
	for _, p := range rows {
		if seen[p.id] || p.at < w.start+30*schema.Day {
			continue
		}
		seen[p.id] = true
		if p.fraud {
			thefts = append(thefts, p)
		} else {
			others = append(others, p)
		}
	}
	labels := thefts
	for len(labels) < s.Labels && len(others) > 0 {
		labels = append(labels, others[r.below(int64(len(others)))])
	}
	slices.SortStableFunc(labels, func(a, b purchase) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.id, b.id))
	})
	return labels[:min(len(labels), s.Labels)]
}
