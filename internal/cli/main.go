package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/wire"
)

// Streams are what a command reads and writes.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// Main runs the command that the arguments ask for and returns its exit code. An interrupt or a
// termination signal cancels the command, which leaves no partial output.
func Main(args []string, streams Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	return Run(ctx, args, streams)
}

// Run is Main under a context of the caller. It keeps no state outside of its arguments and may run
// several times at once, as tests do.
func Run(ctx context.Context, args []string, streams Streams) int {
	s := &session{asked: isTerminalInput(streams.In), interrupted: "interrupted; no output was written"}
	streams.In = interruptible{ctx: ctx, in: streams.In}
	s.streams = streams
	root := newRoot(s)
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return s.code
	}
	var ran ranError
	if !errors.As(err, &ran) {
		// Whatever fails before a command's own code runs is a matter of its arguments.
		err = &app.Error{Code: app.ExitUsage, Message: err.Error(), Hint: "see fettle --help"}
	}
	if ctx.Err() != nil {
		err = &app.Error{Code: app.ExitInterrupted, Message: s.interrupted}
	}
	return s.fail(err)
}

// ranError marks an error that a command's own code returned.
type ranError struct{ error }

// Unwrap returns the command's error.
func (e ranError) Unwrap() error { return e.error }

// fail reports an error and returns its exit code. Problems come before the message, so that the
// last line of the terminal says what failed.
func (s *session) fail(err error) int {
	ours, answered := known(err)
	if answered.Code == wire.Internal {
		for _, reason := range s.reasons {
			s.report(reason)
		}
	}
	if s.output == outputJSON {
		s.writeJSON(s.streams.Err, errorObject(ours, answered))
		return ours.Code
	}
	for _, problem := range ours.Problems {
		fmt.Fprintln(s.streams.Err, s.problemLine(problem))
	}
	fmt.Fprintf(s.streams.Err, "%s %s\n", s.paint(red, "error:"), ours.Error())
	return ours.Code
}
