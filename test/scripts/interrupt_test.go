package scripts

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestInterrupt sends an interrupt while train waits for labels: exit code 130, and no output, with
// and without a server.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for name, up := range map[string]bool{"down": false, "up": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			interrupt(t, up)
		})
	}
}

func interrupt(t *testing.T, up bool) {
	t.Helper()
	folder := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("fettle", args...).CombinedOutput(); err != nil {
			t.Fatalf("fettle %v: %v\n%s", args, err, out)
		}
	}
	run("init", "--template", "cards", folder)
	if up {
		running, err := startServer(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := running.stop(os.Interrupt); err != nil {
				t.Error(err)
			}
		}()
	}
	command := exec.Command("fettle", "-C", folder, "train", "--model", "fraud", "--labels", "-",
		"--time", "time", "--output", "out.csv")
	var complaints bytes.Buffer
	command.Stderr = &complaints
	in, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when it is written, the command is reading.
	labels := []byte("txn_id,card_id,merchant_id,amount,time,is_fraud\n")
	line := []byte("1,c00001,m001,1.5,2024-03-01T00:00:00Z,false\n")
	if _, err := in.Write(append(labels, bytes.Repeat(line, 20_000)...)); err != nil {
		t.Fatal(err)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = command.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 ||
		complaints.String() != "error: interrupted; no output was written\n" {
		t.Errorf("%v\n%s", err, complaints.String())
	}
	if left, err := filepath.Glob(filepath.Join(folder, "out*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
