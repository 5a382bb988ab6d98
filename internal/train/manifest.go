package train

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema/zone"
	"github.com/fettle-ml/fettle/internal/train/leakage"
)

// ManifestFormat is the version of the manifest's format. It changes whenever a field gets another
// meaning: a reader refuses what it does not know.
const ManifestFormat = 1

// Manifest says what a training set is made of. It holds no time and no path of a machine: the same
// data and definitions give the same bytes. Times and durations are microseconds. The order of the
// fields is that of the file, and the checksum depends on it.
type Manifest struct {
	Format          int             `json:"format"`
	DatasetID       string          `json:"dataset_id"`
	EngineSemantics int             `json:"engine_semantics"`
	ZoneDatabase    string          `json:"zone_database"`
	Model           string          `json:"model,omitempty"`
	Mode            string          `json:"mode"`
	GapMicros       int64           `json:"gap_us"`
	MaxAgeMicros    int64           `json:"max_age_us"`
	MaxBad          int             `json:"max_bad"`
	Timezone        string          `json:"timezone,omitempty"`
	Labels          LabelCounts     `json:"labels"`
	Roles           []RoleKey       `json:"roles"`
	Sources         []Source        `json:"sources"`
	Features        []FeatureCounts `json:"features"`
	Warnings        []string        `json:"warnings,omitempty"`
	// Leakage is what the report on leakage found. It follows from the rest, and is in no identity.
	Leakage *leakage.Report `json:"leakage,omitempty"`
	// Differing counts the cells in which the other mode differs; none if nothing was ever pushed.
	Differing *int64 `json:"cells_differing,omitempty"`
	Checksum  string `json:"checksum"` // SHA-256 of the manifest with this field empty
}

// RoleKey says which label columns are the key of a role.
type RoleKey struct {
	Role string   `json:"role"`
	Key  []string `json:"key"`
}

// LabelCounts describes the label rows. A row without a time is not counted among null keys as
// well.
type LabelCounts struct {
	Time      string    `json:"time"`
	Rows      int64     `json:"rows"`
	NullTimes int64     `json:"null_times"`
	NullKeys  int64     `json:"null_keys"`
	SHA256    string    `json:"sha256"` // of the file, or of the rule if labels come from a source
	Bad       []BadCell `json:"bad,omitempty"`
}

// Source describes the history of one source that was read. Duplicates, bad and filtered rows are
// among Rows. Raised and Never count events whose availability was before their own time, or null.
type Source struct {
	Name       string            `json:"name"`
	Files      []File            `json:"files"`
	Pushed     *Pushed           `json:"pushed,omitempty"` // nil: nothing was ever pushed
	Rows       int64             `json:"rows"`
	Duplicates int64             `json:"duplicates"`
	BadRows    int64             `json:"quarantined"`
	Bad        []BadRow          `json:"bad,omitempty"`
	NonFinite  int64             `json:"non_finite"`
	Folds      int64             `json:"folds"`
	Gaps       int64             `json:"gaps"`
	Filtered   int64             `json:"filtered"`
	Raised     int64             `json:"availability_raised"`
	Never      int64             `json:"never_available"`
	Made       engine.NullCounts `json:"nulls_made"`
	// Default is true if the source says no rule of availability.
	Default bool `json:"default_availability"`
}

// Pushed describes the events of a source that came live. They are the same wherever they lie.
type Pushed struct {
	// Through is the last sequence of the log that was looked at.
	Through uint64 `json:"through"`
	Rows    int64  `json:"rows"` // among those of the source
	// Digest is of the place and the times of every row.
	Digest string `json:"digest"`
}

// File is one file that was read.
type File struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"`
}

// BadRow is one thing wrong with a row of a source.
type BadRow struct {
	Path    string `json:"path"`
	Row     int64  `json:"row"`
	Line    int64  `json:"line,omitempty"`
	Field   string `json:"field,omitempty"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// FeatureCounts describes one output column. Nulls counts all nulls; the statuses leave out rows
// without a time or key.
type FeatureCounts struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Type    string            `json:"type"`
	Nulls   int64             `json:"nulls"`
	Missing int64             `json:"missing"`
	Expired int64             `json:"expired"`
	Default int64             `json:"default"`
	Error   int64             `json:"error"`
	Made    engine.NullCounts `json:"nulls_made"` // by arithmetic
}

// manifestOf begins the manifest. It must come after the evaluation: only then does the history
// know which files were read.
func manifestOf(s *plan.Selection, labels *Labels, history History, options Options) *Manifest {
	m := &Manifest{
		Format: ManifestFormat, EngineSemantics: plan.EngineSemantics, ZoneDatabase: zone.Version,
		Model: s.Model, Mode: cmp.Or(options.Mode, Ideal), GapMicros: options.Gap, MaxAgeMicros: options.MaxAge,
		MaxBad: options.MaxBad, Timezone: labels.Zone, Sources: history.Sources(),
		Labels: LabelCounts{Time: labels.Time, SHA256: labels.Digest, Bad: labels.bad},
	}
	for _, role := range s.Roles {
		m.Roles = append(m.Roles, RoleKey{Role: role.Name, Key: role.Key})
	}
	return m
}

// add joins the counts of one more group of rows.
func (f *FeatureCounts) add(more FeatureCounts) {
	f.Name, f.Version, f.Type = more.Name, more.Version, more.Type
	f.Nulls += more.Nulls
	f.Missing += more.Missing
	f.Expired += more.Expired
	f.Default += more.Default
	f.Error += more.Error
	f.Made.Add(more.Made)
}

// countAbsent counts label rows without a time or key. A row counts once even if several roles have
// no key. absent is by role.
func (c *counts) countAbsent(rows engine.Rows, absent [][]bool) {
	for i := range rows.Count {
		if rows.Valid != nil && !rows.Valid[i] {
			c.nullTimes++
			continue
		}
		for _, role := range absent {
			if role != nil && role[i] {
				c.nullKeys++
				break
			}
		}
	}
}

// addReport takes over what the engine counted. A source that was read for labels only is not in
// the report and keeps its zeros.
func (m *Manifest) addReport(report *engine.Report) {
	for i := range m.Sources {
		source := &m.Sources[i]
		if counts := report.Sources[source.Name]; counts != nil {
			source.Filtered, source.Raised, source.Never = counts.Filtered, counts.Raised, counts.Never
			source.Made = counts.Made
		}
	}
}

// identify sets the dataset id: what decides the bytes of the output, and nothing else. Paths are
// left out, so that a moved project gives the same id, and so are counts, which follow from the
// rest. Whatever new option changes a value must be added here, or two different sets would bear
// one id.
func (m *Manifest) identify() {
	id := sha256.New()
	fmt.Fprintln(id, "fettle dataset", m.Format, m.EngineSemantics, m.ZoneDatabase, m.Mode)
	fmt.Fprintln(id, "options", m.GapMicros, m.MaxAgeMicros, m.Timezone)
	fmt.Fprintf(id, "labels %q %d %s\n", m.Labels.Time, m.Labels.Rows, m.Labels.SHA256)
	for _, role := range m.Roles {
		fmt.Fprintf(id, "role %q %q\n", role.Role, role.Key)
	}
	for _, source := range m.Sources {
		for _, file := range source.Files {
			fmt.Fprintln(id, "file", file.Size, file.SHA256)
		}
		if source.Pushed != nil {
			fmt.Fprintln(id, "pushed", source.Pushed.Rows, source.Pushed.Digest)
		}
	}
	for _, feature := range m.Features {
		fmt.Fprintf(id, "feature %q %s\n", feature.Name, feature.Version)
	}
	m.DatasetID = hex.EncodeToString(id.Sum(nil)[:16])
}

// Encode returns the manifest as JSON, with its checksum. The manifest itself is not changed.
func (m *Manifest) Encode() ([]byte, error) {
	sealed := *m
	sum, err := checksum(sealed)
	if err != nil {
		return nil, err
	}
	sealed.Checksum = sum
	text, err := json.MarshalIndent(sealed, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return append(text, '\n'), nil
}

// checksum hashes the compact form, so that indentation does not matter. It takes a copy on
// purpose: the field is emptied in it.
func checksum(m Manifest) (string, error) {
	m.Checksum = ""
	text, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("encode manifest: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// ErrManifest is wrapped by errors about a manifest that cannot be used.
var ErrManifest = errors.New("the manifest cannot be used")

// DecodeManifest reads a manifest and checks its format and checksum. A field that is not known is
// refused as well: it would drop out of the checksum unseen.
func DecodeManifest(text []byte) (*Manifest, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var m Manifest
	if err := decoder.Decode(&m); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if m.Format != ManifestFormat {
		return nil, fmt.Errorf("%w: it has format %d, this program reads %d", ErrManifest, m.Format, ManifestFormat)
	}
	want, err := checksum(m)
	if err != nil {
		return nil, err
	}
	if m.Checksum != want {
		return nil, fmt.Errorf("%w: its checksum does not match: it was changed by hand or damaged", ErrManifest)
	}
	return &m, nil
}
