package format

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The places of what is looked at in the table of a footer, and the length of what stands for a
// message there: where it is, how long its tables are, how long its body is.
const (
	footerSchema, footerDictionaries, footerBatches, footerPairs = 1, 2, 3, 4
	indexEntry                                                   = 24
)

// checkArrowFile walks over the footer of a file, and over the tables of each message that it names,
// before the library sees them: see arrowMessages. Files are read by their footer, because some
// writers leave out what a stream would have in front of the schema.
func checkArrowFile(file io.ReaderAt, size int64) error {
	const tail = 10 // the length of the footer, and the mark
	var end [tail]byte
	if size < 8+tail {
		return errCutOff
	}
	if _, err := file.ReadAt(end[:], size-tail); err != nil || string(end[4:]) != string(arrowMagic) {
		return errCutOff
	}
	length := int64(binary.LittleEndian.Uint32(end[:]))
	if length < 4 || length > size-8-tail {
		return errCutOff
	}
	footer := make([]byte, length)
	if _, err := file.ReadAt(footer, size-tail-length); err != nil {
		return err
	}
	w := &flatWalker{data: footer, left: len(footer)}
	root, ok := w.follow(0)
	if !ok {
		return errTables
	}
	w.vector(root, footerPairs, 4)
	if header, found := w.table(root, footerSchema); found {
		w.vector(header, schemaPairs, 4)
		w.fields(header, schemaFields, 0)
	}
	for _, list := range []int{footerDictionaries, footerBatches} {
		from, n := w.vector(root, list, indexEntry)
		for i := 0; i < n && !w.bad; i++ {
			if err := checkBlock(file, size, footer[from+i*indexEntry:], &w.views); err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
		}
	}
	if w.bad {
		return errTables
	}
	return nil
}

// checkBlock looks at the tables of one message.
func checkBlock(file io.ReaderAt, size int64, block []byte, known *views) error {
	at, body := int64(binary.LittleEndian.Uint64(block)), int64(binary.LittleEndian.Uint64(block[16:]))
	length := int64(int32(binary.LittleEndian.Uint32(block[8:])))
	if at < 0 || length < 8 || body < 0 || at > size-length || body > size-length-at {
		return errCutOff
	}
	meta := make([]byte, length)
	if _, err := file.ReadAt(meta, at); err != nil {
		return err
	}
	prefix := 4
	if binary.LittleEndian.Uint32(meta) == 0xFFFFFFFF {
		prefix = 8
	}
	if len(meta)-prefix < 4 {
		return errTables
	}
	_, err := checkMessage(meta[prefix:], known)
	return err
}
