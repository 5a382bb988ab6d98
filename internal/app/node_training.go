package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/train"
	"github.com/fettle-ml/fettle/internal/wire"
)

// training makes training sets as jobs of a node. It implements api.Training.
type training struct{ *Node }

// Start begins a job. Whatever the request alone tells to be wrong is refused at once.
func (n training) Start(_ context.Context, request *wire.TrainingRequest) (*wire.Job, error) {
	kind := format.Format(request.Format)
	if kind == "" {
		kind = format.Parquet
	}
	if _, _, err := format.Detect(outputName(string(kind))); err != nil {
		return nil, &wire.Error{
			Code: wire.InvalidArgument, Field: "format", Message: "training sets are not written as " + request.Format,
			Hint: "write parquet, csv, jsonl, arrow or arrows",
		}
	}
	for _, bound := range []struct {
		field  string
		millis int64
	}{{"gap_ms", request.GapMS}, {"max_age_ms", request.MaxAgeMS}, {"embargo_ms", request.EmbargoMS}} {
		if bound.millis < 0 || bound.millis > longestSpan/schema.Millisecond {
			return nil, &wire.Error{
				Code: wire.InvalidArgument, Field: bound.field, Message: fmt.Sprintf("%d is out of range", bound.millis),
				Hint: "write whole milliseconds from 0 to 100 years",
			}
		}
	}
	if !request.Project && n.applied.Load() == nil {
		return nil, &wire.Error{
			Code: wire.Unavailable, Message: "nothing was applied yet", Hint: "apply definitions first",
		}
	}
	return n.jobs.start(string(kind), func(ctx context.Context, folder string,
		report func(stage string, done, total int64)) (*wire.TrainResult, error) {
		o := TrainOptions{
			Dir: n.project.Root, Node: n.Node, Applied: !request.Project, Model: request.Model,
			Features: request.Features, Time: request.Time, Target: request.Target, Mode: request.Mode,
			Gap: request.GapMS * schema.Millisecond, MaxAge: request.MaxAgeMS * schema.Millisecond,
			Timezone: request.Timezone, MaxBad: request.MaxBad, Strict: request.Strict, Progress: report,
			Output: filepath.Join(folder, outputName(string(kind))), LabelsName: request.LabelsName,
			Spine: request.Spine, AsOf: request.AsOf, Split: request.Split, Now: request.Now,
			Embargo: request.EmbargoMS * schema.Millisecond, Rebuild: []byte(request.Rebuild),
		}
		if labels := request.Labels; o.LabelsName == "" && labels != nil && labels.Path == "" {
			o.LabelsName = "-" // no file of theirs is there any more
		}
		var err error
		if o.Labels, err = n.labelFile(request.Labels, folder); err != nil {
			return nil, err
		}
		if o.Labels == "" && len(o.Rebuild) > 0 {
			if o.Labels, err = n.labelsAgain(o.Rebuild); err != nil {
				return nil, err
			}
		}
		return Train(ctx, o)
	})
}

// labelsAgain finds the labels that a manifest names, if they are in the project.
func (n *Node) labelsAgain(manifest []byte) (string, error) {
	m, err := train.DecodeManifest(manifest)
	if err != nil {
		return "", &Error{Code: ExitInvalid, Err: err}
	}
	if m.Labels.Path == "" || m.Labels.Path == "-" {
		return "", nil
	}
	return n.inProject(m.Labels.Path)
}

// longestSpan is the longest gap or age, in microseconds.
const longestSpan = 100 * 365 * schema.Day

// labelFile writes the labels of a request to a file; "" if there are none.
func (n *Node) labelFile(labels *wire.Labels, folder string) (string, error) {
	switch {
	case labels == nil:
		return "", nil
	case labels.Upload != nil:
		name := filepath.Join(folder, "labels."+labels.Upload.Format)
		return name, n.write(name, labels.Upload.Body)
	case labels.Path != "":
		return n.inProject(labels.Path)
	case labels.File != "":
		// It becomes a part of a path, so only these words will do.
		if !slices.Contains([]string{"csv", "jsonl", "parquet", "arrow", "arrows"}, labels.Format) {
			return "", &wire.Error{
				Code: wire.InvalidArgument, Field: "labels.format", Message: "labels are not read as " + labels.Format,
				Hint: "write csv, jsonl, parquet, arrow or arrows",
			}
		}
		content, err := base64.StdEncoding.DecodeString(labels.File)
		if err != nil {
			return "", &wire.Error{
				Code: wire.InvalidArgument, Field: "labels.file", Message: "this is no base64: " + err.Error(),
			}
		}
		name := filepath.Join(folder, "labels."+labels.Format)
		return name, n.write(name, content)
	default:
		text, err := labelText(labels.Columns)
		if err != nil {
			return "", err
		}
		name := filepath.Join(folder, "labels.csv")
		return name, n.write(name, text)
	}
}

func (n *Node) write(name string, content []byte) error {
	return disk.WriteFile(disk.OS{}, name, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	})
}

// inProject allows files of the project's folder only: whoever may ask for features need not be
// allowed to read everything that the server's user may.
func (n *Node) inProject(path string) (string, error) {
	refused := &wire.Error{
		Code: wire.Denied, Field: "labels.path", Message: path + " is not in the project's folder",
		Hint: "send the labels with the request",
	}
	root, err := filepath.EvalSymlinks(n.project.Root)
	if err != nil {
		return "", err
	}
	name := path
	if !filepath.IsAbs(name) {
		name = filepath.Join(root, name)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", refused
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	private, err := filepath.EvalSymlinks(n.directory.path)
	if err != nil {
		return "", err
	}
	if private, err = filepath.Abs(private); err != nil {
		return "", err
	}
	inside := func(folder string) bool { return strings.HasPrefix(real, folder+string(filepath.Separator)) }
	if !inside(root) || inside(private) {
		return "", refused
	}
	return real, nil
}

// labelText writes columns of JSON scalars as CSV: null is an empty cell, text is quoted.
func labelText(columns wire.Object) ([]byte, error) {
	cells := make([][]string, len(columns))
	var text bytes.Buffer
	for i, column := range columns {
		parsed, err := cellTexts(column)
		if err != nil {
			return nil, err
		}
		if i > 0 && len(parsed) != len(cells[0]) {
			return nil, &wire.Error{
				Code: wire.InvalidArgument, Field: "labels.columns." + column.Name,
				Message: fmt.Sprintf("it has %d values, %s has %d", len(parsed), columns[0].Name, len(cells[0])),
				Hint:    "give every column one value for each row",
			}
		}
		cells[i] = parsed
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(quoted(column.Name))
	}
	if len(columns) == 0 {
		return nil, &wire.Error{Code: wire.InvalidArgument, Field: "labels", Message: "the labels have no columns"}
	}
	text.WriteByte('\n')
	for row := range cells[0] {
		for i := range cells {
			if i > 0 {
				text.WriteByte(',')
			}
			text.WriteString(cells[i][row])
		}
		text.WriteByte('\n')
	}
	return text.Bytes(), nil
}

// cellTexts writes a column's values as cells of CSV.
func cellTexts(column wire.Member) ([]string, error) {
	wrong := func(message string, row int) error {
		return &wire.Error{
			Code: wire.InvalidArgument, Field: "labels.columns." + column.Name, Row: int64(row),
			Message: message, Hint: "write an array of strings, numbers, true, false or null",
		}
	}
	var values []any
	d := json.NewDecoder(bytes.NewReader(column.Value))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, wrong("this is no array", 0)
	}
	cells := make([]string, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case nil:
		case bool:
			cells[i] = strconv.FormatBool(v)
		case json.Number:
			cells[i] = v.String()
		case string:
			cells[i] = quoted(v)
		default:
			return nil, wrong("this is no single value", i+1)
		}
	}
	return cells, nil
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

// Wait implements api.Training.
func (n training) Wait(ctx context.Context, id string, wait bool) (*wire.Job, error) {
	return n.jobs.wait(ctx, id, wait)
}

// Open implements api.Training.
func (n training) Open(ctx context.Context, id string, file api.File) (*api.Artifact, error) {
	return n.jobs.open(ctx, id, file)
}

// Cancel implements api.Training.
func (n training) Cancel(ctx context.Context, id string) (*wire.Job, error) {
	return n.jobs.cancel(ctx, id)
}
