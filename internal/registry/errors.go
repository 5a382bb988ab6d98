package registry

import (
	"errors"
	"fmt"
	"strings"
)

// ErrStale means that a proposal was made from another revision than the newest, or that the texts
// have changed since.
var ErrStale = errors.New(
	"the definitions or the applied revision have changed since the plan was made")

// ErrNotFound means that there is no revision of that number.
var ErrNotFound = errors.New("no such revision")

// DamagedError names a file of the registry that cannot be read as what it should be.
type DamagedError struct {
	File    string
	Problem string
}

// Error returns the file, what is wrong with it, and what to do.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s: %s; restore the file from a backup", e.File, e.Problem)
}

// Break is a model that was applied and would mean something else under the same version.
type Break struct {
	Model    string        `json:"model"`
	Version  int           `json:"version"`
	Features []BrokenEntry `json:"features"`
	// Problems are what else is different: roles, or the order of features.
	Problems []string `json:"problems"`
	Hint     string   `json:"hint"`
}

// BrokenEntry is one output column of a model that would be another. Old or New is "" if it is only
// in the other list.
type BrokenEntry struct {
	Name    string `json:"name"`
	Feature string `json:"feature"`
	Old     string `json:"old,omitempty"`
	New     string `json:"new,omitempty"`
}

// shownFeatures is how many features of a model one line has room for.
const shownFeatures = 8

// String returns the break on one line without the hint.
func (b *Break) String() string {
	parts := []string{}
	for i, f := range b.Features {
		if i == shownFeatures {
			parts = append(parts, fmt.Sprintf("and %d more", len(b.Features)-i))
			break
		}
		switch {
		case f.New == "":
			parts = append(parts, f.Name+" is gone")
		case f.Old == "":
			parts = append(parts, f.Name+" is new")
		default:
			parts = append(parts, fmt.Sprintf("%s %s -> %s", f.Name, short(f.Old), short(f.New)))
		}
	}
	parts = append(parts, b.Problems...)
	return fmt.Sprintf("%s@%d: %s", b.Model, b.Version, strings.Join(parts, ", "))
}

// BreaksError refuses a proposal because of models that it would break and that are not allowed.
type BreaksError struct {
	Breaks []Break
}

// Error names every model, what would change in it, and what to do.
func (e *BreaksError) Error() string {
	texts := make([]string, len(e.Breaks))
	for i := range e.Breaks {
		texts[i] = e.Breaks[i].String() + "; " + e.Breaks[i].Hint
	}
	return "this would break a model that was applied: " + strings.Join(texts, "; ")
}

// short is as much of a version as people compare.
func short(version string) string {
	if len(version) > 8 {
		return version[:8]
	}
	return version
}
