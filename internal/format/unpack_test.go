package format_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/format"
)

func TestUnpack(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte("a line of text\n"), 10_000)
	pack := map[string]func(io.Writer) io.WriteCloser{
		"gzip": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"zstd": func(w io.Writer) io.WriteCloser {
			packer, err := zstd.NewWriter(w)
			if err != nil {
				t.Fatal(err)
			}
			return packer
		},
	}
	for encoding, open := range pack {
		var packed bytes.Buffer
		w := open(&packed)
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := format.Unpack(encoding, &packed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, text) || r.Close() != nil {
			t.Errorf("%s: %d bytes, %v, want %d", encoding, len(got), err, len(text))
		}
	}
	if _, err := format.Unpack("br", bytes.NewReader(nil)); err == nil {
		t.Error("an unknown encoding was opened")
	}
}
