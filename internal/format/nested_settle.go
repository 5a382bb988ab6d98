package format

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// settle brings a nested column that was read from elsewhere into Fettle's form, in place: keys of
// maps in bytewise order and each once, vectors of their length and without nulls. It returns what
// does not fit, by row. Numbers of vectors that were not finite are null here with a NaN in their
// slot; they make the vector null, and no more of it.
func settle(c *batch.Column) []flaw {
	if c.Child == nil {
		return nil
	}
	flaws := outward(c, settle(c.Child))
	switch c.Type.Kind {
	case schema.Vector:
		flaws = append(flaws, settleVectors(c)...)
	case schema.Map:
		flaws = append(flaws, settleMaps(c)...)
	}
	return flaws
}

// outward turns flaws of elements into flaws of the rows that hold them.
func outward(c *batch.Column, flaws []flaw) []flaw {
	for i, f := range flaws {
		row, _ := slices.BinarySearchFunc(c.Offsets[1:c.Length+1], f.at,
			func(end uint32, at int) int {
				if int(end) <= at {
					return -1
				}
				return 1
			})
		flaws[i].at = row
	}
	return flaws
}

// settleVectors also takes out the numbers of nulls, so that the rest has no null among them.
func settleVectors(c *batch.Column) (flaws []flaw) {
	for row := range c.Length {
		if c.IsNull(row) {
			continue
		}
		from, to := int(c.Offsets[row]), int(c.Offsets[row+1])
		problem, finite := "", true
		if to-from != c.Type.Size {
			problem = fmt.Sprintf("it has %d numbers, a %s has %d", to-from, c.Type, c.Type.Size)
		}
		for i := from; i < to; i++ {
			switch {
			case !c.Child.IsNull(i):
			case math.IsNaN(c.Child.Floats[i]):
				finite = false
			default:
				problem = fmt.Sprintf("number %d is null, which a vector cannot hold", i-from+1)
			}
		}
		if problem != "" {
			flaws = append(flaws, flaw{row, problem})
		}
		if problem != "" || !finite {
			setNull(c, row)
		}
	}
	if c.Child.Valid != nil {
		rows := make([]uint32, c.Length)
		for i := range rows {
			rows[i] = uint32(i)
		}
		clean := batch.Gather(c, rows)
		c.Child, c.Offsets = clean.Child, clean.Offsets
		c.Child.Valid = nil
	}
	return flaws
}

// settleMaps sorts only if it must: most writers' keys are in order, or can stay as they are.
func settleMaps(c *batch.Column) (flaws []flaw) {
	var order []uint32 // of the entries; nil: as they are
	for row := range c.Length {
		from, to := int(c.Offsets[row]), int(c.Offsets[row+1])
		if c.IsNull(row) || from == to {
			continue
		}
		if problem := checkKeys(c.Keys, from, to); problem == "" {
			continue
		} else if problem != unsorted {
			flaws = append(flaws, flaw{row, problem})
			continue
		}
		if order == nil {
			order = make([]uint32, c.Keys.Length)
			for i := range order {
				order[i] = uint32(i)
			}
		}
		run := order[from:to]
		slices.SortStableFunc(run, func(a, b uint32) int {
			return strings.Compare(c.Keys.Text(int(a)), c.Keys.Text(int(b)))
		})
		for i := 1; i < len(run); i++ {
			if key := c.Keys.Text(int(run[i])); key == c.Keys.Text(int(run[i-1])) {
				flaws = append(flaws, flaw{row, twice(key)})
				break
			}
		}
	}
	if order != nil {
		c.Keys, c.Child = batch.Gather(c.Keys, order), batch.Gather(c.Child, order)
	}
	return flaws
}

// unsorted stands for keys that are good but for their order.
const unsorted = "unsorted"

func twice(key string) string {
	return fmt.Sprintf("the key %q is there twice in a map", clip([]byte(key)))
}

func checkKeys(keys *batch.Column, from, to int) (problem string) {
	for i := from; i < to; i++ {
		if keys.IsNull(i) {
			return "a key of a map is null"
		}
	}
	for i := from + 1; i < to; i++ {
		switch strings.Compare(keys.Text(i-1), keys.Text(i)) {
		case 0:
			return twice(keys.Text(i))
		case 1:
			return unsorted
		}
	}
	return ""
}
