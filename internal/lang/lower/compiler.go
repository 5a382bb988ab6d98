package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// Column is a column of a source's files.
type Column struct {
	Name string
	Type schema.Type
	// Local is true for timestamps that have no zone in the file.
	Local bool
	// Note names the cell for which a column of numbers or times is text; "" if there is none.
	Note string
}

// SourceFiles names the files of a source, as its definition does.
type SourceFiles struct {
	Name   string
	Paths  []string
	Format string
}

// PinnedSource is the schema of a source's files.
type PinnedSource struct {
	Name    string
	Files   SourceFiles
	Columns []Column
}

// Columns returns the columns of a source's files; nil if they are not known.
type Columns func(SourceFiles) ([]Column, error)

// Lower compiles definitions. The plan is nil if anything was wrong; the sources are those whose
// columns were asked for and known.
func Lower(all *ast.Definitions, columns Columns, report *diag.List) (*plan.Plan, []PinnedSource) {
	c := &compiler{
		report: report, columns: columns, sizes: check.Sizes{}, plan: &plan.Plan{},
		entities: map[string]*entity{}, sources: map[string]*source{}, views: map[string]*view{},
		names: map[string]named{}, incomplete: all.Incomplete,
	}
	c.project(all.Project)
	c.declare(all)
	// Each pass reads what those before it settled: sources and views need the types of keys, links
	// need features by name, and only then can expressions follow links.
	for _, e := range c.allEntities {
		c.entityKey(e)
	}
	for _, s := range c.allSources {
		c.source(s)
	}
	for _, v := range c.allViews {
		c.viewHead(v)
	}
	for _, e := range c.allEntities {
		c.declareLinks(e)
	}
	for _, e := range c.allEntities {
		c.entityLinks(e)
	}
	for _, v := range c.allViews {
		c.viewBody(v)
	}
	c.viewCycles()
	for _, m := range all.Models {
		c.model(m)
	}
	for _, t := range all.Tests {
		c.test(t)
	}
	if report.Errors() > 0 {
		return nil, c.pinned
	}
	c.versions()
	return c.plan, c.pinned
}

// compiler holds the definitions while they are compiled.
type compiler struct {
	report  *diag.List
	columns Columns
	sizes   check.Sizes
	plan    *plan.Plan
	pinned  []PinnedSource

	names    map[string]named // entities, views, models and links
	entities map[string]*entity
	sources  map[string]*source
	views    map[string]*view

	allEntities []*entity
	allSources  []*source
	allViews    []*view

	stack []*feature // features being compiled
	// incomplete is true if definitions could not be read, so that they are not missed.
	incomplete bool
}

// fail reports an error. Whoever calls it leaves a part of the plan nil, which readers of that
// part take for reported.
func (c *compiler) fail(at diag.Position, code diag.Code, message, hint string) {
	c.report.Report(at, code, message, hint)
}

// missing reports a name that no definition has, unless some could not be read.
func (c *compiler) missing(at diag.Position, code diag.Code, message, hint string) {
	if !c.incomplete {
		c.fail(at, code, message, hint)
	}
}

// checker returns the checker of a scope.
func (c *compiler) checker(names check.Names) *check.Checker {
	return &check.Checker{Names: names, Report: c.report, Sizes: c.sizes}
}

// project settles what the whole plan shares. A missing project was reported by the caller of
// Lower and leaves UTC.
func (c *compiler) project(p *ast.Project) {
	c.plan.Timezone = "UTC"
	if p == nil {
		return
	}
	c.plan.Project = p.Name.Text
	if p.Timezone.Text != "" && c.zone(p.Timezone) {
		c.plan.Timezone = p.Timezone.Text
	}
}

// zone checks the name of a time zone.
func (c *compiler) zone(w ast.Word) bool {
	if _, err := zone.Load(w.Text); err != nil {
		c.fail(w.At, diag.UnknownTimezone, err.Error(), "")
		return false
	}
	return true
}

// meta copies what describes a definition; none of it enters a version.
func meta(m ast.Meta) plan.Meta {
	return plan.Meta{Description: m.Description, Owner: m.Owner, Tags: m.Tags, PII: m.PII}
}

// given returns a duration, or a default if it was left out.
func given(micros, otherwise int64) int64 {
	if micros < 0 {
		return otherwise
	}
	return micros
}
