package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/wire"
)

// readLabels makes a label file part of a request; - is stdin. A file that is too large for a
// request, or packed, is named instead: the server reads it where it lies, if it is in its project.
func (s *session) readLabels(name string) (*wire.Labels, error) {
	if name == "" {
		return nil, nil
	}
	in, format := s.streams.In, ""
	if name != "-" {
		f, err := disk.OS{}.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &app.Error{Code: app.ExitInvalid, Message: "there is no label file " + name}
		}
		if err != nil {
			return nil, &app.Error{Code: app.ExitInvalid, Message: "open labels", Err: err}
		}
		defer f.Close()
		size, err := f.Size()
		if err != nil {
			return nil, &app.Error{Code: app.ExitInvalid, Message: "open labels", Err: err}
		}
		format = formatsBySuffix[strings.ToLower(filepath.Ext(name))]
		if size > mostBytes || format == "" || format == "json" {
			return labelPath(name)
		}
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, mostBytes+1))
	switch {
	case err != nil:
		return nil, &app.Error{Code: app.ExitUnavailable, Message: "read labels", Err: err}
	case len(body) > mostBytes:
		return nil, &app.Error{
			Code: app.ExitInvalid, Message: fmt.Sprintf("the labels on stdin have more than %d MiB", mostBytes>>20),
			Hint: "write them to a file in the project",
		}
	case format == "" && bytes.HasPrefix(body, []byte("PAR1")):
		format = "parquet" // CSV cannot begin like that
	case format == "":
		format = "csv"
	}
	return &wire.Labels{Upload: &wire.Upload{Format: format, Body: body}}, nil
}

// labelPath names a file by a path that means the same to every process of this machine.
func labelPath(name string) (*wire.Labels, error) {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return nil, &app.Error{Code: app.ExitUnavailable, Message: "open labels", Err: err}
	}
	return &wire.Labels{Path: absolute}, nil
}

// aboutLabels gives the problems of uploaded labels the name that the user knows them by.
func (s *session) aboutLabels(err error, name string) error {
	var answered *client.Error
	var told *wire.Error
	switch {
	case name == "":
		return err
	case errors.As(err, &answered):
		told = &answered.Wire
	case !errors.As(err, &told):
		return err
	}
	renamed := *told
	renamed.Details = nil
	for _, d := range told.Details {
		if uploaded(d.File) {
			d.File = name
		}
		renamed.Details = append(renamed.Details, d)
	}
	return &renamed
}

// uploaded reports whether a path is that of an upload in the folder of a job.
func uploaded(path string) bool {
	base := filepath.Base(filepath.FromSlash(path))
	return path != "" && base == "labels"+filepath.Ext(base) &&
		strings.HasPrefix(filepath.Base(filepath.Dir(filepath.FromSlash(path))), "j")
}
