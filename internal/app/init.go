package app

import (
	"context"
	"errors"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/template"
)

// InitOptions says which project begins where. Dir may be missing or empty, but not hold anything.
// Progress may be nil.
type InitOptions struct {
	Dir      string
	Template string
	Progress func(stage string, done, total int64)
}

// InitResult is what was written, by path below Dir, and the commands to go on with.
type InitResult struct {
	Dir      string   `json:"dir"`
	Template string   `json:"template"`
	Files    []string `json:"files"`
	Next     []string `json:"next"`
}

// Init writes a template into an empty folder. A folder that holds something is refused as a whole:
// overwriting one file of a user's is worse than asking for another name. What was written is
// removed if something fails on the way.
func Init(ctx context.Context, options InitOptions) (*InitResult, error) {
	next, known := nextCommands()[options.Template]
	if !known {
		return nil, &Error{
			Code: ExitUsage, Message: "unknown template " + options.Template,
			Hint: "write cards, flights or empty",
		}
	}
	files, err := template.Write(ctx, disk.OS{}, template.Options{
		Template: options.Template, Dir: options.Dir, Progress: options.Progress,
	})
	if errors.Is(err, template.ErrNotEmpty) {
		return nil, &Error{Code: ExitRefused, Err: err, Hint: "name another folder; nothing was written"}
	}
	if err != nil {
		return nil, &Error{Code: ExitUnavailable, Message: "write the project", Err: err}
	}
	if options.Dir != "." {
		next = append([]string{"cd " + options.Dir}, next...)
	}
	return &InitResult{Dir: options.Dir, Template: options.Template, Files: files, Next: next}, nil
}

// nextCommands says what to type after init, by template. It is also the list of templates that are
// known: one without an entry cannot be chosen.
func nextCommands() map[string][]string {
	return map[string][]string{
		template.TemplateCards: {
			"fettle lint",
			"fettle test",
			"fettle train --model fraud --labels data/labels.csv --time time --output fraud.parquet",
		},
		template.TemplateFlights: {
			"sh get-data.sh",
			"fettle lint",
			"fettle train --model late_departure --output late.parquet",
		},
		template.TemplateEmpty: {
			"write definitions into features/, then: fettle lint",
		},
	}
}
