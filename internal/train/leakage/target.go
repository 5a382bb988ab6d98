package leakage

import (
	"cmp"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// target is what is to be predicted. It is classes if it has few values, or else a number.
type target struct {
	classes []string  // names; nil: a number
	class   []uint8   // by label row
	number  []float64 // by label row, if it is a number
	known   []bool    // by label row: not null, and the row can have values
	note    string    // why there is no target
}

// usable reports whether there is anything to be predicted.
func (t *target) usable() bool { return t.classes != nil || t.number != nil }

// others names the class of all values that are not among the most frequent ones.
const others = "any other"

// mostValues is how many different texts a target may have. More are names of rows, not classes.
const mostValues = 10_000

// readTarget reads the column of a target. Rows that are not valid have no values, and so are left
// out, and so are those without a target.
func readTarget(c *batch.Column, times []int64, valid []bool) *target {
	t := &target{known: make([]bool, len(times))}
	for i := range t.known {
		t.known[i] = (valid == nil || valid[i]) && (c == nil || !c.IsNull(i))
	}
	if c == nil {
		return t
	}
	values := newCells(c.Type)
	cells := make([]uint64, len(times))
	counts := map[uint64]int{}
	for i := range cells {
		if t.known[i] {
			cells[i] = values.of(c, i, times[i])
			if len(counts) <= mostValues {
				counts[cells[i]]++
			}
		}
	}
	few := len(counts) <= 2 || c.Type.Kind == schema.Int64 && len(counts) <= mostClasses
	switch {
	case len(counts) < 2:
		t.note = "the target has one value"
	case values.numeric() && !few:
		t.number = make([]float64, len(cells))
		for i, cell := range cells {
			t.number[i] = math.Float64frombits(cell)
		}
	case len(counts) > mostValues:
		t.note = "the target has too many different values"
	default:
		t.enumerate(c, cells, counts)
	}
	return t
}

// enumerate numbers the classes: those of most rows, and one for all others if there are too many.
// The order is that of the values where they are numbers.
func (t *target) enumerate(c *batch.Column, cells []uint64, counts map[uint64]int) {
	distinct := make([]uint64, 0, len(counts))
	for cell := range counts {
		distinct = append(distinct, cell)
	}
	if len(distinct) > mostClasses {
		slices.SortFunc(distinct, func(a, b uint64) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		})
		distinct = distinct[:mostClasses-1]
		t.classes = make([]string, mostClasses)
		t.classes[mostClasses-1] = others
	} else {
		t.classes = make([]string, len(distinct))
	}
	slices.SortFunc(distinct, func(a, b uint64) int {
		return cmp.Compare(math.Float64frombits(a), math.Float64frombits(b))
	})
	numbers := map[uint64]uint8{}
	for k, cell := range distinct {
		numbers[cell] = uint8(k)
	}
	t.class = make([]uint8, len(cells))
	named := make([]bool, len(distinct))
	for i, cell := range cells {
		if !t.known[i] {
			continue
		}
		k, ok := numbers[cell]
		if !ok {
			k = mostClasses - 1
		} else if !named[k] {
			named[k], t.classes[k] = true, c.Value(i).String()
		}
		t.class[i] = k
	}
}
