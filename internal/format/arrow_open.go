package format

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/fettle-ml/fettle/internal/disk"
)

// arrowInput is a file of Arrow's inter-process format: record batches behind a schema, as a stream
// or, with an index at its end, as a file. Which of the two it is, its first bytes tell.
type arrowInput struct {
	fs      disk.Reader
	name    string
	most    int64 // see Options.Unpacked
	columns []Column
	stored  []stored
}

// arrowMagic is what a file begins with, and a stream does not.
var arrowMagic = []byte("ARROW1")

// openArrow reads the schema.
func openArrow(fsys disk.Reader, name string, most int64) (Input, error) {
	in := &arrowInput{fs: fsys, name: name, most: most}
	b, err := in.begin()
	if err != nil {
		return nil, err
	}
	for _, field := range b.schema().Fields() {
		s := arrowStored(field)
		in.stored = append(in.stored, s)
		in.columns = append(in.columns, Column{Name: field.Name, Type: s.fettle, Local: s.local,
			Unsupported: s.reason})
	}
	return in, b.close()
}

// arrowBatches reads record batches in their order, of a file or of a stream: one of them is set.
type arrowBatches struct {
	handle disk.File
	file   *ipc.FileReader
	stream *ipc.Reader
	next   int // of a file
}

// begin opens the file anew.
func (in *arrowInput) begin() (*arrowBatches, error) {
	handle, err := in.fs.Open(in.name)
	if err != nil {
		return nil, err
	}
	b := &arrowBatches{handle: handle}
	err = in.guard(func() error { return b.open(in.most) })
	if err != nil {
		return nil, errors.Join(err, handle.Close())
	}
	return b, nil
}

// guard turns errors and panics of the Arrow library, which a damaged file can cause, into an error
// that names the file.
func (in *arrowInput) guard(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = in.damaged(fmt.Errorf("%v", r))
		}
	}()
	if err = call(); err != nil {
		err = in.damaged(err)
	}
	return err
}

func (in *arrowInput) damaged(err error) error {
	return fmt.Errorf("%s: damaged, or not an Arrow file: %w", in.name, err)
}

func (b *arrowBatches) open(most int64) error {
	size, err := b.handle.Size()
	if err != nil {
		return err
	}
	begin := make([]byte, len(arrowMagic))
	if _, err := b.handle.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	section := io.NewSectionReader(b.handle, 0, size)
	if bytes.Equal(begin, arrowMagic) {
		if err := checkArrowFile(b.handle, size); err != nil {
			return err
		}
		b.file, err = ipc.NewFileReader(section, ipc.WithAllocator(newBoundedMemory(size, most)),
			ipc.WithMetadataSizeLimit(size), ipc.WithBodySizeLimit(size))
		return err
	}
	b.stream, err = ipc.NewReaderFromMessageReader(
		newArrowMessages(bufio.NewReaderSize(section, 1<<16), size, most))
	return err
}

// newArrowMessages reads the messages of a text of a size, and gives the option that bounds the
// memory of who reads them.
func newArrowMessages(r io.Reader, size, most int64) (ipc.MessageReader, ipc.Option) {
	return &arrowMessages{r: r, left: size}, ipc.WithAllocator(newBoundedMemory(size, most))
}

// boundedMemory refuses what no file of its size holds. What is compressed says how long it is, and
// may be a thousand times as long as the file.
type boundedMemory struct {
	each int64         // of a piece
	all  int64         // of all pieces that were ever made; 0: any number
	used *atomic.Int64 // if all is set
}

func newBoundedMemory(size, most int64) boundedMemory {
	const least, ratio = 1 << 26, 1 << 10
	return boundedMemory{each: least + size*ratio, all: most, used: &atomic.Int64{}}
}

// Allocate makes room, or panics, which the guard around the library turns into an error.
func (m boundedMemory) Allocate(size int) []byte {
	if size < 0 || int64(size) > m.each {
		panic(fmt.Sprintf("%d bytes are claimed for a part of it, which it cannot hold", size))
	}
	if m.all > 0 && m.used.Add(int64(size)) > m.all {
		panic(fmt.Sprintf("it unpacks to more than %d MiB; send less at a time", m.all>>20))
	}
	return memory.DefaultAllocator.Allocate(size)
}

// Reallocate makes more room, or panics.
func (m boundedMemory) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := m.Allocate(size)
	copy(grown, b)
	return grown
}

// Free leaves the memory to the collector.
func (m boundedMemory) Free([]byte) {}

func (b *arrowBatches) schema() *arrow.Schema {
	if b.file != nil {
		return b.file.Schema()
	}
	return b.stream.Schema()
}

// read returns the next record batch, or io.EOF.
func (b *arrowBatches) read() (arrow.RecordBatch, error) {
	if b.file != nil {
		if b.next == b.file.NumRecords() {
			return nil, io.EOF
		}
		b.next++
		return b.file.RecordBatchAt(b.next - 1)
	}
	if !b.stream.Next() {
		if err := b.stream.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	batch := b.stream.RecordBatch()
	batch.Retain()
	return batch, nil
}

func (b *arrowBatches) close() error { return b.handle.Close() }

// Columns lists all columns.
func (in *arrowInput) Columns() []Column { return in.columns }

// Rows returns -1: each batch says its own number, and they are not read for it.
func (in *arrowInput) Rows() int64 { return -1 }

// Close does nothing: each scan has the file open by itself.
func (in *arrowInput) Close() error { return nil }
