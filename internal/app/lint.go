package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// LintOptions says which definitions are checked.
type LintOptions struct {
	Dir string
	// Paths restrict the report to files and folders of one project; empty: the project of Dir.
	Paths []string
	// Pin writes the columns of every source that declares none to fettle.lock.
	Pin bool
}

// LintResult is what there is to say about a project's definitions. Features and Problems are never
// nil, so that JSON has [] and not null. Counts of problems are of those listed, after Paths have
// restricted them.
type LintResult struct {
	Project  string        `json:"project"`
	Compiled bool          `json:"compiled"` // the counts and features are there
	Entities int           `json:"entities"`
	Sources  int           `json:"sources"`
	Views    int           `json:"views"`
	Models   int           `json:"models"`
	Features []LintFeature `json:"features"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Problems []Problem     `json:"problems"`
	Pinned   []string      `json:"pinned,omitempty"` // sources in fettle.lock
}

// LintFeature is one compiled feature.
type LintFeature struct {
	Name       string `json:"name"` // view.feature
	Entity     string `json:"entity"`
	Layer      string `json:"layer"`
	Freshness  string `json:"freshness"`
	Type       string `json:"type"`
	Version    string `json:"version"`
	Expression string `json:"expression"`
}

// Lint checks definitions without reading data; only pinning reads the first rows of CSV. Problems
// of the definitions are in the result, not in the error. Features and counts of definitions are
// there only if everything compiled, also outside of Paths: a definition means nothing without
// those it reads.
func Lint(ctx context.Context, options LintOptions) (*LintResult, error) {
	project, err := openForPaths(options)
	if err != nil {
		return nil, err
	}
	compiled, pinned := project.Compile(Heads), []string(nil)
	if options.Pin {
		if compiled, pinned, err = project.pin(ctx); err != nil {
			return nil, err
		}
	}
	if compiled.Problems, err = within(project.Root, compiled.Problems, options.Paths); err != nil {
		return nil, err
	}
	result := &LintResult{
		Project: project.Settings.Name, Problems: compiled.Problems, Pinned: pinned,
		Features: []LintFeature{},
	}
	if result.Problems == nil {
		result.Problems = []Problem{}
	}
	result.Errors, result.Warnings = compiled.count()
	if compiled.Plan != nil {
		result.describe(compiled.Plan)
	}
	return result, ctx.Err()
}

// openForPaths opens the project of the paths, which must be one. A path that does not exist is an
// error of usage. Two projects would need two reports, with paths relative to two roots.
func openForPaths(options LintOptions) (*Project, error) {
	if len(options.Paths) == 0 {
		return OpenProject(options.Dir)
	}
	var project *Project
	for _, path := range options.Paths {
		folder := path
		// A file belongs to the project of its folder.
		info, err := (disk.OS{}).Stat(path)
		if err != nil {
			return nil, &Error{Code: ExitUsage, Message: "read the path", Err: err}
		}
		if !info.IsDir() {
			folder = filepath.Dir(path)
		}
		p, err := OpenProject(folder)
		if err != nil {
			return nil, err
		}
		if project != nil && !samePath(p.Root, project.Root) {
			return nil, &Error{
				Code: ExitUsage, Message: fmt.Sprintf("%s and %s are two projects", project.Root, p.Root),
				Hint: "lint them one at a time",
			}
		}
		project = p
	}
	return project, nil
}

// samePath compares two paths by their absolute form. It does not follow links: two names of one
// place count as different.
func samePath(a, b string) bool {
	absoluteA, errA := filepath.Abs(a)
	absoluteB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absoluteA == absoluteB
}

// within keeps the problems of files at or below the paths. The whole project is compiled first,
// and only then restricted: a problem in one file is often caused by another. The file of a problem
// is relative to the project.
func within(root string, problems []Problem, paths []string) ([]Problem, error) {
	if len(paths) == 0 {
		return problems, nil
	}
	var kept []Problem
	for _, problem := range problems {
		for _, path := range paths {
			below, err := below(root, path)
			if err != nil {
				return nil, err
			}
			if below == "." || problem.File == below || strings.HasPrefix(problem.File, below+"/") {
				kept = append(kept, problem)
				break
			}
		}
	}
	return kept, nil
}

// below returns a path relative to the project, with '/'. For a path outside of the project it
// begins with "..", which no file of a problem does.
func below(root, path string) (string, error) {
	absoluteRoot, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(absoluteRoot, absolute)
	return filepath.ToSlash(relative), err
}

// pin compiles with the columns that the files have now, whatever the lock says, and writes them to
// the lock if the definitions are valid with them. Without a source to pin the lock is removed,
// since an empty one would be read and mean the same. If the definitions are not valid the old lock
// stays. The project must not be used for anything else afterwards: its lock is forgotten.
func (p *Project) pin(ctx context.Context) (*Compiled, []string, error) {
	p.input.Lock = nil
	compiled := p.Compile(Rows)
	if compiled.Plan == nil {
		return compiled, nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	names, err := p.writeLock(compiled.Pins)
	return compiled, names, err
}

// writeLock writes the columns of sources to the lock and returns the names of the sources. Without
// a source the lock is removed.
func (p *Project) writeLock(pins []lang.PinnedSource) ([]string, error) {
	var names []string
	for _, source := range pins {
		names = append(names, source.Name)
	}
	name := filepath.Join(p.Root, lang.LockFile)
	if len(names) == 0 {
		if err := p.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{Code: ExitUnavailable, Message: "remove the lock", Err: err}
		}
		return nil, nil
	}
	err := disk.WriteFile(p.disk, name, func(w io.Writer) error {
		_, err := w.Write(lang.FormatLock(pins))
		return err
	})
	if err != nil {
		return nil, &Error{Code: ExitUnavailable, Message: "write the lock", Err: err}
	}
	return names, nil
}

// describe fills in what was compiled.
func (r *LintResult) describe(p *plan.Plan) {
	r.Compiled = true
	r.Entities, r.Sources = len(p.Entities), len(p.Sources)
	r.Views, r.Models = len(p.Views), len(p.Models)
	for _, view := range p.Views {
		for _, feature := range view.Features {
			r.Features = append(r.Features, LintFeature{
				Name: view.Name + "." + feature.Name, Entity: view.Entity.Name,
				Layer: feature.Layer.String(), Freshness: freshnessText(view.Freshness),
				Type: feature.Type.String(), Version: feature.Version, Expression: feature.Text,
			})
		}
	}
}

// freshnessText writes a freshness as definitions do. Times of day are left out at midnight, which
// is what definitions mean without one.
func freshnessText(f plan.Freshness) string {
	daily := func(name string) string {
		if f.TimeOfDay == 0 {
			return name
		}
		minutes := f.TimeOfDay / schema.Minute
		return fmt.Sprintf("%s at %02d:%02d", name, minutes/60, minutes%60)
	}
	switch f.Kind {
	case plan.Static:
		return "static"
	case plan.Grid:
		return schema.FormatDuration(f.Period)
	case plan.Daily:
		return daily("daily")
	case plan.Weekly:
		return daily("weekly")
	default:
		return "realtime"
	}
}
