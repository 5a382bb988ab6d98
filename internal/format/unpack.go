package format

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Unpack opens text that was packed by gzip or zstd. It bounds the memory of its own, not the length
// of what comes out: whoever reads it does that.
func Unpack(encoding string, packed io.Reader) (io.ReadCloser, error) {
	switch encoding {
	case "gzip":
		return gzip.NewReader(packed)
	case "zstd":
		reader, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20))
		if err != nil {
			return nil, err
		}
		return reader.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("%s is not known; gzip and zstd are", encoding)
	}
}
