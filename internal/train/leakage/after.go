package leakage

import "math"

// How a value is another one just after the label's time.
const (
	unchanged = iota
	lower
	higher
	appeared
	vanished
)

// after says how well the value just after the label's time, or the way it changed, tells the target.
// It counts only if it tells more than the value at the time, and if enough rows changed: a feature
// that is honest and strong is strong a second later too.
func (a *Analysis) after(f int, m *measure, numeric bool) score {
	at, next := column{}, column{}
	change := column{null: make([]bool, m.rows)}
	changed := 0
	for _, place := range a.givenLater() {
		row := a.place[place]
		at.cells = append(at.cells, a.at[f].cells[row])
		at.null = append(at.null, a.at[f].null[row])
		next.cells = append(next.cells, a.next[f].cells[place])
		next.null = append(next.null, a.next[f].null[place])
		i := len(at.cells) - 1
		way := direction(at.cells[i], next.cells[i], at.null[i], next.null[i])
		change.cells = append(change.cells, math.Float64bits(float64(way)))
		if way != unchanged {
			changed++
		}
	}
	if changed < fewestOfClass {
		return score{class: -1}
	}
	best := better(m.power(&next, numeric), m.power(&change, true))
	if before := m.power(&at, numeric); before.found() || best.figure < before.figure+gained {
		return score{class: -1}
	}
	best.place = int(a.place[a.givenLater()[best.place]])
	return best
}

// direction compares two cells. Names that differ are higher: they have no order.
func direction(from, to uint64, fromNull, toNull bool) int {
	switch {
	case fromNull && toNull, from == to && fromNull == toNull:
		return unchanged
	case fromNull:
		return appeared
	case toNull:
		return vanished
	case math.Float64frombits(to) < math.Float64frombits(from):
		return lower
	default:
		return higher
	}
}
