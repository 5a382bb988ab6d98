package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// FormatOptions says which definition files are formatted.
type FormatOptions struct {
	Dir string
	// Paths restrict it to files and folders of one project; empty: the project of Dir.
	Paths []string
	// Check writes nothing.
	Check bool
}

// FormatResult is what was formatted, or what would be. Lists are never nil.
type FormatResult struct {
	Files   int      `json:"files"`   // that were looked at
	Changed []string `json:"changed"` // relative to the project
	Checked bool     `json:"checked"` // nothing was written
}

// Format writes the definition files of a project in canonical form. If any of them has an error
// none is written, and the error lists all that is wrong.
func Format(ctx context.Context, options FormatOptions) (*FormatResult, error) {
	project, err := openForPaths(LintOptions{Dir: options.Dir, Paths: options.Paths})
	if err != nil {
		return nil, err
	}
	files, err := project.filesWithin(options.Paths)
	if err != nil {
		return nil, err
	}
	result := &FormatResult{Files: len(files), Changed: []string{}, Checked: options.Check}
	texts, err := formatAll(files)
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if bytes.Equal(texts[i], f.Text) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result.Changed = append(result.Changed, f.Path)
		if options.Check {
			continue
		}
		if err := project.writeFile(f.Path, texts[i]); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// filesWithin returns the definition files at or below the paths, fettle.yaml first. A path that
// names none is an error, since a misspelt one would look formatted.
func (p *Project) filesWithin(paths []string) ([]lang.File, error) {
	all := append([]lang.File{p.input.Project}, p.input.Files...)
	if len(paths) == 0 {
		return all, nil
	}
	var files []lang.File
	for _, f := range all {
		problems, err := within(p.Root, []Problem{{File: f.Path}}, paths)
		if err != nil {
			return nil, err
		}
		if len(problems) > 0 {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		return nil, usageError(fmt.Sprintf("no definition file is at %s", paths[0]),
			"name files or folders of definitions of the project")
	}
	return files, nil
}

// formatAll formats the texts of files.
func formatAll(files []lang.File) ([][]byte, error) {
	var problems []Problem
	texts := make([][]byte, len(files))
	for i, f := range files {
		text, found, err := lang.Format(f)
		if err != nil {
			return nil, &Error{Code: ExitInvalid, Message: f.Path, Err: err, Hint: "please report this file"}
		}
		texts[i] = text
		for _, d := range found {
			if text == nil && d.Severity == diag.Error {
				problems = append(problems, problemOf(d))
			}
		}
	}
	if len(problems) > 0 {
		return nil, Invalid("the definitions cannot be formatted, and no file was written", problems...)
	}
	return texts, nil
}

// writeFile replaces a file of the project, whole or not at all.
func (p *Project) writeFile(name string, text []byte) error {
	err := disk.WriteFile(p.disk, filepath.Join(p.Root, filepath.FromSlash(name)), func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
	if err != nil {
		return &Error{Code: ExitUnavailable, Message: "write " + name, Err: err}
	}
	return nil
}
