package leakage

import (
	"cmp"
	"math"
	"slices"
)

// score is one figure of one feature.
type score struct {
	measure   string
	figure    float64
	threshold float64
	sure      bool // enough rows, and far enough from what luck gives
	class     int  // -1: about a number
	place     int  // a row that shows it
}

func (s score) found() bool { return s.sure && s.figure >= s.threshold }

// better returns the one with the higher figure; one that is not sure gives way.
func better(a, b score) score {
	if a.sure != b.sure {
		if a.sure {
			return a
		}
		return b
	}
	if b.figure > a.figure {
		return b
	}
	return a
}

// measure compares features with one target over some rows. Rows are compared with rows of the same
// block of label time only: what grows with time, as counts do, would tell a target that grows with
// time too, and that is no leak.
type measure struct {
	target *target
	rows   int
	block  []uint8 // by row
	blocks int
	sizes  []int // rows of each class
}

func newMeasure(t *target, times []int64) *measure {
	m := &measure{target: t, rows: len(times), block: make([]uint8, len(times))}
	m.blocks = min(max(m.rows/rowsPerBlock, 1), mostBlocks)
	order := make([]int, m.rows)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(times[a], times[b]) })
	for k, i := range order {
		m.block[i] = uint8(k * m.blocks / m.rows)
	}
	m.sizes = make([]int, len(t.classes))
	for _, k := range t.class {
		m.sizes[k]++
	}
	return m
}

// asked returns the classes that figures are about: one of two is enough.
func (m *measure) asked() []int {
	if len(m.sizes) == 2 {
		return []int{1}
	}
	var list []int
	for k := range m.sizes {
		list = append(list, k)
	}
	return list
}

// enough reports whether a class and the rest of the rows can be compared.
func (m *measure) enough(class int) bool {
	return m.rows >= fewestRows && m.sizes[class] >= fewestOfClass && m.rows-m.sizes[class] >= fewestOfClass
}

// power says how well a feature ranks the target. A null is a value of its own, below or above all
// others, whichever tells more.
func (m *measure) power(c *column, numeric bool) score {
	var best score
	if numeric {
		values := make([]float64, m.rows)
		for i, cell := range c.cells {
			values[i] = math.Float64frombits(cell)
		}
		best = m.ranked(values, c.null, m.asked(), true)
	}
	return better(best, m.coded(c, numeric))
}

// ranked measures the order of values against the classes that are asked for, or against the number.
// With either, a descending order counts as much as an ascending one.
func (m *measure) ranked(values []float64, null []bool, asked []int, either bool) score {
	order := make([]ranking, 0, m.rows)
	for i, x := range values {
		if null == nil || !null[i] {
			order = append(order, ranking{x, m.block[i], int32(i)})
		}
	}
	sortRanking(order)
	if m.target.classes != nil {
		return m.areas(order, null, asked, either)
	}
	return m.correlation(order, either)
}

// ranking is a row in the order of a feature.
type ranking struct {
	value float64
	block uint8
	row   int32
}

func sortRanking(order []ranking) {
	slices.SortFunc(order, func(a, b ranking) int {
		if a.block != b.block {
			return cmp.Compare(a.block, b.block)
		}
		return cmp.Compare(a.value, b.value)
	})
}

// ties calls f with each run of equal values of one block.
func ties(order []ranking, f func(run []ranking)) {
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && order[to].block == order[from].block && order[to].value == order[from].value {
			to++
		}
		f(order[from:to])
		from = to
	}
}

// pairs counts, for the rows of a class, the pairs with a row of another class and the same block,
// and in how many the row of the class is higher. A tie is half of one.
type pairs struct{ higher, all float64 }

// areas returns the area under the ROC curve of the class where it is largest: the share of pairs
// that are in order. See Hanley and McNeil, Radiology 143 (1982), for the area and its error.
func (m *measure) areas(order []ranking, null []bool, asked []int, either bool) score {
	low, high := make([]pairs, len(m.sizes)), make([]pairs, len(m.sizes))
	m.nullPairs(null, low, high)
	below, block, sum := make([]float64, len(m.sizes)), -1, 0.0
	run := make([]float64, len(m.sizes))
	ties(order, func(rows []ranking) {
		if int(rows[0].block) != block {
			block, sum = int(rows[0].block), 0
			clear(below)
		}
		clear(run)
		for _, r := range rows {
			run[m.target.class[r.row]]++
		}
		for _, k := range asked {
			if run[k] > 0 {
				others := sum - below[k]
				won := run[k] * (others + (float64(len(rows))-run[k])/2)
				low[k].higher += won
				high[k].higher += won
			}
		}
		for k, n := range run {
			below[k] += n
		}
		sum += float64(len(rows))
	})
	best := score{measure: "AUC", threshold: PowerClass, class: -1}
	for _, k := range asked {
		if low[k].all < fewestOfClass*fewestOfClass || !m.enough(k) {
			continue
		}
		for _, p := range []pairs{low[k], high[k]} {
			area := p.higher / p.all
			if either {
				area = max(area, 1-area)
			}
			s := score{measure: "AUC", threshold: PowerClass, figure: area, class: k, place: m.first(k)}
			s.sure = area-2*areaError(area, float64(m.sizes[k]), float64(m.rows-m.sizes[k])) >= sureClass
			if s.figure > best.figure {
				best = s
			}
		}
	}
	return best
}

// nullPairs counts all pairs, and those that nulls win if they are lowest or highest.
func (m *measure) nullPairs(null []bool, low, high []pairs) {
	type tally struct{ nulls, rows []float64 }
	tallies := make([]tally, m.blocks)
	for b := range tallies {
		tallies[b] = tally{make([]float64, len(m.sizes)), make([]float64, len(m.sizes))}
	}
	for i, b := range m.block {
		tallies[b].rows[m.target.class[i]]++
		if null != nil && null[i] {
			tallies[b].nulls[m.target.class[i]]++
		}
	}
	for _, t := range tallies {
		var nulls, rows float64
		for k := range t.rows {
			nulls += t.nulls[k]
			rows += t.rows[k]
		}
		for k := range t.rows {
			otherNulls, otherRows := nulls-t.nulls[k], rows-t.rows[k]
			tied := t.nulls[k] * otherNulls / 2
			low[k].all += t.rows[k] * otherRows
			high[k].all += t.rows[k] * otherRows
			low[k].higher += tied + (t.rows[k]-t.nulls[k])*otherNulls
			high[k].higher += tied + t.nulls[k]*(otherRows-otherNulls)
		}
	}
}

// first returns a row of a class.
func (m *measure) first(class int) int { return slices.Index(m.target.class, uint8(class)) }

// areaError is the standard error of an area, by Hanley and McNeil.
func areaError(area, positives, negatives float64) float64 {
	q1, q2, square := area/(2-area), 2*area*area/(1+area), area*area
	variance := area*(1-area) + (positives-1)*(q1-square) + (negatives-1)*(q2-square)
	return math.Sqrt(max(variance, 0) / (positives * negatives))
}

// correlation returns Spearman's rank correlation with a number, of ranks within the blocks.
func (m *measure) correlation(order []ranking, either bool) score {
	s := score{measure: "rank correlation", threshold: PowerNumber, class: -1}
	if len(order) < fewestRows {
		return s
	}
	x, y := make([]float64, m.rows), make([]float64, m.rows)
	centred(order, m.blocks, x)
	of := make([]ranking, len(order))
	for i, r := range order {
		of[i] = ranking{m.target.number[r.row], r.block, r.row}
	}
	sortRanking(of)
	centred(of, m.blocks, y)
	var xx, xy, yy float64
	for i := range x {
		xx, xy, yy = xx+x[i]*x[i], xy+x[i]*y[i], yy+y[i]*y[i]
	}
	if xx == 0 || yy == 0 {
		return s
	}
	s.figure = xy / math.Sqrt(xx*yy)
	if either {
		s.figure = math.Abs(s.figure)
	}
	// Fisher's transformation makes the interval.
	low := math.Tanh(math.Atanh(min(s.figure, 1-1e-12)) - 2/math.Sqrt(float64(len(order)-3)))
	s.sure, s.place = low >= sureNumber, int(order[0].row)
	return s
}

// centred gives each row its rank in its block less the middle one; equal values share one.
func centred(order []ranking, blocks int, out []float64) {
	sizes := make([]float64, blocks)
	for _, r := range order {
		sizes[r.block]++
	}
	block, before := -1, 0.0
	ties(order, func(run []ranking) {
		if int(run[0].block) != block {
			block, before = int(run[0].block), 0
		}
		rank := before + (float64(len(run))+1)/2 - (sizes[block]+1)/2
		for _, r := range run {
			out[r.row] = rank
		}
		before += float64(len(run))
	})
}
