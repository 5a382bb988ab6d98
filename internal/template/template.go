package template

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/examples"
	"github.com/fettle-ml/fettle/internal/disk"
)

// The templates.
const (
	TemplateCards   = "cards"
	TemplateFlights = "flights"
	TemplateEmpty   = "empty"
)

// Names lists the templates.
func Names() []string { return []string{TemplateCards, TemplateFlights, TemplateEmpty} }

// ErrNotEmpty is wrapped by Write when the folder has something in it.
var ErrNotEmpty = errors.New("the folder is not empty")

// Options says what Write writes where. The size is for tests, which need the same kinds of rows in
// a fraction of the time.
type Options struct {
	Template string
	Dir      string
	// Cards is the size of the generated example; nil: DefaultCards.
	Cards *Cards
	// Progress is told how many files are written; nil: nobody.
	Progress func(stage string, done, total int64)
}

func (o Options) withDefaults() Options {
	if o.Cards == nil {
		cards := DefaultCards()
		o.Cards = &cards
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	return o
}

// file is one file of a template: its path below the project, and what fills it. write is called
// once, when the file's turn has come, and may build the content only then.
type file struct {
	name  string
	write func(io.Writer) error
}

// Write writes a project into an empty or missing folder and returns the files written, by their
// path below it. On failure it removes what it wrote. Folders that it made stay. A canceled context
// ends it between two files.
func Write(ctx context.Context, fsys disk.FS, options Options) ([]string, error) {
	options = options.withDefaults()
	if !slices.Contains(Names(), options.Template) {
		return nil, fmt.Errorf("unknown template %q; there are %s", options.Template,
			strings.Join(Names(), ", "))
	}
	entries, err := fsys.ReadDir(options.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s: %w", options.Dir, ErrNotEmpty)
	}
	files, err := definitions(options.Template)
	if err != nil {
		return nil, err
	}
	if options.Template == TemplateCards {
		generated, err := options.Cards.files()
		if err != nil {
			return nil, err
		}
		files = append(files, generated...)
	}
	return writeAll(ctx, fsys, options, files)
}

// writeAll writes the files in their order. An error of removing is told beside the first one.
func writeAll(ctx context.Context, fsys disk.FS, options Options, files []file) ([]string, error) {
	var written []string
	for i, f := range files {
		options.Progress("write the project", int64(i), int64(len(files)))
		err := ctx.Err()
		if err == nil {
			err = writeOne(fsys, filepath.Join(options.Dir, filepath.FromSlash(f.name)), f)
		}
		if err != nil {
			for _, name := range written {
				err = errors.Join(err, fsys.Remove(filepath.Join(options.Dir, filepath.FromSlash(name))))
			}
			return nil, err
		}
		written = append(written, f.name)
	}
	return written, nil
}

func writeOne(fsys disk.FS, name string, f file) error {
	if err := fsys.MkdirAll(filepath.Dir(name)); err != nil {
		return fmt.Errorf("make the folder of %s: %w", f.name, err)
	}
	return disk.WriteFile(fsys, name, f.write)
}

// definitions are the embedded files of a template. They include the README and scripts of the
// example, everything but what is generated.
func definitions(name string) ([]file, error) {
	var files []file
	err := fs.WalkDir(examples.Files, name, func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(examples.Files, full)
		if err != nil {
			return err
		}
		files = append(files, file{
			name: strings.TrimPrefix(path.Clean(full), name+"/"),
			write: func(w io.Writer) error {
				_, err := w.Write(content)
				return err
			},
		})
		return nil
	})
	return files, err
}
