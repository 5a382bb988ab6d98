package file

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
)

// MaxListed is the most bad rows that are listed.
const MaxListed = 1000

// The codes of bad rows, besides format.BadType and format.BadRecord.
const (
	NullTime   = "null_time"
	BadTime    = "bad_time"
	BadZone    = "bad_zone"
	IDConflict = "id_conflict"
	BadOp      = "bad_op"
)

// What a row does to the event of its id.
const (
	Insert  = "insert"
	Replace = "replace"
	Delete  = "delete"
)

// Chunk is a run of rows of one file, bad rows and duplicates left out.
type Chunk struct {
	// Ordinal orders chunks by (path, row): a later row is in a chunk with a greater ordinal, or
	// further on in the same chunk.
	Ordinal int64
	// File is the place of the file in Report.Files.
	File int
	// EventTime has an instant per row.
	EventTime []int64
	// Columns are those of the request, in its order.
	Columns []*batch.Column

	first int64
	kept  []int32 // of the rows that were read; nil: all
}

// Rows returns the number of rows.
func (c *Chunk) Rows() int { return len(c.EventTime) }

// Row returns the number of row i of the chunk in its file, counting data rows from 1.
func (c *Chunk) Row(i int) int64 {
	if c.kept != nil {
		i = int(c.kept[i])
	}
	return c.first + int64(i)
}

// Report is what a scan did. Rows = Kept + Duplicates + BadRows.
type Report struct {
	Files      []FileInfo
	Rows       int64
	Kept       int64
	Duplicates int64
	BadRows    int64
	// Quarantined lists what was wrong with bad rows, by file and row: all of it for the first
	// MaxListed rows.
	Quarantined []Bad
	Skipped     int64 // rows among those kept that were not read
	NonFinite   int64 // cells that were NaN or infinite and are null
	Folds       int64 // wall clock times that happened twice: the first was taken
	Gaps        int64 // wall clock times that never happened: moved forward by the gap
}

// FileInfo is one file that was read.
type FileInfo struct {
	Path    string // relative to the root
	Size    int64
	ModTime int64  // microseconds
	SHA256  string // in hexadecimal
	Rows    int64
}

// Bad is one thing wrong with a row.
type Bad struct {
	File    int    // place in Report.Files
	Path    string // of that file
	Row     int64  // from 1
	Line    int64  // of text formats, from 1; else 0
	Field   string
	Code    string
	Message string
}

// String says where and what, in one line.
func (b Bad) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s: row %d", b.Path, b.Row)
	if b.Line > 0 {
		fmt.Fprintf(&s, " (line %d)", b.Line)
	}
	if b.Field != "" {
		fmt.Fprintf(&s, ", %s", b.Field)
	}
	fmt.Fprintf(&s, ": %s: %s", b.Code, b.Message)
	return s.String()
}

// BadRowsError says that more rows are bad than allowed.
type BadRowsError struct {
	Source  string
	Allowed int
	Total   int64
	// Bad lists what is wrong, as Report.Quarantined.
	Bad []Bad
}

// Error lists the first bad rows.
func (e *BadRowsError) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "source %s: %d bad rows, %d allowed", e.Source, e.Total, e.Allowed)
	for i, bad := range e.Bad {
		if i == 10 {
			s.WriteString("\n  ..")
			break
		}
		s.WriteString("\n  " + bad.String())
	}
	return s.String()
}

// tally collects a report from many goroutines.
type tally struct {
	mu     sync.Mutex
	report Report
	rows   []int64 // of each file
	bad    []Bad
}

// add takes what was found in one draft, tells how many rows are done, and returns how many of all
// rows so far were bad.
func (t *tally) add(d *draft, progress func(done int64)) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &t.report
	r.Rows += d.report.Rows
	r.Kept += d.report.Kept
	r.Duplicates += d.report.Duplicates
	r.BadRows += d.report.BadRows
	r.NonFinite += d.report.NonFinite
	r.Folds += d.report.Folds
	r.Gaps += d.report.Gaps
	t.rows[d.file.index] += d.report.Rows
	t.bad = append(t.bad, d.bad...)
	if len(t.bad) > 16*MaxListed {
		t.bad = firstBad(t.bad)
	}
	progress(r.Rows)
	return r.BadRows
}

// skip counts rows that are not read.
func (t *tally) skip(file int, rows int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Rows += rows
	t.report.Kept += rows
	t.report.Skipped += rows
	t.rows[file] += rows
}

// firstBad sorts by file and row and keeps the first MaxListed rows.
func firstBad(bad []Bad) []Bad {
	slices.SortStableFunc(bad, func(a, b Bad) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row))
	})
	rows := 0
	for i := range bad {
		if i == 0 || bad[i].File != bad[i-1].File || bad[i].Row != bad[i-1].Row {
			rows++
		}
		if rows > MaxListed {
			return bad[:i]
		}
	}
	return bad
}
