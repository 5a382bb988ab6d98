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
	"github.com/fettle-ml/fettle/internal/schema"
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
	Strict          bool            `json:"strict,omitempty"`
	Spine           *SpineRule      `json:"spine,omitempty"`
	Split           *SplitRule      `json:"split,omitempty"`
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
	Time      string `json:"time"`
	Rows      int64  `json:"rows"`
	NullTimes int64  `json:"null_times"`
	NullKeys  int64  `json:"null_keys"`
	SHA256    string `json:"sha256"` // of the file, or of the rule if labels come from a source
	// Path is the file of the labels, relative to the project; "-": they were piped in.
	Path string `json:"path,omitempty"`
	// Young counts the rows of a label source that were left out, since what they look ahead at had
	// not all happened at CompleteTo; Now says that this was given, and is not the newest event.
	Young      *int64    `json:"young,omitempty"`
	CompleteTo string    `json:"complete_to,omitempty"`
	Now        bool      `json:"now_given,omitempty"`
	Bad        []BadCell `json:"bad,omitempty"`
}

// SpineRule says that the rows are entities at times, which no file has.
type SpineRule struct {
	From        string `json:"from"`
	To          string `json:"to"` // exclusive
	EveryMicros int64  `json:"every_us"`
}

// SplitRule says which part of a divided set this is.
type SplitRule struct {
	Rule          string `json:"rule"` // as ParseSplit reads it
	Part          string `json:"part"`
	From          string `json:"from,omitempty"`
	Until         string `json:"until,omitempty"` // exclusive
	EmbargoMicros int64  `json:"embargo_us"`
	// Of the whole set: rows that are in no part, because of the embargo or for want of a time.
	Embargoed int64 `json:"embargoed"`
	Untimed   int64 `json:"untimed"`
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

// Manifests describes each part of the set; there is one if it is not divided. It must come after
// Write: only then is everything computed, and does the history know which files were read.
func (s *Set) Manifests() []*Manifest {
	sources := s.history.Sources()
	for i := range sources {
		// A source that was read for labels only is not in the report and keeps its zeros.
		if c, found := s.counts.sources[sources[i].Name]; found {
			sources[i].Filtered, sources[i].Raised, sources[i].Never = c.Filtered, c.Raised, c.Never
			sources[i].Made = c.Made
		}
	}
	var all []*Manifest
	found := s.lookReport()
	for part := range s.counts.parts {
		m := s.manifest(&s.counts.parts[part])
		m.Leakage = found
		m.Sources = sources
		if s.partition != nil {
			m.Split = s.splitRule(part)
		}
		m.identify()
		all = append(all, m)
	}
	return all
}

// manifest begins the manifest of a part.
func (s *Set) manifest(part *partCounts) *Manifest {
	o, labels := s.options, s.labels
	m := &Manifest{
		Format: ManifestFormat, EngineSemantics: plan.EngineSemantics, ZoneDatabase: zone.Version,
		Model: s.selection.Model, Mode: cmp.Or(o.Mode, Ideal), GapMicros: o.Gap, MaxAgeMicros: o.MaxAge,
		MaxBad: o.MaxBad, Strict: o.Strict, Timezone: labels.Zone, Features: part.features,
		Labels: LabelCounts{
			Time: labels.Time, SHA256: labels.Digest, Bad: labels.bad, Path: labels.Path,
			Rows: part.rows, NullTimes: part.nullTimes, NullKeys: part.nullKeys,
		},
	}
	if s.selection.Label != nil && s.selection.Label.Ahead != nil && labels.Spine == nil && labels.Input == nil {
		m.Labels.Young, m.Labels.Now = &labels.young, labels.Now != 0
		m.Labels.CompleteTo = schema.FormatTime(labels.complete)
	}
	if spine := labels.Spine; spine != nil {
		m.Spine = &SpineRule{schema.FormatTime(spine.From), schema.FormatTime(spine.To), spine.Every}
	}
	if o.Served != nil {
		m.Differing = &part.differing
	}
	for _, role := range s.selection.Roles {
		m.Roles = append(m.Roles, RoleKey{Role: role.Name, Key: role.Key})
	}
	return m
}

// splitRule describes a part.
func (s *Set) splitRule(part int) *SplitRule {
	split, p := s.options.Split, s.partition
	rule := &SplitRule{
		Rule: split.String(), Part: split.Parts[part].Name, EmbargoMicros: split.Embargo,
		Embargoed: s.counts.embargoed, Untimed: s.counts.untimed,
	}
	if from, begins := p.from(part); begins && from != lastTime {
		rule.From = schema.FormatTime(from)
	}
	if until := p.until[part]; until != lastTime {
		rule.Until = schema.FormatTime(until)
	}
	return rule
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

// identify sets the dataset id: what decides the bytes of the output, and nothing else. Paths are
// left out, so that a moved project gives the same id, and so are counts, which follow from the
// rest. Whatever new option changes a value must be added here, or two different sets would bear
// one id.
func (m *Manifest) identify() {
	id := sha256.New()
	fmt.Fprintln(id, "fettle dataset", m.Format, m.EngineSemantics, m.ZoneDatabase, m.Mode)
	fmt.Fprintln(id, "options", m.GapMicros, m.MaxAgeMicros, m.Timezone)
	fmt.Fprintf(id, "labels %q %d %s\n", m.Labels.Time, m.Labels.Rows, m.Labels.SHA256)
	if m.Split != nil {
		fmt.Fprintf(id, "split %q %q %q %d\n", m.Split.Part, m.Split.From, m.Split.Until, m.Split.EmbargoMicros)
	}
	if m.Labels.Young != nil {
		fmt.Fprintf(id, "complete to %q\n", m.Labels.CompleteTo)
	}
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
