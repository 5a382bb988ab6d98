package lang

import (
	"fmt"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// printer writes a plan for golden files: one line to a thing, names instead of numbers.
type printer struct {
	strings.Builder
	view   *plan.View
	source *plan.Source
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func printPlan(all *plan.Plan) string {
	p := &printer{}
	p.line("project %s %s", all.Project, all.Timezone)
	for _, e := range all.Entities {
		p.line("entity %s (%s)", e.Name, fields(e.Key))
		for _, l := range e.Links {
			p.line("  link %s -> %s (%s)", l.Name, l.Entity.Name, linkKey(e, l))
		}
	}
	for _, s := range all.Sources {
		p.printSource(s)
	}
	for _, v := range all.Views {
		p.printView(v)
	}
	for _, m := range all.Models {
		p.printModel(m)
	}
	for _, t := range all.Tests {
		p.line("test %s of %s at %s key %v", t.Name, t.View.Name, schema.FormatTime(t.Now), t.Key)
		for _, event := range t.Events {
			p.line("  event %v %v", event.Columns, event.Values)
		}
		for name, value := range t.Request {
			p.line("  request %s = %s", name, value)
		}
		for _, e := range t.Expect {
			p.line("  expect %s = %s", t.View.Features[e.Feature].Name, e.Value)
		}
	}
	return p.String()
}

func fields(all []schema.Field) string {
	var texts []string
	for _, f := range all {
		texts = append(texts, f.Name+" "+f.Type.String())
	}
	return strings.Join(texts, ", ")
}

func linkKey(e *plan.Entity, l *plan.Link) string {
	var texts []string
	for i, key := range l.Key {
		text := l.Entity.Key[i].Name + " = "
		if key.View == nil {
			text += "key " + e.Key[key.Column].Name
		} else {
			text += key.View.Name + "." + key.View.Features[key.Feature].Name
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ", ")
}

func (p *printer) printSource(s *plan.Source) {
	p.source, p.view = s, nil
	p.line("source %s mode %d edge %d paths %v format %q push %v unchecked %v", s.Name, s.Mode, s.Edge,
		s.Paths, s.Format, s.Push, s.Unchecked)
	for i, c := range s.Columns {
		mark := ""
		if c.Expr != nil {
			mark = " = " + p.expr(c.Expr)
		}
		for _, role := range []struct {
			name  string
			index int
		}{{"time", s.EventTime.Column}, {"id", s.ID}, {"sequence", s.Sequence}} {
			if role.index == i {
				mark += " <" + role.name + ">"
			}
		}
		p.line("  column %s %s%s", c.Name, c.Type, mark)
	}
	p.line("  time zone %q unit %d max_future %s dedup %s retention %s key %v", s.EventTime.Zone,
		s.EventTime.Unit,
		schema.FormatDuration(s.MaxFuture), schema.FormatDuration(s.Dedup),
		schema.FormatDuration(s.Retention), s.Key)
	p.rule("available", s.Available)
	p.rule("where", s.Where)
	p.rule("delete_when", s.DeleteWhen)
}

func (p *printer) rule(name string, e *plan.Expr) {
	if e != nil {
		p.line("  %s %s", name, p.expr(e))
	}
}

func (p *printer) printView(v *plan.View) {
	p.view, p.source = v, v.Source
	source := "none"
	if v.Source != nil {
		source = v.Source.Name
	}
	f := v.Freshness
	p.line("view %s of %s from %s edge %d fresh %d/%s/%s%s+%s expires %s timeout %s", v.Name,
		v.Entity.Name, source,
		v.Edge, f.Kind, schema.FormatDuration(f.Period), schema.FormatDuration(f.TimeOfDay), f.Zone,
		schema.FormatDuration(f.ReadyAfter), schema.FormatDuration(v.Expires),
		schema.FormatDuration(v.Timeout))
	for _, key := range v.Key {
		p.line("  key %s", p.expr(key))
	}
	p.rule("where", v.Where)
	if len(v.Request) > 0 {
		p.line("  request %s", fields(v.Request))
	}
	for _, f := range v.Features {
		p.line("  %s: %s %s %s%s", f.Name, f.Type, f.Layer, p.expr(f.Expr), featureExtras(f))
	}
}

func featureExtras(f *plan.Feature) string {
	text := ""
	if f.Default != nil {
		text += " default " + f.Default.String()
	}
	if f.Expires > 0 {
		text += " expires " + schema.FormatDuration(f.Expires)
	}
	for _, c := range f.Checks {
		text += fmt.Sprintf(" check %s %v %s", c.Kind, c.Values, c.Severity)
	}
	if f.Description != "" {
		text += fmt.Sprintf(" %q", f.Description)
	}
	if f.Expr != nil && len(f.Version) != 32 && f.Version == "" {
		text += " WITHOUT VERSION"
	}
	return text
}

func (p *printer) printModel(m *plan.Model) {
	p.line("model %s@%d", m.Name, m.Version)
	for _, r := range m.Roles {
		p.line("  role %s %s %v", r.Name, r.Entity.Name, r.Key)
	}
	for _, f := range m.Features {
		p.line("  %d %s.%s as %s", f.Role, f.View.Name, f.View.Features[f.Feature].Name, f.Name)
	}
	if l := m.Label; l != nil {
		p.source, p.view = l.Source, nil
		p.line("  label from %s", l.Source.Name)
		for _, key := range l.Key {
			p.line("    %s = %s", key.Column, p.expr(key.Expr))
		}
		p.rule("  time", l.Time)
		p.rule("  where", l.Where)
		p.rule("  expr", l.Expr)
		if l.Ahead != nil {
			p.line("    ahead %s", p.aggregate(l.Ahead))
		}
	}
}

func (p *printer) aggregate(a *plan.Aggregate) string {
	text := "[" + a.Func
	if a.Distinct {
		text += " distinct"
	}
	for _, arg := range a.Args {
		text += " " + p.expr(arg)
	}
	if a.Where != nil {
		text += " where " + p.expr(a.Where)
	}
	w := a.Window
	text += " over " + [...]string{"", "all", "last ", "session "}[w.Kind]
	if w.Kind == plan.Last {
		text += fmt.Sprint(w.Count)
	}
	if w.Length > 0 {
		text += schema.FormatDuration(w.Length)
	}
	if w.Since != nil {
		text += " since " + schema.FormatTime(*w.Since)
	}
	if w.Max > 0 {
		text += " max " + schema.FormatDuration(w.Max)
	}
	if w.Offset > 0 && (w.Kind == plan.Last || w.Kind == plan.Session) {
		text += fmt.Sprint(" offset ", w.Offset)
	} else if w.Offset > 0 {
		text += " offset " + schema.FormatDuration(w.Offset)
	}
	if w.Hop > 0 {
		text += " hop " + schema.FormatDuration(w.Hop)
	}
	return text + "]"
}

func (p *printer) expr(e *plan.Expr) string {
	if e == nil {
		return "?"
	}
	switch e.Op {
	case plan.Const:
		if e.Type.Kind == schema.String && !e.Value.Null {
			return fmt.Sprintf("%q", e.Value.Text)
		}
		return e.Value.String() + ":" + e.Type.String()
	case plan.ColumnOf:
		return p.source.Columns[e.Index].Name
	case plan.EventTime:
		return "event_time"
	case plan.ReceivedAt:
		return "received_at"
	case plan.AsOf:
		return "as_of"
	case plan.RequestAt:
		return "request.time"
	case plan.RequestOf:
		return "request." + p.view.Request[e.Index].Name
	case plan.FeatureOf:
		return "this." + p.view.Features[e.Index].Name
	case plan.AggregateOf:
		return fmt.Sprintf("#%d%s", e.Index, p.aggregate(p.view.Aggregates[e.Index]))
	case plan.ReferenceOf:
		r := p.view.References[e.Index]
		text := r.View.Name + "." + r.View.Features[r.Feature].Name
		for i := len(r.Path) - 1; i >= 0; i-- {
			text = r.Path[i].Name + "." + text
		}
		return text
	}
	parts := []string{e.Func}
	if e.Func == "cast" {
		parts[0] += ":" + e.Type.String()
	}
	for _, arg := range e.Args {
		parts = append(parts, p.expr(arg))
	}
	return "(" + strings.Join(parts, " ") + ")"
}
