package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/schema"
)

const (
	// smallEntity is how many rows are read at once, from the first, before a read cares from where
	// on they are needed. Nearly all entities have fewer.
	smallEntity = 256
	// blockRows and blockBytes bound what is decoded at a time of an entity that is not kept.
	blockRows  = 8192
	blockBytes = 4 << 20
	// firstStep is how far back the search for the newest row looks at first; then stepGrowth times
	// as far.
	firstStep, stepGrowth = schema.Minute, 8
)

// reading is the rows of one entity in the store.
type reading struct {
	state *State
	use   *sourceUse
	key   []byte // prefix of its rows
}

// errFull ends a scan whose result is large enough.
var errFull = errors.New("enough rows")

// scan appends the rows [from, to) to r until it is full, with the wanted columns (nil: all). It
// returns errFull if rows are left.
func (g *reading) scan(ctx context.Context, r *rows, span span, full func() bool) error {
	begin := schema.AppendKeyInt(append([]byte(nil), g.key...), span.from)
	if span.order != 0 {
		begin = appendPlace(append([]byte(nil), g.key...), span.from, span.order)
	}
	end := schema.AppendKeyInt(append([]byte(nil), g.key...), span.to)
	if span.to == maxTime {
		end = after(g.key)
	}
	err := g.state.db.Scan(ctx, begin, end, func(key, value []byte) error {
		if full() {
			return errFull
		}
		return g.row(r, key, value, span.wanted)
	})
	if err != nil && !errors.Is(err, errFull) {
		return fmt.Errorf("read an entity of source %s: %w", g.use.Plan.Name, err)
	}
	return err
}

// span is a range of event times and the columns wanted of it. A range begins within its first
// event time if order is set.
type span struct {
	from, to int64
	order    uint64
	wanted   []bool
}

// row decodes one row.
func (g *reading) row(r *rows, key, value []byte, wanted []bool) error {
	eventTime, order, err := place(key, len(g.key))
	if err != nil {
		return err
	}
	d := decoder{data: value}
	t := d.header(eventTime, len(r.columns))
	d.columns(r.columns, wanted)
	if d.err != nil {
		return corrupt(key, "%v", d.err)
	}
	r.pushTimes(t, order)
	return nil
}

// rule computes when the rows are surely known, once all are there.
func (g *reading) rule(r *rows) {
	if !r.ruled || r.len() == 0 {
		return
	}
	chunk := &engine.Chunk{EventTime: r.eventTime, ReceivedAt: r.received}
	chunk.Columns = columnsBySource(g.use, r)
	r.known = g.use.known(chunk)
}

// load reads all rows that the need may want, and if they are few all rows of the entity. It fails
// with errFull if they take more than limit bytes.
func (g *reading) load(ctx context.Context, n *need, limit int) (*rows, error) {
	r := newRows(g.use.types, g.use.rules != nil)
	size := counting{rows: r, limit: limit}
	all := span{from: engine.NoTime, to: maxTime}
	err := g.scan(ctx, r, all, func() bool { return r.len() >= smallEntity || size.full() })
	if errors.Is(err, errFull) {
		start, failed := g.start(ctx, n, r.eventTime[0])
		if failed != nil {
			return nil, failed
		}
		r = newRows(g.use.types, g.use.rules != nil)
		r.floor, size.rows = start, r
		err = g.scan(ctx, r, span{from: start, to: maxTime}, size.full)
	}
	if err != nil {
		return nil, err
	}
	g.rule(r)
	return r, nil
}

// counting looks at the size of rows now and then.
type counting struct {
	rows  *rows
	limit int
}

func (c *counting) full() bool {
	n := c.rows.len()
	return n%64 == 0 && n > 0 && c.rows.bytes() > c.limit
}

// start returns the event time from which on the need wants rows. It looks for the newest row that
// is sure, in steps that grow, so that it reads little where there is one close by.
func (g *reading) start(ctx context.Context, n *need, oldest int64) (int64, error) {
	if !n.newest {
		return n.from, nil
	}
	step, hi := firstStep, min(n.least, schema.MaxTime+1)
	for hi > oldest {
		lo := oldest
		if hi-oldest > step {
			lo = hi - step
		}
		at, found, err := g.lastSure(ctx, n, span{from: lo, to: hi})
		if err != nil {
			return 0, err
		}
		if found {
			return min(n.from, at), nil
		}
		hi, step = lo, stepGrowth*step
	}
	return engine.NoTime, nil
}

// lastSure returns the event time of the last row of a span that is sure.
func (g *reading) lastSure(ctx context.Context, n *need, s span) (at int64, found bool, err error) {
	if g.use.rules == nil {
		s.wanted = make([]bool, len(g.use.types)) // the times will do
	}
	err = g.blocks(ctx, s, func(r *rows) error {
		for i := r.len() - 1; i >= 0; i-- {
			if n.sure(r, i) {
				at, found = r.eventTime[i], true
				break
			}
		}
		return nil
	})
	return at, found, err
}

// blocks reads a span in runs of rows of bounded size.
func (g *reading) blocks(ctx context.Context, s span, use func(r *rows) error) error {
	for {
		r := newRows(g.use.types, g.use.rules != nil && s.wanted == nil)
		size := counting{rows: r, limit: blockBytes}
		err := g.scan(ctx, r, s, func() bool { return r.len() >= blockRows || size.full() })
		if err != nil && !errors.Is(err, errFull) {
			return err
		}
		if r.len() > 0 {
			g.rule(r)
			if err := use(r); err != nil {
				return err
			}
		}
		if err == nil {
			return nil
		}
		last := r.len() - 1
		if s.from, s.order = r.eventTime[last], r.order[last]+1; s.order == 0 {
			s.from++
		}
	}
}

// stream reads what the need wants in runs, without keeping anything.
func (g *reading) stream(
	ctx context.Context, n *need, wanted []bool, use func(r *rows) error,
) error {
	from := n.from
	if n.newest {
		var err error
		if from, err = g.start(ctx, n, schema.MinTime); err != nil {
			return err
		}
	}
	return g.blocks(ctx, span{from: from, to: n.to, wanted: wanted}, use)
}
