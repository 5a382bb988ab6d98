package ingest

import (
	"crypto/sha256"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/log"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Record is what one record of the log says: the decision about a request for one source, or about
// a part of it, if it was too large for one record. docs/formats/event.md has the bytes.
type Record struct {
	log.Position
	// Source is the number of the source, ReceivedAt when the request came.
	Source     uint32
	ReceivedAt int64
	// More says that the next record goes on with the same request, Rest that this one does.
	More, Rest bool
	// Retry says that the request was made of quarantined rows, and Resolved which of them are
	// settled by it.
	Retry    bool
	Resolved []RowID
	// Duplicates and Quarantined are how many rows were not accepted.
	Duplicates, Quarantined int64
	// Key is the Idempotency-Key, empty if there was none; Body is the hash of the request's body.
	Key  string
	Body [sha256.Size]byte
	// Format is what the body was written in; Header is the first line of a CSV. Bad lists
	// quarantined rows, the first of them if there are many.
	Format string
	Header []byte
	Bad    []BadRow
	// EventTime and Columns are the accepted rows, with all stored columns.
	EventTime []int64
	Columns   []*batch.Column
}

// Rows is how many rows were accepted.
func (r *Record) Rows() int { return len(r.EventTime) }

// RowID names a quarantined row: the sequence of its record and its number in the request.
type RowID struct {
	Sequence uint64
	Row      int64
}

// BadRow is a quarantined row.
type BadRow struct {
	Row, Line int64
	Problems  []Problem
	// Text is what the row was written as, or its beginning, if Cut says so. A table without text
	// has it as JSON, or not at all.
	Text []byte
	Cut  bool
}

// Problem is one thing wrong with a row.
type Problem struct{ Field, Code, Message string }

// Bounds of what a record keeps of quarantined rows.
const (
	maxListed    = 1000    // rows
	maxText      = 4 << 10 // bytes of one row
	maxTexts     = 4 << 20 // bytes of all rows of a record
	maxProblems  = 8       // of one row
	maxMessage   = 300     // bytes
	maxFieldName = 128     // bytes
)

// maxRecordRows is how many rows one record has at most: their numbers have 20 bits in the order of
// rows, and readers decode a record at a time.
const maxRecordRows = 1 << 16

// fits reports whether columns have the types of fields.
func fits(columns []*batch.Column, fields []schema.Field) bool {
	if len(columns) != len(fields) {
		return false
	}
	for i, c := range columns {
		if !c.Type.Equal(fields[i].Type) {
			return false
		}
	}
	return true
}
