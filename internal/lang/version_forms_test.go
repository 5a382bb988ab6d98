package lang

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// windowForms are windows of which no two are the same.
var windowForms = []string{
	"7d", "8d", "7d offset 1d", "7d offset 2d", "7d hop 1h", "7d hop 1d", "7d offset 1d hop 1d",
	"all", "all offset 1d", "all since '2024-01-01'", "all since '2024-01-02'", "all since '2024-01-01' offset 1d",
	"last 7", "last 8", "last 7 offset 1", "last 7 offset 2",
	"session 7d", "session 8d", "session 7d max 8d", "session 7d max 9d", "session 7d offset 1",
	"session 7d max 8d offset 1", "session 7d max 8d offset 2",
}

// TestVersionsOfWindows fixes the version of a feature over each form of a window: all differ, and
// a window that is written otherwise has the same.
func TestVersionsOfWindows(t *testing.T) {
	t.Parallel()
	base, _, _ := strings.Cut(versionDefinitions, "---\nview: spend")
	versionOf := func(window string) string {
		text := base + "---\nview: spend\nentity: card\nsource: transactions\nkey: {card_id: card}\n" +
			"features:\n  f: sum(amount) over " + window + "\n"
		return versionsOf(t, "project: p\n", text)["spend.f"]
	}
	forms := map[string]string{}
	var lines strings.Builder
	for _, window := range windowForms {
		version := versionOf(window)
		if other, twice := forms[version]; twice {
			t.Errorf("over %s and over %s have one version", window, other)
		}
		forms[version] = window
		fmt.Fprintf(&lines, "%s %s\n", version, window)
	}
	for written, window := range map[string]string{
		"168h": "7d", "1w offset 24h": "7d offset 1d", "7d offset 0s": "7d", "last 7 offset 0": "last 7",
		"SESSION 1w MAX 192h OFFSET 1": "session 7d max 8d offset 1",
	} {
		if forms[versionOf(written)] != window {
			t.Errorf("over %s is over %q, want %q", written, forms[versionOf(written)], window)
		}
	}
	const path = "testdata/version/windows.txt"
	if *update {
		if err := os.WriteFile(path, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if lines.String() != string(want) {
		t.Errorf("versions changed; if the engine gives other values raise plan.EngineSemantics:\n%s", lines.String())
	}
}
