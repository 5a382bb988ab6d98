package train

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// labelColumn is the column of the label in rows that come from a source. It is not configurable:
// checkNames refuses a feature or a key that bears it.
const labelColumn = "label"

// fromSource takes the labels from the selection's label source: its columns are the keys and
// request fields, then the time, then the label. The order is that of the output too. The label's
// time is the event's own unless the model gives an expression for it.
func (l *Labels) fromSource(ctx context.Context, s *plan.Selection, history History, options Options) error {
	if s.Label.Source.Unchecked {
		return invalid(fmt.Sprintf("label source %s: no file matches %s", s.Label.Source.Name,
			strings.Join(s.Label.Source.Paths, ", ")), "check the path, which is relative to the project")
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
	wanted = append(wanted, when)
	l.order = append(l.order, schema.Field{Name: l.Time, Type: when.Type},
		schema.Field{Name: labelColumn, Type: labelType(s.Label)})
	if s.Label.Ahead == nil {
		wanted = append(wanted, s.Label.Expr)
	}
	for i, field := range l.order {
		if slices.ContainsFunc(l.order[:i], func(o schema.Field) bool { return o.Name == field.Name }) {
			return invalid("two label columns are named "+field.Name, "rename the key, or the time with --time")
		}
	}
	if err := l.checkOrder(s); err != nil {
		return err
	}
	columns, err := engine.Select(ctx, history, s.Label.Source, s.Label.Where, wanted,
		engine.Options{Workers: options.Workers, Progress: options.events()})
	if err != nil {
		return err
	}
	times := len(l.order) - 2
	if s.Label.Ahead != nil {
		if columns, err = l.lookAhead(ctx, s, columns, history, options); err != nil {
			return err
		}
	}
	l.columns = map[string]*batch.Column{}
	for i, field := range l.order {
		l.columns[field.Name] = columns[i]
		l.rows = columns[i].Length
	}
	l.columns[timeMark] = columns[times]
	l.Digest = digestOf(s.Label, wanted)
	return nil
}

// labelType is the type of the column of the label.
func labelType(label *plan.Label) schema.Type {
	if label.Ahead != nil {
		return label.Ahead.Type
	}
	return label.Expr.Type
}

// checkOrder refuses a label source that does not give what the selection reads, as it is read. A
// file's cells are read as the type that is asked for; an expression has its type already, so that
// a difference is an error here and would be a wrong key in the engine.
func (l *Labels) checkOrder(s *plan.Selection) error {
	columns, err := s.Inputs()
	if err != nil {
		return err
	}
	for _, c := range columns {
		at := slices.IndexFunc(l.order, func(o schema.Field) bool { return o.Name == c.Field.Name })
		hint := fmt.Sprintf("add key: {%s: expression} to the model's label, of type %s", c.Field.Name, c.Field.Type)
		if at < 0 {
			return invalid(fmt.Sprintf("the label source %s gives no column %s (for %s)", s.Label.Source.Name,
				c.Field.Name, c.Need), hint)
		}
		if given := l.order[at].Type; !given.Equal(c.Field.Type) {
			return invalid(fmt.Sprintf("the label source %s gives column %s as %s, not %s (for %s)",
				s.Label.Source.Name, c.Field.Name, given, c.Field.Type, c.Need), hint)
		}
	}
	return nil
}

// digestOf identifies the rows of a label source, given its files. It hashes the meaning of the
// rule and not its text, so a comment or another order of definitions does not change the dataset.
// The files themselves are in the manifest.
func digestOf(label *plan.Label, wanted []*plan.Expr) string {
	sum, source := sha256.New(), label.Source
	fmt.Fprintf(sum, "time %+v id %d\n", source.EventTime, source.ID)
	for _, c := range source.Columns {
		fmt.Fprintf(sum, "stored %q %s %s\n", c.Name, c.Type, c.Expr.Key())
	}
	for _, e := range []*plan.Expr{source.Where, source.DeleteWhen, label.Where} {
		fmt.Fprintln(sum, "where", e.Key())
	}
	for _, key := range label.Key {
		fmt.Fprintf(sum, "key %q\n", key.Column)
	}
	for _, e := range wanted {
		fmt.Fprintln(sum, "column", e.Key())
	}
	if a := label.Ahead; a != nil {
		fmt.Fprintf(sum, "ahead %s %v %d where %s\n", a.Func, a.Distinct, a.Window.Length, a.Where.Key())
		for _, e := range a.Args {
			fmt.Fprintln(sum, "argument", e.Key())
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}
