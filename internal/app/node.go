package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fettle-ml/fettle/internal/api"
	"github.com/fettle-ml/fettle/internal/clock"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/engine"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/registry"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/serve"
)

// NodeOptions says which project is opened and how.
type NodeOptions struct {
	Dir string
	// Disk holds the data directory; default: the machine's. The project's own files are always the
	// machine's.
	Disk disk.Cutter
	// Clock is the wall clock; default: the machine's. Simulated says that it is not.
	Clock     clock.Clock
	Simulated bool
	// ReadOnly takes no events and applies nothing.
	ReadOnly bool
	// Failed, if set, is told of what went wrong in the background.
	Failed func(error)
}

func (o NodeOptions) withDefaults() NodeOptions {
	if o.Disk == nil {
		o.Disk = disk.OS{}
	}
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	return o
}

// Node is a project with its data: everything that a server serves and commands work on. One process
// has it at a time. It is safe for concurrent use.
type Node struct {
	options   NodeOptions
	project   *Project
	directory *directory
	registry  *registry.Registry
	live      *live
	pushed    *pushed
	server    *serve.Server
	jobs      *jobs
	token     string
	handler   *api.API
	metrics   *api.Metrics
	started   int64
	applying  chan struct{} // holds one entry while definitions are applied
	applied   atomic.Pointer[applied]
	swept     atomic.Bool // the state has nothing that only earlier definitions needed
	// unserved is why the newest revision is not in force; nil if it is.
	unserved atomic.Pointer[error]
	keeper   *keeper
	corrupt  func(engine.Events) engine.Events // of a test: spoils what a replay serves
	// context ends with the node; what outlives its request runs under it.
	context context.Context
	stop    context.CancelFunc
	group   sync.WaitGroup
}

// Open opens a project's data directory, makes it if need be, and brings the state up to the
// log. It fails with an *Error if another process has it.
func Open(ctx context.Context, options NodeOptions) (_ *Node, err error) {
	o := options.withDefaults()
	n := &Node{options: o, applying: make(chan struct{}, 1), started: o.Clock.Now(), metrics: api.NewMetrics()}
	n.context, n.stop = context.WithCancel(context.WithoutCancel(ctx))
	if n.project, err = OpenProject(o.Dir); err != nil {
		return nil, err
	}
	if n.project.Settings.State == "" { // fettle.yaml is wrong, and this says how
		if _, err := n.project.Plan(ctx); err != nil {
			return nil, err
		}
	}
	path := StatePath(n.project)
	if n.directory, err = openDirectory(ctx, o.Disk, path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = asError(errors.Join(err, n.Close(ctx)))
		}
	}()
	if n.token, err = n.directory.token(); err != nil {
		return nil, err
	}
	if n.registry, err = registry.Open(o.Disk, filepath.Join(path, registryDir)); err != nil {
		return nil, err
	}
	if n.jobs, err = newJobs(o.Disk, filepath.Join(path, jobsDir), o.Clock); err != nil {
		return nil, err
	}
	if err = n.openLive(ctx); err != nil {
		return nil, err
	}
	n.open()
	return n, nil
}

// StatePath is the data directory of a project.
func StatePath(p *Project) string {
	return filepath.Join(p.Root, filepath.FromSlash(p.Settings.State))
}

// openLive opens log, state and history under the definitions that were applied last, and fills
// what an apply that was interrupted left empty.
func (n *Node) openLive(ctx context.Context) error {
	current, refused := appliedOf(n.registry.Current())
	if refused != nil {
		if current, _ = appliedOf(nil); n.registry.Current() == nil {
			return refused
		}
		n.unserved.Store(&refused)
	}
	last, err := n.directory.reserved()
	if err != nil {
		return err
	}
	if begin := n.options.Clock.Now(); n.options.Simulated && begin < last {
		return &Error{
			Code: ExitRefused, Message: fmt.Sprintf("--clock begins at %s, but time has come to %s in %s",
				schema.FormatTime(begin), schema.FormatTime(last), n.directory.path),
			Hint: "time never goes back in a data directory: begin later, or with a new project",
		}
	}
	n.live, err = openLive(ctx, liveOptions{
		Disk: n.options.Disk, Path: n.directory.path, Wall: n.options.Clock,
		Last: last, Reserve: n.directory.reserve, Layout: current.layout,
		Observer: n.metrics.Ingest(), Failed: n.options.Failed,
	})
	if err != nil {
		return err
	}
	n.pushed = newPushed(pushedOptions{
		Log: n.live.log, Parts: n.live.history, Targets: n.targets, Source: n.sourceNamed,
		// What cannot be read is not in the state either, and status names it. Refusing to train
		// for ever would not bring it back.
		Damaged: func(*log.Damage) error { return nil },
	})
	if current.revision == nil {
		return nil
	}
	// Definitions that cannot be brought into force must not keep others from being applied.
	if err := n.live.fill(ctx, n.fill(current)); err != nil {
		if ctx.Err() != nil {
			return err
		}
		n.unserved.Store(&err)
		n.options.Failed(fmt.Errorf("bring revision %d into force: %w", current.revision.Number, err))
		return nil
	}
	n.serve(current)
	return nil
}

// targets returns what the numbers in the log stand for, of all sources there ever were.
func (n *Node) targets() map[uint32]pushedTarget {
	targets, err := targetsOf(n.registry.Current())
	if err != nil {
		panic("BUG: a registry has a source of no known type: " + err.Error())
	}
	return targets
}

// sourceNamed returns a source as it is served, or nil.
func (n *Node) sourceNamed(name string) *plan.Source {
	if a := n.applied.Load(); a != nil {
		for _, source := range a.plan.Sources {
			if source.Name == name {
				return source
			}
		}
	}
	return nil
}

// use serves definitions: the state is filled with what they need before they are asked for.
func (n *Node) use(ctx context.Context, next *applied) error {
	n.swept.Store(true) // not before this is in force: what is served now must stay
	if err := n.live.use(ctx, next.layout, n.fill(next)); err != nil {
		return err
	}
	n.serve(next)
	return nil
}

// serve puts definitions in force whose state is filled.
func (n *Node) serve(next *applied) {
	n.applied.Store(next)
	n.unserved.Store(nil)
	n.swept.Store(false)
}

// open joins what answers requests.
func (n *Node) open() {
	n.server = serve.New(serve.Options{
		Current:  n.current,
		State:    n.live.state.At,
		History:  liveEvents{n},
		Timeline: n.live.timeline,
		Position: n.live.ingest.Visible,
		Wait:     n.live.ingest.Wait,
		Samples:  n.live.state,
		Observer: n.metrics.Serve(),
	})
	node := api.Node{
		Features: n.server, Events: n.live.ingest, Definitions: n, Training: training{n},
		Operations: operations{n}, Ready: n.ready,
		Timezone: func() string { return n.project.Settings.Timezone },
	}
	if n.options.ReadOnly {
		node.Events, node.Definitions = readOnlyEvents{n.live.ingest}, readOnly{n}
	}
	n.handler = api.New(node, api.Options{
		Token: n.token, Clock: n.options.Clock, Metrics: n.metrics, Classify: classify,
		Unpack: format.Unpack,
		Observer: api.Observer{
			Panicked: func(id string, value any, stack []byte) {
				n.options.Failed(fmt.Errorf("BUG: request %s: %v\n%s", id, value, stack))
			},
			Failed: func(id string, err error) { n.options.Failed(fmt.Errorf("request %s: %w", id, err)) },
		},
	})
	n.keeper = startKeeper(n)
}

// current is what serving answers from.
func (n *Node) current() *serve.Current {
	a := n.applied.Load()
	if a == nil {
		return nil
	}
	return &serve.Current{Plan: a.plan, Since: a.Since}
}

// ready returns nil when values can be asked for.
func (n *Node) ready(context.Context) error {
	if n.applied.Load() == nil {
		return errors.New("nothing was applied yet")
	}
	return nil
}

// Handler answers requests of the API.
func (n *Node) Handler() *api.API { return n.handler }

// Token is what requests must carry.
func (n *Node) Token() string { return n.token }

// Close stops everything in reverse order. It may be called on a node that was opened in part.
func (n *Node) Close(ctx context.Context) error {
	var all []error
	n.stop()
	n.group.Wait()
	if n.keeper != nil {
		n.keeper.stop()
	}
	if n.jobs != nil {
		all = append(all, n.jobs.stop())
	}
	if n.server != nil {
		all = append(all, n.server.Close(ctx))
	}
	if n.live != nil {
		all = append(all, n.live.close(ctx))
		if n.live.timeline != nil {
			all = append(all, n.directory.reserve(n.live.timeline.Last()))
		}
	}
	if n.directory != nil {
		all = append(all, n.directory.close())
	}
	return errors.Join(all...)
}

// ServeOptions says where a node is served.
type ServeOptions struct {
	Listen  string // host:port; default: the project's, or 127.0.0.1:7070
	Started func(url string)
}

// stopPatience is how long requests that are under way may take when the server stops.
const stopPatience = 10 * time.Second

// Serve answers requests over HTTP until the context ends, and then those that are under way.
func (n *Node) Serve(ctx context.Context, o ServeOptions) error {
	if o.Listen == "" {
		o.Listen = n.project.Settings.Listen
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return &Error{
			Code: ExitUnavailable, Message: "listen on " + o.Listen, Err: err,
			Hint: "choose another address with --listen, or stop who has it",
		}
	}
	url := "http://" + listener.Addr().String()
	if err := n.directory.announce(url, schema.FormatTime(n.options.Clock.Now())); err != nil {
		return errors.Join(err, listener.Close())
	}
	if o.Started != nil {
		o.Started(url)
	}
	err = api.Serve(ctx, listener, n.handler, stopPatience)
	return errors.Join(err, n.directory.retract())
}
