package template

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// smallCards is the example at a fiftieth of its size.
func smallCards() *Cards {
	cards := DefaultCards()
	cards.Cards, cards.Events, cards.Thefts, cards.Labels = 40, 4000, 12, 200
	return &cards
}

func TestWriteIsDeterministic(t *testing.T) {
	t.Parallel()
	var first map[string]string
	for range 2 {
		fsys := disk.NewMemory()
		names, err := Write(t.Context(), fsys, Options{Template: "cards", Dir: "p", Cards: smallCards()})
		if err != nil {
			t.Fatal(err)
		}
		contents := map[string]string{}
		for _, name := range names {
			contents[name] = read(t, fsys, "p/"+name)
		}
		for _, want := range []string{"fettle.yaml", "features/cards.yaml", "data/labels.csv",
			"data/transactions/2024-03.parquet"} {
			if contents[want] == "" {
				t.Errorf("no %s", want)
			}
		}
		if first == nil {
			first = contents
			continue
		}
		for name, content := range contents {
			if first[name] != content {
				t.Errorf("%s differs between two runs", name)
			}
		}
	}
}

func read(t *testing.T, fsys disk.FS, name string) string {
	t.Helper()
	file, err := fsys.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	fsys.Add("p/mine.txt", []byte("mine"))
	if _, err := Write(t.Context(), fsys, Options{Template: "empty", Dir: "p"}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a folder with a file: %v", err)
	}
	if _, err := Write(t.Context(), fsys, Options{Template: "none", Dir: "q"}); err == nil {
		t.Error("an unknown template passed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, fsys, Options{Template: "empty", Dir: "q"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestCards checks that the generated world has the difficulties it is there for.
func TestCards(t *testing.T) {
	t.Parallel()
	s := DefaultCards()
	r := &random{state: s.Seed}
	w, err := s.newWorld(r)
	if err != nil {
		t.Fatal(err)
	}
	rows := s.purchases(r, w)
	labels := s.labelled(r, w, rows)
	n := map[string]int{}
	seen := map[int64]bool{}
	for i, p := range rows {
		if i > 0 && p.posted < rows[i-1].posted {
			t.Fatal("not in the order of delivery")
		}
		count := func(name string, is bool) {
			if is {
				n[name]++
			}
		}
		count("duplicate", seen[p.id])
		count("tie", p.sequence > 0)
		count("late", p.posted-p.at > schema.Hour)
		count("early", p.posted-p.at < 2*schema.Minute)
		count("fraud", p.fraud)
		count("new york", p.merchant.place.country == "US")
		seen[p.id] = true
	}
	for _, c := range w.cards {
		if len(c.history) > 1 {
			n["changed"]++
		}
	}
	for _, p := range labels {
		if p.fraud {
			n["labelled fraud"]++
		}
	}
	least := map[string]int{"duplicate": 500, "tie": 500, "late": 1000, "early": 100_000,
		"fraud": 2000, "new york": 50_000, "changed": 500, "labelled fraud": 1000}
	for name, want := range least {
		if n[name] < want {
			t.Errorf("%s: %d, want at least %d", name, n[name], want)
		}
	}
	if len(rows) < 200_000 || len(rows) > 210_000 || len(labels) != s.Labels {
		t.Errorf("%d events, %d labels", len(rows), len(labels))
	}
	if !slices.IsSortedFunc(labels, func(a, b purchase) int { return int(a.at - b.at) }) {
		t.Error("labels are not in the order of time")
	}
}
