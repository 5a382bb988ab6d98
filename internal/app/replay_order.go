package app

import (
	"cmp"
	"sort"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// positions is the column that a replay adds to each source. No file or definition can have a column of
// this name.
const positions = "replay: position"

// addPositions gives each event its place in the order of (sequence, position) as a sequence of the
// source. A replay pushes events as they become known, so their positions in the replay are others than
// in history, where position decides between events of one time and sequence.
func (f *replayFeed) addPositions() {
	order := make([]uint32, len(f.arrival))
	for i := range order {
		order[i] = uint32(i)
	}
	if column := f.stored(f.source.Sequence); column != nil {
		sort.SliceStable(order, func(i, j int) bool { return compareCells(column, int(order[i]), int(order[j])) < 0 })
	}
	places := &batch.Column{Type: schema.Of(schema.Int64), Length: len(order), Ints: make([]int64, len(order))}
	for place, row := range order {
		places.Ints[row] = int64(place)
	}
	f.columns = append(f.columns, places)
	f.fields = append(f.fields, schema.Field{Name: positions, Type: places.Type})
	f.source.Sequence = len(f.source.Columns)
	f.source.Columns = append(f.source.Columns, plan.Column{Name: positions, Type: places.Type})
}

// stored returns the values of a stored column of the source; nil for no column.
func (f *replayFeed) stored(index int) *batch.Column {
	if index < 0 {
		return nil
	}
	for i, field := range f.fields {
		if field.Name == f.source.Columns[index].Name {
			return f.columns[i]
		}
	}
	return nil
}

// compareCells compares two cells of a column whose type has an order; null comes first.
func compareCells(c *batch.Column, i, j int) int {
	if c.IsNull(i) || c.IsNull(j) {
		return cmp.Compare(boolInt(!c.IsNull(i)), boolInt(!c.IsNull(j)))
	}
	switch c.Type.Kind {
	case schema.String, schema.Bytes:
		return strings.Compare(c.Text(i), c.Text(j))
	case schema.Float64:
		return cmp.Compare(c.Floats[i], c.Floats[j])
	case schema.Decimal:
		return c.Decimals[i].Compare(c.Decimals[j])
	case schema.Bool:
		return cmp.Compare(boolInt(c.Bools[i]), boolInt(c.Bools[j]))
	default:
		return cmp.Compare(c.Ints[i], c.Ints[j])
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
