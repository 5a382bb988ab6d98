package train

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/engine"
)

var update = flag.Bool("update", false, "rewrite golden files")

func sampleManifest() *Manifest {
	m := &Manifest{
		Format: ManifestFormat, EngineSemantics: 1, ZoneDatabase: "2025c", Model: "fraud@1", Mode: "ideal",
		GapMicros: 3_600_000_000, Timezone: "UTC",
		Labels: LabelCounts{Time: "t", Rows: 3, NullTimes: 1, SHA256: strings.Repeat("a", 64)},
		Roles:  []RoleKey{{Role: "card", Key: []string{"card_id"}}},
		Sources: []Source{{
			Name: "tx", Rows: 10, Duplicates: 1, BadRows: 1,
			Files: []File{{Path: "data/tx.csv", Size: 120, SHA256: strings.Repeat("b", 64), Rows: 10}},
			Bad:   []BadRow{{Path: "data/tx.csv", Row: 2, Line: 3, Field: "amount", Code: "bad_type", Message: "no number"}},
		}},
		Features: []FeatureCounts{{
			Name: "v.f", Version: strings.Repeat("c", 32), Type: "float64", Nulls: 2, Missing: 1,
			Made: engine.NullCounts{NonFinite: 1},
		}},
		Warnings: []string{"one"},
	}
	m.identify()
	return m
}

// TestManifestSample keeps a manifest of every release's format readable.
func TestManifestSample(t *testing.T) {
	t.Parallel()
	text, err := sampleManifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	const name = "testdata/v1.manifest.json"
	if *update {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(golden) != string(text) {
		t.Errorf("the format changed without a new version:\n%s", text)
	}
	m, err := DecodeManifest(golden)
	if err != nil || m.DatasetID != sampleManifest().DatasetID || m.Sources[0].Bad[0].Row != 2 {
		t.Errorf("decode: %+v, %v", m, err)
	}
}

// TestManifestDamage flips every byte: none goes unnoticed but those between values.
func TestManifestDamage(t *testing.T) {
	t.Parallel()
	text, err := sampleManifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	unnoticed := 0
	for i := range text {
		damaged := append([]byte(nil), text...)
		damaged[i] ^= 1
		m, err := DecodeManifest(damaged)
		switch {
		case err == nil && m.DatasetID != sampleManifest().DatasetID:
			t.Fatalf("byte %d: another dataset", i)
		case err == nil:
			unnoticed++
		case !errors.Is(err, ErrManifest):
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if unnoticed > len(text)/2 {
		t.Errorf("%d of %d flips unnoticed", unnoticed, len(text))
	}
}

// TestDatasetID changes with what decides the output, and with nothing else.
func TestDatasetID(t *testing.T) {
	t.Parallel()
	id := sampleManifest().DatasetID
	f := func(changes bool, name string, change func(m *Manifest)) {
		t.Helper()
		m := sampleManifest()
		change(m)
		m.identify()
		if (m.DatasetID != id) != changes {
			t.Errorf("%s: id changes %v, want %v", name, m.DatasetID != id, changes)
		}
	}
	f(true, "gap", func(m *Manifest) { m.GapMicros++ })
	f(true, "max age", func(m *Manifest) { m.MaxAgeMicros++ })
	f(true, "labels", func(m *Manifest) { m.Labels.SHA256 = strings.Repeat("d", 64) })
	f(true, "file", func(m *Manifest) { m.Sources[0].Files[0].SHA256 = strings.Repeat("d", 64) })
	f(true, "version", func(m *Manifest) { m.Features[0].Version = strings.Repeat("d", 32) })
	f(true, "key column", func(m *Manifest) { m.Roles[0].Key = []string{"other"} })
	f(true, "name", func(m *Manifest) { m.Features[0].Name = "v.g" })
	f(true, "zones", func(m *Manifest) { m.ZoneDatabase = "2026a" })
	f(false, "path", func(m *Manifest) { m.Sources[0].Files[0].Path = "elsewhere.csv" })
	f(false, "model", func(m *Manifest) { m.Model = "other@1" })
	f(false, "warnings", func(m *Manifest) { m.Warnings = nil })
}

// FuzzManifest decodes anything without a panic, and only what was sealed.
func FuzzManifest(f *testing.F) {
	text, err := sampleManifest().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format": 2}`))
	f.Add([]byte(`{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := DecodeManifest(text)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeManifest(again); err != nil {
			t.Fatalf("what was decoded does not decode again: %v", err)
		}
	})
}
