package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// Labels is the rows of a training set: of a file, or of the model's label source. Exported fields
// are the caller's and set before Build; the rest is filled by it. The input stays the caller's to
// close, after the set was written.
type Labels struct {
	Input   format.Input // nil: of the label source, or of a spine
	Spine   *Spine       // makes the rows; the input, if any, has only their keys
	Path    string       // of the file, for the manifest
	Now     int64        // how far a label source is complete; 0: to its newest event
	Name    string       // of the file, for messages
	Time    string       // column of the label times
	Zone    string       // of label times without one; "": they are refused
	MaxBad  int          // bad cells that become null instead of an error
	Digest  string       // of the file's bytes
	Target  string       // column to be predicted; "": the only one that nothing else reads, if so
	columns map[string]*batch.Column
	order   []schema.Field // of columns, for labels that are written by us
	rows    int
	bad     []BadCell
	badAll  int // cells that are bad, listed or not
	// look asks for the target to be read, which is column targetAt of the file; note says why there is
	// none. onlyTarget is true if nothing but the report on leakage reads it.
	look, onlyTarget bool
	targetAt         int
	note             string
	// Of a label source that looks ahead: rows that were left out, and how far it is complete.
	young, complete int64
	spine           *spineRows
}

// maxListed is how many bad cells of labels an error lists. More would make an error nobody reads,
// and a manifest larger than its data.
const maxListed = 1000

// read reads the label columns that the selection needs. All other columns of the file are left
// unread here. They are copied by the output, byte by byte where the formats agree.
func (l *Labels) read(ctx context.Context, s *plan.Selection) error {
	columns, err := s.Inputs()
	if err != nil {
		return err
	}
	wanted, err := l.want(columns)
	if err != nil {
		return err
	}
	own := len(wanted)
	if err := l.readColumns(ctx, l.wantTarget(wanted), own); err != nil {
		return err
	}
	return l.checkBad()
}

// readColumns reads columns of all rows: the first ones for the features, where the time column, if it is
// among them, comes first, and behind those perhaps the target.
func (l *Labels) readColumns(ctx context.Context, wanted []format.Wanted, own int) error {
	parts, err := l.scan(ctx, wanted)
	if err != nil {
		return err
	}
	l.columns = map[string]*batch.Column{}
	isTime := func(i int) bool { return i == 0 && l.Spine == nil }
	for i, w := range wanted {
		pieces := []*batch.Column{batch.NewBuilder(w.Type).Column()}
		for _, part := range parts {
			pieces = append(pieces, part.Columns[i])
			part.Columns[i] = nil // it may go before the next column is joined
		}
		c := batch.Concat(pieces)
		l.rows = c.Length
		// The time column goes under its name with a mark, since a request field may bear it too.
		name := l.Input.Columns()[w.Column].Name
		switch {
		case isTime(i):
			name = timeMark
		case i == own:
			name = targetMark
		}
		l.columns[name] = c
	}
	for i, w := range wanted[:own] {
		if err := l.localize(isTime(i), l.Input.Columns()[w.Column]); err != nil {
			return err
		}
	}
	return nil
}

// timeMark is the place of the label times among the columns. It begins with a zero byte, as no
// sensible column name does.
const timeMark = "\x00time"

// want finds the columns in the file; the time comes first. A name that the file has twice is
// refused only if it is read: which of the two was meant is not ours to guess. A column of nothing
// but nulls passes as a time, and every row is without one.
func (l *Labels) want(columns []plan.Input) ([]format.Wanted, error) {
	all := l.Input.Columns()
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	if l.Time == "" {
		return nil, invalid("the labels need a time", "say its column with --time, one of "+strings.Join(names, ", "))
	}
	at := slices.Index(names, l.Time)
	if at < 0 {
		return nil, asInvalid(plan.UnknownName("label column", l.Time, names))
	}
	if slices.Contains(names[at+1:], l.Time) {
		return nil, twice(l.Time)
	}
	kind := all[at].Type
	if kind.Kind == schema.Null {
		kind = schema.Of(schema.Timestamp)
	}
	if kind.Kind != schema.Timestamp && kind.Kind != schema.Date {
		return nil, invalid(fmt.Sprintf("label column %s is %s, not a time", l.Time, kind),
			"write times as 2024-05-01T12:30:00Z")
	}
	wanted := []format.Wanted{{Column: at, Type: kind}}
	inputs, err := l.wantInputs(columns)
	return append(wanted, inputs...), err
}

// wantInputs finds the keys and request fields in the file.
func (l *Labels) wantInputs(columns []plan.Input) ([]format.Wanted, error) {
	var names, missing []string
	for _, c := range l.Input.Columns() {
		names = append(names, c.Name)
	}
	var wanted []format.Wanted
	for _, c := range columns {
		i := slices.Index(names, c.Field.Name)
		if i < 0 {
			missing = append(missing, fmt.Sprintf("%s (for %s)", c.Field.Name, c.Need))
			continue
		}
		if slices.Contains(names[i+1:], c.Field.Name) {
			return nil, twice(c.Field.Name)
		}
		wanted = append(wanted, format.Wanted{Column: i, Type: c.Field.Type})
	}
	if len(missing) > 0 {
		return nil, invalid("the labels have no column "+strings.Join(missing, ", "),
			"they have "+strings.Join(names, ", "))
	}
	return wanted, nil
}

func twice(name string) error {
	return invalid("the labels have two columns "+name, "rename one")
}

// scan reads the wanted columns of all rows. The units are read one after the other, so that rows
// and bad cells come in the order of the file.
func (l *Labels) scan(ctx context.Context, wanted []format.Wanted) ([]*batch.Batch, error) {
	scan, err := l.Input.Scan(wanted)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var parts []*batch.Batch
	for err == nil {
		var unit format.Unit
		if unit, err = scan.Next(); err != nil {
			break
		}
		err = unit.Read(func(part *format.Part) error {
			parts = append(parts, part.Batch)
			for _, bad := range part.Bad {
				// A report does not keep a training set from being made: such a cell has no target.
				if l.onlyTarget && bad.Field == l.Target {
					continue
				}
				l.mark(BadCell{bad.Row, bad.Line, bad.Field, bad.Code, bad.Message})
			}
			return ctx.Err()
		})
	}
	if !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("read labels: %w", err), scan.Close())
	}
	if err := scan.Close(); err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	return parts, nil
}

// mark notes a bad cell. All of them are counted, but only so many are listed.
func (l *Labels) mark(bad BadCell) {
	if l.badAll++; len(l.bad) < maxListed {
		l.bad = append(l.bad, bad)
	}
}

// checkBad refuses labels with more bad cells than are allowed. Up to that number they stay null,
// and the manifest lists them.
func (l *Labels) checkBad() error {
	slices.SortStableFunc(l.bad, func(a, b BadCell) int { return cmp.Compare(a.Row, b.Row) })
	if l.badAll <= l.MaxBad {
		return nil
	}
	return &InvalidError{
		Message: fmt.Sprintf("the labels have %d bad cells, %d allowed", l.badAll, l.MaxBad),
		Hint:    "mend them, or allow as many with --max-bad: they become null",
		File:    l.Name, Bad: l.bad,
	}
}

// localize turns the times of a column without a zone, and dates that are label times, into
// instants. Instants outside of the accepted years become null, and are bad. A date in any other
// column is a key or a request field and stays a date.
func (l *Labels) localize(isTime bool, stored format.Column) error {
	name := stored.Name
	if isTime {
		name = timeMark
	}
	times := l.columns[name]
	isDate := times.Type.Kind == schema.Date
	if times.Type.Kind != schema.Timestamp && !(isTime && isDate) {
		return nil
	}
	moved := &batch.Column{
		Type: schema.Of(schema.Timestamp), Length: times.Length, Valid: times.Valid, Ints: times.Ints,
	}
	if isDate || stored.Local {
		if err := l.inZone(moved, stored.Name, isDate); err != nil {
			return err
		}
	}
	l.columns[name] = l.accepted(moved, stored.Name)
	return nil
}

// inZone reads the wall clocks of a column in the labels' zone. A wall clock that occurs twice is
// the earlier of both, and one that does not occur is moved forward by the gap, as for events: a
// label must meet the event that has the same clock. Without a zone times are refused, because a
// guess would shift labels by hours, into the future too.
func (l *Labels) inZone(times *batch.Column, name string, isDate bool) error {
	if l.Zone == "" {
		return invalid("the times in label column "+name+" have no zone",
			"say which they are in: --timezone UTC, or an IANA name")
	}
	z, err := zone.Load(l.Zone)
	if err != nil {
		return invalid(err.Error(), "")
	}
	walls, cursor := times.Ints, z.Cursor()
	times.Ints = make([]int64, len(walls))
	for i, wall := range walls {
		if times.IsNull(i) {
			continue
		}
		if isDate {
			wall = clampDay(wall) * schema.Day
		}
		times.Ints[i], _, _ = cursor.ToUTC(wall)
	}
	return nil
}

// clampDay keeps days that are far out of range from overflowing as microseconds; they stay out.
func clampDay(day int64) int64 {
	return min(max(day, schema.MinTime/schema.Day-2), schema.MaxTime/schema.Day+2)
}

// accepted makes instants outside of the accepted years null, and marks them as bad. The file's own
// columns are not changed: the output has the text that was there.
func (l *Labels) accepted(times *batch.Column, name string) *batch.Column {
	var valid []bool
	for i, t := range times.Ints {
		if times.IsNull(i) || schema.ValidTime(t) {
			continue
		}
		if valid == nil {
			valid = make([]bool, times.Length)
			for k := range valid {
				valid[k] = !times.IsNull(k)
			}
		}
		valid[i] = false
		l.mark(BadCell{
			Row: int64(i) + 1, Field: name, Code: "bad_time",
			Message: "the time is outside of the years 1900 to 2200",
		})
	}
	if valid != nil {
		times.Valid = valid
	}
	return times
}

// names lists the columns of the labels. For a file these are all of its columns, read or not,
// since all of them are in the output.
func (l *Labels) names(s *plan.Selection) []string {
	var names []string
	switch {
	case l.Spine != nil:
		for _, field := range l.order {
			names = append(names, field.Name)
		}
	case l.Input != nil:
		for _, c := range l.Input.Columns() {
			names = append(names, c.Name)
		}
	case s.Label != nil:
		for _, key := range s.Label.Key {
			names = append(names, key.Column)
		}
		names = append(names, l.Time, labelColumn)
	}
	return names
}

// engineRows turns the labels into rows of an evaluation. The gap moves the time that features are
// evaluated at. Ages are measured from the label's own time, which is what a user means by a
// maximum.
func (l *Labels) engineRows(s *plan.Selection, options Options) (engine.Rows, error) {
	times := l.columns[timeMark]
	rows := engine.Rows{
		Count: l.rows, Valid: times.Valid, Request: map[string]*batch.Column{},
		AgeTimes: times.Ints, Times: times.Ints,
	}
	if options.Gap != 0 {
		rows.Times = make([]int64, len(times.Ints))
		for i, t := range times.Ints {
			rows.Times[i] = t - options.Gap
		}
	}
	for _, role := range s.Roles {
		keys := engine.Keys{Entity: role.Entity}
		for _, name := range role.Key {
			keys.Columns = append(keys.Columns, l.columns[name])
		}
		rows.Roles = append(rows.Roles, keys)
	}
	columns, err := s.Inputs()
	if err != nil {
		return rows, err
	}
	for _, c := range columns {
		rows.Request[c.Field.Name] = l.columns[c.Field.Name]
	}
	return rows, nil
}
