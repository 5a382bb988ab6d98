package app

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// TestSpineInPieces makes spines whose rows do not fit the memory: sets and manifests are those of
// one piece, and the rows those of a label file that has them.
func TestSpineInPieces(t *testing.T) {
	t.Parallel()
	rows := 0
	for seed := range uint64(2) {
		o := memoryProject(t, seed)
		o.Features = []string{"spend.n_1h", "spend.sum_1d", "spend.amount"}
		labels := o.Labels
		o.Labels, o.Time, o.Spine = "", "t", "2024-01-01..2024-03-01 every 15m"
		if err := trainOn(t.Context(), newSmallDisk(), o); err != nil {
			t.Fatal(err)
		}
		want := readSet(t, o.Output)
		set, err := os.ReadFile(o.Output)
		if err != nil {
			t.Fatal(err)
		}
		rows += bytes.Count(set, []byte("\n")) - 1
		o.Memory = 2 << 20
		fsys := newSmallDisk()
		if err := trainOn(t.Context(), fsys, o); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(readSet(t, o.Output), want) {
			t.Errorf("seed %d: little memory changes the spine", seed)
		}
		if fsys.runs.Load() < 2 {
			t.Errorf("seed %d: nothing was spilled", seed)
		}
		// The rows again, as labels: the keys and times, without the features.
		var text strings.Builder
		for line := range strings.Lines(string(set)) {
			cells := strings.Split(line, ",")
			text.WriteString(strings.Join(cells[:len(cells)-3], ",") + "\n")
		}
		if err := os.WriteFile(labels, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		o.Spine, o.Labels, o.Memory = "", labels, 0
		if err := trainOn(t.Context(), newSmallDisk(), o); err != nil {
			t.Fatal(err)
		}
		again, err := os.ReadFile(o.Output)
		if err != nil || !bytes.Equal(again, set) {
			t.Errorf("seed %d: as labels the rows have other values: %v", seed, err)
		}
	}
	if rows < 1<<15 {
		t.Errorf("only %d rows", rows)
	}
}

// readSet returns the bytes of a set and its manifest.
func readSet(t *testing.T, output string) []byte {
	t.Helper()
	set, err := os.ReadFile(output)
	manifest, more := os.ReadFile(output + manifestSuffix)
	if err != nil || more != nil {
		t.Fatal(err, more)
	}
	return append(set, manifest...)
}

// TestPartsAreTheWhole divides a set in hardly any memory: its parts, put together in the order of the
// labels, are the set.
func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	lines := 0
	for seed := range uint64(2) {
		o := memoryProject(t, seed)
		if err := trainOn(t.Context(), newSmallDisk(), o); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(o.Output)
		if err != nil {
			t.Fatal(err)
		}
		o.Split, o.Memory = "0.5/0.3/0.2", 8<<20
		if err := trainOn(t.Context(), newSmallDisk(), o); err != nil {
			t.Fatal(err)
		}
		left := map[string]int{}
		for line := range strings.Lines(string(whole)) {
			left[line]++
		}
		for _, part := range []string{"train", "valid", "test"} {
			text, err := os.ReadFile(PartOutput(o.Output, part))
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				if left[line+"\n"]--; i > 0 {
					lines++
				}
				if i > 0 && left[line+"\n"] < 0 {
					t.Fatalf("seed %d: part %s has a row that the set has not: %s", seed, part, line)
				}
			}
		}
	}
	if lines < 500 {
		t.Errorf("only %d rows in parts", lines)
	}
}
