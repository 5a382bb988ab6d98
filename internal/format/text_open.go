package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fettle-ml/fettle/internal/disk"
)

// openText opens a text file at its beginning.
func openText(fsys disk.Reader, name string, compression Compression) (*textBlocks, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	b := &textBlocks{name: name, closers: []io.Closer{file}, line: 1}
	switch compression {
	case Gzip:
		reader, err := gzip.NewReader(file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: not a gzip file: %w", name, err), file.Close())
		}
		b.reader = reader
	case Zstd:
		reader, err := zstd.NewReader(file, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(1<<30))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: not a zstd file: %w", name, err), file.Close())
		}
		b.reader = reader
		b.closers = append(b.closers, reader.IOReadCloser())
	default:
		b.reader = file
		if size, err := file.Size(); err == nil && size < blockBytes {
			b.left = size
		}
	}
	return b, nil
}

var (
	markUTF8   = []byte("\xEF\xBB\xBF")
	marksUTF16 = [][]byte{[]byte("\xFF\xFE"), []byte("\xFE\xFF")}
)

// checkMark refuses the beginning of a text that is not UTF-8.
func (b *textBlocks) checkMark(begin []byte) error {
	for _, mark := range marksUTF16 {
		if bytes.HasPrefix(begin, mark) {
			return fmt.Errorf("%s: it is UTF-16; save it as UTF-8", b.name)
		}
	}
	return nil
}
