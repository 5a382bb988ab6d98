package scripts

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// mode is one way to run all scripts.
type mode struct {
	up bool

	mutex       sync.Mutex
	transcripts map[string][]entry // by script
	served      int                // commands that ran while a server had their project
	problems    []string
}

func newMode(up bool) *mode { return &mode{up: up, transcripts: map[string][]entry{}} }

// problem notes what went wrong where no script can be failed any more.
func (m *mode) problem(format string, args ...any) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.problems = append(m.problems, fmt.Sprintf(format, args...))
}

// script is one run of one script.
type script struct {
	mode    *mode
	name    string
	work    string
	servers map[string]*server // by project
	entries []entry
	pushed  bool // events came in at the time of this run
}

type scriptKey struct{}

// of returns the run that a command belongs to.
func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

// setup begins a script; at its end the servers are stopped and what was printed is kept.
func (m *mode) setup(env *testscript.Env) error {
	s := &script{mode: m, work: env.WorkDir, servers: map[string]*server{}}
	s.name = strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
	env.Values[scriptKey{}] = s
	env.Defer(func() {
		for _, running := range s.servers {
			if err := running.stop(os.Interrupt); err != nil {
				m.problem("%s: %v", s.name, err)
			}
		}
		m.mutex.Lock()
		defer m.mutex.Unlock()
		m.transcripts[s.name] = s.entries
	})
	return nil
}

// run runs a command and returns its exit code. Progress is left out: what is seen of it depends on
// how fast the machine is.
func (s *script) run(ts *testscript.TestScript, args []string) int {
	folder := folderOf(ts, args)
	if project := projectOf(folder); s.mode.up && project != "" && touchesData(args) {
		s.serve(ts, project)
	}
	s.pushed = s.pushed || slices.Contains(args, "ingest")
	code := 0
	err := ts.Exec("fettle", append([]string{"-q"}, args...)...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	s.entries = append(s.entries, entry{
		args: strings.Fields(s.plain(strings.Join(args, " "))), code: code,
		stdout: s.plain(ts.ReadFile("stdout")), stderr: s.plain(ts.ReadFile("stderr")),
	})
	return code
}

// serve makes sure that a server has a project. A project that cannot be served, since its
// definitions cannot be read for instance, is one whose server is down.
func (s *script) serve(ts *testscript.TestScript, project string) {
	if s.servers[project] == nil && ownerOf(project) == nil {
		started, err := startServer(project)
		if err != nil {
			ts.Logf("no server: %v", err)
			return
		}
		s.servers[project] = started
	}
	s.mode.mutex.Lock()
	defer s.mode.mutex.Unlock()
	s.mode.served++
}

// dataCommands are those that work on the data of a project, or on its server.
var dataCommands = []string{
	"apply", "get", "ingest", "plan", "quarantine", "status", "test", "train", "verify", "why",
}

// touchesData reports whether a command would open a data directory.
func touchesData(args []string) bool {
	for i := 0; i < len(args); i++ {
		switch {
		case slices.Contains([]string{"-C", "-o", "--chdir", "--output-format"}, args[i]):
			i++
		case !strings.HasPrefix(args[i], "-"):
			return slices.Contains(dataCommands, args[i]) && !slices.Contains(args, "--help") &&
				!slices.Contains(args, "--server")
		}
	}
	return false
}

// folderOf is where a command works.
func folderOf(ts *testscript.TestScript, args []string) string {
	if i := slices.Index(args, "-C"); i >= 0 && i+1 < len(args) {
		return ts.MkAbs(args[i+1])
	}
	return ts.MkAbs(".")
}

// projectOf returns the nearest folder with fettle.yaml, or "".
func projectOf(folder string) string {
	for {
		if _, err := os.Stat(filepath.Join(folder, "fettle.yaml")); err == nil {
			return folder
		}
		above := filepath.Dir(folder)
		if above == folder {
			return ""
		}
		folder = above
	}
}
