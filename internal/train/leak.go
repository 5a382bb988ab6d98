package train

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/train/leakage"
)

// targetMark is the place of the target among the label columns, as timeMark is that of the times.
const targetMark = "\x00target"

// target finds the column that the features are to predict: the one that is asked for, or the only
// one of the labels that nothing else reads. The index is -1 and note says why if there is none.
func (l *Labels) target(s *plan.Selection) (index int, note string, err error) {
	names := l.names(s)
	if l.Target != "" {
		if index = slices.Index(names, l.Target); index < 0 {
			return -1, "", asInvalid(plan.UnknownName("label column", l.Target, names))
		}
		if slices.Contains(names[index+1:], l.Target) {
			return -1, "", twice(l.Target)
		}
		return index, "", nil
	}
	inputs, err := s.Inputs()
	if err != nil {
		return -1, "", err
	}
	var free []string
	for _, name := range names {
		read := func(c plan.Input) bool { return c.Field.Name == name }
		if name != l.Time && !slices.ContainsFunc(inputs, read) {
			free = append(free, name)
		}
	}
	// What a label source gives under its own name is the label, whatever else a file has beside it.
	if s.Label != nil && slices.Contains(free, labelColumn) {
		free = []string{labelColumn}
	}
	switch len(free) {
	case 0:
		return -1, "the labels have no column to be predicted", nil
	case 1:
		if index = slices.Index(names, free[0]); !slices.Contains(names[index+1:], free[0]) {
			l.Target = free[0]
			return index, "", nil
		}
	}
	return -1, fmt.Sprintf("several columns may be what is to be predicted (%s): say which with --target",
		listed(free)), nil
}

// listed writes the first names of a list.
func listed(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// chooseTarget decides what is to be predicted, from names alone: what is wrong with --target is said
// before any data is read.
func (l *Labels) chooseTarget(s *plan.Selection) (err error) {
	l.targetAt, l.note, err = l.target(s)
	l.look = l.targetAt >= 0
	return err
}

// wantTarget adds the target to the columns that are read, as what the file has it for.
func (l *Labels) wantTarget(wanted []format.Wanted) []format.Wanted {
	if !l.look {
		return wanted
	}
	for _, w := range wanted {
		if w.Column == l.targetAt {
			return append(wanted, w)
		}
	}
	l.onlyTarget = true
	kind := l.Input.Columns()[l.targetAt].Type
	if kind.Kind == schema.Null {
		kind = schema.Of(schema.Bool) // of nothing but nulls, whatever they are of
	}
	return append(wanted, format.Wanted{Column: l.targetAt, Type: kind})
}

// targetColumn returns the values of the target; nil if there is none.
func (l *Labels) targetColumn() *batch.Column {
	switch {
	case !l.look:
		return nil
	case l.Input == nil:
		return l.columns[l.Target]
	default:
		return l.columns[targetMark]
	}
}

// analysis begins the report on leakage over all label rows.
func (l *Labels) analysis(s *plan.Selection, rows engine.Rows) *leakage.Analysis {
	config := leakage.Config{Name: l.Target, Target: l.targetColumn(), Note: l.note, Times: rows.Times}
	config.Valid = make([]bool, rows.Count)
	for i := range config.Valid {
		config.Valid[i] = rows.Known(i)
	}
	defaults := map[*plan.View][]string{}
	for _, f := range s.Features {
		names, known := defaults[f.View]
		if !known {
			one := &plan.Selection{Features: []plan.ModelFeature{f}}
			for _, source := range one.Sources() {
				if source.Available == nil {
					names = append(names, source.Name)
				}
			}
			defaults[f.View] = names
		}
		feature := f.View.Features[f.Feature]
		config.Features = append(config.Features, leakage.Feature{
			Name: f.Name, Reference: f.View.Name + "." + feature.Name, Type: feature.Type, Default: names,
		})
	}
	return leakage.New(config)
}

// groupOf is the values of label rows, whose numbers are given, as the analysis takes them.
func groupOf(rows []uint32, values []*engine.Value) *leakage.Group {
	g := &leakage.Group{Rows: rows}
	for _, v := range values {
		g.Columns, g.Events = append(g.Columns, v.Column), append(g.Events, v.Time)
	}
	return g
}

// laterRows returns some rows, by their places, at a moment just after their time. They are evaluated apart
// from the others, so that they are in no count of the manifest.
func laterRows(rows engine.Rows, places []uint32) engine.Rows {
	out := engine.Rows{Count: len(places), Served: rows.Served, Request: map[string]*batch.Column{}}
	for _, place := range places {
		out.Times = append(out.Times, rows.Times[place]+leakage.JustAfter)
		out.AgeTimes = append(out.AgeTimes, rows.AgeTimes[place]+leakage.JustAfter)
	}
	for _, role := range rows.Roles {
		keys := engine.Keys{Entity: role.Entity}
		for _, c := range role.Columns {
			keys.Columns = append(keys.Columns, batch.Gather(c, places))
		}
		out.Roles = append(out.Roles, keys)
	}
	for name, c := range rows.Request {
		out.Request[name] = batch.Gather(c, places)
	}
	return out
}

// lookAt shows the values of label rows, whose numbers are given, to the analysis.
func (s *Set) lookAt(rows []uint32, values []*engine.Value) {
	if s.look != nil {
		s.look.Add(groupOf(rows, values))
	}
}

// lookReport ends the analysis; nil if nothing was looked at.
func (s *Set) lookReport() *leakage.Report {
	if s.look == nil {
		return nil
	}
	workers := s.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return s.look.Report(workers)
}

// allRows numbers all label rows.
func allRows(count int) []uint32 {
	rows := make([]uint32, count)
	for i := range rows {
		rows[i] = uint32(i)
	}
	return rows
}
