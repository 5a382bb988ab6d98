package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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

// Labels is the rows of a training set: of a file, or of the model's label source.
type Labels struct {
	Input   format.Input // nil: of the label source
	Time    string       // column of the label times
	Zone    string       // of label times without one; "": they are refused
	MaxBad  int          // bad cells that become null instead of an error
	Digest  string       // of the file's bytes
	columns map[string]*batch.Column
	order   []schema.Field // of columns, for labels that are written by us
	rows    int
	bad     []BadCell
}

// maxListed is how many bad cells of labels an error lists.
const maxListed = 1000

// column is a label column that must be read, and who needs it.
type column struct {
	field schema.Field
	need  string
}

// needed lists the label columns that a selection reads: keys and request fields.
func (s *Selection) needed() ([]column, error) {
	var columns []column
	for _, role := range s.Roles {
		for i, name := range role.Key {
			key := role.Entity.Key[i]
			c := column{schema.Field{Name: name, Type: key.Type}, "key " + key.Name + " of " + role.Name}
			if !slices.ContainsFunc(columns, func(o column) bool { return o.field.Name == name }) {
				columns = append(columns, c)
			}
		}
	}
	fields, needed, err := s.Requests()
	if err != nil {
		return nil, err
	}
	for _, field := range fields {
		columns = append(columns, column{field, "request." + field.Name + " of " + needed[field.Name]})
	}
	return columns, nil
}

// read reads the label columns that the selection needs.
func (l *Labels) read(ctx context.Context, s *Selection) error {
	columns, err := s.needed()
	if err != nil {
		return err
	}
	wanted, err := l.want(columns)
	if err != nil {
		return err
	}
	parts, err := l.scan(ctx, wanted)
	if err != nil {
		return err
	}
	l.columns = map[string]*batch.Column{}
	for i, w := range wanted {
		pieces := []*batch.Column{batch.NewBuilder(w.Type).Column()}
		for _, part := range parts {
			pieces = append(pieces, part.Columns[i])
		}
		c := batch.Concat(pieces)
		l.rows = c.Length
		// The time column goes under its name with a mark, since a request field may bear it too.
		name := l.Input.Columns()[w.Column].Name
		if i == 0 {
			name = timeMark
		}
		l.columns[name] = c
	}
	return l.localize()
}

// timeMark is the place of the label times among the columns.
const timeMark = "\x00time"

// want finds the columns in the file; the time comes first.
func (l *Labels) want(columns []column) ([]format.Wanted, error) {
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
		return nil, unknown("label column", l.Time, names)
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
	var missing []string
	for _, c := range columns {
		i := slices.Index(names, c.field.Name)
		if i < 0 {
			missing = append(missing, fmt.Sprintf("%s (for %s)", c.field.Name, c.need))
			continue
		}
		wanted = append(wanted, format.Wanted{Column: i, Type: c.field.Type})
	}
	if len(missing) > 0 {
		return nil, invalid("the labels have no column "+strings.Join(missing, ", "),
			"they have "+strings.Join(names, ", "))
	}
	return wanted, nil
}

// scan reads the wanted columns of all rows.
func (l *Labels) scan(ctx context.Context, wanted []format.Wanted) ([]*batch.Batch, error) {
	scan, err := l.Input.Scan(wanted)
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	var parts []*batch.Batch
	total := 0
	for err == nil {
		var unit format.Unit
		if unit, err = scan.Next(); err != nil {
			break
		}
		err = unit.Read(func(part *format.Part) error {
			parts = append(parts, part.Batch)
			total += len(part.Bad)
			for _, bad := range part.Bad {
				if len(l.bad) < maxListed {
					l.bad = append(l.bad, BadCell{bad.Row, bad.Line, bad.Field, bad.Code, bad.Message})
				}
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
	if total > l.MaxBad {
		return nil, &InvalidError{
			Message: fmt.Sprintf("the labels have %d bad cells, %d allowed", total, l.MaxBad),
			Hint:    "mend them, or allow as many with --max-bad: they become null", Bad: l.bad,
		}
	}
	return parts, nil
}

// localize turns label times without a zone, and dates, into instants.
func (l *Labels) localize() error {
	times, local := l.columns[timeMark], false
	for _, c := range l.Input.Columns() {
		local = local || c.Name == l.Time && c.Local
	}
	if times.Type.Kind == schema.Timestamp && !local {
		return nil
	}
	if l.Zone == "" {
		return invalid("the times in label column "+l.Time+" have no zone",
			"say which they are in: --timezone UTC, or an IANA name")
	}
	z, err := zone.Load(l.Zone)
	if err != nil {
		return invalid(err.Error(), "")
	}
	moved := &batch.Column{
		Type: schema.Of(schema.Timestamp), Length: times.Length, Valid: times.Valid,
		Ints: make([]int64, times.Length),
	}
	for i, wall := range times.Ints {
		if times.Type.Kind == schema.Date {
			wall *= schema.Day
		}
		if !times.IsNull(i) {
			moved.Ints[i], _, _ = z.ToUTC(wall)
		}
	}
	l.columns[timeMark] = moved
	return nil
}

// fromSource takes the labels from the selection's label source: its columns are the keys and
// request fields, then the time, then the label.
func (l *Labels) fromSource(ctx context.Context, s *Selection, history History, options Options) error {
	if s.Label.Ahead != nil {
		return invalid("labels that look ahead are not available yet", "give the labels as a file with --labels")
	}
	if l.Time == "" {
		l.Time = "time"
	}
	when := s.Label.Time
	if when == nil {
		when = &plan.Expr{Op: plan.EventTime, Type: schema.Of(schema.Timestamp)}
	}
	var wanted []*plan.Expr
	for _, key := range s.Label.Key {
		wanted = append(wanted, key.Expr)
		l.order = append(l.order, schema.Field{Name: key.Column, Type: key.Expr.Type})
	}
	wanted = append(wanted, when, s.Label.Expr)
	l.order = append(l.order, schema.Field{Name: l.Time, Type: when.Type},
		schema.Field{Name: "label", Type: s.Label.Expr.Type})
	for i, field := range l.order {
		if slices.ContainsFunc(l.order[:i], func(o schema.Field) bool { return o.Name == field.Name }) {
			return invalid("two label columns are named "+field.Name, "rename the key, or the time with --time")
		}
	}
	columns, err := engine.Select(ctx, history, s.Label.Source, s.Label.Where, wanted,
		engine.Options{Workers: options.Workers, Progress: options.events()})
	if err != nil {
		return err
	}
	l.columns = map[string]*batch.Column{}
	for i, field := range l.order {
		l.columns[field.Name] = columns[i]
		l.rows = columns[i].Length
	}
	l.columns[timeMark] = columns[len(columns)-2]
	l.Digest = digestOf(s.Label, wanted)
	return nil
}

// digestOf identifies the rows of a label source, given its files.
func digestOf(label *plan.Label, wanted []*plan.Expr) string {
	sum := sha256.New()
	fmt.Fprintln(sum, "where", label.Where.Key())
	for _, e := range wanted {
		fmt.Fprintln(sum, "column", e.Key())
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// engineRows turns the labels into rows of an evaluation.
func (l *Labels) engineRows(s *Selection, options Options) (engine.Rows, error) {
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
	columns, err := s.needed()
	if err != nil {
		return rows, err
	}
	for _, c := range columns {
		rows.Request[c.field.Name] = l.columns[c.field.Name]
	}
	return rows, nil
}
