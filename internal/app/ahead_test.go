package app

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLabelsAhead compares labels that look ahead with their definition, in much memory and little.
func TestLabelsAhead(t *testing.T) {
	t.Parallel()
	rows, young := 0, 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 5))
		const length = 20
		type event struct {
			user, at, amount int
		}
		var events []event
		text, newest := "user,ts,amount\n", 0
		for range 300 {
			e := event{r.IntN(5), r.IntN(400), r.IntN(10)}
			events = append(events, e)
			newest = max(newest, e.at)
			text += fmt.Sprintf("u%d,2024-01-01T%02d:%02d:00Z,%d\n", e.user, e.at/60, e.at%60, e.amount)
		}
		want := "user,time,label,v.n\n"
		for _, e := range events {
			if e.amount < 3 {
				continue
			}
			if e.at+length > newest {
				young++
				continue
			}
			sum, n := "", 0
			for _, o := range events {
				if o.user == e.user && o.at > e.at && o.at <= e.at+length && o.amount != 5 {
					n += o.amount
					sum = fmt.Sprint(n)
				}
			}
			seen := 0
			for _, o := range events {
				if o.user == e.user && o.at < e.at {
					seen++
				}
			}
			want += fmt.Sprintf("u%d,2024-01-01T%02d:%02d:00.000000Z,%s,%d\n", e.user, e.at/60, e.at%60, sum, seen)
			rows++
		}
		dir := writeProject(t, map[string]string{"fettle.yaml": "project: p\n", "data/e.csv": text, "features/all.yaml": `
entity: user
key: {user: string}
---
source: e
path: data/e.csv
event_time: {column: ts}
available: ts
fields: {user: string, ts: timestamp, amount: int64}
---
view: v
entity: user
source: e
features: {n: count() over all}
---
model: m
features: [v.n]
label:
  source: e
  where: amount >= 3
  expr: sum(amount) where amount <> 5 over next 20m
`})
		o := TrainOptions{Dir: dir, Model: "m", Output: filepath.Join(dir, "out.csv")}
		for _, o.Memory = range []int64{0, 1 << 20} {
			if _, err := Train(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(o.Output)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want {
				t.Fatalf("seed %d, memory %d: got %d lines, want %d:\n%s", seed, o.Memory,
					strings.Count(string(got), "\n"), strings.Count(want, "\n"), got)
			}
		}
	}
	if rows < 500 || young < 20 {
		t.Errorf("only %d rows and %d young ones", rows, young)
	}
}
