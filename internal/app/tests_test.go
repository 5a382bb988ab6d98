package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPageTestsPass runs the tests of the page of definitions.
func TestPageTestsPass(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/language/definitions.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for i, part := range strings.Split(string(page), "```yaml\n") {
		if block, _, closed := strings.Cut(part, "```"); i > 0 && closed {
			blocks = append(blocks, block)
		}
	}
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: page\n", "features/page.yaml": strings.Join(blocks, "---\n"),
	})
	result, err := Test(t.Context(), TestOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if result.Failed > 0 || result.Passed < 2 {
		t.Errorf("%+v", result)
	}
}

// testedProject has a table, a source of live events and a view that reads all kinds of things.
const testedProject = `entity: user
key: {user: string}
belongs_to: {team: profile.team}
---
entity: team
key: {team: string}
---
source: people
mode: table
path: data/people.csv
key: [user]
event_time: {column: since, timezone: Europe/Paris}
delete_when: gone
fields: {user: string, team: string, since: date, gone: bool}
---
source: visits
path: data/visits.csv
push: true
id: id
event_time: {column: ms, unit: ms}
available: greatest(event_time, received_at)
fields: {id: int64, user: string, team: string, ms: int64, day: date, spent: decimal(2), wait: duration, raw: bytes}
---
view: profile
entity: user
source: people
features:
  team: team
---
view: team_visits
entity: team
source: visits
features:
  all: count() over all
---
view: visits_of
entity: user
source: visits
request: {add: decimal(2)}
features:
  spent: sum(event.spent) over 1d
  day: day
  wait: wait
  raw: raw
  seen: last(event_time) over all
  more: request.add + this.spent
  of_team: team.team_visits.all
  team: profile.team
`

func TestTestsOfEveryKind(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: kinds\n", "features/a.yaml": testedProject, "features/t.yaml": `test: kinds
view: visits_of
now: 1970-01-02T00:00:00Z
key: {user: ann}
events:
  visits:
    - {id: 1, user: ann, team: red, ms: 3600000, day: 1970-01-01, spent: 1.5, wait: 90s, raw: aGk=}
    - {id: 2, user: bob, team: red, ms: 3600000, spent: 7}
    - {id: 3, user: ann, team: red, ms: 3600000, spent: 2.25, received_at: 1970-01-02T00:00:01Z}
  people:
    - {user: ann, team: blue, since: 1969-01-01}
    - {user: ann, team: red, since: 1970-01-01}
    - {user: ann, team: green, since: 1970-01-03}
request: {add: 0.5}
expect:
  spent: 1.50
  day: 1970-01-01
  wait: 90s
  raw: aGk=
  seen: 1970-01-01T01:00:00Z
  more: 2
  of_team: 2
  team: red
---
test: nothing
view: visits_of
now: 1970-01-02T00:00:00Z
key: {user: ann}
expect: {spent: null, of_team: null, more: null, seen: null}
`,
	})
	result, err := Test(t.Context(), TestOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range result.Tests {
		for _, v := range c.Values {
			if !v.Passed {
				t.Errorf("%s: %s: expected %s, got %s (%s)", c.Name, v.Feature, v.Expected, v.Got, v.Status)
			}
		}
	}
	if len(result.Tests) != 2 {
		t.Errorf("%d tests", len(result.Tests))
	}
}

// TestUpdateLeavesTheRest rewrites a test in one line, and refuses one that has no lines.
func TestUpdateLeavesTheRest(t *testing.T) {
	t.Parallel()
	dir := writeProject(t, map[string]string{
		"fettle.yaml": "project: kinds\n", "features/a.yaml": testedProject,
		"features/t.yaml": "# first\ntest:   one # name\nview: visits_of\nnow: 1970-01-02T00:00:00Z\nkey: {user: ann}\n" +
			"expect: {spent: 1} # null\n\n\n# last\n",
	})
	if _, err := Test(t.Context(), TestOptions{Dir: dir, Update: true}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "features/t.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := "# first\ntest:   one # name\nview: visits_of\nnow: 1970-01-02T00:00:00Z\nkey: {user: ann}\n" +
		"expect: {spent: null}  # null\n\n\n# last\n"
	if string(text) != want {
		t.Errorf("updated to\n%s", text)
	}
	flow := "{test: one, view: visits_of, now: 1970-01-02T00:00:00Z, key: {user: ann}, expect: {spent: 1}}\n"
	if err := os.WriteFile(filepath.Join(dir, "features/t.yaml"), []byte(flow), 0o644); err != nil {
		t.Fatal(err)
	}
	var known *Error
	_, err = Test(t.Context(), TestOptions{Dir: dir, Update: true})
	if !errors.As(err, &known) || known.Code != ExitInvalid || !strings.Contains(err.Error(), "the test one: rewrite") {
		t.Errorf("a test without lines: %v", err)
	}
}
