package plan

import (
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// operators are the calls that are written between their arguments.
var operators = map[string]string{
	"add": "+", "sub": "-", "mul": "*", "divide": "/", "div": "div", "mod": "%", "concat": "||",
	"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "and", "or": "or",
	"is_distinct": "is distinct from", "like": "like",
}

// Text writes an expression of a view as the language does, for people: with more parentheses than
// needed, and without the casts that the compiler added.
func Text(view *View, e *Expr) string {
	switch e.Op {
	case Const:
		return literalText(e.Value)
	case ColumnOf:
		return view.Source.Columns[e.Index].Name
	case EventTime:
		return "event_time"
	case ReceivedAt:
		return "received_at"
	case AggregateOf:
		return AggregateText(view, view.Aggregates[e.Index])
	case FeatureOf:
		return view.Features[e.Index].Name
	case ReferenceOf:
		return referenceText(view.References[e.Index])
	case RequestOf:
		return "request." + view.Request[e.Index].Name
	case AsOf:
		return "as_of"
	case RequestAt:
		return "request.time"
	default:
		return callText(view, e)
	}
}

func literalText(v schema.Value) string {
	if v.Type.Kind == schema.String && !v.Null {
		return "'" + strings.ReplaceAll(v.Text, "'", "''") + "'"
	}
	return v.String()
}

func referenceText(r *Reference) string {
	text := ""
	for _, link := range r.Path {
		text += link.Name + "."
	}
	return text + r.View.Name + "." + r.View.Features[r.Feature].Name
}

func callText(view *View, e *Expr) string {
	args := make([]string, len(e.Args))
	for i, arg := range e.Args {
		args[i] = Text(view, arg)
	}
	if operator, infix := operators[e.Func]; infix && len(args) == 2 {
		return "(" + args[0] + " " + operator + " " + args[1] + ")"
	}
	switch e.Func {
	case "not":
		return "not " + args[0]
	case "neg":
		return "-" + args[0]
	case "is_null":
		return args[0] + " is null"
	case "cast":
		return args[0]
	case "in":
		return args[0] + " in (" + strings.Join(args[1:], ", ") + ")"
	default:
		return e.Func + "(" + strings.Join(args, ", ") + ")"
	}
}

// AggregateText writes an aggregate call as the language does.
func AggregateText(view *View, a *Aggregate) string {
	args := make([]string, len(a.Args))
	for i, arg := range a.Args {
		args[i] = Text(view, arg)
	}
	text := a.Func + "("
	if a.Distinct {
		text += "distinct "
	}
	text += strings.Join(args, ", ") + ")"
	if a.Where != nil {
		text += " where " + Text(view, a.Where)
	}
	return text + " over " + windowText(a.Window)
}

func windowText(w Window) string {
	text := ""
	switch w.Kind {
	case Sliding:
		text = schema.FormatDuration(w.Length)
	case All:
		text = "all"
		if w.Since != nil {
			text += " since '" + schema.FormatDate(schema.FloorDiv(*w.Since, schema.Day)) + "'"
		}
	case Last:
		text = "last " + strconv.Itoa(w.Count)
	case Session:
		text = "session " + schema.FormatDuration(w.Length)
		if w.Max > 0 {
			text += " max " + schema.FormatDuration(w.Max)
		}
	}
	switch {
	case w.Offset == 0:
	case w.Kind == Last || w.Kind == Session:
		text += " offset " + strconv.FormatInt(w.Offset, 10)
	default:
		text += " offset " + schema.FormatDuration(w.Offset)
	}
	if w.Hop > 0 {
		text += " hop " + schema.FormatDuration(w.Hop)
	}
	return text
}
