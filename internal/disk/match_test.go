package disk

import "testing"

func TestMatch(t *testing.T) {
	t.Parallel()
	f := func(pattern, name string, want bool) {
		t.Helper()
		if got := Match(pattern, name); got != want {
			t.Errorf("Match(%q, %q) = %v", pattern, name, got)
		}
	}
	f("data/tx.csv", "data/tx.csv", true)
	f("data/tx.csv", "./data//tx.csv", true)
	f("data/*.csv", "data/new.csv", true)
	f("data/*.csv", "data/deep/new.csv", false)
	f("data/**/*.csv", "data/deep/er/new.csv", true)
	f("data/**/*.csv", "data/new.csv", true)
	f("data/*.csv", "data/.hidden.csv", false)
	f("data/*.csv", "out.csv", false)
	f("[", "[", false)
}
