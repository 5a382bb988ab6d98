package registry

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestBreaks(t *testing.T) {
	t.Parallel()
	renamed := strings.ReplaceAll(cards, "spend_7d", "paid_7d")
	cases := []struct {
		name, text string
		want       string // in the error; "" if it is committed
	}{
		{"a description", cards + "owner: payments\n", ""},
		{"another window", replaced(t, cards, "over 1d", "over 2d"), "card_spend.idle"},
		{"through a link", replaced(t, cards, "avg(amount)", "max(amount)"), "card_spend.against_group"},
		{"the star finds one more", replaced(t, cards, "  idle:", "  more: amount\n  idle:"),
			"card_spend.more is new"},
		{"one left out", replaced(t, cards, "[card_spend.*]", "[card_spend.*, -card_spend.idle]"),
			"card_spend.idle is gone"},
		{"another order",
			replaced(t, cards, "[card_spend.*]",
				"[card_spend.idle, card_spend.spend_7d, card_spend.against_group]"),
			"another order"},
		{"a renamed column", renamed, "card_spend.paid_7d is new"},
		{"renamed behind the same column", replaced(t, renamed, "[card_spend.*]",
			"[{card_spend.paid_7d: card_spend.spend_7d}, card_spend.idle, card_spend.against_group]"), ""},
		{"another role", replaced(t, cards, "features: [card_spend.*]",
			"entities: {card: {entity: card, key: {card_id: number}}}\nfeatures: "+
				"[{card.card_spend.spend_7d: card_spend.spend_7d}, {card.card_spend.idle: card_spend.idle}, "+
				"{card.card_spend.against_group: card_spend.against_group}]"), "the role card is card by number"},
		{"a raised version", replaced(t, replaced(t, cards, "over 1d", "over 2d"), "version: 1",
			"version: 2"), ""},
		{"the model removed", cards[:strings.Index(cards, "model: fraud")], ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRegistry(t)
			apply(t, r, cards, 1)
			p := r.Propose(compile(t, c.text))
			_, err := r.Commit(context.Background(), p, "", 2, nil)
			if c.want == "" {
				if err != nil || len(p.Breaks) != 0 {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var breaks *BreaksError
			if !errors.As(err, &breaks) || len(breaks.Breaks) != 1 {
				t.Fatalf("got %v", err)
			}
			for _, want := range []string{c.want, "fraud@1", "version: 2", "--allow-break fraud"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
			if r.Current().Number != 1 {
				t.Error("it was committed all the same")
			}
			if _, err := r.Commit(context.Background(), p, "", 2, []string{"other"}); err == nil {
				t.Error("another model's name allowed it")
			}
			if _, err := r.Commit(context.Background(), p, "", 2, []string{"fraud@1"}); err != nil {
				t.Errorf("not allowed by name: %v", err)
			}
		})
	}
}

// TestModelsArePinnedForEver goes back to a version after others were applied.
func TestModelsArePinnedForEver(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	second := replaced(t, replaced(t, cards, "over 1d", "over 2d"), "version: 1", "version: 2")
	first := apply(t, r, cards, 1).Model("fraud", 1)
	apply(t, r, second, 2)
	if got := r.Current().Model("fraud", 1); got == nil || got.Features[1] != first.Features[1] {
		t.Errorf("version 1 became %v", got)
	}
	back := r.Propose(compile(t, replaced(t, second, "version: 2", "version: 1")))
	if len(back.Breaks) != 1 || !strings.Contains(back.Breaks[0].Hint, "version: 3") {
		t.Errorf("version 1 with the features of version 2: %v", back.Breaks)
	}
	apply(t, r, cards, 3)
	allowed := apply(t, r, replaced(t, second, "version: 2", "version: 1"), 4, "fraud")
	one, two := allowed.Model("fraud", 1), allowed.Model("fraud", 2)
	if one.Features[1].Version != two.Features[1].Version || one.Revision != 4 || two.Revision != 2 {
		t.Errorf("after it was allowed: %v and %v", one, two)
	}
}
