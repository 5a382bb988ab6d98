package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/fettle-ml/fettle/internal/app"
)

// errChecked is what labels that nobody reads fail with.
var errChecked = errors.New("everything before the labels is in order")

// unreadLabels stands for labels where only the rest is to be checked.
type unreadLabels struct{}

// Read implements io.Reader.
func (unreadLabels) Read([]byte) (int, error) { return 0, errChecked }

// checkTrain refuses what needs no data to be refused, such as an output that would replace a file of
// a source. A server does not see the output, so package app is asked here, with labels that fail as
// soon as they are read: the checks and their order are those of a training set that is made here.
func checkTrain(ctx context.Context, o app.TrainOptions) error {
	labels := o.Labels
	o.Labels, o.Input = "-", unreadLabels{}
	_, err := app.Train(ctx, o)
	if !errors.Is(err, errChecked) {
		return err
	}
	if labels == "" || labels == "-" {
		return nil
	}
	a, errA := filepath.Abs(labels)
	b, errB := filepath.Abs(o.Output)
	if err := errors.Join(errA, errB); err != nil {
		return &app.Error{Code: app.ExitUnavailable, Message: "--output", Err: err}
	}
	if a == b {
		return &app.Error{
			Code: app.ExitRefused, Message: "--output " + o.Output + " is the file of the labels",
			Hint: "write to another file: the labels would be lost",
		}
	}
	return nil
}
