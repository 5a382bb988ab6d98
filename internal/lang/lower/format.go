package lower

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Format writes an aggregate in one line, for comparison and for people. Two aggregates of a view
// with equal texts become one, so everything that can change a value must be in the text, and
// nothing else.
func Format(a *plan.Aggregate) string {
	var text strings.Builder
	text.WriteString("(" + a.Func)
	if a.Distinct {
		text.WriteString(" distinct")
	}
	for _, arg := range a.Args {
		text.WriteString(" " + FormatExpr(arg))
	}
	if a.Where != nil {
		text.WriteString(" where " + FormatExpr(a.Where))
	}
	return text.String() + " over " + formatWindow(a.Window) + ")"
}

// formatWindow writes every part of a window that tells it from another one.
func formatWindow(w plan.Window) string {
	var text string
	switch w.Kind {
	case plan.Sliding:
		text = schema.FormatDuration(w.Length)
	case plan.All:
		text = "all"
		if w.Since != nil {
			text += " since " + schema.FormatTime(*w.Since)
		}
	case plan.Last:
		text = fmt.Sprintf("last %d", w.Count)
	case plan.Session:
		text = "session " + schema.FormatDuration(w.Length)
		if w.Max > 0 {
			text += " max " + schema.FormatDuration(w.Max)
		}
	}
	switch {
	case w.Offset == 0:
	case w.Kind == plan.Last || w.Kind == plan.Session:
		text += fmt.Sprintf(" offset %d", w.Offset)
	default:
		text += " offset " + schema.FormatDuration(w.Offset)
	}
	if w.Hop > 0 {
		text += " hop " + schema.FormatDuration(w.Hop)
	}
	return text
}

// FormatExpr writes an expression as nested lists, with columns and the like by number. The numbers
// are those of one view and its source: texts from different views cannot be compared. A part that
// could not be compiled is written as a question mark.
func FormatExpr(e *plan.Expr) string {
	if e == nil {
		return "?"
	}
	switch e.Op {
	case plan.Const:
		if e.Type.Kind == schema.String && !e.Value.Null {
			return fmt.Sprintf("%q", e.Value.Text)
		}
		// The values of 1 and 1.0 are written alike, so the type follows.
		return e.Value.String() + ":" + e.Type.String()
	case plan.Call:
		name := e.Func
		if name == "cast" {
			// The target of a cast is no argument, only the type of the node.
			name = "cast:" + e.Type.String()
		}
		parts := []string{name}
		for _, arg := range e.Args {
			parts = append(parts, FormatExpr(arg))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	word := [...]string{
		plan.ColumnOf: "column", plan.EventTime: "event_time", plan.ReceivedAt: "received_at",
		plan.AggregateOf: "aggregate", plan.FeatureOf: "feature", plan.ReferenceOf: "reference",
		plan.RequestOf: "request", plan.AsOf: "as_of", plan.RequestAt: "request.time",
	}[e.Op]
	switch e.Op {
	case plan.EventTime, plan.ReceivedAt, plan.AsOf, plan.RequestAt:
		return word
	}
	return fmt.Sprintf("%s#%d", word, e.Index)
}
