package app

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// metamorphicProject has every kind of feature over a source whose order is fixed by its columns
// alone, so that files may be cut and shuffled at will.
const metamorphicProject = `
entity: card
key: {card: string}
belongs_to: {group: profile.grp}
---
entity: group
key: {grp: string}
---
source: tx
path: data/tx*.csv
id: id
event_time: ts
sequence: id
available: ready
fields: {id: int64, card: string, grp: string, amount: float64, ok: bool, ts: timestamp, ready: timestamp}
---
view: profile
entity: card
source: tx
features:
  grp: grp
---
view: spend
entity: card
source: tx
features:
  n_{w}:
    for: {w: [1h, 1d, 30d]}
    expr: count() over {w}
  sum_{w}:
    for: {w: [1h, 1d, 30d]}
    expr: sum(amount) where ok over {w}
  spread: stddev(amount) over 7d
  last_amount: last(amount) over all
  amount: amount
  share: sum_1d / nullif(group.by_group.total, 0)
---
view: by_group
entity: group
source: tx
freshness: hourly
ready_after: 5m
features:
  total: sum(amount) over 1d
  kinds: count(distinct card) over 30d
`

// event is one row of tx.
type metamorphicEvent struct {
	ready int64
	line  string
}

func metamorphicEvents(r *rand.Rand, n int) []metamorphicEvent {
	start := int64(1_700_000_000) * schema.Second
	var events []metamorphicEvent
	for id := range n {
		at := start + r.Int64N(20*24*60)*schema.Minute
		ready := at + []int64{0, 2 * schema.Minute, r.Int64N(schema.Day)}[r.IntN(3)]
		amount := fmt.Sprint([]float64{0.1, 0.2, 1e16, -1e16, 3.5}[r.IntN(5)])
		if r.IntN(10) == 0 {
			amount = ""
		}
		line := fmt.Sprintf("%d,c%d,g%d,%s,%t,%s,%s", id, r.IntN(20), r.IntN(3), amount, r.IntN(3) > 0,
			schema.FormatTime(at), schema.FormatTime(ready))
		events = append(events, metamorphicEvent{ready, line})
		if r.IntN(10) == 0 {
			events = append(events, metamorphicEvent{ready, line}) // delivered twice
		}
	}
	return events
}

// cutProject writes the project with the events cut into files.
func cutProject(t *testing.T, events []metamorphicEvent, files int) string {
	t.Helper()
	texts := map[string]string{
		"fettle.yaml": "project: metamorphic\n", "features/all.yaml": metamorphicProject,
	}
	for i := range files {
		lines := []string{"id,card,grp,amount,ok,ts,ready"}
		for _, e := range events[len(events)*i/files : len(events)*(i+1)/files] {
			lines = append(lines, e.line)
		}
		texts[fmt.Sprintf("data/tx%02d.csv", i)] = strings.Join(lines, "\n") + "\n"
	}
	return writeProject(t, texts)
}

func trainBytes(t *testing.T, dir, labels string, workers int) []byte {
	t.Helper()
	path, out := filepath.Join(dir, "labels.csv"), filepath.Join(dir, "out.csv")
	if err := os.WriteFile(path, []byte(labels), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Train(t.Context(), TrainOptions{
		Dir: dir, Features: []string{"spend.*", "by_group.kinds"}, Labels: path, Time: "t", Output: out, Workers: workers,
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func metamorphicLabels(r *rand.Rand, events []metamorphicEvent, n int) string {
	lines := []string{"card,grp,t"}
	for range n {
		at := events[r.IntN(len(events))].ready + []int64{0, -1, 1, r.Int64N(schema.Day)}[r.IntN(4)]
		lines = append(lines, fmt.Sprintf("c%d,g%d,%s", r.IntN(21), r.IntN(4), schema.FormatTime(at)))
	}
	return strings.Join(lines, "\n") + "\n"
}

// TestLayoutChangesNothing permutes rows, cuts files and changes the number of workers.
func TestLayoutChangesNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	events := metamorphicEvents(r, 3000)
	labels := metamorphicLabels(r, events, 500)
	want := trainBytes(t, cutProject(t, events, 1), labels, 2)
	if cells := bytes.Count(want, []byte(",")); cells < 5000 {
		t.Fatalf("only %d cells", cells)
	}
	for _, variant := range []struct {
		files, workers int
		shuffle        bool
	}{{1, 1, false}, {7, 2, false}, {1, 2, true}, {13, 3, true}} {
		shuffled := slices.Clone(events)
		if variant.shuffle {
			r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		}
		if got := trainBytes(t, cutProject(t, shuffled, variant.files), labels, variant.workers); !bytes.Equal(got, want) {
			t.Errorf("%+v changes the output", variant)
		}
	}
}

// TestNothingFromTheFuture deletes all that is available after T: no row at or before T changes.
func TestNothingFromTheFuture(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	events := metamorphicEvents(r, 2000)
	readies := make([]int64, 0, len(events))
	for _, e := range events {
		readies = append(readies, e.ready)
	}
	slices.Sort(readies)
	for _, cut := range []int64{readies[len(readies)/3], readies[len(readies)/2] + 1, readies[len(readies)*9/10]} {
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(metamorphicLabels(r, events, 800)), "\n")[1:] {
			at, _, err := schema.ParseTime(line[strings.LastIndex(line, ",")+1:])
			if err != nil {
				t.Fatal(err)
			}
			if at <= cut {
				lines = append(lines, line)
			}
		}
		if len(lines) < 100 {
			t.Fatalf("only %d labels before the cut", len(lines))
		}
		labels := "card,grp,t\n" + strings.Join(lines, "\n") + "\n"
		past := slices.DeleteFunc(slices.Clone(events), func(e metamorphicEvent) bool { return e.ready > cut })
		want := trainBytes(t, cutProject(t, events, 2), labels, 2)
		if got := trainBytes(t, cutProject(t, past, 2), labels, 2); !bytes.Equal(got, want) {
			t.Errorf("deleting what became known after %s changes rows at or before it", schema.FormatTime(cut))
		}
	}
}
