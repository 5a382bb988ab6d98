package registry

import (
	"fmt"
	"strings"
)

// Text writes the proposal for people: a line for each change that begins with + (added),
// ~ (changed) or - (removed), the reasons below it, the models that would break, and the counts.
func (p *Proposal) Text() string {
	var b strings.Builder
	for _, kind := range kinds {
		for _, change := range p.Changes {
			if change.Kind == kind {
				change.text(&b)
			}
		}
	}
	if len(p.Changes) > 0 {
		b.WriteString("\n")
	}
	for i := range p.Breaks {
		p.Breaks[i].text(&b)
	}
	if len(p.Breaks) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(p.Summary() + "\n")
	return b.String()
}

// Summary is the last line of Text: how much changes.
func (p *Proposal) Summary() string {
	total := p.Total()
	switch {
	case p.Empty():
		return fmt.Sprintf("Nothing to change: %d definitions are as they were applied.", total.Unchanged)
	case len(p.Changes) == 0:
		return fmt.Sprintf("Only the texts change: %d definitions mean what they meant.", total.Unchanged)
	}
	text := fmt.Sprintf("%d to add, %d to change, %d to remove, %d unchanged",
		total.Added, total.Changed, total.Removed, total.Unchanged)
	if len(p.Models) > 0 {
		text += "; models touched: " + strings.Join(p.Models, ", ")
	}
	if len(p.Breaks) > 0 {
		text += fmt.Sprintf("; %d broken", len(p.Breaks))
	}
	return text + "."
}

var signs = map[Class]string{Added: "+", Changed: "~", Removed: "-"}

// text writes the line of a change and its reasons. Versions are cut to what people compare.
func (c *Change) text(b *strings.Builder) {
	fmt.Fprintf(b, "%s %-7s %s", signs[c.Class], c.Kind, c.Name)
	switch {
	case c.Old != "" && c.New != "" && c.Old != c.New:
		fmt.Fprintf(b, "  %s -> %s", short(c.Old), short(c.New))
	case c.Class != Changed && c.Old+c.New != "":
		fmt.Fprintf(b, "  %s", short(c.Old+c.New))
	}
	if c.Effect != Harmless {
		fmt.Fprintf(b, "  (%s)", c.Effect)
	}
	b.WriteString("\n")
	for _, why := range c.Why {
		fmt.Fprintf(b, "    %s\n", why)
	}
	// That a new feature is in a model that is new as well goes without saying.
	if len(c.Models) > 0 && c.Kind != ModelKind && (c.Class != Added || c.Effect != Harmless) {
		fmt.Fprintf(b, "    in %s\n", strings.Join(c.Models, ", "))
	}
}

// text writes a break without its features: the change of the model lists them.
func (b *Break) text(out *strings.Builder) {
	fmt.Fprintf(out, "! %s@%d was applied before, and would mean something else\n", b.Model, b.Version)
	for _, problem := range b.Problems {
		fmt.Fprintf(out, "    %s\n", problem)
	}
	fmt.Fprintf(out, "    %s\n", b.Hint)
}
