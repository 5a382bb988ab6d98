package app

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/train"
)

// trainRun is a training set that is to be made, with all that was asked for understood.
type trainRun struct {
	TrainOptions
	project   *Project
	selection *plan.Selection
	kind      format.Format
	spine     *train.Spine
	split     *train.Split
	now       int64
	outputs   []string // by part; "": the part is not wanted
	want      *train.Manifest
}

func prepareTrain(ctx context.Context, o TrainOptions) (*trainRun, error) {
	project, err := OpenProject(o.Dir)
	if err != nil {
		return nil, err
	}
	r := &trainRun{TrainOptions: o, project: project}
	if len(o.Rebuild) > 0 {
		if err := r.again(); err != nil {
			return nil, err
		}
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.kind, err = outputKind(o.Output); err != nil {
		return nil, err
	}
	var all *plan.Plan
	if r.want != nil {
		all, err = r.findVersions(ctx)
	} else {
		all, err = r.findFeatures(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, output := range r.outputs {
		if output == "" {
			continue
		}
		checked := r.TrainOptions
		checked.Output = output
		if err := project.checkOutput(all, checked); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// check understands the options, and refuses those that do not fit together.
func (r *trainRun) check() error {
	if r.Gap < 0 || r.MaxAge < 0 {
		return &Error{Code: ExitUsage, Message: "a gap or age below zero would look into the future"}
	}
	if r.Mode != "" && r.Mode != train.Ideal && r.Mode != train.AsServed {
		return &Error{
			Code: ExitUsage, Message: fmt.Sprintf("mode %q is not known", r.Mode), Hint: "write ideal or as_served",
		}
	}
	instant := func(text string) (int64, error) { return instantOf(text, r.project.Settings.Timezone) }
	var err error
	switch {
	case r.Spine != "" && r.AsOf != "":
		return usageError("a range of times and one time are two ways to say when", "give one")
	case r.Spine != "":
		if r.spine, err = train.ParseSpine(r.Spine, instant); err != nil {
			return usageError("the range of times: "+err.Error(), "")
		}
	case r.AsOf != "":
		at, err := instant(r.AsOf)
		if err != nil {
			return usageError("--as-of: "+err.Error(), "")
		}
		r.spine = &train.Spine{From: at, To: at + 1, Every: 1}
	}
	if r.Now != "" {
		if r.now, err = instant(r.Now); err != nil {
			return usageError("--now: "+err.Error(), "")
		}
	}
	return r.checkSplit(instant)
}

// checkSplit names the files of the parts.
func (r *trainRun) checkSplit(instant func(string) (int64, error)) error {
	if r.outputs = []string{r.Output}; r.Split == "" {
		if r.Embargo != 0 {
			return usageError("--embargo has no boundaries to follow", "give --split")
		}
		return nil
	}
	var err error
	if r.split, err = train.ParseSplit(r.Split, instant); err != nil {
		return usageError("--split: "+err.Error(), "")
	}
	if r.split.Embargo = r.Embargo; r.Embargo < 0 {
		return usageError("an embargo below zero would come before its boundary", "")
	}
	r.outputs = nil
	for _, part := range r.split.Parts {
		switch {
		case r.want == nil:
			r.outputs = append(r.outputs, PartOutput(r.Output, part.Name))
		case r.want.Split.Part == part.Name:
			r.outputs = append(r.outputs, r.Output)
		default:
			r.outputs = append(r.outputs, "")
		}
	}
	return nil
}

// PartOutput is the file of a part of a divided training set: out.train.parquet of out.parquet.
func PartOutput(output, part string) string {
	extension := filepath.Ext(output)
	return strings.TrimSuffix(output, extension) + "." + part + extension
}

func outputKind(output string) (format.Format, error) {
	kind, compression, err := format.Detect(output)
	if err != nil {
		return "", &Error{Code: ExitUsage, Message: "--output", Err: err}
	}
	if compression != format.Plain {
		return "", &Error{
			Code: ExitUsage, Message: "--output " + output + ": training sets are not written compressed",
			Hint: "leave ." + string(compression) + " out, or write Parquet, which is compressed inside",
		}
	}
	return kind, nil
}
