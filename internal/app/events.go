package app

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/state"
)

// allEvents is the events that an evaluation offline reads, and what serving had seen of them.
type allEvents struct {
	*liveHistory
	served *engine.Served // nil: nothing was ever pushed to what is read
}

// planOf returns the definitions that are asked for: those a node serves, or those in the folder.
func (p *Project) planOf(ctx context.Context, n *Node, served bool) (*plan.Plan, error) {
	if n == nil || !served {
		return p.Plan(ctx)
	}
	a := n.applied.Load()
	if a == nil {
		return nil, &Error{Code: ExitInvalid, Message: "nothing was applied yet", Hint: "run fettle apply"}
	}
	return a.plan, nil
}

// events returns the history of what is selected, as it is now: of files, and with a node of what
// was pushed as well. Rows that are pushed later are not seen.
func (p *Project) events(n *Node, s *plan.Selection, maxBad int) *allEvents {
	files := newHistory(p, maxBad)
	if n == nil {
		return &allEvents{liveHistory: newLiveHistory(files, nil, nil)}
	}
	now := n.live.state.Position()
	all := &allEvents{liveHistory: newLiveHistory(files, n.pushed, &now)}
	counts := n.live.state.Counts()
	for _, source := range s.Sources() {
		if source.Push && n.received(counts, source.Name) {
			all.served = &engine.Served{Since: n.since}
		}
	}
	return all
}

// received reports whether anything was ever pushed to a source.
func (n *Node) received(counts map[uint32]state.Counts, source string) bool {
	revision := n.registry.Current()
	if revision == nil {
		return false
	}
	for _, known := range revision.Sources {
		if known.Name == source && counts[known.ID].Accepted > 0 {
			return true
		}
	}
	return false
}

// since is when a view of the name was first applied. A view that never was, was never published:
// it sees what is visible at the time.
func (n *Node) since(view *plan.View) int64 {
	if revision := n.registry.Current(); revision != nil {
		if since, known := revision.Since(view.Name); known {
			return since
		}
	}
	return engine.NoTime
}

// fill returns how the feeds of definitions are filled: with all that happened up to now.
func (n *Node) fill(next *applied) filler {
	return func(ctx context.Context, feed state.Feed) error {
		s := &plan.Selection{}
		history := n.project.events(n, s, 0)
		return n.live.state.Fill(ctx, feed, func(add func(c *engine.Chunk, orders []uint64) error) error {
			for _, source := range next.plan.Sources {
				if source.Name == feed.Source.Plan.Name {
					return history.fill(ctx, source, add)
				}
			}
			panic("BUG: a feed of a source that the definitions do not have")
		})
	}
}

// sizeOf returns how many rows a source is known to have, and their bytes; 0 for what is not known
// without reading it.
func (n *Node) sizeOf(source *plan.Source) (rows, bytes int64) {
	if revision := n.registry.Current(); revision != nil {
		if id, known := revision.SourceID(source); known {
			rows = n.live.state.Counts()[id].Accepted
		}
	}
	files, err := file.Open(n.project.disk, configOf(source, n.project.Root, 0))
	if err != nil {
		return rows, 0
	}
	for _, name := range files.Paths() {
		if info, err := n.project.disk.Stat(filepath.Join(n.project.Root, filepath.FromSlash(name))); err == nil {
			bytes += info.Size()
		}
	}
	return rows, bytes
}

// flushHistory moves what the log has to history and returns the last record that is there.
func (n *Node) flushHistory(ctx context.Context) (uint64, error) {
	report, err := n.pushed.FlushHistory(ctx, flushOptions{})
	return report.Through, err
}

// liveEvents is the whole history of whatever is asked for, as it is when it is asked. It implements
// engine.Events.
type liveEvents struct{ node *Node }

// Scan reads files and what was pushed.
func (l liveEvents) Scan(ctx context.Context, request *engine.ScanRequest,
	emit func(worker int, chunk *engine.Chunk) error) error {
	now := l.node.live.state.Position()
	history := newLiveHistory(newHistory(l.node.project, 0), l.node.pushed, &now)
	return history.Scan(ctx, request, emit)
}

// placesOf makes a history remember where rows come from, for people. The function tells the place
// of a row by its source, the ordinal of its chunk and its number there.
func (h *allEvents) placesOf() func(source string, ordinal int64, row int) string {
	p := &places{chunks: map[string]map[int64]*file.Chunk{}, orders: map[int64][]uint64{}}
	h.files.chunks = p.note
	h.liveHistory.places = p.noteOrders
	return func(source string, ordinal int64, row int) string {
		if orders := p.orders[ordinal]; ordinal >= liveOrdinal {
			sequence, at := state.OrderOf(orders[row])
			return fmt.Sprintf("log:%d:%d", sequence, at+1)
		}
		chunk := p.chunks[source][ordinal]
		return fmt.Sprintf("%s:%d", h.files.paths()[source][chunk.File], chunk.Row(row))
	}
}
