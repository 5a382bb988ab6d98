package registry

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// describe takes all definitions of a plan apart, by kind and in the order of the plan.
func describe(p *plan.Plan) []Definition {
	all := []Definition{}
	for _, e := range p.Entities {
		all = append(all, describeEntity(e))
	}
	for _, s := range p.Sources {
		all = append(all, describeSource(s))
	}
	for _, v := range p.Views {
		all = append(all, describeView(v))
	}
	for _, v := range p.Views {
		for i := range v.Features {
			all = append(all, describeFeature(v, i))
		}
	}
	for _, m := range p.Models {
		all = append(all, describeModel(m))
	}
	return all
}

// facts collects facts. A fact that says nothing is left out.
type facts []Fact

func (f *facts) add(name, text string) {
	if text != "" {
		*f = append(*f, Fact{Name: name, Text: text})
	}
}

func (f *facts) duration(name string, micros int64) {
	if micros > 0 {
		f.add(name, schema.FormatDuration(micros))
	}
}

// meta adds what never enters a version.
func (f *facts) meta(m plan.Meta) {
	f.add("description", m.Description)
	f.add("owner", m.Owner)
	f.add("tags", strings.Join(m.Tags, ", "))
	if m.PII {
		f.add("pii", "true")
	}
}

// describeEntity writes links by the names of the features they read: versions are theirs to tell.
func describeEntity(e *plan.Entity) Definition {
	var f facts
	f.add("key", fields(e.Key))
	for _, link := range e.Links {
		var keys []string
		for _, key := range link.Key {
			if key.View == nil {
				keys = append(keys, e.Key[key.Column].Name)
			} else {
				keys = append(keys, key.View.Name+"."+key.View.Features[key.Feature].Name)
			}
		}
		f.add("link "+link.Name, link.Entity.Name+" by "+strings.Join(keys, ", "))
	}
	f.meta(e.Meta)
	return Definition{Kind: EntityKind, Name: e.Name, Facts: f}
}

func fields(all []schema.Field) string {
	texts := make([]string, len(all))
	for i, field := range all {
		texts[i] = field.Name + " " + field.Type.String()
	}
	return strings.Join(texts, ", ")
}

func describeSource(s *plan.Source) Definition {
	var f facts
	f.add("files", strings.Join(s.Paths, ", "))
	f.add("format", s.Format)
	if s.Push {
		f.add("push", "true")
	}
	sourceRules(&f, s)
	for _, c := range s.Columns {
		f.add("column "+c.Name, columnText(s, c))
	}
	f.add("edge", edgeText(s.Edge))
	f.duration("max_future", s.MaxFuture)
	f.duration("dedup", s.Dedup)
	f.duration("heartbeat", s.Heartbeat)
	f.duration("retention", s.Retention)
	if s.Cutover != nil {
		f.add("cutover", schema.FormatTime(*s.Cutover))
	}
	f.add("checks", checksText(&plan.View{Source: s}, s.Checks))
	f.meta(s.Meta)
	return Definition{Kind: SourceKind, Name: s.Name, Facts: f}
}

// sourceRules adds the rules of a source that decide which events there are and when they count.
func sourceRules(f *facts, s *plan.Source) {
	text := sourceText(s)
	f.add("mode", [...]string{"events", "table"}[s.Mode])
	if len(s.Columns) > 0 {
		f.add("event time", timeText(s))
	}
	f.add("available", text(s.Available))
	f.add("source filter", text(s.Where))
	f.add("delete_when", text(s.DeleteWhen))
	if s.Sequence >= 0 {
		f.add("sequence", s.Columns[s.Sequence].Name)
	}
	if s.ID >= 0 {
		f.add("id", s.Columns[s.ID].Name)
	}
	var key []string
	for _, column := range s.Key {
		key = append(key, s.Columns[column].Name)
	}
	f.add("row key", strings.Join(key, ", "))
}

// sourceText writes expressions over the events of a source; "" for nil.
func sourceText(s *plan.Source) func(*plan.Expr) string {
	view := &plan.View{Source: s}
	return func(e *plan.Expr) string {
		if e == nil {
			return ""
		}
		return plan.Text(view, e)
	}
}

// timeText writes how the event time is read. A unit below zero is what lowering makes of ns.
func timeText(s *plan.Source) string {
	rule := s.EventTime
	text := s.Columns[rule.Column].Name
	switch {
	case rule.ZoneColumn >= 0:
		text += " in the zones of " + s.Columns[rule.ZoneColumn].Name
	case rule.Zone != "":
		text += " in " + rule.Zone
	}
	switch {
	case rule.Unit < 0:
		text += ", integers of ns"
	case rule.Unit > 0:
		text += ", integers of " + schema.FormatDuration(rule.Unit)
	}
	return text
}

// columnText writes the type of a column, and how it is computed if it is.
func columnText(s *plan.Source, c plan.Column) string {
	text := c.Type.String()
	if c.Expr != nil {
		text += " = " + sourceText(s)(c.Expr)
	}
	return text
}

func edgeText(e plan.Edge) string { return [...]string{"before", "at"}[e] }

// checksText names checks with their bounds, for comparison only.
func checksText(view *plan.View, checks []plan.Check) string {
	texts := make([]string, len(checks))
	for i, c := range checks {
		texts[i] = c.Kind + " " + c.Severity
		for _, v := range c.Values {
			texts[i] += " " + v.String()
		}
		if c.Rate != 1 {
			texts[i] += " rate " + strconv.FormatFloat(c.Rate, 'g', -1, 64)
		}
		if c.Expr != nil {
			texts[i] += " " + plan.Text(view, c.Expr)
		}
	}
	return strings.Join(texts, ", ")
}

func fallbackText(rungs []plan.Fallback) string {
	texts := make([]string, len(rungs))
	for i, rung := range rungs {
		texts[i] = rung.Kind
		if rung.Age > 0 {
			texts[i] += " " + schema.FormatDuration(rung.Age)
		}
	}
	return strings.Join(texts, ", ")
}

// describeView leaves features out: each is a definition of its own.
func describeView(v *plan.View) Definition {
	var f facts
	f.add("entity", v.Entity.Name)
	if v.Source != nil {
		f.add("source", v.Source.Name)
		f.add("key", keyText(v))
	}
	f.add("freshness", v.Freshness.String())
	f.add("edge", edgeText(v.Edge))
	f.duration("expires", v.Expires)
	if v.Where != nil {
		f.add("view filter", plan.Text(v, v.Where))
	}
	f.add("request", fields(v.Request))
	f.duration("timeout", v.Timeout)
	f.add("fallback", fallbackText(v.Fallback))
	f.meta(v.Meta)
	return Definition{Kind: ViewKind, Name: v.Name, Facts: f}
}

// keyText writes how an event becomes the entity: each column of the key with its expression.
func keyText(v *plan.View) string {
	texts := make([]string, len(v.Key))
	for i, key := range v.Key {
		texts[i] = v.Entity.Key[i].Name + " = " + plan.Text(v, key)
	}
	return strings.Join(texts, ", ")
}

// describeModel has the versions of features in its facts, so that a model changes with any of
// them. modelPhrase takes these texts apart.
func describeModel(m *plan.Model) Definition {
	var f facts
	f.add("version", strconv.Itoa(m.Version))
	for _, role := range m.Roles {
		f.add("role "+role.Name, role.Entity.Name+" by "+strings.Join(role.Key, ", "))
	}
	order := make([]string, len(m.Features))
	for i, feature := range m.Features {
		order[i] = feature.Name
		role, version := m.Roles[feature.Role].Name, feature.View.Features[feature.Feature].Version
		f.add("feature "+feature.Name, fmt.Sprintf("%s of %s %s", featureName(feature), role, version))
	}
	f.add("order", strings.Join(order, ", "))
	labelFacts(&f, m.Label)
	f.add("baseline", m.Baseline)
	f.duration("timeout", m.Timeout)
	if m.Log.Sample > 0 {
		f.add("log sample", strconv.FormatFloat(m.Log.Sample, 'g', -1, 64))
	}
	f.duration("log retention", m.Log.Retention)
	f.meta(m.Meta)
	version := strconv.Itoa(m.Version)
	return Definition{Kind: ModelKind, Name: m.Name, Version: version, Facts: f}
}

func featureName(f plan.ModelFeature) string {
	return f.View.Name + "." + f.View.Features[f.Feature].Name
}

// labelFacts adds where labels come from. They never enter a version, and a model may change them.
func labelFacts(f *facts, label *plan.Label) {
	if label == nil {
		return
	}
	view := &plan.View{Source: label.Source}
	text := sourceText(label.Source)
	f.add("label source", label.Source.Name)
	f.add("label", text(label.Expr))
	if label.Ahead != nil {
		f.add("label", plan.AggregateText(view, label.Ahead))
	}
	f.add("label time", text(label.Time))
	f.add("label filter", text(label.Where))
	for _, key := range label.Key {
		f.add("label key "+key.Column, text(key.Expr))
	}
}
