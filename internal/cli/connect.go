package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fettle-ml/fettle/internal/app"
	"github.com/fettle-ml/fettle/internal/client"
	"github.com/fettle-ml/fettle/internal/disk"
)

// How long the owner of a data directory may take to say that it is there, and a node to close.
const (
	healthPatience = 2 * time.Second
	closePatience  = time.Minute
)

// tokenVariable is the environment variable with the token for --server.
const tokenVariable = "FETTLE_TOKEN"

// connection is the node that a command works on. Commands use the client and cannot tell whether a
// server answers or this process. node is nil if a server does.
type connection struct {
	client *client.Client
	node   *app.Node
	local  *client.InProcess
}

// connect finds the node of a command: the server that --server names, the one that has the
// project's data directory, or the directory itself, opened here.
func (s *session) connect(ctx context.Context) (*connection, error) {
	if s.server != "" {
		return s.remote()
	}
	state, err := s.statePath(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.owner(ctx, state)
	if c != nil || err != nil {
		return c, err
	}
	c, opened := s.open(ctx)
	if opened == nil || ctx.Err() != nil {
		return c, opened
	}
	// Whoever had the directory may have been starting, and answer by now.
	if c, err = s.owner(ctx, state); c != nil {
		return c, err
	}
	return nil, opened
}

// open opens the data directory in this process. What goes wrong in the background is told at once,
// as a server would tell it; what a request failed from only if its answer does not say so.
func (s *session) open(ctx context.Context) (*connection, error) {
	node, err := app.Open(ctx, app.NodeOptions{Dir: s.dir, Failed: func(err error) {
		if !strings.HasPrefix(err.Error(), "request ") {
			s.report(err)
			return
		}
		s.reports.Lock()
		defer s.reports.Unlock()
		s.reasons = append(s.reasons, err)
	}})
	if err != nil {
		return nil, err
	}
	local := client.NewInProcess(node.Handler())
	c, err := client.New("http://localhost", node.Token(), local)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return &connection{client: c, node: node, local: local}, nil
}

// close lets go of the node. A directory that was opened here is closed even if the command was
// interrupted: what was acknowledged is safe either way, but the next start is quicker.
func (c *connection) close(ctx context.Context) error {
	c.client.Close()
	if c.node == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
	defer cancel()
	c.local.Wait()
	return c.node.Close(ctx)
}

// with runs a command on its node.
func (s *session) with(ctx context.Context, do func(*connection) error) (err error) {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close(ctx)) }()
	return do(c)
}

// statePath returns the data directory of the project. Definitions that are wrong do not matter
// here, but a project that cannot say where its data is does.
func (s *session) statePath(ctx context.Context) (string, error) {
	project, err := app.OpenProject(s.dir)
	if err != nil {
		return "", err
	}
	if project.Settings.State == "" {
		if _, err := project.Plan(ctx); err != nil {
			return "", err
		}
	}
	return app.StatePath(project), nil
}

// owner returns the server that has a data directory, or nil if none answers. Whether the directory
// is free is for its lock to say: the note of a server that was killed stays behind.
func (s *session) owner(ctx context.Context, state string) (*connection, error) {
	owner, err := app.ReadOwner(disk.OS{}, state)
	if err != nil || owner == nil {
		return nil, nil
	}
	token, err := app.ReadToken(disk.OS{}, state)
	if errors.Is(err, fs.ErrPermission) {
		return nil, &app.Error{
			Code: app.ExitRefused, Message: "read the token of the server at " + owner.URL, Err: err,
			Hint: "be the user who runs the server, or give --server and " + tokenVariable,
		}
	}
	if err != nil {
		return nil, nil
	}
	c, err := client.New(owner.URL, token, nil)
	if err != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	if c.Healthy(ctx) != nil {
		c.Close()
		return nil, nil
	}
	return &connection{client: c}, nil
}

// remote connects to the server that --server names. The project's own token is for servers on this
// machine only: another machine would learn the secret of this one.
func (s *session) remote() (*connection, error) {
	token := os.Getenv(tokenVariable)
	if token == "" && loopback(s.server) {
		if project, err := app.OpenProject(s.dir); err == nil {
			token, _ = app.ReadToken(disk.OS{}, app.StatePath(project)) // none: the server says so
		}
	}
	if token == "" {
		return nil, usage("--server needs a token; set %s", tokenVariable)
	}
	c, err := client.New(s.server, token, nil)
	if err != nil {
		return nil, usage("--server: %v", err)
	}
	return &connection{client: c}, nil
}

// loopback reports whether an address is of this machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
}

// registryDir is where a data directory keeps what was applied.
const registryDir = "registry"

// wasApplied reports whether definitions were ever applied in a data directory. Where they were not
// there are no pushed events either, and nothing needs to be opened.
func wasApplied(state string) bool {
	entries, err := disk.OS{}.ReadDir(filepath.Join(state, registryDir))
	return err == nil && len(entries) > 0
}

// report tells on stderr what went wrong in the background. It may be called from many goroutines.
func (s *session) report(err error) {
	s.reports.Lock()
	defer s.reports.Unlock()
	fmt.Fprintf(s.streams.Err, "%s %v\n", s.paint(yellow, "warning:"), err)
}
