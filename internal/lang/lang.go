package lang

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/lower"
	"github.com/fettle-ml/fettle/internal/lang/parse"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Names of the files at the root of a project.
const (
	ProjectFile = parse.ProjectFile
	LockFile    = "fettle.lock"
)

// File is the text of one file. Path is relative to the project, with '/'.
type File struct {
	Path string
	Text []byte
}

// Column is a column of a source's files.
type Column = lower.Column

// SourceFiles names the files of a source.
type SourceFiles = lower.SourceFiles

// PinnedSource is the schema of a source's files: what `lint --pin` writes.
type PinnedSource = lower.PinnedSource

// Input is everything a compilation depends on.
type Input struct {
	Project File   // fettle.yaml
	Files   []File // definition files, sorted by path
	Lock    *File  // fettle.lock, or nil
	// Columns reads the columns of a source from the headers of its files. It is asked for sources
	// that declare no fields and are not in the lock. A nil function or nil columns mean that they
	// are not known: names are not checked then, with a warning.
	Columns func(SourceFiles) ([]Column, error)
}

// Result is what a compilation gives.
type Result struct {
	// Plan is nil if there is any error.
	Plan        *plan.Plan
	Diagnostics []diag.Diagnostic
	// Sources are the schemas that were used: from the lock, or from the files without one.
	Sources []PinnedSource
}

// Compile compiles the definitions of a project.
func Compile(in Input) *Result {
	report := &diag.List{}
	all := &ast.Definitions{}
	parse.File(in.Project.Path, in.Project.Text, all, report)
	if all.Project == nil && report.Errors() == 0 {
		report.Report(diag.Position{File: in.Project.Path}, diag.NoProject,
			"the file declares no project",
			"begin it with project: and a name")
	}
	for _, f := range in.Files {
		parse.File(f.Path, f.Text, all, report)
	}
	columns := lower.Columns(in.Columns)
	if in.Lock != nil {
		columns = lockedColumns(*in.Lock, in.Columns, all, report)
	}
	compiled, sources := lower.Lower(all, columns, report)
	return &Result{Plan: compiled, Diagnostics: report.Sorted(), Sources: sources}
}

// Settings are the parts of fettle.yaml that say where the parts of a project are.
type Settings struct {
	Name        string
	Timezone    string
	Definitions []string // folders, relative to the project
	Data        string
	State       string // folder of what is kept; it alone may lie outside of the project
	Listen      string // address of the server, host:port
}

// ParseProject reads fettle.yaml alone, to find the definition files.
func ParseProject(f File) (Settings, []diag.Diagnostic) {
	report := &diag.List{}
	all := &ast.Definitions{}
	parse.File(f.Path, f.Text, all, report)
	if all.Project == nil {
		if report.Errors() == 0 {
			report.Report(diag.Position{File: f.Path}, diag.NoProject, "the file declares no project",
				"begin it with project: and a name")
		}
		return Settings{}, report.Sorted()
	}
	p := all.Project
	settings := Settings{
		Name: p.Name.Text, Timezone: p.Timezone.Text, Definitions: p.Definitions, Data: p.Data,
		State: p.State, Listen: p.Listen,
	}
	if settings.Timezone == "" {
		settings.Timezone = "UTC"
	}
	return settings, report.Sorted()
}

// ParseValue reads a value as its type demands, such as that of KEY=V on the command line. Nothing
// is guessed from the text, and a time needs a zone.
func ParseValue(text string, t schema.Type) (schema.Value, error) { return check.Value(text, t) }
