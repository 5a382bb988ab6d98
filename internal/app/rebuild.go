package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema/zone"
	"github.com/fettle-ml/fettle/internal/state"
	"github.com/fettle-ml/fettle/internal/train"
)

// again takes all options from the manifest of a training set that is to be made again. The caller
// may say where the labels are now.
func (r *trainRun) again() error {
	m, err := train.DecodeManifest(r.Rebuild)
	if err != nil {
		return &Error{Code: ExitInvalid, Err: err}
	}
	o := &r.TrainOptions
	given := o.Model != "" || len(o.Features) > 0 || o.Time != "" || o.Gap != 0 || o.MaxAge != 0 || o.MaxBad != 0
	if given || o.Timezone != "" || o.Spine+o.AsOf+o.Split+o.Now+o.Target != "" || o.Embargo != 0 {
		return usageError("a manifest says everything about the training set", "leave the other options out")
	}
	r.want = m
	o.Model, o.Time, o.Mode, o.Timezone = m.Model, m.Labels.Time, m.Mode, m.Timezone
	o.Gap, o.MaxAge, o.MaxBad, o.Strict = m.GapMicros, m.MaxAgeMicros, m.MaxBad, m.Strict
	if m.Model == "" {
		for _, f := range m.Features {
			o.Features = append(o.Features, f.Name)
		}
	}
	if m.Spine != nil {
		o.Spine = fmt.Sprintf("%s..%s every %dus", m.Spine.From, m.Spine.To, m.Spine.EveryMicros)
	}
	if m.Split != nil {
		o.Split, o.Embargo = m.Split.Rule, m.Split.EmbargoMicros
	}
	if m.Leakage != nil {
		o.Target = m.Leakage.Target
	}
	if m.Labels.Now {
		o.Now = m.Labels.CompleteTo
	}
	o.LabelsName = m.Labels.Path
	switch {
	case o.Labels != "":
	case m.Labels.Path == "-":
		return usageError("the labels were piped in, and the manifest has only their digest",
			"give the same labels with --labels")
	case m.Labels.Path != "":
		o.Labels = m.Labels.Path
		if !filepath.IsAbs(o.Labels) {
			o.Labels = filepath.Join(r.project.Root, filepath.FromSlash(o.Labels))
		}
	}
	return nil
}

// findVersions finds definitions whose features have the versions of the manifest: those of the
// folder, or else of the newest revision that has them.
func (r *trainRun) findVersions(ctx context.Context) (*plan.Plan, error) {
	var changed []Problem
	if plan.EngineSemantics != r.want.EngineSemantics {
		changed = append(changed, changedProblem("engine", fmt.Sprintf("the engine computes by rules %d, then by %d",
			plan.EngineSemantics, r.want.EngineSemantics)))
	}
	if zone.Version != r.want.ZoneDatabase {
		changed = append(changed, changedProblem("zones", fmt.Sprintf("the time zones are of %s, then of %s",
			zone.Version, r.want.ZoneDatabase)))
	}
	if len(changed) > 0 {
		return nil, notAgain(changed)
	}
	p, err := r.project.Plan(ctx)
	if err == nil {
		if r.selection, changed = r.selects(p); changed == nil {
			r.fix()
			return p, checkColumns(r.selection)
		}
	} else {
		changed = []Problem{changedProblem("definitions", "the definitions are not valid now")}
	}
	if r.Node == nil || r.Node.registry.Current() == nil {
		return nil, otherVersions(append(changed,
			changedProblem("revisions", "nothing was applied, so there are no other definitions")))
	}
	for number := r.Node.registry.Current().Number; number > 0; number-- {
		revision, err := r.Node.registry.Revision(number)
		if err != nil {
			return nil, asError(err)
		}
		p, err := compileRevision(revision)
		if err != nil {
			continue // another release's; it computes other values
		}
		if selection, other := r.selects(p); other == nil {
			r.selection = selection
			r.fix()
			return p, checkColumns(selection)
		}
	}
	return nil, otherVersions(append(changed,
		changedProblem("revisions", "no revision that was applied has these versions either")))
}

// selects selects the features of the manifest, or says what is different.
func (r *trainRun) selects(p *plan.Plan) (*plan.Selection, []Problem) {
	s, err := selectFeatures(p, TrainOptions{Model: r.Model, Features: r.Features})
	if err != nil {
		return nil, []Problem{changedProblem("feature-version", err.Error())}
	}
	var changed []Problem
	wanted := r.want.Features
	for i := range max(len(s.Features), len(wanted)) {
		switch {
		case i >= len(s.Features):
			changed = append(changed, changedProblem("feature-version", wanted[i].Name+" is not selected now"))
		case i >= len(wanted):
			changed = append(changed, changedProblem("feature-version", s.Features[i].Name+" is selected now"))
		default:
			f := s.Features[i]
			version := f.View.Features[f.Feature].Version
			if f.Name != wanted[i].Name || version != wanted[i].Version {
				changed = append(changed, changedProblem("feature-version", fmt.Sprintf(
					"%s has version %s, then %s had %s", f.Name, version, wanted[i].Name, wanted[i].Version)))
			}
		}
	}
	return s, changed
}

// fix lets the sources read the files of the manifest and no others: those that were added since
// change nothing. The plan is our own.
func (r *trainRun) fix() {
	sources := r.selection.Sources()
	if label := r.selection.Label; label != nil {
		sources = append(sources, label.Source)
	}
	for _, source := range sources {
		for _, then := range r.want.Sources {
			if then.Name != source.Name || len(then.Files) == 0 {
				continue
			}
			var paths []string
			for _, f := range then.Files {
				if strings.ContainsAny(f.Path, `*?[\`) {
					paths = source.Paths // a name that reads as a pattern
					break
				}
				paths = append(paths, f.Path)
			}
			source.Paths = paths
		}
	}
}

// unchanged compares the labels and the files with the manifest, before anything is computed.
func (r *trainRun) unchanged(labels *train.Labels) error {
	var changed []Problem
	if labels.Input != nil && labels.Spine == nil && labels.Digest != r.want.Labels.SHA256 {
		changed = append(changed, changedProblem("labels", fmt.Sprintf("the labels %s have SHA-256 %s, then %s",
			labels.Path, labels.Digest, r.want.Labels.SHA256)))
	}
	for _, source := range r.want.Sources {
		for _, f := range source.Files {
			name := filepath.FromSlash(f.Path)
			if !filepath.IsAbs(name) {
				name = filepath.Join(r.project.Root, name)
			}
			digest, err := digestFile(r.project.disk, name)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				changed = append(changed, changedProblem("file", fmt.Sprintf("source %s: %s is not there", source.Name, f.Path)))
			case err != nil:
				return &Error{Code: ExitUnavailable, Message: "read " + f.Path, Err: err}
			case digest != f.SHA256:
				changed = append(changed, changedProblem("file", fmt.Sprintf("source %s: %s has SHA-256 %s, then %s",
					source.Name, f.Path, digest, f.SHA256)))
			}
		}
	}
	if len(changed) > 0 {
		return notAgain(changed)
	}
	return nil
}

// same compares what was computed with the manifest.
func (r *trainRun) same(m *train.Manifest) error {
	if m.DatasetID == r.want.DatasetID {
		return nil
	}
	var changed []Problem
	if m.Labels.SHA256 != r.want.Labels.SHA256 || m.Labels.Rows != r.want.Labels.Rows {
		changed = append(changed, changedProblem("labels", fmt.Sprintf(
			"the label rows are %d with digest %s, then %d with %s", m.Labels.Rows,
			m.Labels.SHA256, r.want.Labels.Rows, r.want.Labels.SHA256)))
	}
	then := map[string]train.Source{}
	for _, source := range r.want.Sources {
		then[source.Name] = source
	}
	for _, source := range m.Sources {
		now, before := pushedText(source.Pushed), pushedText(then[source.Name].Pushed)
		if now != before {
			changed = append(changed, changedProblem("pushed", fmt.Sprintf("source %s: %s, then %s", source.Name, now, before)))
		}
	}
	if len(changed) == 0 {
		changed = append(changed, changedProblem("dataset", fmt.Sprintf("the dataset is %s, then %s",
			m.DatasetID, r.want.DatasetID)))
	}
	return notAgain(changed)
}

func pushedText(p *train.Pushed) string {
	if p == nil {
		return "no pushed events"
	}
	return fmt.Sprintf("%d pushed events with digest %s", p.Rows, p.Digest)
}

// goBack lets the history end where that of a manifest did: what was pushed later is not seen.
func (h *allEvents) goBack(m *train.Manifest) {
	through := uint64(0)
	for _, source := range m.Sources {
		if source.Pushed != nil {
			through = max(through, source.Pushed.Through)
		}
	}
	if m.Differing == nil {
		h.served = nil
	}
	if h.until != nil && through < h.until.Sequence {
		h.until = &state.Position{Epoch: h.until.Epoch, Sequence: through, VisibleAt: h.until.VisibleAt}
	}
}

func changedProblem(code, message string) Problem {
	return Problem{Code: "changed-" + code, Severity: SeverityError, Message: message}
}

// errVersions is the cause where only the definitions are others.
var errVersions = errors.New("the definitions have other versions")

func otherVersions(changed []Problem) error {
	e := notAgain(changed)
	e.Err = errVersions
	return e
}

// notAgain refuses to make another training set in the place of the one that is asked for.
func notAgain(changed []Problem) *Error {
	return &Error{
		Code: ExitRefused, Problems: changed,
		Message: fmt.Sprintf("the training set cannot be made again as it was: %s changed",
			counted(int64(len(changed)), "thing")),
	}
}
