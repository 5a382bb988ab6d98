package app

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/train"
)

// history gives the engine the events of files, and keeps what reading them showed. Scan may be
// called for a source again, one call at a time; the mutex is for whoever asks for reports while a
// scan is under way.
type history struct {
	fs     disk.FS
	root   string
	maxBad int
	// chunks, if set, is told of every chunk where its rows come from; the chunk has no values.
	chunks func(source *plan.Source, chunk *file.Chunk)

	mutex   sync.Mutex
	order   []string
	reports map[string]*file.Report
	rules   map[string]*plan.Source
	later   map[string]bool // sources that may be read in two passes
	added   map[string]bool // sources whose second pass is in the report
}

// maxBad is the number of bad rows that each source may have before its scan fails.
func newHistory(p *Project, maxBad int) *history {
	return &history{
		fs: p.disk, root: p.Root, maxBad: maxBad,
		reports: map[string]*file.Report{}, rules: map[string]*plan.Source{},
		later: map[string]bool{}, added: map[string]bool{},
	}
}

// Scan implements engine.Events. A source without paths has no events yet, and still gets a report,
// so that the manifest names it. The second scan of a source neither hashes its files again nor
// replaces the report of the first.
func (h *history) Scan(ctx context.Context, wanted *engine.ScanRequest,
	emit func(worker int, chunk *engine.Chunk) error) error {
	source := wanted.Source
	if len(source.Paths) == 0 {
		h.keep(source, &file.Report{})
		return nil
	}
	files, err := file.Open(h.fs, configOf(source, h.root, h.maxBad))
	if err != nil {
		return err
	}
	h.mutex.Lock()
	// The engine reads a source again to follow links; its files are hashed once, since that reads
	// every byte of them.
	again := h.reports[source.Name] != nil
	h.mutex.Unlock()
	request := file.ScanRequest{
		Columns: wanted.Columns, Workers: wanted.Workers, SkipHash: again && wanted.Pass != engine.Anew,
		Within: timesWanted(wanted.Feeds),
	}
	report, err := files.Scan(ctx, request, func(worker int, c *file.Chunk) error {
		if h.chunks != nil {
			place := *c
			place.EventTime, place.Columns = nil, nil // who keeps it need not keep the source
			h.chunks(source, &place)
		}
		return emit(worker, &engine.Chunk{
			Ordinal: c.Ordinal, EventTime: c.EventTime, Columns: c.Columns,
		})
	})
	switch {
	case err != nil:
	case wanted.Pass == engine.SecondPass:
		h.add(source, report)
	case wanted.Pass == engine.Anew:
		h.replace(source, report)
	case !again:
		h.keep(source, report)
	}
	return err
}

// timesWanted returns the times that feeds want; nil: all, or it is not known.
func timesWanted(feeds []engine.FeedRequest) *file.Interval {
	if len(feeds) == 0 {
		return nil
	}
	all := file.Interval{From: math.MaxInt64, To: math.MinInt64}
	for _, f := range feeds {
		if f.Newest {
			f.From = math.MinInt64
		}
		all.From, all.To = min(all.From, f.From), max(all.To, f.To)
	}
	return &all
}

// laterBytes is how large files must be for a second pass to pay: it opens them again.
const laterBytes = 8 << 20

// Later implements engine.Twice: columns of Parquet files whose cells cannot be bad can wait. A
// source with an id would need its table of ids a second time.
func (h *history) Later(source *plan.Source, column int) bool {
	switch source.Columns[column].Type.Kind {
	case schema.Float64, schema.Int64, schema.Bool, schema.String:
	default:
		return false
	}
	if source.ID >= 0 || len(source.Paths) == 0 {
		return false
	}
	h.mutex.Lock()
	known, found := h.later[source.Name]
	h.mutex.Unlock()
	if !found {
		known = h.largeParquet(source)
		h.mutex.Lock()
		h.later[source.Name] = known
		h.mutex.Unlock()
	}
	return known
}

// largeParquet reports whether all files of a source are Parquet and together large. Whatever is
// wrong with them is left for the scan to say.
func (h *history) largeParquet(source *plan.Source) bool {
	files, err := file.Open(h.fs, configOf(source, h.root, h.maxBad))
	if err != nil {
		return false
	}
	size := int64(0)
	for _, name := range files.Paths() {
		kind, _, err := format.Options{Format: source.Format}.Kind(name)
		if err != nil || kind != format.Parquet {
			return false
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(h.root, filepath.FromSlash(name))
		}
		info, err := h.fs.Stat(name)
		if err != nil {
			return false
		}
		size += info.Size()
	}
	return size >= laterBytes
}

// add joins what a second pass over a source found in its columns.
func (h *history) add(source *plan.Source, more *file.Report) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if !h.added[source.Name] {
		h.added[source.Name] = true
		joined := *h.reports[source.Name]
		joined.NonFinite += more.NonFinite
		h.reports[source.Name] = &joined
	}
}

// replace takes the report of a scan instead of what earlier ones said.
func (h *history) replace(source *plan.Source, report *file.Report) {
	h.mutex.Lock()
	if h.reports[source.Name] != nil {
		h.reports[source.Name] = report
	}
	h.mutex.Unlock()
	h.keep(source, report)
}

// keep stores the report of a source's first scan.
func (h *history) keep(source *plan.Source, report *file.Report) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.reports[source.Name] == nil {
		h.order = append(h.order, source.Name)
		h.reports[source.Name], h.rules[source.Name] = report, source
	}
}

// configOf says how a source's files are read. The columns of the result have the order of the
// source's own, because the engine asks for them by index. Paths are relative to root.
func configOf(source *plan.Source, root string, maxBad int) file.Config {
	config := file.Config{
		Name: source.Name, Root: root, Paths: source.Paths, Format: source.Format,
		ID: source.ID, Op: source.Op, MaxBad: maxBad,
		EventTime: file.EventTime{
			Column: source.EventTime.Column, Zone: source.EventTime.Zone,
			ZoneColumn: source.EventTime.ZoneColumn, Unit: source.EventTime.Unit,
		},
	}
	for _, column := range source.Columns {
		field := schema.Field{Name: column.Name, Type: column.Type}
		if column.Expr != nil {
			field.Name = "" // a computed column keeps its place, so that indexes agree
		}
		config.Columns = append(config.Columns, field)
	}
	return config
}

// Sources implements train.History. They are sorted by name, and lists are empty rather than nil,
// so that the manifest has the same bytes whatever the order of scans.
func (h *history) Sources() []train.Source {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var sources []train.Source
	for _, name := range slices.Sorted(slices.Values(h.order)) {
		r := h.reports[name]
		source := train.Source{
			Name: name, Rows: r.Rows, Duplicates: r.Duplicates, BadRows: r.BadRows,
			NonFinite: r.NonFinite, Folds: r.Folds, Gaps: r.Gaps,
			Default: h.rules[name].Available == nil, Files: []train.File{},
		}
		for _, f := range r.Files {
			source.Files = append(source.Files, train.File{
				Path: f.Path, Size: f.Size, SHA256: f.SHA256, Rows: f.Rows,
			})
		}
		for _, bad := range r.Quarantined {
			source.Bad = append(source.Bad, train.BadRow{
				Path: bad.Path, Row: bad.Row, Line: bad.Line, Field: bad.Field, Code: bad.Code,
				Message: bad.Message,
			})
		}
		sources = append(sources, source)
	}
	return sources
}
