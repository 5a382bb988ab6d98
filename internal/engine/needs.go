package engine

import (
	"math"
	"math/bits"

	"github.com/fettle-ml/fettle/internal/plan"
)

// needs says which times of an entity any window of its rows covers: 64 spans of equal width from
// least on. An event at another time contributes to nothing, so that it is not kept.
type needs struct {
	least int64
	spans uint64
	shift uint8 // the width is a power of two
	any   bool
}

// has reports whether an event at a time may count.
func (n *needs) has(at int64) bool {
	span := uint64(at-n.least) >> n.shift
	return span < 64 && n.spans>>span&1 != 0 && at >= n.least
}

// require returns what the rows of each entity need; nil: all events, because a window has no
// beginning, or the newest row is read, or somebody looks at every event.
func (f *feed) require() []needs {
	for _, t := range f.tasks {
		if t.newest != nil || t.task.evaluation.options.Trace != nil {
			return nil
		}
		for _, w := range t.windows {
			if w.Kind != plan.Sliding {
				return nil
			}
		}
	}
	all := make([]needs, f.table.count)
	greatest := make([]int64, f.table.count)
	f.eachWindow(func(entity int32, start, end int64) {
		n := &all[entity]
		if !n.any {
			n.any, n.least, greatest[entity] = true, start, end
		}
		n.least, greatest[entity] = min(n.least, start), max(greatest[entity], end)
	})
	for i := range all {
		width := uint64(greatest[i]-all[i].least) >> 6
		all[i].shift = uint8(bits.Len64(width))
	}
	f.eachWindow(func(entity int32, start, end int64) {
		n := &all[entity]
		from, to := uint64(start-n.least)>>n.shift, uint64(end-1-n.least)>>n.shift
		n.spans |= math.MaxUint64 << from & (math.MaxUint64 >> (63 - min(to, 63)))
	})
	return all
}

// eachWindow gives the ends of every window that is not empty of every row.
func (f *feed) eachWindow(take func(entity int32, start, end int64)) {
	for _, t := range f.tasks {
		windows := t.widest()
		for row, entity := range t.numbers {
			if entity < 0 {
				continue
			}
			for _, w := range windows {
				if start, end := windowEnds(w, t.task.bound.at[row], t.shift); start < end {
					take(entity, start, end)
				}
			}
		}
	}
}

// widest leaves out windows that lie within another one whatever the boundary.
func (t *taskFold) widest() []plan.Window {
	var kept []plan.Window
	for i, of := range t.windows {
		w, within := of.Window, false
		for k, than := range t.windows {
			other := than.Window
			within = within || k != i && w.Hop == 0 && other.Hop == 0 && w.Offset >= other.Offset &&
				w.Offset+w.Length <= other.Offset+other.Length && (w != other || k < i)
		}
		if !within {
			kept = append(kept, w)
		}
	}
	return kept
}

// unneeded takes the events away that no window covers.
func (f *feed) unneeded(numbers []int32, times []int64) {
	if f.needs == nil {
		return
	}
	for i, number := range numbers {
		if number >= 0 && !f.needs[number].has(times[i]) {
			numbers[i] = noEntity
		}
	}
}
