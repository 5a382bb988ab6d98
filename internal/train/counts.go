package train

import (
	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
)

// counts adds up what came of the label rows, group by group, for each part of a set.
type counts struct {
	parts   []partCounts
	sources map[string]engine.SourceCounts
	// embargoed and untimed rows are in no part.
	embargoed, untimed int64
}

// partCounts is what came of the rows of one part.
type partCounts struct {
	features                  []FeatureCounts
	rows, nullTimes, nullKeys int64
	differing                 int64
}

// computed is the values of some rows. others are those in the other mode, if the modes are two;
// parts says where each row belongs, nil: all to the first part.
type computed struct {
	values, others []*engine.Value
	parts          []int16
}

func newCounts(options Options) *counts {
	n := 1
	if options.Split != nil {
		n = len(options.Split.Parts)
	}
	return &counts{parts: make([]partCounts, n), sources: map[string]engine.SourceCounts{}}
}

// left counts the rows that are in no part.
func (c *counts) left(parts []int16) {
	for _, part := range parts {
		switch part {
		case embargoed:
			c.embargoed++
		case untimed:
			c.untimed++
		}
	}
}

// add counts one group of rows. Nulls that arithmetic made are not known by row: each part is told
// of all of them.
func (c *counts) add(s *plan.Selection, rows engine.Rows, of *computed) {
	absent := make([][]bool, len(rows.Roles))
	for r, role := range rows.Roles {
		absent[r] = absentRows(rows, role.Columns)
	}
	for part := range c.parts {
		p := &c.parts[part]
		if p.features == nil {
			p.features = make([]FeatureCounts, len(of.values))
		}
		in := func(row int) bool { return of.parts == nil || of.parts[row] == int16(part) }
		for i, v := range of.values {
			f := s.Features[i]
			counts := featureOf(v, absent[f.Role], of.parts, int16(part))
			counts.Name, counts.Version = f.Name, f.View.Features[f.Feature].Version
			p.features[i].add(counts)
		}
		for i, other := range of.others {
			for row := range rows.Count {
				if in(row) && differs(of.values[i], other, row) {
					p.differing++
				}
			}
		}
		p.countRows(rows, absent, in)
	}
}

// addReport takes over what the engine counted of sources. A spine that is computed piece by piece
// reads them again and again, and may skip what a piece does not need: the most is what there is.
func (c *counts) addReport(report *engine.Report) {
	for name, counts := range report.Sources {
		if known := c.sources[name]; known.Events <= counts.Events {
			c.sources[name] = *counts
		}
	}
}

// featureOf counts the statuses of one feature. Rows without a key or time are counted apart. They
// have no entity and so no status that would say anything about the feature's data. parts says where
// each row belongs; nil: all count.
func featureOf(v *engine.Value, absent []bool, parts []int16, part int16) FeatureCounts {
	counts := FeatureCounts{Type: v.Column.Type.String(), Made: v.Nulls}
	for i, valid := range v.Column.Valid {
		if !valid && (parts == nil || parts[i] == part) {
			counts.Nulls++
		}
	}
	var by [256]int64
	for i, status := range v.Status {
		if (absent == nil || !absent[i]) && (parts == nil || parts[i] == part) {
			by[status]++
		}
	}
	counts.Missing, counts.Expired = by[engine.Missing], by[engine.Expired]
	counts.Default, counts.Error = by[engine.Default], by[engine.Failed]
	return counts
}

// countRows counts label rows, and those without a time or key. A row counts once even if several
// roles have no key. absent is by role.
func (c *partCounts) countRows(rows engine.Rows, absent [][]bool, in func(row int) bool) {
	for i := range rows.Count {
		if !in(i) {
			continue
		}
		c.rows++
		if rows.Valid != nil && !rows.Valid[i] {
			c.nullTimes++
			continue
		}
		for _, role := range absent {
			if role != nil && role[i] {
				c.nullKeys++
				break
			}
		}
	}
}

// absentRows marks the rows that have no time or no key of a role; nil if all have both. Such a row
// has nulls for every feature of the role and is written nevertheless.
func absentRows(rows engine.Rows, keys []*batch.Column) []bool {
	var absent []bool
	mark := func(valid []bool) {
		if valid != nil && absent == nil {
			absent = make([]bool, rows.Count)
		}
		for i, ok := range valid {
			absent[i] = absent[i] || !ok
		}
	}
	mark(rows.Valid)
	for _, c := range keys {
		mark(c.Valid)
	}
	return absent
}
