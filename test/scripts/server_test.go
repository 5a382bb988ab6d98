package scripts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// How long a server may take to start and to stop, on a machine that does much else.
const (
	startPatience = 20 * time.Second
	stopPatience  = 20 * time.Second
)

// server is a real process that serves a project.
type server struct {
	project string
	command *exec.Cmd
	printed *lockedBuffer
	done    chan struct{} // closed when the process has ended
}

// lockedBuffer is written by a process and read by the test.
type lockedBuffer struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.text.String()
}

// owner is the note of a server in its data directory.
type owner struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// ownerOf reads the note; nil if there is none.
func ownerOf(project string) *owner {
	text, err := os.ReadFile(filepath.Join(project, ".fettle", "owner.json"))
	if err != nil {
		return nil
	}
	o := &owner{}
	if json.Unmarshal(text, o) != nil {
		return nil
	}
	return o
}

// startServer starts a server on a free port and waits until it has said where it is.
func startServer(project string, args ...string) (*server, error) {
	s := &server{project: project, printed: &lockedBuffer{}, done: make(chan struct{})}
	s.command = exec.Command("fettle", append([]string{"-C", project, "serve", "--listen", "127.0.0.1:0"}, args...)...)
	s.command.Stdout, s.command.Stderr = s.printed, s.printed
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(s.done)
		_ = s.command.Wait() // how it ended is in ProcessState
	}()
	deadline := time.After(startPatience)
	for {
		o := ownerOf(project)
		if o != nil && o.PID == s.command.Process.Pid && strings.Contains(s.printed.String(), "the token is in") {
			return s, nil
		}
		select {
		case <-s.done:
			return nil, fmt.Errorf("the server ended: %s", s.printed)
		case <-deadline:
			_ = s.command.Process.Kill()
			return nil, fmt.Errorf("the server did not start within %s: %s", startPatience, s.printed)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// stop ends the server by a signal and waits. One that is asked to end must end well, and take its
// note with it.
func (s *server) stop(signal os.Signal) error {
	if err := s.command.Process.Signal(signal); err != nil {
		return fmt.Errorf("the server ended before it was told to: %w\n%s", err, s.printed)
	}
	select {
	case <-s.done:
	case <-time.After(stopPatience):
		_ = s.command.Process.Kill()
		<-s.done
		return fmt.Errorf("the server did not stop within %s\n%s", stopPatience, s.printed)
	}
	printed := s.printed.String()
	switch {
	case strings.Contains(printed, "BUG:"), strings.Contains(printed, "goroutine "):
		return fmt.Errorf("the server has a bug:\n%s", printed)
	case signal == os.Kill:
		return nil
	case s.command.ProcessState.ExitCode() != 0:
		return fmt.Errorf("the server ended with %s:\n%s", s.command.ProcessState, printed)
	case ownerOf(s.project) != nil:
		return fmt.Errorf("the server left its note behind:\n%s", printed)
	}
	return nil
}

// start starts a server for the project of the current folder, in both modes, unless one runs:
// start [ARG..].
func start(ts *testscript.TestScript, neg bool, args []string) {
	s, project := of(ts), projectOf(ts.MkAbs("."))
	if neg || project == "" {
		ts.Fatalf("usage: start [ARG..], in a project")
	}
	if running := s.servers[project]; running != nil && len(args) == 0 {
		fmt.Fprint(ts.Stdout(), running.printed)
		return
	}
	started, err := startServer(project, args...)
	ts.Check(err)
	s.servers[project] = started
	fmt.Fprint(ts.Stdout(), started.printed)
}

// stop stops the server of the current project, if one runs: stop [-kill].
func stop(ts *testscript.TestScript, neg bool, args []string) {
	s, project := of(ts), projectOf(ts.MkAbs("."))
	if neg || len(args) > 1 {
		ts.Fatalf("usage: stop [-kill]")
	}
	running := s.servers[project]
	if running == nil {
		return
	}
	delete(s.servers, project)
	signal := os.Interrupt
	if slices.Contains(args, "-kill") {
		signal = os.Kill
	}
	ts.Check(running.stop(signal))
}

// request asks the server of the current project and prints the status and the body of the answer:
// http METHOD PATH none|token|TOKEN [FILE [TYPE]]. The word token stands for the project's own.
func request(ts *testscript.TestScript, neg bool, args []string) {
	project := projectOf(ts.MkAbs("."))
	o := ownerOf(project)
	if neg || len(args) < 3 || o == nil {
		ts.Fatalf("usage: http METHOD PATH none|token|TOKEN [FILE [TYPE]], in a project that is served")
	}
	var body io.Reader
	if len(args) > 3 {
		body = strings.NewReader(ts.ReadFile(args[3]))
	}
	ctx, cancel := context.WithTimeout(context.Background(), startPatience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, args[0], o.URL+args[1], body)
	ts.Check(err)
	r.Header.Set("Content-Type", "application/json")
	if len(args) > 4 {
		r.Header.Set("Content-Type", args[4])
	}
	switch token := args[2]; token {
	case "none":
	case "token":
		text, err := os.ReadFile(filepath.Join(project, ".fettle", "token"))
		ts.Check(err)
		token = strings.TrimSpace(string(text))
		fallthrough
	default:
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s", answer.Status, text)
}
