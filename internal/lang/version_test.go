package lang

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/plan"
)

const versionDefinitions = `
entity: card
key: {card_id: string}
belongs_to: {group: profile.group_id}
---
entity: group
key: {group_id: string}
---
source: transactions
path: data/*.parquet
id: txn_id
event_time: {column: ts, timezone: UTC}
available: ts + 2m
sequence: lsn
fields: {txn_id: string, card: string, group_id: string, ts: timestamp, lsn: int64, amount: float64, status: string}
columns:
  euros: amount / 100
---
view: profile
entity: card
source: transactions
key: {card_id: card}
features:
  group_id: group_id
---
view: spend
entity: card
source: transactions
key: {card_id: card}
description: What a card spends.
owner: risk@example.com
request: {price: float64}
features:
  total_7d: sum(amount) where status = 'paid' over 7d
  euros_7d: sum(euros) over 7d
  velocity: total_7d / 7
  share: total_7d / nullif(group.by_group.total, 0)
  ratio: {expr: request.price / total_7d, default: 1.0}
  newest: amount
---
view: by_group
entity: group
source: transactions
freshness: daily
features:
  total: sum(amount) over 1d
`

// versionsOf compiles definitions and returns the version of each feature.
func versionsOf(t *testing.T, project, text string) map[string]string {
	t.Helper()
	result := Compile(Input{
		Project: File{Path: ProjectFile, Text: []byte(project)},
		Files:   []File{{Path: "features/a.yaml", Text: []byte(text)}},
	})
	if result.Plan == nil {
		t.Fatalf("%v\n%s", result.Diagnostics, text)
	}
	versions := map[string]string{}
	for _, view := range result.Plan.Views {
		for i, f := range view.Features {
			versions[view.Name+"."+f.Name] = f.Version
			if f.Version != plan.Version(view, i) || len(f.Version) != 32 {
				t.Errorf("%s.%s: version %q", view.Name, f.Name, f.Version)
			}
		}
	}
	return versions
}

// TestVersionsGolden fixes the versions: they are in users' models for ever.
func TestVersionsGolden(t *testing.T) {
	t.Parallel()
	versions := versionsOf(t, "project: p\n", versionDefinitions)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		lines = append(lines, fmt.Sprintf("%s %s\n", versions[name], name))
	}
	got := strings.Join(lines, "")
	const path = "testdata/version/versions.txt"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("versions changed; if the engine gives other values raise plan.EngineSemantics:\n%s", got)
	}
}

// TestVersionsChangeWithMeaning edits the definitions: what a value means changes exactly the
// versions of the features named, anything else changes none.
func TestVersionsChangeWithMeaning(t *testing.T) {
	t.Parallel()
	before := versionsOf(t, "project: p\n", versionDefinitions)
	all := slices.Sorted(maps.Keys(before))
	of := func(views ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(name string) bool {
			return !slices.ContainsFunc(views, func(v string) bool { return strings.HasPrefix(name, v) })
		})
	}
	ownSpend := of("spend")
	f := func(name, old, new string, changed ...string) {
		t.Helper()
		if strings.Count(versionDefinitions, old) == 0 {
			t.Fatalf("%s: %q is not in the definitions", name, old)
		}
		after := versionsOf(t, "project: p\n", strings.Replace(versionDefinitions, old, new, 1))
		var got []string
		for _, feature := range all {
			if after[feature] != before[feature] && after[feature] != "" {
				got = append(got, feature)
			}
		}
		if !slices.Equal(got, changed) {
			t.Errorf("%s changes %v, want %v", name, got, changed)
		}
	}
	// No meaning: layout, descriptions, owners, paths.
	f("white space", "sum(amount) where status = 'paid' over 7d", "sum( amount )  WHERE status='paid' OVER 7d")
	f("description", "What a card spends.", "Spending.")
	f("owner", "risk@example.com", "fraud@example.com")
	f("path", "data/*.parquet", "elsewhere/*.parquet")
	f("another unit", "over 7d\n  velocity", "over 168h\n  velocity")
	f("unused column", "status: string}", "status: string, unused: date}")
	f("max_future", "id: txn_id", "id: txn_id\nmax_future: 10m")
	f("timeout", "request: {price", "timeout: 20ms\nrequest: {price")
	// Meaning.
	f("window", "where status = 'paid' over 7d", "where status = 'paid' over 8d",
		"spend.ratio", "spend.share", "spend.total_7d", "spend.velocity")
	f("filter", "'paid'", "'PAID'", "spend.ratio", "spend.share", "spend.total_7d", "spend.velocity")
	f("zone", "timezone: UTC", "timezone: Europe/Paris", all...)
	f("availability", "ts + 2m", "ts + 3m", all...)
	f("id", "id: txn_id", "id: lsn", all...)
	f("sequence", "sequence: lsn", "sequence: amount", all...)
	f("source where", "sequence: lsn", "sequence: lsn\nwhere: amount > 0", all...)
	f("edge", "sequence: lsn", "sequence: lsn\nedge: at", all...)
	f("key", "key: {card_id: card}\ndescription", "key: {card_id: txn_id}\ndescription", ownSpend...)
	f("default", "default: 1.0", "default: 2.0", "spend.ratio")
	f("expiry", "default: 1.0}", "default: 1.0, expires: 3d}", "spend.ratio")
	f("column type", "lsn: int64, amount: float64", "lsn: int64, amount: decimal(2)",
		append(of("by_group"), ownSpend...)...)
	f("computed column", "amount / 100", "amount / 10", "spend.euros_7d")
	f("freshness of another view", "freshness: daily", "freshness: hourly", "by_group.total", "spend.share")
	f("ready_after", "freshness: daily", "freshness: daily\nready_after: 5m", "by_group.total", "spend.share")
	f("link", "  group_id: group_id", "  group_id: {expr: group_id, default: none}", "profile.group_id", "spend.share")
	f("request", "request: {price: float64}", "request: {price: int64}", "spend.ratio")
	zoned := versionsOf(t, "project: p\ntimezone: Europe/Paris\n", versionDefinitions)
	if zoned["by_group.total"] == before["by_group.total"] || zoned["spend.newest"] != before["spend.newest"] {
		t.Error("the project's zone decides daily boundaries and nothing else")
	}
}

// TestRenamesKeepVersions renames everything that has a name of its own.
func TestRenamesKeepVersions(t *testing.T) {
	t.Parallel()
	before := versionsOf(t, "project: p\n", versionDefinitions)
	renamed := strings.NewReplacer(
		"project", "project", "view: spend", "view: outlay", "total_7d", "sum_7d", "by_group", "of_group",
		"source: transactions", "source: payments", "entity: card", "entity: plastic", "profile", "portrait",
	).Replace(versionDefinitions)
	after := versionsOf(t, "project: q\n", renamed)
	if a, b := slices.Sorted(maps.Values(before)), slices.Sorted(maps.Values(after)); !slices.Equal(a, b) {
		t.Errorf("renaming changes versions:\n%v\n%v", a, b)
	}
}
