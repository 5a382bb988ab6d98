package disk_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

func TestLock(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "lock")
	first, err := disk.Lock(disk.OS{}, name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Lock(disk.OS{}, name); !errors.Is(err, disk.ErrLocked) {
		t.Fatalf("a second lock: %v, want %v", err, disk.ErrLocked)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := disk.Lock(disk.OS{}, name)
	if err != nil {
		t.Fatalf("after the first was let go: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions are other there")
	}
	folder := filepath.Join(t.TempDir(), "state")
	if err := disk.MkdirPrivate(disk.OS{}, folder); err != nil {
		t.Fatal(err)
	}
	f, err := disk.CreatePrivate(disk.OS{}, filepath.Join(folder, "token"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{folder: 0o700, filepath.Join(folder, "token"): 0o600} {
		info, err := disk.OS{}.Stat(name)
		if err != nil || uint32(info.Mode().Perm()) != want {
			t.Errorf("%s: mode %v, %v, want %o", name, info.Mode(), err, want)
		}
	}
}
