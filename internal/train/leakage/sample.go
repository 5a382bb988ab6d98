package leakage

import (
	"cmp"
	"container/heap"
	"slices"
)

// mix gives a row its place in the drawing of lots. It must never change: which rows are looked at,
// and so the report, depends on it. The function is the finalizer of SplitMix64, which no two rows
// leave with one result.
func mix(row uint64) uint64 {
	row += 0x9E3779B97F4A7C15
	row = (row ^ row>>30) * 0xBF58476D1CE4E5B9
	row = (row ^ row>>27) * 0x94D049BB133111EB
	return row ^ row>>31
}

// lots is the rows of one class with the lowest lots so far, the highest on top.
type lots []lot

type lot struct {
	draw uint64
	row  uint32
}

func (l lots) Len() int           { return len(l) }
func (l lots) Less(i, j int) bool { return l[i].draw > l[j].draw }
func (l lots) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push is for package heap, and nothing is ever pushed.
func (l *lots) Push(any) { panic("BUG: a lot was pushed") }

// Pop is for package heap, and nothing is ever popped.
func (l *lots) Pop() any { panic("BUG: a lot was popped") }

// draw returns the rows to look at, by class, in the order of their lots.
func draw(t *target, most int) [][]uint32 {
	classes := make([]lots, max(1, len(t.classes)))
	for i, known := range t.known {
		if !known {
			continue
		}
		k := 0
		if t.class != nil {
			k = int(t.class[i])
		}
		l := lot{mix(uint64(i)), uint32(i)}
		switch {
		case len(classes[k]) < most:
			classes[k] = append(classes[k], l)
			if len(classes[k]) == most {
				heap.Init(&classes[k])
			}
		case l.draw < classes[k][0].draw:
			classes[k][0] = l
			heap.Fix(&classes[k], 0)
		}
	}
	rows := make([][]uint32, len(classes))
	for k, list := range classes {
		slices.SortFunc(list, func(a, b lot) int { return cmp.Compare(a.draw, b.draw) })
		for _, l := range list {
			rows[k] = append(rows[k], l.row)
		}
	}
	return share(rows, most)
}

// share cuts the classes to so many rows in all. Small classes are kept whole and large ones get an
// equal part of the rest, since the rarest class decides how sure a figure is.
func share(classes [][]uint32, most int) [][]uint32 {
	order := make([]int, len(classes))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(classes[a]), len(classes[b])) })
	out := make([][]uint32, len(classes))
	for i, k := range order {
		part := most / (len(order) - i)
		out[k] = classes[k][:min(part, len(classes[k]))]
		most -= len(out[k])
	}
	return out
}

// together returns the rows of all classes in ascending order.
func together(classes [][]uint32) []uint32 {
	rows := slices.Concat(classes...)
	slices.Sort(rows)
	return rows
}
