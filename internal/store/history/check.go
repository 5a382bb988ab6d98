package history

import (
	"context"
	"errors"
	"slices"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
)

// Report is what checking the history of a source found.
type Report struct {
	Source string
	// From and To are the log sequences that the history stands for.
	From, To uint64
	// Parts, Rows and Bytes are what the manifest has.
	Parts       int
	Rows, Bytes int64
	// Damages are files that are not what was written, in order.
	Damages []*DamageError
	// Unknown are files in the directory that are not the history's. They are left alone.
	Unknown []string
}

// Check reads the whole history in a directory and reports on each source, without changing
// anything. Damage is no error.
func Check(ctx context.Context, fsys disk.FS, dir string) ([]*Report, error) {
	names, err := sourceNames(fsys, dir)
	if err != nil {
		return nil, err
	}
	h := &History{fs: fsys, dir: dir, sources: map[string]*source{}}
	var reports []*Report
	for _, name := range names {
		m, err := readManifest(fsys, dir, name)
		var damage *DamageError
		switch {
		case errors.As(err, &damage):
			reports = append(reports, &Report{Source: name, Damages: []*DamageError{damage}})
			continue
		case err != nil:
			return nil, err
		}
		h.sources[name] = &source{manifest: m}
		report, err := h.Check(ctx, name)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// Check reads the whole history of a source and reports every file of it that is damaged.
func (h *History) Check(ctx context.Context, source string) (*Report, error) {
	v := h.View(source)
	report := &Report{Source: source, From: v.First(), To: v.Position()}
	if err := v.unknown(report); err != nil {
		return nil, err
	}
	if v.manifest == nil {
		return report, nil
	}
	for _, e := range v.manifest.Parts {
		if e.Rows == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		report.Parts++
		report.Rows += e.Rows
		report.Bytes += e.Bytes
		if err := v.verify(e); err != nil {
			var damage *DamageError
			if !errors.As(err, &damage) {
				return nil, err
			}
			report.Damages = append(report.Damages, damage)
		}
	}
	return report, nil
}

// verify reads every column of a part.
func (v *View) verify(e entry) error {
	var wanted []format.Wanted
	for i, field := range append(ownFields(), v.manifest.fields(e)...) {
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	check := &rowCheck{entry: e}
	return v.read(e, wanted, func(rows *Rows) error {
		if err := check.next(rows); err != nil {
			return v.damage(e, err)
		}
		return nil
	})
}

// unknown lists the files that nothing names.
func (v *View) unknown(report *Report) error {
	if v.manifest == nil && !slices.Contains(v.history.directories(), v.source) {
		return nil
	}
	entries, err := v.history.fs.ReadDir(v.history.path(v.source))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case name == manifestName || isPartial(name) || v.manifest != nil && v.manifest.names(name):
		case isPart(name) && v.manifest == nil:
			report.Damages = []*DamageError{{Source: v.source, File: manifestName, Reason: "it is missing"}}
		default:
			report.Unknown = append(report.Unknown, name)
		}
	}
	return nil
}

// directories lists what the disk has of sources; nothing if that cannot be read.
func (h *History) directories() []string {
	names, err := sourceNames(h.fs, h.dir)
	if err != nil {
		return nil
	}
	return names
}
