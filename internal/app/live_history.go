package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/state"
	parts "github.com/fettle-ml/fettle/internal/store/history"
	"github.com/fettle-ml/fettle/internal/train"
)

// liveOrdinal makes the ordinals of pushed chunks greater than those of files. The rest is the order
// of the chunk's first row, which stays below it for the first 4e12 records of a log.
const liveOrdinal = int64(1) << 62

// liveHistory is all events of sources up to a position: those of their files, and, of sources that
// are pushed to, those that came live, whether they are in parts or in the log. It implements
// engine.Events and train.History. Where a pushed row lies, and what is flushed meanwhile, changes
// nothing of what is emitted but where chunks begin and end.
type liveHistory struct {
	files  *history
	pushed *pushed
	until  *state.Position
	// places, if set, is told the orders of the rows of every pushed chunk, by its ordinal. It is
	// called by the goroutine that emits the chunk.
	places func(source *plan.Source, ordinal int64, orders []uint64)

	mutex   sync.Mutex
	reports map[string]*pushedDigest
}

// newLiveHistory joins files and what was pushed up to a position; nil: all that reads could ever
// see. pushed may be nil: then there are only files.
func newLiveHistory(files *history, pushed *pushed, until *state.Position) *liveHistory {
	return &liveHistory{files: files, pushed: pushed, until: until, reports: map[string]*pushedDigest{}}
}

// Scan implements engine.Events. The feeds of the request are not looked at: every row is emitted.
func (h *liveHistory) Scan(ctx context.Context, wanted *engine.ScanRequest,
	emit func(worker int, chunk *engine.Chunk) error) error {
	if err := h.files.Scan(ctx, wanted, emit); err != nil {
		return err
	}
	if h.pushed == nil || !wanted.Source.Push {
		return nil
	}
	digest := &pushedDigest{}
	var mutex sync.Mutex
	request := pushedRequest{Source: wanted.Source.Name, Until: h.until, Workers: wanted.Workers}
	for _, column := range wanted.Columns {
		c := wanted.Source.Columns[column]
		request.Fields = append(request.Fields, schema.Field{Name: c.Name, Type: c.Type})
	}
	through, err := h.pushed.scan(ctx, request, func(worker int, rows *parts.Rows) error {
		mutex.Lock()
		digest.add(rows)
		mutex.Unlock()
		chunk := pushedChunk(rows)
		if h.places != nil {
			h.places(wanted.Source, chunk.Ordinal, rows.Orders)
		}
		return emit(worker, chunk)
	})
	if err != nil {
		return fmt.Errorf("source %s: %w", wanted.Source.Name, err)
	}
	digest.through = through
	h.keep(wanted.Source.Name, digest)
	return nil
}

// Later implements engine.Twice. Rows that were pushed may move between two scans.
func (h *liveHistory) Later(source *plan.Source, column int) bool {
	return (h.pushed == nil || !source.Push) && h.files.Later(source, column)
}

// pushedChunk returns rows as the engine takes them.
func pushedChunk(rows *parts.Rows) *engine.Chunk {
	return &engine.Chunk{
		Ordinal:   liveOrdinal | int64(rows.Orders[0]<<1>>1),
		EventTime: rows.EventTime, ReceivedAt: rows.ReceivedAt, Visible: rows.VisibleAt,
		Columns: rows.Columns,
	}
}

// keep stores what the first scan of a source found. If it is read again, to follow links, the rows
// up to a position are the same.
func (h *liveHistory) keep(source string, digest *pushedDigest) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.reports[source] == nil {
		h.reports[source] = digest
	}
}

// Sources implements train.History. A source to which nothing was pushed is reported as one of
// files alone.
func (h *liveHistory) Sources() []train.Source {
	sources := h.files.Sources()
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for i := range sources {
		if d := h.reports[sources[i].Name]; d != nil && d.rows > 0 {
			sources[i].Pushed = &train.Pushed{Through: d.through, Rows: d.rows, Digest: d.String()}
			sources[i].Rows += d.rows
		}
	}
	return sources
}

// fill hands over all rows of a source with their orders, as state.Fill wants them: from one
// goroutine, with an entry for each column of the source, nil for computed ones. It must not run
// beside another scan of the same liveHistory.
func (h *liveHistory) fill(ctx context.Context, source *plan.Source,
	add func(chunk *engine.Chunk, orders []uint64) error) error {
	request := &engine.ScanRequest{Source: source, Workers: 1}
	for i, column := range source.Columns {
		if column.Expr == nil {
			request.Columns = append(request.Columns, i)
		}
	}
	var place *file.Chunk
	var live []uint64
	filePlaces, places := h.files.chunks, h.places
	defer func() { h.files.chunks, h.places = filePlaces, places }()
	h.files.chunks = func(_ *plan.Source, c *file.Chunk) { place, live = c, nil }
	h.places = func(_ *plan.Source, _ int64, orders []uint64) { place, live = nil, orders }
	return h.Scan(ctx, request, func(_ int, c *engine.Chunk) error {
		wide := *c
		wide.Columns = make([]*batch.Column, len(source.Columns))
		for i, column := range request.Columns {
			wide.Columns[column] = c.Columns[i]
		}
		orders := live
		if place != nil {
			orders = make([]uint64, len(c.EventTime))
			for i := range orders {
				orders[i] = state.FileOrder(place.File, int(place.Row(i)))
			}
		}
		return add(&wide, orders)
	})
}

// pushedDigest identifies the pushed rows of a source by their places and times. Rows may be added
// in any order.
type pushedDigest struct {
	through   uint64
	rows      int64
	low, high uint64
}

func (d *pushedDigest) add(rows *parts.Rows) {
	for i, order := range rows.Orders {
		word := order
		for _, t := range [...]int64{rows.EventTime[i], rows.ReceivedAt[i], rows.VisibleAt[i]} {
			word = mix(word ^ mix(uint64(t)))
		}
		d.low += word
		d.high += mix(word)
	}
	d.rows += int64(len(rows.Orders))
}

// mix is the finisher of splitmix64: each bit of the result depends on each bit of the word.
func mix(word uint64) uint64 {
	word += 0x9E3779B97F4A7C15
	word = (word ^ word>>30) * 0xBF58476D1CE4E5B9
	word = (word ^ word>>27) * 0x94D049BB133111EB
	return word ^ word>>31
}

// String returns 32 hexadecimal digits.
func (d *pushedDigest) String() string { return fmt.Sprintf("%016x%016x", d.high, d.low) }

// pushedSources lists the names of sources that numbers stand for, sorted.
func pushedSources(targets map[uint32]pushedTarget) []string {
	var names []string
	for _, target := range targets {
		names = append(names, target.Source)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// sortedKeys lists the keys of a map, so that what is done for each is done in one order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
