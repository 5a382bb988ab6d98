package template

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// card is one payment card of the generated world.
type card struct {
	id      string
	home    *place
	typical int64 // cents
	busy    int64 // weight: how often it is used
	history []profile
}

// profile is one row of the table of cards.
type profile struct {
	from    int64
	group   int64
	limit   int64 // whole units
	deleted bool
}

// place is a country with the clock its shops write.
type place struct {
	country string
	zone    *zone.Zone
}

// merchant is one shop.
type merchant struct {
	id    string
	place *place
	kind  int64 // 0 shop, 1 online, 2 cash machine
	risky bool
}

// world is everybody in it. Its instants are microseconds, the end is exclusive. A draw from the
// wheel is a draw by weight.
type world struct {
	start, end int64
	cards      []*card
	merchants  []*merchant
	wheel      []*card // each card as often as it is busy
}

// As everywhere in the generator, the order of draws is part of the data.
func (s Cards) newWorld(r *random) (*world, error) {
	newYork, err := zone.Load("America/New_York")
	if err != nil {
		return nil, err
	}
	paris, err := zone.Load("Europe/Paris")
	if err != nil {
		return nil, err
	}
	places := []*place{{"US", newYork}, {"FR", paris}}
	w := &world{start: s.Start, end: s.Start + int64(s.Days)*schema.Day}
	for i := range s.Merchants {
		w.merchants = append(w.merchants, &merchant{
			id: fmt.Sprintf("m%03d", i), place: places[r.below(2)], kind: r.below(5) * r.below(2) / 2,
			risky: r.chance(80),
		})
	}
	for i := range s.Cards {
		c := &card{
			id: fmt.Sprintf("c%05d", i), home: places[r.below(2)],
			typical: r.between(600, 9000), busy: 1 + r.skewed(12),
		}
		c.history = s.profiles(r, w)
		w.cards = append(w.cards, c)
		for range c.busy {
			w.wheel = append(w.wheel, c)
		}
	}
	return w, nil
}

// profiles is the history of a card in its table: the row it begins with, for some a change of
// group or limit on the way, for a few the end of the card and perhaps its return. The first row
// lies before the first purchase, so that every card is known when it is used.
func (s Cards) profiles(r *random, w *world) []profile {
	row := profile{
		from:  w.start - r.between(1, 400)*schema.Day - r.below(schema.Day),
		group: r.skewed(int64(s.Groups)), limit: 500 * r.between(1, 20),
	}
	rows := []profile{row}
	for at := w.start; ; {
		at += r.between(5, 200)*schema.Day + r.below(schema.Day)
		if at >= w.end {
			return rows
		}
		// Any further change brings a card back that was ended before.
		row.from, row.deleted = at, false
		switch r.below(10) {
		case 0:
			row.deleted = true
		case 1, 2, 3:
			row.limit = 500 * r.between(1, 20)
		default:
			row.group = r.below(int64(s.Groups))
		}
		rows = append(rows, row)
	}
}

// groupAt is the group a card is billed under at an instant. The history is in the order of time.
// A tombstone keeps the group of the row before it.
func (c *card) groupAt(at int64) string {
	group := c.history[0].group
	for _, row := range c.history {
		if row.from <= at {
			group = row.group
		}
	}
	return groupName(group)
}

// groupName is the key of a group in all files.
func groupName(i int64) string { return fmt.Sprintf("g%d", i) }
