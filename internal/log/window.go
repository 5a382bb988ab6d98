package log

import (
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/disk"
)

// windowBytes is how much is read at a time: enough to hide the cost of a call.
const windowBytes = 256 << 10

// window reads a file in large pieces.
type window struct {
	file  disk.File
	name  string
	start int64
	data  []byte
	spare []byte
}

// at returns n bytes from an offset, or those there are before limit. They are valid until the next
// call.
func (w *window) at(offset int64, n int, limit int64) ([]byte, error) {
	n = int(max(0, min(int64(n), limit-offset)))
	if offset < w.start || offset+int64(n) > w.start+int64(len(w.data)) {
		if err := w.read(offset, n, limit); err != nil {
			return nil, err
		}
	}
	from := int(offset - w.start)
	return w.data[from:min(len(w.data), from+n)], nil
}

func (w *window) read(offset int64, n int, limit int64) error {
	size := int(min(int64(max(n, windowBytes)), limit-offset))
	if cap(w.spare) < size {
		w.spare = make([]byte, size)
	}
	w.data, w.start = w.spare[:0], offset
	got, err := w.file.ReadAt(w.spare[:size], offset)
	w.data = w.spare[:got]
	if err != nil && !errors.Is(err, io.EOF) {
		w.data = nil
		return fmt.Errorf("read log segment %s at offset %d: %w", w.name, offset, err)
	}
	return nil
}
