package app

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/train"
	"github.com/fettle-ml/fettle/internal/wire"
)

// leaking is a shop that asks in which week a user leaves. Each view but the first leaks in its way.
const leaking = `
entity: user
key: {user: string}
---
source: visits
path: data/visits.csv
event_time: {column: ts}
available: ts + 1m
fields: {user: string, amount: float64, ts: timestamp}
---
source: accounts # rows were overwritten when the user left, under their first time
path: data/accounts.csv
event_time: {column: ts}
available: ts
fields: {user: string, state: string, score: float64, ts: timestamp}
---
source: departures # at the very time of the label
path: data/departures.csv
event_time: {column: ts}
available: ts
fields: {user: string, gone: bool, ts: timestamp}
---
source: surveys
path: data/visits.csv
event_time: {column: ts}
fields: {user: string, amount: float64, ts: timestamp}
---
source: touches # a user who leaves is called one second before
path: data/touches.csv
event_time: {column: ts}
available: ts
fields: {user: string, n: int64, ts: timestamp}
---
view: spend
entity: user
source: visits
features: {visits: count() over 30d, mean: avg(amount) over 30d}
---
view: account
entity: user
source: accounts
features: {state: last(state) over 365d, score: last(score) over 365d}
---
view: departure
entity: user
source: departures
features: {gone: last(gone) over 365d}
---
view: survey
entity: user
source: surveys
features: {mean: avg(amount) over 30d}
---
view: touch
entity: user
source: touches
features: {n: last(n) over 365d}
`

// leakingProject writes the shop with 600 users, a label each.
func leakingProject(t *testing.T) string {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	files := map[string]*strings.Builder{}
	put := func(file, format string, args ...any) {
		if files[file] == nil {
			files[file] = &strings.Builder{}
		}
		fmt.Fprintf(files[file], format+"\n", args...)
	}
	put("labels", "user,at,left")
	put("visits", "user,amount,ts")
	put("accounts", "user,state,score,ts")
	put("departures", "user,gone,ts")
	put("touches", "user,n,ts")
	for u := range 600 {
		left, day := random.IntN(5) == 0, 1+random.IntN(25)
		at := fmt.Sprintf("2024-06-%02dT%02d:30:30Z", day, random.IntN(24))
		put("labels", "u%d,%s,%v", u, at, left)
		for range random.IntN(6) {
			put("visits", "u%d,%d.5,2024-05-%02dT%02d:00:00Z", u, random.IntN(90), 1+random.IntN(30), random.IntN(24))
		}
		score := random.NormFloat64()
		if left {
			score += 6
		}
		put("accounts", "u%d,%s,%f,2024-01-01T00:00:00Z", u, map[bool]string{true: "closed", false: "open"}[left], score)
		put("departures", "u%d,%v,%s", u, left, at)
		touched := fmt.Sprintf("2024-05-%02dT11:00:00Z", 1+random.IntN(30))
		if left {
			touched = strings.Replace(at, ":30Z", ":29Z", 1)
		}
		put("touches", "u%d,%d,%s", u, random.IntN(9), touched)
	}
	texts := map[string]string{"fettle.yaml": "project: shop\n", "features/all.yaml": leaking}
	for name, text := range files {
		texts["data/"+name+".csv"] = text.String()
	}
	return writeProject(t, texts)
}

// TestLeakage trains on a leak of each kind, and finds them and nothing else, in the result and in the
// manifest.
func TestLeakage(t *testing.T) {
	t.Parallel()
	dir := leakingProject(t)
	options := TrainOptions{
		Dir: dir, Labels: filepath.Join(dir, "data/labels.csv"), Time: "at", Output: filepath.Join(dir, "out.csv"),
		Features: []string{"spend.*", "account.*", "departure.*", "survey.*", "touch.*"},
	}
	result, err := Train(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"account.state": "copy", "account.score": "power", "departure.gone": "after", "survey.mean": "availability",
		"touch.n": "timing",
	}
	for _, f := range result.Leakage.Findings {
		if want[f.Feature] != f.Kind {
			t.Errorf("%s: %s", f.Kind, f.Message)
		}
		delete(want, f.Feature)
		t.Logf("%s: %s; %s", f.Kind, f.Message, f.Hint)
	}
	if len(want) > 0 || result.Leakage.Target != "left" || result.Leakage.Rows != 600 {
		t.Errorf("not found: %v in %+v", want, result.Leakage)
	}
	text, err := os.ReadFile(result.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := train.DecodeManifest(text)
	if err != nil || manifest.Leakage.Total != result.Leakage.Total {
		t.Errorf("manifest: %+v, %v", manifest, err)
	}
	other, err := Train(t.Context(), with(options, func(o *TrainOptions) { o.Target = "user" }))
	if err != nil || other.DatasetID != result.DatasetID || other.Leakage.Target != "user" {
		t.Errorf("another target: %+v, %v", other, err)
	}
	// An hour earlier the outcome is neither known nor at hand.
	earlier, err := Train(t.Context(), with(options, func(o *TrainOptions) { o.Gap = 3_600_000_000 }))
	if err != nil || kinds(earlier.Leakage)["after"]+kinds(earlier.Leakage)["timing"] > 0 {
		t.Errorf("with a gap: %+v, %v", earlier.Leakage, err)
	}
}

// TestLeakageLabelSource takes the model's own label, and cells that are no target from a file whose
// first rows promised another type.
func TestLeakageLabelSource(t *testing.T) {
	t.Parallel()
	dir := leakingProject(t)
	model := "model: leaving\nfeatures: [account.*, spend.*]\n" +
		"label: {source: departures, key: {user: user}, expr: gone}\n"
	writeText(t, leaking+"---\n"+model, dir, "features/all.yaml")
	options := TrainOptions{Dir: dir, Model: "leaving", Output: filepath.Join(dir, "out.csv")}
	result, err := Train(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	if got := kinds(result.Leakage); result.Leakage.Target != "label" || got["copy"] != 1 || got["power"] != 1 {
		t.Errorf("%+v", result.Leakage)
	}
	if _, err := Train(t.Context(), with(options, func(o *TrainOptions) { o.Target = "gone" })); err == nil ||
		!strings.Contains(err.Error(), "unknown label column") {
		t.Errorf("another target: %v", err)
	}
	labels := &strings.Builder{}
	labels.WriteString("user,at,y\n")
	for u := range 10_500 {
		fmt.Fprintf(labels, "u%d,2024-06-01T00:00:00Z,%d\n", u%600, u%2)
	}
	labels.WriteString("u1,2024-06-01T00:00:00Z,perhaps\n")
	writeText(t, labels.String(), dir, "data/labels.csv")
	options.Labels, options.Time = filepath.Join(dir, "data/labels.csv"), "at"
	if result, err = Train(t.Context(), options); err != nil || result.Leakage.Target != "y" || result.Rows != 10_501 {
		t.Errorf("%+v, %v", result, err)
	}
}

func with(o TrainOptions, change func(*TrainOptions)) TrainOptions {
	change(&o)
	return o
}

func kinds(r *wire.Leakage) map[string]int {
	counts := map[string]int{}
	for _, f := range r.Findings {
		counts[f.Kind]++
	}
	return counts
}

// TestLeakageTarget decides which column is to be predicted.
func TestLeakageTarget(t *testing.T) {
	t.Parallel()
	const visits = "user,amount,ts\nu1,1,2024-05-01T00:00:00Z\n"
	cases := []struct {
		name, labels, target, want, note, problem string
	}{
		{name: "the only one", labels: "user,at,y\nu1,2024-06-01T00:00:00Z,1\n", want: "", note: "one value"},
		{name: "none", labels: "user,at\nu1,2024-06-01T00:00:00Z\n", note: "no column to be predicted"},
		{name: "two", labels: "user,at,y,z\nu1,2024-06-01T00:00:00Z,1,2\n", note: "(y, z): say which with --target"},
		{
			name: "one of two", target: "z", want: "z", note: "2 label rows",
			labels: "user,at,y,z\nu1,2024-06-01T00:00:00Z,1,2\nu1,2024-06-01T00:00:00Z,1,3\n",
		},
		{name: "nulls", labels: "user,at,y\nu1,2024-06-01T00:00:00Z,\n", note: "one value"},
		{name: "a key", target: "user", labels: "user,at,y\nu1,2024-06-01T00:00:00Z,\n", note: "one value"},
		{name: "no zone", labels: "user,at,y\nu1,2024-06-01T00:00:00Z,2024-01-01T00:00:00\n", note: "one value"},
		{name: "unknown", target: "q", labels: "user,at,y\nu1,2024-06-01T00:00:00Z,1\n", problem: "unknown label column"},
		{name: "twice", target: "y", labels: "user,at,y,y\nu1,2024-06-01T00:00:00Z,1,1\n", problem: "two columns"},
	}
	for _, c := range cases {
		dir := writeProject(t, map[string]string{
			"fettle.yaml": "project: shop\n", "features/all.yaml": leaking, "data/visits.csv": visits,
			"data/labels.csv": c.labels,
		})
		result, err := Train(t.Context(), TrainOptions{
			Dir: dir, Labels: filepath.Join(dir, "data/labels.csv"), Time: "at", Target: c.target,
			Output: filepath.Join(dir, "out.csv"), Features: []string{"spend.*"},
		})
		switch {
		case c.problem != "":
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%s: %v", c.name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", c.name, err)
		default:
			text, _ := json.Marshal(result.Leakage)
			if result.Leakage.Target != c.want || !strings.Contains(result.Leakage.Note, c.note) {
				t.Errorf("%s: %s", c.name, text)
			}
		}
	}
}
