package durability

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait, on a machine that does much else.
const patience = 30 * time.Second

// binary builds the program, once in the test.
func binary(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fettle")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", name, "github.com/fettle-ml/fettle/cmd/fettle")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the binary: %v\n%s", err, out)
	}
	return name
}

// command runs a command to its end and returns what it printed.
func command(t *testing.T, binary, project string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, append([]string{"-C", project}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("fettle %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// server is a process that serves a project.
type server struct {
	command *exec.Cmd
	printed *lockedBuffer
	ended   chan struct{}
	started time.Time
	url     string
	token   string
	http    *http.Client
}

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

// start starts a process. It does not wait until it serves.
func start(t *testing.T, binary, project string) *server {
	t.Helper()
	s := &server{printed: &lockedBuffer{}, ended: make(chan struct{}), started: time.Now()}
	s.command = exec.Command(binary, "-C", project, "serve", "--listen", "127.0.0.1:0")
	s.command.Stdout, s.command.Stderr = s.printed, s.printed
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.command.Wait() // it is killed
		close(s.ended)
	}()
	t.Cleanup(func() { s.kill(t) })
	return s
}

// kill ends the process at once. It may be called again.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill: %v", err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		t.Fatalf("process %d survives a kill", s.command.Process.Pid)
	}
	if s.http != nil {
		s.http.CloseIdleConnections()
	}
}

// ready waits until the process answers, and returns how long that took from its start.
func (s *server) ready(t *testing.T, project string) time.Duration {
	t.Helper()
	s.http = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		select {
		case <-s.ended:
			t.Fatalf("the server ended:\n%s", s.printed)
		default:
		}
		if !s.find(project) {
			continue
		}
		answer, err := s.http.Get(s.url + "/readyz")
		if err != nil {
			continue
		}
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return time.Since(s.started)
		}
	}
	t.Fatalf("the server is not ready after %v:\n%s", patience, s.printed)
	return 0
}

// find reads where this process, and none before it, serves.
func (s *server) find(project string) bool {
	owner := struct {
		URL string `json:"url"`
		PID int    `json:"pid"`
	}{}
	text, err := os.ReadFile(filepath.Join(project, ".fettle", "owner.json"))
	if err != nil || json.Unmarshal(text, &owner) != nil || owner.PID != s.command.Process.Pid {
		return false
	}
	token, err := os.ReadFile(filepath.Join(project, ".fettle", "token"))
	s.url, s.token = owner.URL, strings.TrimSpace(string(token))
	return err == nil
}

// errGone is an answer that did not come: the process was killed.
var errGone = errors.New("no answer")

// post sends a body and reads the answer into out. Without a whole answer the error is errGone.
func (s *server) post(path, kind, key string, body []byte, out any) error {
	request, err := http.NewRequest(http.MethodPost, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", kind)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return errGone
	}
	text, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil {
		return errGone
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, answer.Status, text)
	}
	return json.Unmarshal(text, out)
}
