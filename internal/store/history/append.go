package history

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Part is what is added to a history in one step: all rows of the source in a range of the log.
type Part struct {
	// From and To are the log sequences that the part stands for. From is the one behind the
	// position; the first part of a source may begin anywhere.
	From, To uint64
	// Fields are the stored columns of the rows.
	Fields []schema.Field
	// Rows are in order. There may be none: then only the position moves.
	Rows []*Rows
}

func (p *Part) rows() (n int64) {
	for _, r := range p.Rows {
		n += int64(len(r.Orders))
	}
	return n
}

// Append adds a part to the history of a source. When it returns, the rows and the position are
// durable. After an error neither is there; only if the disk failed twice in a row, the next Append
// may find that both are, and says ErrOverlap. So who tries again begins at the position of then.
func (h *History) Append(ctx context.Context, source string, part Part) error {
	if err := schema.CheckName(source); err != nil {
		return fmt.Errorf("history of source %q: %w: %w", source, ErrInvalid, err)
	}
	s := h.source(source)
	s.appending.Lock()
	defer s.appending.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.append(s, source, &part); err != nil {
		return fmt.Errorf("add log sequences %d to %d to the history of source %s: %w",
			part.From, part.To, source, err)
	}
	return nil
}

func (h *History) source(name string) *source {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	s := h.sources[name]
	if s == nil {
		s = &source{}
		h.sources[name] = s
	}
	return s
}

func (h *History) append(s *source, name string, part *Part) error {
	if s.uncertain {
		if err := h.settle(s, name); err != nil {
			return err
		}
	}
	m := s.manifest
	if m == nil {
		m = &manifest{Format: formatVersion, Source: name, From: part.From,
			Layouts: [][]column{}, Parts: []entry{}}
	}
	if err := part.check(m); err != nil {
		return err
	}
	next := entry{From: m.begin(), To: part.To, Rows: part.rows()}
	if next.Rows > 0 {
		if s.manifest == nil {
			// A directory with parts and without a manifest is one that lost it, so it comes first.
			if err := h.begin(s, name, m); err != nil {
				return err
			}
		}
		if err := h.write(name, &next, part); err != nil {
			return err
		}
	} else if s.manifest == nil {
		if err := h.makeDir(name); err != nil {
			return err
		}
	}
	return h.commit(s, name, m.with(next, part.Fields))
}

// check refuses a part that does not follow, or whose rows are not in order.
func (p *Part) check(m *manifest) error {
	position := m.position()
	switch {
	case p.From <= position:
		return fmt.Errorf("%w: it reached %d", ErrOverlap, position)
	case p.From > position+1:
		return fmt.Errorf("%w: it reached %d", ErrGap, position)
	case p.To < p.From || p.To > maxSequence || p.rows() > maxPartRows:
		return fmt.Errorf("%w: it has no range, or more than %d rows", ErrInvalid, maxPartRows)
	}
	after := uint64(0)
	for _, rows := range p.Rows {
		if err := rows.check(after, p.From, p.To, p.Fields); err != nil {
			return err
		}
		if n := len(rows.Orders); n > 0 {
			after = rows.Orders[n-1]
		}
	}
	return nil
}

func (h *History) makeDir(name string) error {
	if err := h.fs.MkdirAll(h.path(name)); err != nil {
		return err
	}
	return h.fs.SyncDir(h.dir)
}

// begin makes the history of a source, without parts.
func (h *History) begin(s *source, name string, m *manifest) error {
	if err := h.makeDir(name); err != nil {
		return err
	}
	return h.commit(s, name, m)
}

// write writes the file of a part and completes its entry. Nothing counts it yet.
func (h *History) write(source string, e *entry, part *Part) error {
	return disk.WriteFile(h.fs, h.path(source, e.name()), func(w io.Writer) error {
		summed := &summing{w: w}
		output, err := format.Create(summed, format.Parquet, append(ownFields(), part.Fields...))
		if err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		for _, rows := range part.Rows {
			if err := output.Write(rows.batch(part.Fields)); err != nil {
				return err
			}
		}
		if err := output.Close(); err != nil {
			return err
		}
		if summed.bytes > maxPartBytes {
			return fmt.Errorf("%w: it takes %d bytes, at most %d", ErrInvalid, summed.bytes,
				int64(maxPartBytes))
		}
		e.Bytes, e.CRC32C = summed.bytes, summed.sum
		return nil
	})
}

// summing counts and sums what is written through it.
type summing struct {
	w     io.Writer
	bytes int64
	sum   uint32
}

func (s *summing) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.bytes += int64(n)
	s.sum = crc32.Update(s.sum, castagnoli(), p[:n])
	return n, err
}

// commit makes a manifest the one that counts.
func (h *History) commit(s *source, name string, m *manifest) error {
	text, err := m.encode()
	if err != nil {
		return err
	}
	err = disk.WriteFile(h.fs, h.path(name, manifestName), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err == nil {
		h.set(s, m)
		return nil
	}
	// It is not known whether the new manifest took the name, nor which one a crash would leave. So
	// it is settled at once; if the disk does not answer, before the next part.
	s.uncertain = true
	if settled := h.settle(s, name); settled != nil {
		return errors.Join(err, settled)
	}
	if s.manifest != nil && s.manifest.Checksum == m.Checksum {
		return nil // it did take the name, and is durable now
	}
	return err
}

// settle makes the manifest that is seen on the disk the one that counts, durably.
func (h *History) settle(s *source, name string) error {
	if err := h.fs.SyncDir(h.path(name)); err != nil {
		return err
	}
	m, err := readManifest(h.fs, h.dir, name)
	if err != nil {
		return err
	}
	h.set(s, m)
	s.uncertain = false
	return nil
}

func (h *History) set(s *source, m *manifest) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	s.manifest = m
}
