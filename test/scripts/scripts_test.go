// Package scripts runs the command line as a user does: each txtar file is a folder of files and
// the commands run in it, against the real binary.
package scripts

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected files of the scripts")

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

// run builds the binary once and puts it on the path of every test of the package.
func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "fettle-scripts")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(folder, "fettle"),
		"github.com/fettle-ml/fettle/cmd/fettle")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestScripts runs every script twice: with nobody serving, so that each command opens the data
// itself, and with a server that has the data directory of every project a command works on. Both
// must print the same.
func TestScripts(t *testing.T) {
	t.Parallel()
	down, up := newMode(false), newMode(true)
	t.Run("modes", func(t *testing.T) {
		for name, m := range map[string]*mode{"down": down, "up": up} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				testscript.Run(t, testscript.Params{
					Dir:                 ".",
					UpdateScripts:       *update && !m.up,
					RequireExplicitExec: true,
					RequireUniqueNames:  true,
					Setup:               m.setup,
					Cmds:                commands(),
				})
			})
		}
	})
	for _, problem := range append(down.problems, up.problems...) {
		t.Error(problem)
	}
	if !t.Failed() {
		compare(t, down, up)
	}
}

// commands are what scripts may use besides the commands of testscript.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"fettle": fettle, "exits": exits, "start": start, "stop": stop, "http": request,
	}
}

// fettle runs a command of the binary: fettle lint.
func fettle(ts *testscript.TestScript, neg bool, args []string) {
	if code := of(ts).run(ts, args); neg == (code == 0) {
		ts.Fatalf("exit code %d", code)
	}
}

// exits runs a command and demands an exit code: exits 3 fettle lint.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "fettle" {
		ts.Fatalf("usage: exits CODE fettle [ARG..]")
	}
	if code := strconv.Itoa(of(ts).run(ts, args[2:])); code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}
