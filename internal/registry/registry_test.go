package registry

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

func TestFirstRevision(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	r := open(t, fsys)
	if r.Current() != nil {
		t.Fatal("an empty registry has a revision")
	}
	p, texts := compile(t, cards)
	revision := apply(t, r, cards, 1000)
	if revision.Number != 1 || revision.By != "tester" || revision.At != 1000 {
		t.Errorf("revision %d by %s at %d", revision.Number, revision.By, revision.At)
	}
	if !equalTexts(revision.Texts, texts) {
		t.Errorf("the texts are %v", revision.Texts)
	}
	if id, found := revision.SourceID(p.Sources[0]); id != 1 || !found {
		t.Errorf("the source has number %d, %v", id, found)
	}
	fields, err := revision.SourceOf(1).Fields()
	if err != nil || len(fields) != 6 || !fields[4].Type.Equal(p.Sources[0].Columns[4].Type) {
		t.Errorf("the fields of source 1: %v, %v", fields, err)
	}
	if revision.SourceOf(0) != nil || revision.SourceOf(2) != nil {
		t.Error("there are sources of other numbers")
	}
	for _, view := range p.Views {
		if since, found := revision.Since(view.Name); since != 1000 || !found {
			t.Errorf("%s is served since %d, %v", view.Name, since, found)
		}
		for _, f := range view.Features {
			if got := revision.FeatureVersion(view.Name + "." + f.Name); got != f.Version {
				t.Errorf("%s.%s has version %q, want %q", view.Name, f.Name, got, f.Version)
			}
		}
	}
	model := revision.Model("fraud", 1)
	if model == nil || len(model.Features) != 3 || model.Features[0].Name != "card_spend.spend_7d" {
		t.Errorf("the model is %v", model)
	}
	again := open(t, fsys).Current()
	if !reflect.DeepEqual(again, revision) {
		t.Errorf("read again:\n%+v\nwant\n%+v", again, revision)
	}
}

func TestApplyAgainChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	first := apply(t, r, cards, 1000)
	if second := apply(t, r, cards, 2000); second != first {
		t.Errorf("the same texts became revision %d", second.Number)
	}
	third := apply(t, r, "# a remark\n"+cards, 3000)
	if third.Number != 2 || third.Base != first.Checksum() {
		t.Errorf("other texts became revision %d after %q", third.Number, third.Base)
	}
	if since, _ := third.Since("card_spend"); since != 1000 {
		t.Errorf("the view is served since %d", since)
	}
	if old, err := r.Revision(1); err != nil || !reflect.DeepEqual(old, first) {
		t.Errorf("revision 1 is %+v, %v", old, err)
	}
	for _, number := range []int{-1, 0, 3} {
		if _, err := r.Revision(number); !errors.Is(err, ErrNotFound) {
			t.Errorf("revision %d: %v", number, err)
		}
	}
}

func TestSourcesKeepTheirNumbers(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	more := replaced(t, cards, "amount: float64", "amount: float64, shop: string")
	texts := []string{cards, more, replaced(t, more, "shop: string", "shop: bytes"), cards,
		replaced(t, cards, "where: amount > 0", "where: amount > 1")}
	want := []uint32{1, 2, 3, 1, 1}
	for i, text := range texts {
		// The last one changes values on purpose.
		revision := apply(t, r, text, int64(i), "fraud")
		p, _ := compile(t, text)
		if id, found := revision.SourceID(p.Sources[0]); id != want[i] || !found {
			t.Errorf("step %d: number %d, %v, want %d", i, id, found, want[i])
		}
	}
	if all := r.Current().Sources; len(all) != 3 || all[2].Revision != 3 {
		t.Errorf("the sources are %v", all)
	}
}

func TestSinceIsCarriedOver(t *testing.T) {
	t.Parallel()
	keyed := "view: group_spend\nentity: group\nsource: payments\nfreshness: 1h\n"
	cases := []struct {
		name, old, next string
		kept            bool
	}{
		{"another feature", "mean_7d: avg(amount) over 7d", "mean_7d: avg(amount) over 7d\n  n: count() over 7d", true},
		{"another filter", "where: amount > 0", "where: amount > 1", true},
		{"another column", "amount: float64", "amount: float64, shop: string", true},
		{"another freshness", "freshness: 1h", "freshness: 2h", false},
		{"ready later", "freshness: 1h", "freshness: 1h\nready_after: 5m", false},
		{"another key", keyed, keyed + "key: {group_id: upper(group_id)}\n", false},
		{"another entity", keyed, strings.Replace(keyed, "entity: group", "entity: card", 1), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRegistry(t)
			// A feature that reads the view through the link would not compile with another entity.
			base := replaced(t, cards, "  against_group: spend_7d / group.group_spend.mean_7d\n", "")
			apply(t, r, base, 1000)
			since, _ := apply(t, r, replaced(t, base, c.old, c.next), 2000, "fraud").Since("group_spend")
			if (since == 1000) != c.kept || since != 1000 && since != 2000 {
				t.Errorf("served since %d", since)
			}
		})
	}
}

func TestRemovedViewBeginsAnew(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	base := replaced(t, cards, "  against_group: spend_7d / group.group_spend.mean_7d\n", "")
	view := base[strings.Index(base, "view: group_spend"):strings.Index(base, "view: card_spend")]
	apply(t, r, base, 1000)
	if _, found := apply(t, r, replaced(t, base, view, ""), 2000).Since("group_spend"); found {
		t.Error("a removed view is served")
	}
	if since, _ := apply(t, r, base, 3000).Since("group_spend"); since != 3000 {
		t.Errorf("served since %d", since)
	}
}

func TestStaleProposals(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	p := r.Propose(compile(t, cards))
	other := r.Propose(compile(t, cards+"# more\n"))
	if p.ID == other.ID {
		t.Error("other texts have the same identity")
	}
	if again := r.Propose(compile(t, cards)); again.ID != p.ID {
		t.Error("the same texts have another identity")
	}
	if _, err := r.Commit(context.Background(), p, "a", 1, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Commit(context.Background(), other, "b", 2, nil); !errors.Is(err, ErrStale) {
		t.Errorf("a proposal after another commit: %v", err)
	}
	if _, err := r.Commit(context.Background(), p, "a", 3, nil); !errors.Is(err, ErrStale) {
		t.Errorf("a proposal twice: %v", err)
	}
	if after := r.Propose(compile(t, cards)); after.ID == p.ID {
		t.Error("another base has the same identity")
	}
	if _, err := r.Commit(context.Background(), &Proposal{}, "a", 3, nil); err == nil {
		t.Error("a proposal that nobody made was committed")
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Commit(done, other, "b", 2, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request was given up: %v", err)
	}
}

func TestTwoCommitters(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	const committers = 8
	proposals := make([]*Proposal, committers)
	for i := range proposals {
		proposals[i] = r.Propose(compile(t, cards+strings.Repeat("#", i)+"\n"))
	}
	errs := make([]error, committers)
	var all sync.WaitGroup
	for i := range proposals {
		all.Go(func() { _, errs[i] = r.Commit(context.Background(), proposals[i], "", 1, nil) })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, ErrStale):
			t.Error(err)
		}
	}
	if won != 1 || r.Current().Number != 1 {
		t.Errorf("%d of %d won, the newest revision is %d", won, committers, r.Current().Number)
	}
}

func TestTwoRegistriesOfOneDirectory(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	first, second := open(t, fsys), open(t, fsys)
	apply(t, first, cards, 1)
	p := second.Propose(compile(t, cards+"# mine\n"))
	if _, err := second.Commit(context.Background(), p, "", 2, nil); !errors.Is(err, ErrStale) {
		t.Errorf("a revision was written over: %v", err)
	}
	apply(t, first, cards+"# theirs\n", 3)
	// The next commit looks for what is there first.
	if _, err := second.Commit(context.Background(), p, "", 4, nil); !errors.Is(err, ErrStale) {
		t.Errorf("the second try: %v", err)
	}
	if got := apply(t, second, cards+"# mine\n", 5).Number; got != 3 {
		t.Errorf("committed revision %d, want 3", got)
	}
}

func TestRefusedTexts(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	p, texts := compile(t, cards)
	texts.Lock = "fettle lock 1\n\xff"
	_, err := r.Commit(context.Background(), r.Propose(p, texts), "", 1, nil)
	if err == nil || !strings.Contains(err.Error(), "fettle.lock") {
		t.Errorf("text that is not UTF-8: %v", err)
	}
	p, texts = compile(t, "source: unknown\npath: a.csv\nevent_time: at\navailable: at\nwhere: x > 1\n")
	_, err = r.Commit(context.Background(), r.Propose(p, texts), "", 1, nil)
	if err == nil || !strings.Contains(err.Error(), "source unknown") {
		t.Errorf("a source without columns: %v", err)
	}
}
