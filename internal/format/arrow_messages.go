package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// arrowMessages takes a stream apart into its messages. It is our own because the library believes
// what a message says about itself: a damaged length of a list of fields alone would ask for a
// hundred gigabytes, and a field that holds itself would never end. Here nothing is longer than what
// is left of the file, and the tables of a message are walked over before the library sees them.
type arrowMessages struct {
	r     io.Reader
	left  int64
	views views
}

// views counts the fields of a schema whose texts are views: those of record batches, and those that
// lie in dictionaries. A batch must say of each how many buffers it has, for the library reads that
// number whether or not it is there.
type views struct{ plain, coded int }

// Retain and Release do nothing: nothing is held.
func (m *arrowMessages) Retain() {}

// Release does nothing.
func (m *arrowMessages) Release() {}

var errCutOff = errors.New("it ends before its end is said; it may be cut off")

// Message returns the next message, or io.EOF where the stream says that it ends.
func (m *arrowMessages) Message() (*ipc.Message, error) {
	length, err := m.length()
	if err != nil {
		return nil, err
	}
	if length == 0 {
		return nil, io.EOF
	}
	meta, err := m.take(length)
	if err != nil {
		return nil, err
	}
	body, err := checkMessage(meta, &m.views)
	if err != nil {
		return nil, err
	}
	data, err := m.take(body)
	if err != nil {
		return nil, err
	}
	return ipc.NewMessage(memory.NewBufferBytes(meta), memory.NewBufferBytes(data)), nil
}

// length reads the length of the next message's tables. Older streams have nothing in front of it.
func (m *arrowMessages) length() (int64, error) {
	const mark = 0xFFFFFFFF
	for {
		word, err := m.take(4)
		if err != nil {
			return 0, errCutOff
		}
		if n := binary.LittleEndian.Uint32(word); n != mark {
			return int64(n), nil
		}
	}
}

func (m *arrowMessages) take(n int64) ([]byte, error) {
	if n < 0 || n > m.left {
		return nil, fmt.Errorf("a message of %d bytes, of which %d are there: %w", n, m.left, errCutOff)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(m.r, data); err != nil {
		return nil, err
	}
	m.left -= n
	return data, nil
}

// The places of what is looked at in the tables of Arrow's messages.
const (
	messageKind, messageHeader, messageBody, messagePairs          = 1, 2, 3, 4
	schemaFields, schemaPairs                                      = 1, 2
	fieldTypeKind, fieldType, fieldChildren, fieldPairs, unionKind = 2, 3, 5, 6, 14
	unionIDs                                                       = 1
	fieldDictionary                                                = 4
	kindSchema, kindDictionary, kindBatch                          = 1, 2, 3
	dictionaryBatch                                                = 1
	batchBuffers, batchCounts                                      = 2, 4
	binaryViewKind, textViewKind                                   = 23, 24
)

// checkMessage walks over the tables of a message and returns the length of its body.
func checkMessage(meta []byte, known *views) (body int64, err error) {
	w := &flatWalker{data: meta, left: len(meta)}
	root, ok := w.follow(0)
	if !ok {
		return 0, errTables
	}
	if at, found := w.slot(root, messageBody, 8); found {
		body = int64(binary.LittleEndian.Uint64(meta[at:]))
	}
	w.vector(root, messagePairs, 4)
	kind := byte(0)
	if at, found := w.slot(root, messageKind, 1); found {
		kind = meta[at]
	}
	header, found := w.table(root, messageHeader)
	switch {
	case !found:
	case kind == kindSchema:
		w.vector(header, schemaPairs, 4)
		w.fields(header, schemaFields, 0)
		*known = w.views
	case kind == kindBatch:
		w.counts(header, known.plain)
	case kind == kindDictionary:
		if data, found := w.table(header, dictionaryBatch); found {
			w.counts(data, min(1, known.coded))
		}
	}
	if w.bad {
		return 0, errTables
	}
	return body, nil
}

var errTables = errors.New("the tables of a message are not whole")

// flatWalker follows offsets within a buffer of FlatBuffers. They only lead forward, so that no table
// can hold itself.
type flatWalker struct {
	data []byte
	left int // fields that may still be visited
	bad  bool

	views views
	coded int // how many fields around have a dictionary
}

// counts checks how many buffers a batch says that its views have.
func (w *flatWalker) counts(batch, least int) {
	_, buffers := w.vector(batch, batchBuffers, 16)
	from, n := w.vector(batch, batchCounts, 8)
	w.bad = w.bad || n < least
	for i := 0; i < n && !w.bad; i++ {
		count := int64(binary.LittleEndian.Uint64(w.data[from+8*i:]))
		w.bad = count < 0 || count > int64(buffers)
	}
}

// fail marks the buffer as bad.
func (w *flatWalker) fail() (int, bool) {
	w.bad = true
	return 0, false
}

// follow returns where the offset at a place leads.
func (w *flatWalker) follow(at int) (int, bool) {
	if at < 0 || at+4 > len(w.data) {
		return w.fail()
	}
	to := int64(at) + int64(binary.LittleEndian.Uint32(w.data[at:]))
	if to == int64(at) || to+4 > int64(len(w.data)) {
		return w.fail()
	}
	return int(to), true
}

// slot returns where a field of a table lies, if it is there.
func (w *flatWalker) slot(table, number, size int) (int, bool) {
	index := int64(table) - int64(int32(binary.LittleEndian.Uint32(w.data[table:])))
	if index < 0 || index+4 > int64(len(w.data)) {
		return w.fail()
	}
	length := int64(binary.LittleEndian.Uint16(w.data[index:]))
	if index+length > int64(len(w.data)) {
		return w.fail()
	}
	entry := int64(4 + 2*number)
	if entry >= length { // the library reads half an entry too
		return 0, false
	}
	if index+entry+2 > int64(len(w.data)) {
		return w.fail()
	}
	offset := int(binary.LittleEndian.Uint16(w.data[index+entry:]))
	if offset == 0 {
		return 0, false
	}
	if table+offset+size > len(w.data) {
		return w.fail()
	}
	return table + offset, true
}

// table returns a table that a field refers to.
func (w *flatWalker) table(table, number int) (int, bool) {
	at, found := w.slot(table, number, 4)
	if !found {
		return 0, false
	}
	return w.follow(at)
}

// vector returns where the elements of a vector begin, and how many there are.
func (w *flatWalker) vector(table, number, size int) (from, length int) {
	at, found := w.table(table, number)
	if !found {
		return 0, 0
	}
	n := int64(binary.LittleEndian.Uint32(w.data[at:]))
	if n*int64(size) > int64(len(w.data)-at-4) {
		w.bad = true
		return 0, 0
	}
	return at + 4, int(n)
}

// fields walks over the fields of a schema, or the children of a field.
func (w *flatWalker) fields(table, number, depth int) {
	const deepest = 64
	from, n := w.vector(table, number, 4)
	if depth > deepest {
		w.bad = true
	}
	for i := 0; i < n && !w.bad; i++ {
		field, ok := w.follow(from + 4*i)
		if w.left--; !ok || w.left < 0 {
			w.bad = true
			return
		}
		w.vector(field, fieldPairs, 4)
		_, coded := w.slot(field, fieldDictionary, 4)
		if coded {
			w.coded++
		}
		w.kind(field)
		w.fields(field, fieldChildren, depth+1)
		if coded {
			w.coded--
		}
	}
}

// kind looks at the type of a field.
func (w *flatWalker) kind(field int) {
	at, found := w.slot(field, fieldTypeKind, 1)
	if !found {
		return
	}
	switch w.data[at] {
	case unionKind:
		if kind, found := w.table(field, fieldType); found {
			w.vector(kind, unionIDs, 4)
		}
	case binaryViewKind, textViewKind:
		if w.coded > 0 {
			w.views.coded++
		} else {
			w.views.plain++
		}
	}
}
