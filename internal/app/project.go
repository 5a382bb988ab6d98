package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
)

// Project is a folder with fettle.yaml and the text of its definitions, read once. Files that
// change afterwards are not seen. It is not safe for concurrent use.
type Project struct {
	// Root is the folder, as a path that can be opened from here.
	Root string
	// Settings are what fettle.yaml says about the project itself.
	Settings lang.Settings

	disk  disk.FS
	input lang.Input // without Columns
}

// Compiled is what the definitions of a project mean. Plan is nil if a problem is an error.
// Problems come in the order of the compiler, which does not depend on the order of files on disk.
type Compiled struct {
	Plan     *plan.Plan
	Problems []Problem
	// Pins are the columns of sources that were used and that no definition declares.
	Pins []lang.PinnedSource
}

// Depth is how far a compilation looks into files for the columns of sources.
type Depth int

// The depths. Columns that are declared or pinned are never looked for.
const (
	// Heads reads what the heads of files say: nothing about the types of CSV. Files that are not
	// there are no error.
	Heads Depth = iota
	// Rows infers the types of CSV from the first rows.
	Rows
)

// OpenProject finds fettle.yaml in dir or the nearest folder above it, and reads the definitions.
// Definitions that are wrong are no error yet: they are reported when they are compiled.
func OpenProject(dir string) (*Project, error) {
	p := &Project{disk: disk.OS{}}
	var err error
	if p.Root, err = findRoot(p.disk, dir); err != nil {
		return nil, err
	}
	if err := p.read(); err != nil {
		return nil, &Error{Code: ExitUnavailable, Message: "read the definitions", Err: err}
	}
	return p, nil
}

// findRoot walks up from dir to the folder that holds fettle.yaml. A relative dir gives a relative
// root, with "..", so that messages show the paths a user would type. A fettle.yaml that cannot be
// looked at ends the walk: one further up would be the wrong project.
func findRoot(fsys disk.Reader, dir string) (string, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", &Error{Code: ExitUnavailable, Message: "find the project", Err: err}
	}
	walked := filepath.Clean(dir)
	for at := absolute; ; at = filepath.Dir(at) {
		_, err := fsys.Stat(filepath.Join(at, lang.ProjectFile))
		switch {
		case err == nil && filepath.IsAbs(dir):
			return at, nil
		case err == nil:
			return walked, nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", &Error{Code: ExitUnavailable, Message: "find the project", Err: err}
		case at == filepath.Dir(at):
			return "", &Error{
				Code: ExitInvalid, Message: fmt.Sprintf("no %s in %s or above it", lang.ProjectFile, absolute),
				Hint: "go to a project, or begin one with fettle init",
			}
		}
		walked = filepath.Join(walked, "..")
	}
}

// read takes in fettle.yaml, fettle.lock and every definition file. Files are sorted by path, so
// that problems come in one order on every machine. A file that two folders hold, because one is
// inside the other, is read once.
func (p *Project) read() error {
	text, err := p.readFile(lang.ProjectFile)
	if err != nil {
		return err
	}
	p.input.Project = lang.File{Path: lang.ProjectFile, Text: text}
	lock, err := p.readFile(lang.LockFile)
	switch {
	case err == nil:
		p.input.Lock = &lang.File{Path: lang.LockFile, Text: lock}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	// What is wrong with fettle.yaml is reported when it is compiled.
	p.Settings, _ = lang.ParseProject(p.input.Project)
	seen := map[string]bool{lang.ProjectFile: true}
	for _, folder := range p.Settings.Definitions {
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			names, err := disk.Glob(p.disk, p.Root, path.Join(folder, "**", pattern))
			if err != nil {
				return err
			}
			for _, name := range names {
				if seen[name] {
					continue
				}
				seen[name] = true
				text, err := p.readFile(name)
				if err != nil {
					return err
				}
				p.input.Files = append(p.input.Files, lang.File{Path: name, Text: text})
			}
		}
	}
	slices.SortFunc(p.input.Files, func(a, b lang.File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// readFile reads a file whole; name is relative to the project, with '/'.
func (p *Project) readFile(name string) ([]byte, error) {
	return readAll(p.disk, filepath.Join(p.Root, filepath.FromSlash(name)))
}

// Compile compiles the definitions. It may be called again with another depth. Whether it opens
// files of data, and how much it reads of them, is the depth's alone.
func (p *Project) Compile(depth Depth) *Compiled {
	input := p.input
	input.Columns = func(files lang.SourceFiles) ([]lang.Column, error) { return p.columns(files, depth) }
	result := lang.Compile(input)
	c := &Compiled{Plan: result.Plan, Pins: result.Sources}
	for _, d := range result.Diagnostics {
		c.Problems = append(c.Problems, problemOf(d))
	}
	return c
}

// Plan compiles for computing: every source's columns are known. Definitions that are not valid are
// an error with every problem, warnings included.
func (p *Project) Plan(ctx context.Context) (*plan.Plan, error) {
	c := p.Compile(Rows)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Plan == nil {
		errs, _ := c.count()
		message := fmt.Sprintf("the definitions are not valid, %d of what is listed are errors", errs)
		return nil, Invalid(message, c.Problems...)
	}
	return c.Plan, nil
}

// count counts errors and warnings.
func (c *Compiled) count() (errs, warnings int) {
	for _, problem := range c.Problems {
		if problem.Severity == SeverityError {
			errs++
		} else {
			warnings++
		}
	}
	return errs, warnings
}

// columns asks the files of a source for its columns; nil if they do not tell. Heads cannot know
// the types of CSV, so a column without one leaves the whole source unchecked there: half of the
// columns would make errors of the other half.
func (p *Project) columns(files lang.SourceFiles, depth Depth) ([]lang.Column, error) {
	found, err := file.Columns(p.disk, file.Files{
		Root: p.Root, Paths: files.Paths, Format: files.Format, Rows: depth == Rows,
	})
	if errors.Is(err, file.ErrNoFile) {
		return nil, nil // a warning; who needs the source fails then
	}
	if err != nil {
		return nil, err
	}
	var columns []lang.Column
	for _, column := range found {
		switch {
		case column.Unsupported != "":
			continue
		case column.Type.Kind == schema.Null && depth == Heads:
			return nil, nil
		case column.Type.Kind == schema.Null:
			column.Type = schema.Of(schema.String) // nothing but nulls so far
		}
		columns = append(columns, lang.Column{
			Name: column.Name, Type: column.Type, Local: column.Local, Note: column.Odd,
		})
	}
	return columns, nil
}

// problemOf turns a finding of the compiler into a problem. Data has none of the other fields here.
func problemOf(d diag.Diagnostic) Problem {
	return Problem{
		File: d.File, Line: d.Line, Column: d.Column, Code: string(d.Code),
		Severity: d.Severity.String(), Message: d.Message, Hint: d.Hint,
	}
}
