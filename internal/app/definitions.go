package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
)

// definitions are those of a project as apply would take them: compiled, with the columns of every
// source known.
type definitions struct {
	project  *Project
	plan     *plan.Plan
	problems []Problem // warnings
	pins     []lang.PinnedSource
	texts    registry.Texts
}

// definitions compiles the project for apply. The columns that fettle.lock has stay as they are,
// whatever the files hold now; those of other sources are read from the files and will be pinned.
// Definitions that are not valid, and sources whose columns nothing tells, are an error that lists
// every problem.
func (p *Project) definitions(ctx context.Context) (*definitions, error) {
	input := p.input
	defer func() { p.input = input }()
	compiled := p.Compile(Rows)
	if lock, stale := currentPins(input.Lock, compiled.Pins); stale {
		p.input.Lock = lock
		compiled = p.Compile(Rows)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if compiled.Plan == nil {
		errs, _ := compiled.count()
		return nil, Invalid(fmt.Sprintf("the definitions are not valid, %d of what is listed are errors",
			errs), compiled.Problems...)
	}
	if err := compiled.unknownColumns(); err != nil {
		return nil, err
	}
	d := &definitions{
		project: p, plan: compiled.Plan, problems: compiled.Problems, pins: compiled.Pins,
	}
	d.texts.Project = registry.File{Path: input.Project.Path, Text: string(input.Project.Text)}
	for _, f := range input.Files {
		d.texts.Files = append(d.texts.Files, registry.File{Path: f.Path, Text: string(f.Text)})
	}
	if len(d.pins) > 0 {
		d.texts.Lock = string(lang.FormatLock(d.pins))
	}
	return d, nil
}

// currentPins returns the lock without the sources whose definition names other files by now: what
// it says about those is out of date. False means that there are none.
func currentPins(lock *lang.File, used []lang.PinnedSource) (*lang.File, bool) {
	if lock == nil {
		return nil, false
	}
	pinned, _ := lang.ParseLock(*lock)
	kept := slices.DeleteFunc(slices.Clone(pinned), func(pin lang.PinnedSource) bool {
		return slices.ContainsFunc(used, func(s lang.PinnedSource) bool {
			return s.Name == pin.Name &&
				(s.Files.Format != pin.Files.Format || !slices.Equal(s.Files.Paths, pin.Files.Paths))
		})
	})
	if len(kept) == len(pinned) {
		return lock, false
	}
	return &lang.File{Path: lock.Path, Text: lang.FormatLock(kept)}, true
}

// unknownColumns refuses a plan with a source whose columns nothing tells. That is a warning for
// lint; here something is to be computed.
func (c *Compiled) unknownColumns() error {
	unknown := 0
	for _, s := range c.Plan.Sources {
		if s.Unchecked {
			unknown++
		}
	}
	if unknown == 0 {
		return nil
	}
	problems := slices.Clone(c.Problems)
	for i := range problems {
		if problems[i].Code == string(diag.ColumnsNotChecked) {
			problems[i].Severity = SeverityError
		}
	}
	return Invalid(fmt.Sprintf("the columns of %d sources are not known", unknown), problems...)
}

// propose says what applying the definitions would change.
func (d *definitions) propose(r *registry.Registry) *registry.Proposal {
	return r.Propose(d.plan, d.texts)
}

// commitOptions says how definitions are applied.
type commitOptions struct {
	Proposal string // the ID of the proposal that was agreed to; "" for whatever it is now
	By       string
	At       int64    // microseconds since 1970 UTC
	Allow    []string // models that may be broken
}

// commit applies the definitions: a revision of the registry, and then fettle.lock beside
// fettle.yaml. If the lock cannot be written the revision is returned together with the error.
func (d *definitions) commit(ctx context.Context, r *registry.Registry,
	o commitOptions) (*registry.Revision, error) {
	proposal := d.propose(r)
	if o.Proposal != "" && proposal.ID != o.Proposal {
		return nil, notApplied(registry.ErrStale)
	}
	revision, err := r.Commit(ctx, proposal, o.By, o.At, o.Allow)
	if err != nil {
		return nil, notApplied(err)
	}
	if lock := d.project.input.Lock; lock != nil && d.texts.Lock != "" &&
		bytes.Equal(lock.Text, []byte(d.texts.Lock)) {
		return revision, nil
	}
	_, err = d.project.writeLock(d.pins)
	return revision, err
}

// notApplied tells refusals, which the user decides about, from failures.
func notApplied(err error) error {
	e := &Error{Code: ExitUnavailable, Message: "the definitions were not applied", Err: err}
	var breaks *registry.BreaksError
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &breaks):
		e.Code = ExitRefused
	case errors.Is(err, registry.ErrStale):
		e.Code, e.Hint = ExitRefused, "run fettle plan again and look at what it says"
	}
	return e
}

// errEngineChanged means that this release computes other values from applied definitions than the
// release that applied them.
var errEngineChanged = errors.New("the engine changed")

// compileRevision compiles the texts of a revision without looking at any file. The versions of
// all features must come out as they were applied, or else it is errEngineChanged.
func compileRevision(revision *registry.Revision) (*plan.Plan, error) {
	file := func(f registry.File) lang.File { return lang.File{Path: f.Path, Text: []byte(f.Text)} }
	input := lang.Input{Project: file(revision.Texts.Project)}
	for _, f := range revision.Texts.Files {
		input.Files = append(input.Files, file(f))
	}
	if revision.Texts.Lock != "" {
		input.Lock = &lang.File{Path: lang.LockFile, Text: []byte(revision.Texts.Lock)}
	}
	result := lang.Compile(input)
	if result.Plan == nil {
		var problems []Problem
		for _, d := range result.Diagnostics {
			problems = append(problems, problemOf(d))
		}
		return nil, engineChanged(revision, "they no longer compile", problems...)
	}
	if changed := changedFeatures(result.Plan, revision); len(changed) > 0 {
		return nil, engineChanged(revision, fmt.Sprintf("%d features have other values, %s first",
			len(changed), changed[0]))
	}
	for _, s := range result.Plan.Sources {
		if _, found := revision.SourceID(s); !found {
			return nil, engineChanged(revision, "the columns of the source "+s.Name+" are others")
		}
	}
	return result.Plan, nil
}

// changedFeatures returns the features that are not in both, or not of one version, in the order of
// the plan and then of the revision.
func changedFeatures(p *plan.Plan, revision *registry.Revision) []string {
	var changed []string
	versions := map[string]string{}
	for _, d := range revision.Definitions {
		if d.Kind == registry.FeatureKind {
			versions[d.Name] = d.Version
		}
	}
	known := map[string]bool{}
	for _, v := range p.Views {
		for _, f := range v.Features {
			name := v.Name + "." + f.Name
			known[name] = true
			if versions[name] != f.Version {
				changed = append(changed, name)
			}
		}
	}
	for _, d := range revision.Definitions {
		if d.Kind == registry.FeatureKind && !known[d.Name] {
			changed = append(changed, d.Name)
		}
	}
	return changed
}

// engineChanged says what came out differently, and the two ways out.
func engineChanged(revision *registry.Revision, what string, problems ...Problem) error {
	return &Error{
		Code: ExitRefused, Problems: problems, Err: errEngineChanged,
		Message: fmt.Sprintf("revision %d was applied by another release of fettle: %s",
			revision.Number, what),
		Hint: "run the release that applied it, or apply the definitions again with fettle apply",
	}
}
