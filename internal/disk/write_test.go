package disk_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

func content(t *testing.T, fsys disk.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "(none)"
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func entries(t *testing.T, fsys disk.FS, dir string) int {
	t.Helper()
	list, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	memory := disk.NewMemory()
	if err := memory.MkdirAll("dir"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fs  disk.FS
		dir string
	}{{disk.OS{}, t.TempDir()}, {memory, "dir"}} {
		name := filepath.Join(c.dir, "a.txt")
		if err := disk.WriteFile(c.fs, name, text("one")); err != nil {
			t.Fatal(err)
		}
		if err := disk.WriteFile(c.fs, name, text("two")); err != nil {
			t.Fatal(err)
		}
		failure := errors.New("stopped")
		err := disk.WriteFile(c.fs, name, func(w io.Writer) error {
			return errors.Join(text("three")(w), failure)
		})
		if !errors.Is(err, failure) {
			t.Errorf("error %v, want %v", err, failure)
		}
		if got := content(t, c.fs, name); got != "two" {
			t.Errorf("content %q, want two", got)
		}
		if n := entries(t, c.fs, c.dir); n != 1 {
			t.Errorf("%d files are left, want 1", n)
		}
		if err := disk.WriteFile(c.fs, filepath.Join(c.dir, "no", "a"), text("x")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("write into no directory: %v", err)
		}
	}
}

func TestWriteFileSurvivesCrash(t *testing.T) {
	t.Parallel()
	m := disk.NewMemory()
	if err := disk.WriteFile(m, "a", text("durable")); err != nil {
		t.Fatal(err)
	}
	m.Crash()
	if got := content(t, m, "a"); got != "durable" {
		t.Errorf("content %q", got)
	}
}

func TestCrashForgets(t *testing.T) {
	t.Parallel()
	m := disk.NewMemory()
	f, err := m.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	steps := []error{text("kept")(f), f.Sync(), m.SyncDir("."), text(" lost")(f)}
	g, err := m.Create("b")
	steps = append(steps, err, text("synced, but its name is not")(g), g.Sync())
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	m.Crash()
	if a, b := content(t, m, "a"), content(t, m, "b"); a != "kept" || b != "(none)" {
		t.Errorf("a is %q, b is %q", a, b)
	}
}

func TestReadAt(t *testing.T) {
	t.Parallel()
	m := disk.NewMemory()
	m.Add("m", []byte("0123456789"))
	name := filepath.Join(t.TempDir(), "o")
	if err := os.WriteFile(name, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, fsys := range map[string]disk.FS{"m": m, name: disk.OS{}} {
		f, err := fsys.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 4)
		if n, err := f.ReadAt(buffer, 8); n != 2 || !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %d, %v", path, n, err)
		}
		if n, err := f.ReadAt(buffer, 3); n != 4 || err != nil || string(buffer) != "3456" {
			t.Errorf("%s: read %q, %v", path, buffer[:n], err)
		}
		if size, err := f.Size(); size != 10 || err != nil {
			t.Errorf("%s: size %d, %v", path, size, err)
		}
		if _, err := f.Write([]byte("x")); err == nil {
			t.Errorf("%s: a file open for reading was written", path)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMemoryNames(t *testing.T) {
	t.Parallel()
	m := disk.NewMemory()
	m.Add("d/a", []byte("1"))
	if err := m.Rename("d/a", "d/b"); err != nil {
		t.Fatal(err)
	}
	if info, err := m.Stat("d"); err != nil || !info.IsDir() || info.Name() != "d" {
		t.Errorf("stat d: %v, %v", info, err)
	}
	for _, err := range []error{m.Rename("d/a", "x"), m.Remove("d/a"), m.SyncDir("no")} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v, want %v", err, fs.ErrNotExist)
		}
	}
	if err := m.Remove("d/b"); err != nil || entries(t, m, "d") != 0 {
		t.Errorf("remove: %v", err)
	}
	if _, err := m.Open("d"); err == nil {
		t.Error("a directory was opened as a file")
	}
}
