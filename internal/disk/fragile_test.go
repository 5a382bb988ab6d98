package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// write writes a file and syncs what comes before a bar.
func write(t *testing.T, fsys disk.FS, name, data string) disk.File {
	t.Helper()
	file, err := fsys.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	durable, rest, _ := strings.Cut(data, "|")
	if err := errors.Join(text(durable)(file), file.Sync(), text(rest)(file)); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for base, fsys := range map[string]disk.Cutter{dir: disk.OS{}, "m": disk.NewMemory(), "f": disk.NewFragile()} {
		if err := fsys.MkdirAll(base); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(base, "a")
		write(t, fsys, name, "0123|456").Close()
		if err := fsys.Truncate(name, 5); err != nil {
			t.Fatal(err)
		}
		for _, size := range []int64{6, -1} {
			if err := fsys.Truncate(name, size); !errors.Is(err, fs.ErrInvalid) {
				t.Errorf("%T: cut to %d: %v", fsys, size, err)
			}
		}
		if got := content(t, fsys, name); got != "01234" {
			t.Errorf("%T: %q", fsys, got)
		}
		if err := fsys.Truncate(name+"x", 0); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%T: cut of no file: %v", fsys, err)
		}
	}
}

func TestIsFull(t *testing.T) {
	t.Parallel()
	if !disk.IsFull(&os.PathError{Err: syscall.ENOSPC}) || disk.IsFull(fs.ErrNotExist) || disk.IsFull(nil) {
		t.Error("a full disk is not recognised")
	}
}

func TestFragileCrash(t *testing.T) {
	t.Parallel()
	contents := map[string]bool{}
	names := map[string]bool{}
	for seed := range uint64(300) {
		f := disk.NewFragile()
		write(t, f, "a", "kept|abcdef")
		write(t, f, "old", "x")
		if err := f.SyncDir("."); err != nil {
			t.Fatal(err)
		}
		if err := f.Rename("old", "new"); err != nil {
			t.Fatal(err)
		}
		write(t, f, "b", "")
		loss := f.Crash(chance(seed))
		got := content(t, f, "a")
		if !strings.HasPrefix(got, "kept") || len(got) > 10 || int(loss.Lost) != 10-len(got) {
			t.Fatalf("seed %d: %q, %+v", seed, got, loss)
		}
		contents[got] = true
		if len(got) == 10 && got != "keptabcdef" && strings.Contains(got, "\x00") {
			contents["(a hole)"] = true
		}
		var list []string
		entries, err := f.ReadDir(".")
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			list = append(list, entry.Name())
		}
		names[strings.Join(list, " ")] = true
		if f.Crash(chance(seed)) != (disk.Loss{}) || content(t, f, "a") != got {
			t.Fatalf("seed %d: what survived a crash is not durable", seed)
		}
	}
	for _, want := range []string{"kept", "keptabcdef", "kepta", "keptabcde", "(a hole)"} {
		if !contents[want] {
			t.Errorf("no crash left %q", want)
		}
	}
	for _, want := range []string{"a old", "a new", "a b old", "a b new"} {
		if !names[want] {
			t.Errorf("no crash left the names %s", want)
		}
	}
	if len(names) != 4 {
		t.Errorf("names: %v", names)
	}
}

func TestFragileStops(t *testing.T) {
	t.Parallel()
	f := disk.NewFragile()
	file := write(t, f, "a", "one|")
	f.StopAfter(2)
	if err := text("two")(file); err != nil {
		t.Fatal(err)
	}
	_, openError := f.Open("a")
	if f.Stopped() || openError != nil {
		t.Error("the power went too early")
	}
	if err := file.Sync(); !errors.Is(err, disk.ErrStopped) || !f.Stopped() {
		t.Errorf("sync: %v", err)
	}
	_, openError = f.Open("a")
	_, createError := f.Create("b")
	_, sizeError := file.Size()
	_, statError := f.Stat("a")
	for _, err := range []error{text("x")(file), openError, createError, sizeError, statError} {
		if !errors.Is(err, disk.ErrStopped) {
			t.Errorf("after the power went: %v", err)
		}
	}
	f.Kill()
	if got := content(t, f, "a"); got != "onetwo" {
		t.Errorf("after the process ended: %q", got)
	}
	if _, err := file.Size(); !errors.Is(err, disk.ErrStopped) {
		t.Errorf("a file of an earlier life: %v", err)
	}
}

func TestFragileFaults(t *testing.T) {
	t.Parallel()
	f := disk.NewFragile()
	file := write(t, f, "a", "kept|lost")
	bad := errors.New("a bad day")
	f.FailCall(1, bad)
	if err := file.Sync(); !errors.Is(err, bad) {
		t.Errorf("sync: %v", err)
	}
	if err := errors.Join(file.Sync(), f.SyncDir(".")); err != nil {
		t.Errorf("sync again: %v", err)
	}
	f.SetSpace(3)
	if n, err := io.WriteString(file, "12345"); n != 3 || !disk.IsFull(err) {
		t.Errorf("wrote %d to a full disk: %v", n, err)
	}
	f.SetSpace(-1)
	if err := file.Sync(); err != nil || content(t, f, "a") != "keptlost123" {
		t.Errorf("%q, %v", content(t, f, "a"), err)
	}
	if err := f.Flip("a", 0); err != nil {
		t.Fatal(err)
	}
	if err := f.Flip("a", 8*11); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("a bit behind the end: %v", err)
	}
	f.Crash(chance(1))
	if got := content(t, f, "a"); got != "jept\x00\x00\x00\x00123" {
		t.Errorf("after a sync that failed: %q", got)
	}
}
