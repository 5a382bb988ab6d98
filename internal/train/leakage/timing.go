package leakage

import (
	"math"
	"slices"
)

// timed looks for a class whose newest events lie directly before the label's time, at a distance
// that other rows hardly know. Rows without an event say nothing here: power sees them as nulls. A
// number has two classes for this, its upper and its lower third: what lies between has no sharp end.
func (m *measure) timed(c *column) score {
	class, classes := m.target.class, len(m.sizes)
	if m.target.classes == nil {
		class, classes = thirds(m.target.number), 2
	}
	ages := make([][]int64, classes)
	for i, age := range c.ages {
		if age >= 0 && int(class[i]) < classes {
			ages[class[i]] = append(ages[class[i]], age)
		}
	}
	best := score{measure: "difference of the shares with an event directly before", threshold: Timed, class: -1}
	for k, own := range ages {
		var rest []int64
		for other, list := range ages {
			if other != k {
				rest = append(rest, list...)
			}
		}
		if len(own) < fewestOfClass || len(rest) < fewestOfClass {
			continue
		}
		slices.Sort(rest)
		limit := int64(math.Floor(near * float64(rest[len(rest)/2])))
		elsewhere := within(rest, limit)
		figure := within(own, limit) - elsewhere
		if elsewhere > nearElsewhere || figure <= best.figure {
			continue
		}
		best.figure, best.sure = figure, true
		if best.class = k; m.target.classes == nil {
			best.class = -1
		}
		for i, age := range c.ages {
			if int(class[i]) == k && age >= 0 && age <= limit {
				best.place = i
				break
			}
		}
	}
	return best
}

// within is the share of ages up to a limit.
func within(ages []int64, limit int64) float64 {
	n := 0
	for _, age := range ages {
		if age <= limit {
			n++
		}
	}
	return float64(n) / float64(len(ages))
}

// thirds divides a number: 0 is the lower third, 1 the upper one, 2 the rest.
func thirds(y []float64) []uint8 {
	sorted := slices.Sorted(slices.Values(y))
	low, high := sorted[len(sorted)/3], sorted[len(sorted)*2/3]
	class := make([]uint8, len(y))
	for i, x := range y {
		switch {
		case x <= low:
			class[i] = 0
		case x >= high:
			class[i] = 1
		default:
			class[i] = 2
		}
	}
	return class
}

// spread returns the median of a number and how far a copy of it may be off.
func spread(y []float64) (middle, tolerance float64) {
	sorted := slices.Sorted(slices.Values(y))
	n := len(sorted)
	tolerance = copyTolerance * (sorted[n*3/4] - sorted[n/4])
	if tolerance == 0 {
		tolerance = 1e-9 * (sorted[n-1] - sorted[0])
	}
	return sorted[n/2], tolerance
}
