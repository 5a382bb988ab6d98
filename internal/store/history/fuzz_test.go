package history_test

import (
	"context"
	"errors"
	"testing"

	"github.com/fettle-ml/fettle/internal/store/history"
)

// FuzzManifest opens a history with an arbitrary manifest: it is either refused by name, or read and
// written again without a difference.
func FuzzManifest(f *testing.F) {
	text := bytesOf(f, sample(f), "history/clicks/manifest.json")
	f.Add(text)
	f.Add([]byte(`{"format":2}`))
	f.Add([]byte(`{"format":1,"source":"clicks","from":1,"layouts":[],"parts":[],"checksum":0}`))
	f.Add(text[:len(text)/2])
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := sample(t)
		overwrite(t, fsys, "history/clicks/manifest.json", text)
		h, err := history.Open(fsys, "history")
		if err != nil {
			if !errors.Is(err, history.ErrDamaged) && !errors.Is(err, history.ErrVersion) {
				t.Fatalf("an error without a name: %v", err)
			}
			return
		}
		_, err = h.Check(context.Background(), "clicks")
		if err != nil {
			t.Fatal(err)
		}
		position := h.Position("clicks")
		if err := h.Append(context.Background(), "clicks",
			history.Part{From: position + 1, To: position + 1}); err != nil &&
			!errors.Is(err, history.ErrInvalid) {
			t.Fatal(err)
		}
	})
}
