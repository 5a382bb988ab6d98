package registry

import (
	"context"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
)

const folder = "state/registry"

// cards is a project that most tests change a word of.
const cards = `entity: card
key: {card_id: string}
belongs_to: {group: profile.group_id}
---
entity: group
key: {group_id: string}
---
source: payments
push: true
id: payment_id
event_time: at
available: greatest(at + 2m, received_at)
fields: {payment_id: string, card_id: string, group_id: string, at: timestamp, amount: float64, status: string}
where: amount > 0
---
view: profile
entity: card
source: payments
features:
  group_id: group_id
---
view: group_spend
entity: group
source: payments
freshness: 1h
features:
  mean_7d: avg(amount) over 7d
---
view: card_spend
entity: card
source: payments
features:
  spend_7d: sum(amount) where status = 'paid' over 7d
  idle: {expr: count() over 1d, default: 0}
  against_group: spend_7d / group.group_spend.mean_7d
---
model: fraud
version: 1
features: [card_spend.*]
log: {sample: 0.1, retention: 30d}
`

// compile compiles definitions of one file, and returns them as texts.
func compile(t testing.TB, text string) (*plan.Plan, Texts) {
	t.Helper()
	project := lang.File{Path: lang.ProjectFile, Text: []byte("project: cards\n")}
	result := lang.Compile(lang.Input{
		Project: project, Files: []lang.File{{Path: "features/cards.yaml", Text: []byte(text)}},
	})
	if result.Plan == nil {
		t.Fatalf("the definitions do not compile: %v", result.Diagnostics)
	}
	return result.Plan, Texts{
		Project: File{Path: project.Path, Text: string(project.Text)},
		Files:   []File{{Path: "features/cards.yaml", Text: text}},
	}
}

// replaced is text with one word of it changed, which must be there.
func replaced(t testing.TB, text, old, next string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("the definitions have no %q", old)
	}
	return strings.Replace(text, old, next, 1)
}

func open(t testing.TB, fsys disk.FS) *Registry {
	t.Helper()
	r, err := Open(fsys, folder)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// apply proposes and commits definitions at a time.
func apply(t testing.TB, r *Registry, text string, at int64, allow ...string) *Revision {
	t.Helper()
	p := r.Propose(compile(t, text))
	revision, err := r.Commit(context.Background(), p, "tester", at, allow)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

func newRegistry(t testing.TB) *Registry {
	t.Helper()
	return open(t, disk.NewMemory())
}
