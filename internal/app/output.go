package app

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/plan"
)

// checkOutput refuses an output that would replace what is read: the labels, or a file of a source,
// now or at the next scan of its pattern. It also says before any work that a folder is missing.
// All sources of the plan count and not only those that are read now: the next training set would
// take this one's rows for events, without an error. A path outside of the project matches no
// source.
func (p *Project) checkOutput(all *plan.Plan, o TrainOptions) error {
	folder := filepath.Dir(o.Output)
	info, err := p.disk.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Error{Code: ExitUnavailable, Message: "there is no folder " + folder, Hint: "make it, or write elsewhere"}
	case err != nil:
		return &Error{Code: ExitUnavailable, Message: "--output", Err: err}
	case !info.IsDir():
		return &Error{Code: ExitUnavailable, Message: folder + " is not a folder"}
	}
	if info, err := p.disk.Stat(o.Output); err == nil && info.IsDir() {
		return &Error{Code: ExitUsage, Message: "--output " + o.Output + " is a folder", Hint: "name a file in it"}
	}
	if o.Labels != "" && o.Labels != "-" && samePath(o.Labels, o.Output) {
		return &Error{
			Code: ExitRefused, Message: "--output " + o.Output + " is the file of the labels",
			Hint: "write to another file: the labels would be lost",
		}
	}
	name, err := below(p.Root, o.Output)
	if err != nil {
		return &Error{Code: ExitUnavailable, Message: "--output", Err: err}
	}
	for _, source := range all.Sources {
		// The output need not exist yet: what matters is whether the next scan would find it.
		for _, pattern := range source.Paths {
			if disk.Match(pattern, name) {
				return &Error{
					Code:    ExitRefused,
					Message: fmt.Sprintf("--output %s is a file of source %s (%s)", o.Output, source.Name, pattern),
					Hint:    "write to another folder: the source would read it as events",
				}
			}
		}
	}
	return nil
}
