package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/schema"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	listen   string
	readOnly bool
	clock    string
}

// newServe is the command serve: it takes the data directory and answers requests until it is told
// to stop. An interrupt is the regular end of it and no failure.
func newServe(s *session) *cobra.Command {
	f := &serveFlags{}
	command := &cobra.Command{
		Use:   "serve",
		Short: "Serve what was applied: take events, answer requests for values",
		Long: "Serve what was applied: take events, answer requests for values.\n\n" +
			"Requests need the token in the data directory, .fettle/token. Other commands find the\n" +
			"server by themselves.",
		Args: cobra.NoArgs,
		RunE: s.run(func(command *cobra.Command, _ []string) error {
			return s.serve(command.Context(), f)
		}),
	}
	flags := command.Flags()
	flags.StringVar(&f.listen, "listen", "", "`HOST:PORT` (default what fettle.yaml says, or 127.0.0.1:7070)")
	flags.BoolVar(&f.readOnly, "read-only", false, "take no events and apply nothing")
	flags.StringVar(&f.clock, "clock", "",
		"begin at the time `T` instead of now; only for a project that is thrown away afterwards")
	return command
}

func (s *session) serve(ctx context.Context, f *serveFlags) (err error) {
	options := app.NodeOptions{Dir: s.dir, ReadOnly: f.readOnly, Failed: s.report}
	if f.clock != "" {
		begin, zoned, err := schema.ParseTime(f.clock)
		if err != nil || !zoned || !schema.ValidTime(begin) {
			return usage("--clock is %q; write a time such as 2024-05-01T12:30:00Z", f.clock)
		}
		options.Clock, options.Simulated = &simulated{begin: begin, since: time.Now()}, true
	}
	state, err := s.statePath(ctx)
	if err != nil {
		return err
	}
	if err := s.alone(ctx, state); err != nil {
		return err
	}
	node, err := app.Open(ctx, options)
	if err != nil {
		return err
	}
	defer func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
		defer cancel()
		err = errors.Join(err, node.Close(patience))
	}()
	return node.Serve(ctx, app.ServeOptions{
		Listen: f.listen, Started: func(url string) { s.printServe(url, state) },
	})
}

// alone refuses to begin where a server answers already.
func (s *session) alone(ctx context.Context, state string) error {
	c, err := s.owner(ctx, state)
	if c == nil || err != nil {
		return err
	}
	c.client.Close()
	owner, err := app.ReadOwner(disk.OS{}, state)
	if err != nil || owner == nil {
		return nil // it has just stopped
	}
	return &app.Error{
		Code:    app.ExitUnavailable,
		Message: fmt.Sprintf("process %d serves this project already, at %s", owner.PID, owner.URL),
		Hint:    "use that one, or stop it first",
	}
}

// printServe says where the server is, and where the token, but never the token itself: terminals
// are recorded and shared.
func (s *session) printServe(url, state string) {
	token := filepath.ToSlash(filepath.Join(state, "token"))
	if s.output == outputJSON {
		s.writeJSON(s.streams.Out, map[string]any{"url": url, "token_file": token, "pid": os.Getpid()})
		return
	}
	fmt.Fprintf(s.streams.Out, "serving at %s\nthe token is in %s\n", url, token)
}

// simulated is a clock that goes at the pace of the machine's, from another time on. It knows
// nothing of corrections to the machine's clock.
type simulated struct {
	begin int64
	since time.Time
}

// Now returns the simulated instant.
func (c *simulated) Now() int64 { return c.begin + time.Since(c.since).Microseconds() }
