package scripts

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// momentOfRun is when the demo's own payments were received: the server's clock goes on from noon.
var momentOfRun = regexp.MustCompile(`2024-04-14T12:0\d:\d\d\.\d{6}Z`)

// TestDemo runs what make demo runs and compares every line: the generated data, the versions and
// the values are the same in every run.
func TestDemo(t *testing.T) {
	t.Parallel()
	demo := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-trimpath", "-o", demo, "./examples/cards/demo")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the demo: %v\n%s", err, out)
	}
	fettle, err := exec.LookPath("fettle")
	if err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	command := exec.Command(demo, fettle)
	command.Stderr = &complaints
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.Bytes())
	}
	printed = momentOfRun.ReplaceAll(printed, []byte("2024-04-14T12:00:..Z"))
	const golden = "testdata/demo.txt"
	if *update {
		if err := os.WriteFile(golden, printed, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(printed, want) {
		t.Errorf("the demo prints\n%s\nand not what %s says; run make golden", printed, golden)
	}
}
