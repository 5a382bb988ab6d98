package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
)

func openedDirectory(t *testing.T, fsys disk.FS, path string) *directory {
	t.Helper()
	d, err := openDirectory(t.Context(), fsys, path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestDirectoryHasOneOwner(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := openedDirectory(t, disk.OS{}, path)
	if err := d.announce("http://127.0.0.1:1", "2024-05-01T00:00:00Z"); err != nil {
		t.Fatal(err)
	}
	_, err := openDirectory(t.Context(), disk.OS{}, path)
	var told *Error
	if !errors.As(err, &told) || told.Code != ExitUnavailable || !strings.Contains(told.Message, "http://127.0.0.1:1") {
		t.Errorf("a second owner: %v", err)
	}
}

func TestTokenIsKeptAndPrivate(t *testing.T) {
	t.Parallel()
	d := openedDirectory(t, disk.OS{}, t.TempDir())
	first, err := d.token()
	if err != nil || len(first) != 64 {
		t.Fatalf("token of %d digits, %v", len(first), err)
	}
	if again, err := d.token(); err != nil || again != first {
		t.Errorf("another token: %v", err)
	}
	info, err := disk.OS{}.Stat(d.name(tokenFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestReservedTimeSurvivesACrash(t *testing.T) {
	t.Parallel()
	fsys := disk.NewMemory()
	d := openedDirectory(t, fsys, "data")
	if at, err := d.reserved(); at != 0 || err != nil {
		t.Errorf("a new directory has reserved %d, %v", at, err)
	}
	if err := d.reserve(12_345); err != nil {
		t.Fatal(err)
	}
	if err := fsys.SyncDir("."); err != nil {
		t.Fatal(err)
	}
	fsys.Crash()
	if at, err := d.reserved(); at != 12_345 || err != nil {
		t.Errorf("after a crash %d is reserved, %v", at, err)
	}
}

func TestDamagedReservation(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "{}", `{"format":1,"until":12345,"crc32c":1}`, `{"format":1,"until":`, "null",
	} {
		if at, err := decodeReservation([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, at)
		}
	}
}

func FuzzReservation(f *testing.F) {
	good := reservation{Format: 1, Until: 99}
	f.Add([]byte(`{"format":1,"until":99,"crc32c":0}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if at, err := decodeReservation(text); err == nil {
			good.Until = at
			if !strings.Contains(string(text), "crc32c") && good.checksum() != 0 {
				t.Errorf("%q was read without a checksum", text)
			}
		}
	})
}
