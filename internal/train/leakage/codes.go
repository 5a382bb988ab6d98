package leakage

import "math"

// coded measures values that are names and not quantities, and nulls among them: each stands for how
// often the class occurs with it. What it stands for in one half of the rows is taken from the other
// half; a name of a single row would otherwise tell everything about it.
func (m *measure) coded(c *column, numeric bool) score {
	codes, count := m.codes(c, numeric)
	if codes == nil {
		return score{class: -1}
	}
	if m.target.classes == nil {
		y := make([]float64, m.rows)
		m.ownRanks(y)
		return m.ranked(crossed(codes, count, y, 0), nil, nil, false)
	}
	best := score{class: -1}
	for _, k := range m.asked() {
		if !m.enough(k) {
			continue
		}
		is := make([]float64, m.rows)
		for i, class := range m.target.class {
			if int(class) == k {
				is[i] = 1
			}
		}
		rate := float64(m.sizes[k]) / float64(m.rows)
		best = better(best, m.ranked(crossed(codes, count, is, rate), nil, []int{k}, false))
	}
	return best
}

// ownRanks ranks the target itself within the blocks.
func (m *measure) ownRanks(out []float64) {
	order := make([]ranking, m.rows)
	for i, y := range m.target.number {
		order[i] = ranking{y, m.block[i], int32(i)}
	}
	sortRanking(order)
	centred(order, m.blocks, out)
}

// codes numbers the different values of a column, null too. It returns nil if they are not codes:
// numbers of many values, or so few that their order says as much.
func (m *measure) codes(c *column, numeric bool) ([]int32, int) {
	numbers := map[uint64]int32{}
	codes, nulls := make([]int32, m.rows), int32(-1)
	count := int32(0)
	for i, cell := range c.cells {
		if c.null[i] {
			if nulls < 0 {
				nulls = count
				count++
			}
			codes[i] = nulls
			continue
		}
		code, known := numbers[cell]
		if !known {
			code = count
			numbers[cell] = code
			count++
			if numeric && count > mostCodes {
				return nil, 0
			}
		}
		codes[i] = code
	}
	if numeric && count <= 2 {
		return nil, 0
	}
	return codes, int(count)
}

// crossed gives each row the mean of y over the rows of its code in the other half. One more row with
// the usual mean counts, so that few rows say little.
func crossed(codes []int32, count int, y []float64, usual float64) []float64 {
	type tally struct{ rows, sum float64 }
	var halves [2][]tally
	for h := range halves {
		halves[h] = make([]tally, count)
	}
	half := func(i int) uint64 { return mix(uint64(i)) >> 17 & 1 }
	for i, code := range codes {
		t := &halves[half(i)][code]
		t.rows++
		t.sum += y[i]
	}
	out := make([]float64, len(codes))
	for i, code := range codes {
		t := halves[1-half(i)][code]
		out[i] = (t.sum + usual) / (t.rows + 1)
	}
	return out
}

// copied says whether a column is the target, in whatever coding, where it is not null.
func (m *measure) copied(c *column, numeric bool, power score) score {
	if m.target.classes != nil {
		return m.recoded(c)
	}
	// A copy ranks as the target does, but for rows that are wrong. That is cheap to know.
	if !numeric || power.figure < Copied-0.1 {
		return score{class: -1}
	}
	return m.straight(c)
}

// recoded looks for one value of the feature for each class. The figure is the share of the class
// that has it, for the class where that is smallest.
func (m *measure) recoded(c *column) score {
	s := score{measure: "share of equal rows", threshold: Copied, class: -1}
	counts, rows := make([]map[uint64]int, len(m.sizes)), make([]int, len(m.sizes))
	for k := range counts {
		counts[k] = map[uint64]int{}
	}
	total, different := 0, 0
	for i, cell := range c.cells {
		if c.null[i] {
			continue
		}
		k := m.target.class[i]
		counts[k][cell]++
		rows[k]++
		total++
		// A name of single rows cannot be a copy, and need not be counted to the end.
		if counts[k][cell] == 1 {
			if different++; different > 64+m.rows/10 {
				return s
			}
		}
	}
	if total < fewestRows {
		return s
	}
	taken := map[uint64]bool{}
	s.figure = 1
	for k := range counts {
		if m.target.classes[k] == others && len(m.sizes) == mostClasses {
			continue // it is not one value
		}
		if rows[k] < fewestOfClass {
			return score{class: -1}
		}
		value, most := commonest(counts[k])
		if taken[value] {
			return score{class: -1}
		}
		taken[value] = true
		s.figure = min(s.figure, float64(most)/float64(rows[k]))
	}
	s.sure, s.place = true, firstKnown(c)
	return s
}

// commonest returns the value of most rows, the smallest of several.
func commonest(counts map[uint64]int) (value uint64, most int) {
	for v, n := range counts {
		if n > most || n == most && v < value {
			value, most = v, n
		}
	}
	return value, most
}

func firstKnown(c *column) int {
	for i, null := range c.null {
		if !null {
			return i
		}
	}
	return 0
}

// lines is how many straight lines through two rows are tried. One of them goes through two rows that
// are right and far apart, unless nearly all are wrong.
const lines = 64

// straight looks for a and b with target = a + b * feature. The figure is the share of rows on the
// line: of those with the target's middle value and of the others, whichever is smaller, since a
// target that is mostly zero is easily met.
func (m *measure) straight(c *column) score {
	s := score{measure: "share of equal rows", threshold: Copied, class: -1}
	var x, y []float64
	for i, cell := range c.cells {
		if !c.null[i] {
			x, y = append(x, math.Float64frombits(cell)), append(y, m.target.number[i])
		}
	}
	if len(x) < fewestRows {
		return s
	}
	middle, tolerance := spread(y)
	for try := range uint64(lines) {
		i, j := mix(2*try)%uint64(len(x)), mix(2*try+1)%uint64(len(x))
		if x[i] == x[j] || y[i] == y[j] {
			continue
		}
		slope := (y[j] - y[i]) / (x[j] - x[i])
		var met, all [2]float64
		for k := range x {
			side := 0
			if y[k] != middle {
				side = 1
			}
			all[side]++
			if math.Abs(y[k]-y[i]-slope*(x[k]-x[i])) <= tolerance {
				met[side]++
			}
		}
		if all[1] < fewestOfClass {
			return s
		}
		figure := met[1] / all[1]
		if all[0] >= fewestOfClass {
			figure = min(figure, met[0]/all[0])
		}
		s.figure = max(s.figure, figure)
	}
	s.sure, s.place = true, firstKnown(c)
	return s
}
