package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/fettle-ml/fettle/internal/schema"
)

// formatVersion is the version of the manifest and of the columns that parts begin with.
const formatVersion = 1

// Bounds that keep a damaged manifest from asking for memory.
const (
	maxPartRows  = 1 << 24
	maxPartBytes = 1 << 32
)

// maxSequence is the greatest sequence whose rows have an order: the row takes 20 bits, and one
// tells live rows from those of files.
const maxSequence = 1<<43 - 1

// manifest is what a source's history consists of. One that was encoded is not changed any more.
type manifest struct {
	Format int    `json:"format"`
	Source string `json:"source"`
	// From is the first sequence that the history stands for.
	From uint64 `json:"from"`
	// Layouts are the stored columns that parts have, each list once.
	Layouts [][]column `json:"layouts"`
	Parts   []entry    `json:"parts"`
	// Checksum is the CRC-32C of the compact JSON with 0 in its place.
	Checksum uint32 `json:"checksum"`
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// entry is one part. Only the last one can be without rows; it has no file then.
type entry struct {
	From   uint64 `json:"from"`
	To     uint64 `json:"to"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes,omitempty"`
	CRC32C uint32 `json:"crc32c,omitempty"`
	Layout int    `json:"layout"`
}

func (e entry) name() string { return partName(e.From, e.To) }

// position is the last sequence that the history stands for.
func (m *manifest) position() uint64 {
	if n := len(m.Parts); n > 0 {
		return m.Parts[n-1].To
	}
	return m.From - 1
}

// with returns the manifest with one more part, which begins behind the position. A last part
// without rows becomes the beginning of the new one.
func (m *manifest) with(next entry, fields []schema.Field) *manifest {
	grown := *m
	grown.Layouts, grown.Parts = slices.Clone(m.Layouts), slices.Clone(m.Parts)
	if n := len(grown.Parts); n > 0 && grown.Parts[n-1].Rows == 0 {
		grown.Parts = grown.Parts[:n-1]
	}
	if next.Rows > 0 {
		layout := columnsOf(fields)
		next.Layout = slices.IndexFunc(grown.Layouts, func(known []column) bool {
			return slices.Equal(known, layout)
		})
		if next.Layout < 0 {
			next.Layout = len(grown.Layouts)
			grown.Layouts = append(grown.Layouts, layout)
		}
	}
	grown.Parts = append(grown.Parts, next)
	return &grown
}

// begin is where a part that is added now begins: at the position, or at the last part if that one
// has no rows.
func (m *manifest) begin() uint64 {
	if n := len(m.Parts); n > 0 && m.Parts[n-1].Rows == 0 {
		return m.Parts[n-1].From
	}
	return m.position() + 1
}

func columnsOf(fields []schema.Field) []column {
	columns := make([]column, len(fields))
	for i, field := range fields {
		columns[i] = column{Name: field.Name, Type: field.Type.String()}
	}
	return columns
}

// encode sets the checksum.
func (m *manifest) encode() ([]byte, error) {
	sum, err := m.sum()
	if err != nil {
		return nil, err
	}
	m.Checksum = sum
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return append(text, '\n'), nil
}

func (m *manifest) sum() (uint32, error) {
	open := *m
	open.Checksum = 0
	text, err := json.Marshal(open)
	if err != nil {
		return 0, fmt.Errorf("encode the manifest: %w", err)
	}
	return crc32.Checksum(text, castagnoli()), nil
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// decodeManifest reads the manifest of a source and checks all it says. Its errors are ErrVersion
// or say in a few words what is wrong.
func decodeManifest(source string, text []byte) (*manifest, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("it is no JSON object: %w", err)
	}
	if head.Format > formatVersion {
		return nil, fmt.Errorf("it has format %d, this program reads %d: %w",
			head.Format, formatVersion, ErrVersion)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	m := &manifest{}
	if err := decoder.Decode(m); err != nil {
		return nil, err
	}
	// What is written is the only form that is read, so that no byte can change unseen.
	if again, err := m.encode(); err != nil || !bytes.Equal(again, text) {
		return nil, fmt.Errorf("its checksum does not match")
	}
	if m.Format != formatVersion || m.Source != source {
		return nil, fmt.Errorf("it is of source %q in format %d", m.Source, m.Format)
	}
	return m, m.check()
}

// check refuses ranges that overlap or leave a gap, and parts that cannot be.
func (m *manifest) check() error {
	for i, layout := range m.Layouts {
		for _, c := range layout {
			if _, err := schema.ParseType(c.Type); err != nil {
				return fmt.Errorf("layout %d, column %s: %w", i, c.Name, err)
			}
		}
	}
	if m.From == 0 || m.From > maxSequence {
		return fmt.Errorf("it begins at sequence %d", m.From)
	}
	next := m.From
	for i, e := range m.Parts {
		switch {
		case e.From < next:
			return fmt.Errorf("part %s: %w: the one before it ends at %d", e.name(), ErrOverlap, next-1)
		case e.From > next:
			return fmt.Errorf("part %s: %w: the one before it ends at %d", e.name(), ErrGap, next-1)
		case e.To < e.From || e.To > maxSequence:
			return fmt.Errorf("part %s has no such range", e.name())
		case e.Rows == 0 && i < len(m.Parts)-1:
			return fmt.Errorf("part %s has no rows", e.name())
		case e.Rows < 0 || e.Rows > maxPartRows || e.Bytes < 0 || e.Bytes > maxPartBytes:
			return fmt.Errorf("part %s has %d rows in %d bytes", e.name(), e.Rows, e.Bytes)
		case e.Rows > 0 && (e.Layout < 0 || e.Layout >= len(m.Layouts)):
			return fmt.Errorf("part %s has no columns", e.name())
		}
		next = e.To + 1
	}
	return nil
}

// fields returns the stored columns of a part. Types were checked when the manifest was read.
func (m *manifest) fields(e entry) []schema.Field {
	if e.Rows == 0 {
		return nil
	}
	fields := make([]schema.Field, len(m.Layouts[e.Layout]))
	for i, c := range m.Layouts[e.Layout] {
		t, err := schema.ParseType(c.Type)
		if err != nil {
			panic("BUG: a manifest with the type " + c.Type + " passed")
		}
		fields[i] = schema.Field{Name: c.Name, Type: t}
	}
	return fields
}
