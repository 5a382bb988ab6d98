package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// EngineSemantics counts the changes of what the engine computes. It is part of every version: a
// release that would give one value other bits has another number.
const EngineSemantics = 1

// Version returns the version of a feature: 32 hexadecimal digits of the SHA-256 of its meaning
// and of all it reads. The versions of the features it reads must have been set before.
//
// Names (but those of columns and request fields, which say what is read), paths, descriptions,
// owners, tags, checks, timeouts and fallbacks do not enter. Features of two sources with the same
// rules have the same version: whoever shares state by version must keep sources apart.
func Version(view *View, feature int) string {
	sum := sha256.Sum256([]byte(Meaning(view, feature)))
	return hex.EncodeToString(sum[:16])
}

// Meaning returns the canonical text that Version hashes: one line per rule, in a fixed order.
func Meaning(view *View, feature int) string {
	f := view.Features[feature]
	m := &meaning{view: view}
	body := m.expr(f.Expr)
	m.line("fettle", strconv.Itoa(EngineSemantics))
	m.line("type", f.Type.String())
	m.line("value", body)
	if f.Expires > 0 {
		m.line("expires", strconv.FormatInt(f.Expires, 10))
	}
	if f.Default != nil {
		m.line("default", literal(*f.Default))
	}
	m.line("freshness", freshness(view.Freshness))
	if m.own {
		m.ownPart()
	}
	return m.text.String()
}

// meaning writes the canonical text of one feature.
type meaning struct {
	view *View
	text strings.Builder
	own  bool // reads the view's source
}

func (m *meaning) line(rule, value string) {
	m.text.WriteString(rule + " " + value + "\n")
}

// ownPart writes the rules of the view and its source that decide which events are seen.
func (m *meaning) ownPart() {
	view, source := m.view, m.view.Source
	for i, key := range view.Key {
		m.line("key", view.Entity.Key[i].Type.String()+" "+m.expr(key))
	}
	m.line("edge", strconv.Itoa(int(view.Edge)))
	m.optional("where", view.Where)
	m.line("mode", strconv.Itoa(int(source.Mode)))
	m.line("time", m.timeRule(source.EventTime))
	m.optional("available", source.Available)
	m.optional("source-where", source.Where)
	m.optional("delete-when", source.DeleteWhen)
	if source.Sequence >= 0 {
		m.line("sequence", m.column(source.Sequence))
	}
	if source.ID >= 0 {
		m.line("id", m.column(source.ID))
	}
	if source.Op != nil {
		m.line("op", m.column(*source.Op))
	}
	for _, column := range source.Key {
		m.line("row-key", m.column(column))
	}
}

func (m *meaning) optional(rule string, e *Expr) {
	if e != nil {
		m.line(rule, m.expr(e))
	}
}

func (m *meaning) timeRule(rule TimeRule) string {
	text := m.column(rule.Column) + " unit " + strconv.FormatInt(rule.Unit, 10)
	if rule.ZoneColumn >= 0 {
		return text + " zones " + m.column(rule.ZoneColumn)
	}
	return text + " zone " + strconv.Quote(rule.Zone)
}

// column writes a stored column by name and type and a computed one by its expression.
func (m *meaning) column(index int) string {
	c := m.view.Source.Columns[index]
	if c.Expr != nil {
		return m.expr(c.Expr)
	}
	return "(column " + strconv.Quote(c.Name) + " " + c.Type.String() + ")"
}

func (m *meaning) expr(e *Expr) string {
	switch e.Op {
	case Const:
		return literal(e.Value)
	case ColumnOf:
		m.own = true
		return m.column(e.Index)
	case EventTime, ReceivedAt:
		m.own = true
		return [...]string{"event-time", "received-at"}[e.Op-EventTime]
	case AggregateOf:
		m.own = true
		return m.aggregate(m.view.Aggregates[e.Index])
	case FeatureOf:
		return "(feature " + m.view.Features[e.Index].Version + ")"
	case ReferenceOf:
		return m.reference(m.view.References[e.Index])
	case RequestOf:
		field := m.view.Request[e.Index]
		return "(request " + strconv.Quote(field.Name) + " " + field.Type.String() + ")"
	case AsOf:
		return "as-of"
	case RequestAt:
		return "request-time"
	case Call:
		return m.call(e)
	default:
		panic(fmt.Sprintf("BUG: operation %d has no meaning", e.Op))
	}
}

func (m *meaning) call(e *Expr) string {
	text := "(" + e.Func + " " + e.Type.String()
	for _, arg := range e.Args {
		text += " " + m.expr(arg)
	}
	return text + ")"
}

func (m *meaning) aggregate(a *Aggregate) string {
	text := "(aggregate " + a.Func + " " + a.Type.String()
	if a.Distinct {
		text += " distinct"
	}
	for _, arg := range a.Args {
		text += " " + m.expr(arg)
	}
	if a.Where != nil {
		text += " where " + m.expr(a.Where)
	}
	return text + " over " + window(a.Window) + ")"
}

// reference writes the path by the versions of the features its links read.
func (m *meaning) reference(r *Reference) string {
	text := "(reference"
	for _, link := range r.Path {
		text += " (link"
		for _, key := range link.Key {
			if key.View == nil {
				text += " " + strconv.Itoa(key.Column)
			} else {
				text += " " + key.View.Features[key.Feature].Version
			}
		}
		text += ")"
	}
	return text + " " + r.View.Features[r.Feature].Version + ")"
}

func window(w Window) string {
	text := fmt.Sprintf("%d %d %d %d %d %d", w.Kind, w.Length, w.Count, w.Max, w.Offset, w.Hop)
	if w.Since != nil {
		text += " since " + strconv.FormatInt(*w.Since, 10)
	}
	return text
}

func freshness(f Freshness) string {
	return fmt.Sprintf("%d %d %d %q %d", f.Kind, f.Period, f.TimeOfDay, f.Zone, f.ReadyAfter)
}

// literal writes a value so that different values give different texts.
func literal(v schema.Value) string {
	if v.Null {
		return "(null " + v.Type.String() + ")"
	}
	items := ""
	for _, item := range v.Items {
		items += " " + literal(item)
	}
	return "(literal " + v.Type.String() + " " + strconv.Quote(v.String()) + items + ")"
}
