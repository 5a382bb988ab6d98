package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
)

// Entities is the entities that events tell of, in the ascending order of their keys, and from when
// on each is known: the first instant at which one of its events is available.
type Entities struct {
	Columns []*batch.Column // in the order of the entity's key
	Since   []int64
}

// Known finds the entities of views, which are of one entity all. An event tells of its entity if
// it passes its source's filter, is no tombstone, has a complete key and is available at some time.
// A view's own filter plays no part: an entity whose events it leaves out is known nevertheless.
// Memory is bounded by the entities and not by the events; too many are an ErrMemory.
func Known(ctx context.Context, events Events, views []*plan.View, options Options) (*Entities, error) {
	options = options.withDefaults()
	k := &knownKeys{table: newKeyTable(), bound: options.Memory}
	for _, field := range views[0].Entity.Key {
		k.builders = append(k.builders, batch.NewBuilder(field.Type))
	}
	var sources []*plan.Source
	for _, view := range views {
		if view.Source != nil && !slices.Contains(sources, view.Source) {
			sources = append(sources, view.Source)
		}
	}
	for _, source := range sources {
		if err := k.scan(ctx, events, source, views, options); err != nil {
			return nil, err
		}
	}
	return k.sorted(), nil
}

// knownKeys collects keys, each once, as they are met.
type knownKeys struct {
	mutex    sync.Mutex
	table    *keyTable
	builders []*batch.Builder // by key column
	since    []int64
	bytes    int64
	bound    int64 // 0: none
}

// keyBytes is what an entity takes besides its texts: in the table, the columns and the list.
const keyBytes = 96

// scan reads a source for the views that read it. Views that find their entity in the same way are
// one.
func (k *knownKeys) scan(ctx context.Context, events Events, source *plan.Source, views []*plan.View,
	options Options) error {
	scan, err := newSourceScan(source, &programs{})
	if err != nil {
		return err
	}
	var mappings [][]*expr.Program
	seen := map[string]bool{}
	for _, view := range views {
		text := ""
		for _, e := range view.Key {
			text += e.Key() + ";"
		}
		if view.Source != source || seen[text] {
			continue
		}
		seen[text] = true
		var keys []*expr.Program
		for _, e := range view.Key {
			program, err := scan.program(e)
			if err != nil {
				return err
			}
			keys = append(keys, program)
		}
		mappings = append(mappings, keys)
	}
	read := int64(0)
	emit := func(_ int, chunk *Chunk) error {
		scope, keep := scan.telling(chunk)
		for _, keys := range mappings {
			columns := make([]*batch.Column, len(keys))
			for i, program := range keys {
				columns[i] = scope.eval(program)
			}
			if err := k.add(columns, keep, scope.ready, chunk.EventTime); err != nil {
				return err
			}
		}
		if options.Progress != nil {
			k.mutex.Lock()
			read += int64(len(chunk.EventTime))
			options.Progress(source.Name, read)
			k.mutex.Unlock()
		}
		return ctx.Err()
	}
	return events.Scan(ctx, &ScanRequest{Source: source, Columns: scan.columns, Workers: options.Workers}, emit)
}

// telling marks the events of a chunk that tell of an entity; nil: all do.
func (s *sourceScan) telling(chunk *Chunk) (*chunkScope, []bool) {
	scope := &chunkScope{scan: s, chunk: chunk, results: map[*expr.Program]*batch.Column{}}
	var counts SourceCounts
	if s.deleteWhen != nil {
		scope.deleted = truth(scope.eval(s.deleteWhen))
	}
	if s.where != nil {
		scope.keep = keepOrDeleted(truth(scope.eval(s.where)), scope.deleted, &counts)
	}
	scope.availability(&counts)
	if scope.deleted == nil {
		return scope, scope.keep
	}
	keep := make([]bool, scope.Rows())
	for i := range keep {
		keep[i] = !scope.deleted[i] && (scope.keep == nil || scope.keep[i])
	}
	return scope, keep
}

// add takes in the keys of a chunk. ready is when each event is available; nil: at its time.
func (k *knownKeys) add(columns []*batch.Column, keep []bool, ready, times []int64) error {
	if ready == nil {
		ready = times
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	numbers, _ := k.table.numbers(columns, keep, true)
	// A row that does not count must not decide a time, also where it shares its key with one that
	// does.
	for row, number := range numbers {
		if number < 0 || keep != nil && !keep[row] {
			continue
		}
		for int(number) >= len(k.since) {
			k.since = append(k.since, math.MaxInt64)
			k.bytes += keyBytes
			for i, c := range columns {
				if isText(c.Type) {
					k.bytes += 2 * int64(len(c.Text(row)))
				}
				k.builders[i].Append(c.Value(row))
			}
		}
		k.since[number] = min(k.since[number], ready[row])
	}
	if k.bound > 0 && k.bytes > k.bound {
		return fmt.Errorf("%w for the keys of all entities: %d of them so far", ErrMemory, len(k.since))
	}
	return nil
}

// sorted returns what was collected, by key.
func (k *knownKeys) sorted() *Entities {
	columns := make([]*batch.Column, len(k.builders))
	for i, b := range k.builders {
		columns[i] = b.Column()
	}
	order := make([]uint32, len(k.since))
	for i := range order {
		order[i] = uint32(i)
	}
	slices.SortFunc(order, func(a, b uint32) int { return compareKeys(columns, int(a), int(b)) })
	e := &Entities{Since: make([]int64, len(order))}
	for i, c := range columns {
		columns[i] = batch.Gather(c, order)
	}
	for i, row := range order {
		e.Since[i] = k.since[row]
	}
	e.Columns = columns
	return e
}

// compareKeys compares two rows of key columns, texts bytewise and false before true.
func compareKeys(columns []*batch.Column, a, b int) int {
	for _, c := range columns {
		var order int
		if isText(c.Type) {
			order = strings.Compare(c.Text(a), c.Text(b))
		} else {
			order = cmp.Compare(intOf(c, a), intOf(c, b))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}
