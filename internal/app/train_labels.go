package app

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/train"
)

// openLabels opens the label file, or none if the labels come from a source. The function closes
// what was opened and is never nil without an error. Standard input is read whole into memory,
// because labels are read twice: once for their keys, once to be copied.
func (p *Project) openLabels(o TrainOptions) (*train.Labels, func() error, error) {
	labels := &train.Labels{
		Name: o.Labels, Time: o.Time, Zone: o.Timezone, MaxBad: o.MaxBad, Target: o.Target,
		Path: cmp.Or(o.LabelsName, LabelsName(o.Dir, o.Labels)),
	}
	nothing := func() error { return nil }
	var fsys disk.FS = p.disk
	name := o.Labels
	switch name {
	case "":
		return labels, nothing, nil
	case "-":
		text, err := io.ReadAll(o.Input)
		if err != nil {
			return nil, nil, &Error{Code: ExitUnavailable, Message: "read labels from standard input", Err: err}
		}
		memory := disk.NewMemory()
		name = "stdin.csv"
		// A pipe has no suffix to tell the format by; Parquet begins with these bytes and CSV
		// cannot.
		if bytes.HasPrefix(text, []byte("PAR1")) {
			name = "stdin.parquet"
		}
		err = disk.WriteFile(memory, name, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(text))
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		fsys = memory
	}
	digest, err := digestFile(fsys, name)
	if err != nil {
		return nil, nil, labelsError(o.Labels, err)
	}
	input, err := format.Open(fsys, name, format.Options{})
	if err != nil {
		return nil, nil, labelsError(o.Labels, err)
	}
	labels.Input, labels.Digest = input, digest
	return labels, input.Close, nil
}

// labelsError is about the file as the user named it. A missing file is told without the words of
// the system.
func labelsError(name string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &Error{Code: ExitInvalid, Message: "there is no label file " + name}
	}
	return &Error{Code: ExitInvalid, Message: "open labels", Err: err}
}

// digestFile returns the SHA-256 of a file's bytes, in hexadecimal.
func digestFile(fsys disk.FS, name string) (string, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, f.Close())
}

// LabelsName is what a manifest calls a label file: its path relative to the project, which means
// the same on every machine; "-" for what was piped in.
func LabelsName(dir, name string) string {
	if name == "" || name == "-" {
		return name
	}
	root, err := findRoot(disk.OS{}, dir)
	if err != nil {
		return filepath.Base(name)
	}
	if root, err = filepath.Abs(root); err != nil {
		return filepath.Base(name)
	}
	absolute, err := filepath.Abs(name)
	if err != nil {
		return filepath.Base(name)
	}
	relative, err := filepath.Rel(root, absolute)
	if err != nil || strings.Count(filepath.ToSlash(relative), "../") > 3 {
		return filepath.Base(name)
	}
	return filepath.ToSlash(relative)
}

// ViewOrModel tells what a name in a project stands for: a model, or all features of a view. A name
// of neither, or without a project here, is taken for a model: whoever looks it up says what is
// wrong.
func ViewOrModel(dir, name string) (model string, features []string, err error) {
	p, err := OpenProject(dir)
	if err != nil {
		return name, nil, nil // a server may know
	}
	compiled := p.Compile(Heads)
	if compiled.Plan == nil {
		return name, nil, nil
	}
	var known []string
	for _, m := range compiled.Plan.Models {
		known = append(known, m.Name)
		if base, _, _ := strings.Cut(name, "@"); base == m.Name {
			return name, nil, nil
		}
	}
	for _, v := range compiled.Plan.Views {
		known = append(known, v.Name)
		if v.Name == name {
			return "", []string{name + ".*"}, nil
		}
	}
	return "", nil, asError(plan.UnknownName("view or model", name, known))
}
