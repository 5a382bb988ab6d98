package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"

	"github.com/fettle-ml/fettle/internal/ingest"
	"github.com/fettle-ml/fettle/internal/lang"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/wire"
)

// read compiles the texts of a request, or those in the project's folder as they are now.
func (n *Node) read(ctx context.Context, files []wire.File, lock string) (*definitions, error) {
	project, err := OpenProject(n.project.Root)
	if err != nil {
		return nil, err
	}
	if len(files) > 0 {
		if err := project.replace(files, lock); err != nil {
			return nil, err
		}
	}
	return project.definitions(ctx)
}

// replace takes texts instead of those in the folder. Data is still looked for in the folder.
func (p *Project) replace(files []wire.File, lock string) error {
	input := lang.Input{}
	for _, f := range files {
		text := lang.File{Path: f.Path, Text: []byte(f.Text)}
		if f.Path == lang.ProjectFile {
			input.Project = text
		} else {
			input.Files = append(input.Files, text)
		}
	}
	if input.Project.Path == "" {
		return &wire.Error{
			Code: wire.InvalidArgument, Field: "files", Message: "there is no " + lang.ProjectFile,
			Hint: "send all definition files, this one included",
		}
	}
	if lock != "" {
		input.Lock = &lang.File{Path: lang.LockFile, Text: []byte(lock)}
	}
	slices.SortFunc(input.Files, func(a, b lang.File) int { return cmp.Compare(a.Path, b.Path) })
	p.input = input
	return nil
}

// Plan implements api.Definitions.
func (n *Node) Plan(ctx context.Context, request *wire.PlanRequest) (*wire.Plan, error) {
	d, err := n.read(ctx, request.Files, request.Lock)
	if err != nil {
		return nil, err
	}
	var explained []wire.Explanation
	if len(request.Explain) > 0 {
		if explained, err = explain(d.plan, request.Explain); err != nil {
			return nil, err
		}
	}
	proposal := d.propose(n.registry)
	p := &wire.Plan{
		ID: proposal.ID, Base: int64(proposal.Base), Changes: changesOf(proposal), Models: proposal.Models,
		Backfill: n.backfills(d.plan), Problems: details(d.problems),
		Explained: explained,
	}
	return p, nil
}

// changesOf tells the changes of a proposal as the API does.
func changesOf(proposal *registry.Proposal) []wire.Change {
	changes := []wire.Change{}
	for _, c := range proposal.Changes {
		class := wire.Harmless
		switch c.Effect {
		case registry.BreaksModel:
			class = wire.Breaks
		case registry.NewVersion:
			class = wire.NewVersion
		}
		changes = append(changes, wire.Change{
			Kind: string(c.Kind), Name: c.Name, Action: string(c.Class), Class: class,
			Message: strings.Join(c.Why, "; "), From: c.Old, To: c.New, Models: c.Models,
		})
	}
	return changes
}

// backfills lists the views whose rows have to be read from history before they can be served, with
// what is known of their sources. What is in the state already costs nothing.
func (n *Node) backfills(next *plan.Plan) []wire.Backfill {
	list := []wire.Backfill{}
	served := n.applied.Load()
	for _, view := range next.Views {
		if view.Source == nil || served != nil && slices.ContainsFunc(served.plan.Views, func(v *plan.View) bool {
			return v.Name == view.Name
		}) {
			continue
		}
		rows, bytes := n.sizeOf(view.Source)
		list = append(list, wire.Backfill{
			View: view.Name, Rows: rows, Bytes: bytes, Seconds: float64(rows) / fillRate,
		})
	}
	return list
}

// fillRate is about how many rows a second are filled into the state, measured on two cores. It only
// tells a user whether to wait or to fetch a coffee.
const fillRate = 200_000

// Apply implements api.Definitions. Once the definitions are committed they are brought into force
// even if whoever asked goes away.
func (n *Node) Apply(ctx context.Context, request *wire.ApplyRequest) (*wire.ApplyAnswer, error) {
	select {
	case n.applying <- struct{}{}:
	default:
		return nil, &wire.Error{
			Code: wire.Conflict, Message: "definitions are being applied already", Hint: "wait until that is done",
		}
	}
	given := false
	give := func() { <-n.applying }
	defer func() {
		if !given {
			give()
		}
	}()
	d, err := n.read(ctx, request.Files, request.Lock)
	if err != nil {
		return nil, err
	}
	if err := n.checkColumns(d.plan); err != nil {
		return nil, err
	}
	changes := changesOf(d.propose(n.registry))
	at, err := n.live.timeline.Stamp()
	if err != nil {
		return nil, err
	}
	revision, err := d.commit(ctx, n.registry, commitOptions{
		Proposal: request.Plan, By: userName(), At: at, Allow: request.AllowBreak,
	})
	if revision == nil {
		return nil, err
	}
	next, compileErr := appliedOf(revision)
	if err = errors.Join(err, compileErr); err != nil {
		return nil, err
	}
	answer := &wire.ApplyAnswer{
		Revision: int64(revision.Number), AppliedAt: schema.FormatTime(revision.At),
		Changes: changes, Models: []string{}, Building: []string{},
	}
	for _, m := range next.plan.Models {
		answer.Models = append(answer.Models, fmt.Sprintf("%s@%d", m.Name, m.Version))
	}
	if !request.NoWait {
		// It belongs to the node, which waits for it before it closes what it writes to.
		done := make(chan error, 1)
		n.group.Go(func() { done <- n.use(n.context, next) })
		return answer, <-done
	}
	for _, b := range n.backfills(next.plan) {
		answer.Building = append(answer.Building, b.View)
	}
	given = true
	n.group.Go(func() {
		defer give()
		if err := n.use(n.context, next); err != nil && n.context.Err() == nil {
			n.options.Failed(fmt.Errorf("bring revision %d into force: %w", revision.Number, err))
		}
	})
	return answer, nil
}

// checkColumns refuses other columns for a source that events were pushed to. What was pushed is
// stored, counted and identified under the columns that it came with.
func (n *Node) checkColumns(next *plan.Plan) error {
	revision := n.registry.Current()
	if revision == nil {
		return nil
	}
	counts := n.live.state.Counts()
	for _, source := range next.Sources {
		id, known := revision.SourceID(source)
		for _, before := range revision.Sources {
			if before.Name != source.Name || known && before.ID == id || counts[before.ID].In == 0 {
				continue
			}
			return &Error{
				Code: ExitRefused,
				Message: fmt.Sprintf("source %s has other columns than the %d events that were pushed to it",
					source.Name, counts[before.ID].Accepted),
				Hint: "columns of a source that has events cannot be changed yet: declare another source",
			}
		}
	}
	return nil
}

// userName is who runs this process, for the record.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

// details tells problems as the API does.
func details(problems []Problem) []wire.Detail {
	list := []wire.Detail{}
	for _, p := range problems {
		list = append(list, wire.Detail{
			File: p.File, Line: p.Line, Column: p.Column, Row: p.Row, Field: p.Field, Code: p.Code,
			Severity: p.Severity, Message: p.Message, Hint: p.Hint,
		})
	}
	return list
}

// readOnlyEvents is an ingester that takes nothing.
type readOnlyEvents struct{ *ingest.Ingester }

// Push implements api.Events.
func (readOnlyEvents) Push(context.Context, ingest.PushRequest) (*ingest.PushResult, error) {
	return nil, errReadOnly()
}

// Retry implements api.Events.
func (readOnlyEvents) Retry(context.Context, string) (*ingest.PushResult, error) {
	return nil, errReadOnly()
}

func errReadOnly() error {
	return &wire.Error{
		Code: wire.Denied, Message: "this server is read-only", Hint: "start it without --read-only",
	}
}

// readOnly is a node that applies nothing.
type readOnly struct{ *Node }

// Apply implements api.Definitions.
func (readOnly) Apply(context.Context, *wire.ApplyRequest) (*wire.ApplyAnswer, error) {
	return nil, errReadOnly()
}
