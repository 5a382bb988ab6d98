package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/source/file"
)

// trained is a small project, its labels, and the training set that must come out.
type trained struct {
	name     string
	yaml     string
	data     map[string]string // by path below data/, without .csv
	labels   string
	features []string
	model    string
	options  TrainOptions
	want     string // the output; "" if an error is wanted
	problem  string // part of the error's text
}

// run trains and returns the output.
func (c trained) run(t *testing.T) (string, error) {
	t.Helper()
	files := map[string]string{"fettle.yaml": "project: p\n", "features/all.yaml": c.yaml}
	for name, text := range c.data {
		files["data/"+name+".csv"] = strings.TrimPrefix(text, "\n")
	}
	dir := writeProject(t, files)
	o := c.options
	o.Dir, o.Features, o.Model = dir, c.features, c.model
	o.Output = filepath.Join(dir, "out.csv")
	if c.labels != "" {
		o.Labels, o.Input = "-", strings.NewReader(strings.TrimPrefix(c.labels, "\n"))
		if o.Time == "" {
			o.Time = "t"
		}
	}
	if _, err := Train(t.Context(), o); err != nil {
		return "", err
	}
	text, err := os.ReadFile(o.Output)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func (c trained) check(t *testing.T) {
	t.Helper()
	got, err := c.run(t)
	var known *Error
	switch {
	case c.want == "" && err == nil:
		t.Errorf("no error, but\n%s", got)
	case c.want == "" && (!errors.As(err, &known) || known.Code == ExitUnavailable):
		t.Errorf("not a user's error: %v", err)
	case c.want == "" && !strings.Contains(err.Error(), c.problem):
		t.Errorf("the error is %q, want %q", err, c.problem)
	case c.want != "" && err != nil:
		if t.Error(err); errors.As(err, &known) {
			t.Error(known.Problems)
		}
	case got != strings.TrimPrefix(c.want, "\n"):
		t.Errorf("got\n%s\nwant%s", got, c.want)
	}
}

const userVisits = `
entity: user
key: {user: string}
---
source: visits
path: data/visits.csv
event_time: ts
available: ts
fields: {user: string, x: float64, ts: timestamp}
columns: {kind: "'web'", double: x * 2, at: ts}
`

func TestTrainOutputs(t *testing.T) {
	t.Parallel()
	for _, c := range []trained{
		{
			name: "a constant computed column is of the newest row",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  kind: kind
`,
			data:     map[string]string{"visits": "user,x,ts\nann,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\nann,2024-01-02T00:00:00Z\nbob,2024-01-02T00:00:00Z\nann,2023-01-02T00:00:00Z\n",
			features: []string{"v.*"},
			want: `
user,t,v.kind
ann,2024-01-02T00:00:00Z,web
bob,2024-01-02T00:00:00Z,
ann,2023-01-02T00:00:00Z,
`,
		},
		{
			name: "a key column and a request field of one name and two types are refused",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
request: {user: int64}
features:
  total: sum(x) over 7d
  asked: request.user
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\n7,2024-01-02T00:00:00Z\n",
			features: []string{"v.*"},
			problem:  "label column user",
		},
		{
			name: "two entities with key columns of one name and two types are refused",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
---
entity: numbered
key: {user: int64}
---
view: w
entity: numbered
source: visits
key: {user: cast(user as int64)}
features:
  total: sum(x) over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\n7,2024-01-02T00:00:00Z\n",
			features: []string{"v.*", "w.*"},
			problem:  "label column user",
		},
		{
			name: "a request time without a zone is refused",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
request: {asked: timestamp}
features:
  asked: request.asked
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t,asked\n7,2024-01-02T00:00:00Z,2024-01-02T00:00:00\n",
			features: []string{"v.*"},
			problem:  "label column asked",
		},
		{
			name: "a request time without a zone is in the labels' zone",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
request: {asked: timestamp}
features:
  since: seconds_between(request.asked, as_of)
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t,asked\n7,2024-01-02T00:00:00,2024-01-02T00:00:00\n",
			features: []string{"v.*"},
			options:  TrainOptions{Timezone: "Europe/Paris"},
			want:     "user,t,asked,v.since\n7,2024-01-02T00:00:00,2024-01-02T00:00:00,0.0\n",
		},
		{
			name: "a label time outside of the accepted years is bad",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\n7,0001-01-02T00:00:00Z\n",
			features: []string{"v.*"},
			problem:  "bad cells",
		},
		{
			name: "a label time outside of the accepted years that is allowed is null",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  n: count() over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\n7,2201-01-01T00:00:00Z\n7,2200-12-31T23:59:59Z\n",
			features: []string{"v.*"},
			options:  TrainOptions{MaxBad: 1},
			want:     "user,t,v.n\n7,2201-01-01T00:00:00Z,\n7,2200-12-31T23:59:59Z,0\n",
		},
		{
			name: "a link leads on by a key column of its own entity",
			yaml: `
entity: user
key: {user: string}
belongs_to: {team: {entity: team, key: {region: profile.region, team: profile.team}}}
---
entity: team
key: {region: string, team: string}
belongs_to: {area: {entity: area, key: {region: region}}}
---
entity: area
key: {region: string}
---
source: visits
path: data/visits.csv
event_time: ts
available: ts
fields: {user: string, region: string, team: string, x: float64, ts: timestamp}
---
view: profile
entity: user
source: visits
features:
  region: region
  team: team
---
view: asked
entity: user
features:
  area_total: team.area.per_area.total
---
view: per_area
entity: area
source: visits
features:
  total: sum(x) over 7d
`,
			data: map[string]string{"visits": `
user,region,team,x,ts
ann,eu,red,1,2024-01-01T00:00:00Z
bob,eu,blue,2,2024-01-01T01:00:00Z
cid,,blue,4,2024-01-01T01:00:00Z
dee,eu,,8,2024-01-01T02:00:00Z
`},
			labels:   "user,t\nann,2024-01-02T00:00:00Z\ncid,2024-01-02T00:00:00Z\ndee,2024-01-02T00:00:00Z\n",
			features: []string{"asked.area_total"},
			want: `
user,t,asked.area_total
ann,2024-01-02T00:00:00Z,11.0
cid,2024-01-02T00:00:00Z,
dee,2024-01-02T00:00:00Z,
`,
		},
		{
			name: "a label source whose files are missing",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
---
source: orders
path: data/orders.csv
event_time: ts
available: ts
---
model: m
features: [v.*]
label: {source: orders, key: {user: user}, expr: x > 1}
`,
			data:    map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			model:   "m",
			problem: "orders",
		},
		{
			name: "a label source without a column that the request needs",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
request: {amount: float64}
features:
  total: request.amount + sum(x) over 7d
---
model: m
features: [v.*]
label: {source: visits, expr: x > 1}
`,
			data:    map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			model:   "m",
			problem: "request.amount",
		},
		{
			name: "a feature named as a column of the label source",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
---
model: m
features: [{v.total: label}]
label: {source: visits, expr: x > 1}
`,
			data:    map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			model:   "m",
			problem: "label",
		},
		{
			name: "a version that the model does not have",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
---
model: m
version: 3
features: [v.total]
`,
			data:    map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:  "user,t\n7,2024-01-02T00:00:00Z\n",
			model:   "m@2",
			problem: "m@2",
		},
		{
			name: "a key column that the labels have twice",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(x) over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,user,t\n7,8,2024-01-02T00:00:00Z\n",
			features: []string{"v.*"},
			problem:  "two columns user",
		},
		{
			name: "no labels",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(event.x) over 7d
  n: count() over 7d
  kinds: count(distinct user) over 7d
  kind: kind
  x: x
  top: max(user) over 7d
  ok: any(event.x > 1) over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n7,1,2024-01-01T00:00:00Z\n"},
			labels:   "user,t\n",
			features: []string{"v.*"},
			want:     "user,t,v.total,v.n,v.kinds,v.kind,v.x,v.top,v.ok\n",
		},
		{
			name: "a source without rows",
			yaml: userVisits + `
---
view: v
entity: user
source: visits
features:
  total: sum(event.x) over 7d
  n: count() over 7d
  kinds: count(distinct user) over 7d
  kind: kind
  x: {expr: x, default: 2.5}
  top: max(user) over 7d
  ok: any(event.x > 1) over 7d
`,
			data:     map[string]string{"visits": "user,x,ts\n"},
			labels:   "user,t\n7,2024-01-01T00:00:00Z\n,2024-01-01T00:00:00Z\n7,\n",
			features: []string{"v.*"},
			want: `
user,t,v.total,v.n,v.kinds,v.kind,v.x,v.top,v.ok
7,2024-01-01T00:00:00Z,,0,0,,2.5,,
,2024-01-01T00:00:00Z,,,,,,,
7,,,,,,,,
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t)
		})
	}
}

// TestHistoryPlaces has chunks told without the values, which would keep the whole source in memory.
func TestHistoryPlaces(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: p\n", "features/all.yaml": userVisits,
		"data/visits.csv": "user,x,ts\nann,1,2024-01-01T00:00:00Z\nbob,2,2024-01-01T00:00:00Z\n",
	})
	project, err := OpenProject(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := project.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h, told := newHistory(project, 0), 0
	h.chunks = func(_ *plan.Source, chunk *file.Chunk) {
		if told++; chunk.Columns != nil || chunk.EventTime != nil || chunk.Row(1) != 2 {
			t.Errorf("told of %+v", chunk)
		}
	}
	rows := 0
	request := &engine.ScanRequest{Source: p.Sources[0], Columns: []int{1}, Workers: 1}
	err = h.Scan(t.Context(), request, func(_ int, chunk *engine.Chunk) error {
		rows += len(chunk.EventTime)
		return nil
	})
	if err != nil || rows != 2 || told != 1 {
		t.Errorf("%d rows, told %d times: %v", rows, told, err)
	}
}
