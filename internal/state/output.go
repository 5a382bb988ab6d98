package state

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
)

// chunkRows is how many rows are gathered from several entities before they are handed out.
const chunkRows = 1 << 16

// output gathers runs of rows and hands them out as chunks. A run that is alone is not copied.
type output struct {
	feed    int
	slots   []int // stored columns asked for
	ordinal *int64
	emit    func(worker int, c *engine.Chunk) error
	runs    []run
	count   int
}

// run is rows [begin, end) of one entity.
type run struct {
	rows       *rows
	begin, end int
}

// add takes the rows [begin, end), but for those that the request does not see yet.
func (o *output) add(r *rows, begin, end int, n *need) error {
	if r.latest <= n.at {
		o.push(run{r, begin, end})
	} else {
		for i := begin; i < end; i++ {
			if r.visible[i] > n.at {
				o.push(run{r, begin, i})
				begin = i + 1
			}
		}
		o.push(run{r, begin, end})
	}
	if o.count >= chunkRows {
		return o.flush()
	}
	return nil
}

// push takes a run unless it is empty: an empty chunk would say nothing.
func (o *output) push(r run) {
	if r.begin < r.end {
		o.runs = append(o.runs, r)
		o.count += r.end - r.begin
	}
}

// flush hands out what was gathered.
func (o *output) flush() error {
	if len(o.runs) == 0 {
		return nil
	}
	var c *engine.Chunk
	if len(o.runs) == 1 {
		c = o.runs[0].chunk(o.slots)
	} else {
		c = o.joined()
	}
	c.Feed, c.Ordinal = o.feed, *o.ordinal
	*o.ordinal++
	// The list is used again: a chunk refers to the rows in it, not to the list.
	clear(o.runs)
	o.runs, o.count = o.runs[:0], 0
	return o.emit(0, c)
}

// handed is a chunk together with its columns, so that they are one allocation.
type handed struct {
	chunk   engine.Chunk
	columns []batch.Column
}

// chunk returns a run without copying a value.
func (r *run) chunk(slots []int) *engine.Chunk {
	h := &handed{}
	c := &h.chunk
	c.EventTime = r.rows.eventTime[r.begin:r.end:r.end]
	c.Visible = r.rows.visible[r.begin:r.end:r.end]
	if r.rows.pushed {
		c.ReceivedAt = r.rows.received[r.begin:r.end:r.end]
	}
	if r.rows.latest == engine.NoTime {
		c.Visible = nil
	}
	c.Columns = make([]*batch.Column, len(slots))
	if r.begin == 0 && r.end == r.rows.len() {
		for i, slot := range slots {
			c.Columns[i] = &r.rows.columns[slot]
		}
		return c
	}
	h.columns = make([]batch.Column, len(slots))
	for i, slot := range slots {
		slice(&h.columns[i], &r.rows.columns[slot], r.begin, r.end)
		c.Columns[i] = &h.columns[i]
	}
	return c
}

// slice sets out to rows [begin, end) of a column that was made here.
func slice(out, c *batch.Column, begin, end int) {
	out.Type, out.Length = c.Type, end-begin
	if c.Valid != nil {
		out.Valid = c.Valid[begin:end:end]
	}
	switch {
	case c.Offsets != nil:
		out.Offsets, out.Data = c.Offsets[begin:end+1:end+1], c.Data
		out.Keys, out.Child = c.Keys, c.Child
	case c.Bools != nil:
		out.Bools = c.Bools[begin:end:end]
	case c.Floats != nil:
		out.Floats = c.Floats[begin:end:end]
	case c.Decimals != nil:
		out.Decimals = c.Decimals[begin:end:end]
	case c.Ints != nil:
		out.Ints = c.Ints[begin:end:end]
	}
}

// joined copies the runs one after the other.
func (o *output) joined() *engine.Chunk {
	pushed, visible := false, false
	for _, r := range o.runs {
		pushed = pushed || r.rows.pushed
		visible = visible || r.rows.latest != engine.NoTime
	}
	c := &engine.Chunk{EventTime: make([]int64, 0, o.count)}
	if pushed {
		c.ReceivedAt = make([]int64, 0, o.count)
	}
	if visible {
		c.Visible = make([]int64, 0, o.count)
	}
	for _, r := range o.runs {
		c.EventTime = append(c.EventTime, r.rows.eventTime[r.begin:r.end]...)
		if pushed {
			c.ReceivedAt = append(c.ReceivedAt, r.rows.received[r.begin:r.end]...)
		}
		if visible {
			c.Visible = append(c.Visible, r.rows.visible[r.begin:r.end]...)
		}
	}
	columns := make([]batch.Column, len(o.slots))
	for i, slot := range o.slots {
		out := &columns[i]
		out.Type = o.runs[0].rows.columns[slot].Type
		if out.Type.Nested() {
			*out = emptyColumn(out.Type)
		} else if textual(out.Type) {
			out.Offsets = make([]uint32, 1, o.count+1)
		}
		for _, r := range o.runs {
			pushRange(out, &r.rows.columns[slot], r.begin, r.end)
		}
		c.Columns = append(c.Columns, out)
	}
	return c
}

// columnsBySource puts the columns of rows at their places among those of the source, where
// expressions look for them. Columns that are not kept stay nil.
func columnsBySource(u *sourceUse, r *rows) []*batch.Column {
	out := make([]*batch.Column, len(u.slots))
	for i, slot := range u.slots {
		if slot >= 0 {
			out[i] = &r.columns[slot]
		}
	}
	return out
}
