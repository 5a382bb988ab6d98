package history

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"sync"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// Request says what a scan reads.
type Request struct {
	// Fields are the columns wanted, by name. One that a part does not have is null in its rows, for
	// it was added to the source later; one of another type is ErrColumns.
	Fields []schema.Field
	// To is the last sequence whose rows are wanted; 0: all.
	To uint64
	// Workers is the number of goroutines that read and emit, at least 1. Each holds one part.
	Workers int
}

// Scan reads all rows of a source. See View.Scan.
func (h *History) Scan(ctx context.Context, source string, fields []schema.Field, workers int,
	emit func(worker int, rows *Rows) error) error {
	return h.View(source).Scan(ctx, Request{Fields: fields, Workers: workers}, emit)
}

// Scan reads rows and emits them in runs, from up to request.Workers goroutines at a time; worker
// numbers the goroutine from 0. Runs come in any order, and their Orders tell it. What is emitted may
// be kept, but not changed. After an error, of emit or of its own, no more is emitted.
func (v *View) Scan(ctx context.Context, request Request, emit func(worker int, rows *Rows) error) error {
	if v.manifest == nil {
		return nil
	}
	var parts []entry
	for _, e := range v.manifest.Parts {
		if e.Rows > 0 && (request.To == 0 || e.From <= request.To) {
			parts = append(parts, e)
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan entry)
	var group sync.WaitGroup
	for worker := range min(max(1, request.Workers), len(parts)) {
		group.Go(func() {
			for e := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := v.part(ctx, e, &request, func(r *Rows) error { return emit(worker, r) }); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, e := range parts {
		if ctx.Err() != nil {
			break
		}
		next <- e
	}
	close(next)
	group.Wait()
	return context.Cause(ctx)
}

// part reads one part.
func (v *View) part(ctx context.Context, e entry, request *Request, emit func(*Rows) error) error {
	stored := v.manifest.fields(e)
	wanted := make([]format.Wanted, 0, ownColumns+len(request.Fields))
	for i, field := range ownFields() {
		wanted = append(wanted, format.Wanted{Column: i, Type: field.Type})
	}
	places := make([]int, len(request.Fields)) // among the columns that are read, or -1
	for i, field := range request.Fields {
		places[i] = -1
		at := slices.IndexFunc(stored, func(f schema.Field) bool { return f.Name == field.Name })
		if at < 0 {
			continue
		}
		if !stored[at].Type.Equal(field.Type) {
			return fmt.Errorf("history of source %s: %s: column %s: %w: it is %s, wanted as %s",
				v.source, e.name(), field.Name, ErrColumns, stored[at].Type, field.Type)
		}
		places[i] = len(wanted) - ownColumns
		wanted = append(wanted, format.Wanted{Column: ownColumns + at, Type: field.Type})
	}
	check := &rowCheck{entry: e}
	err := v.read(e, wanted, func(rows *Rows) error {
		if err := check.next(rows); err != nil {
			return v.damage(e, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if rows = rows.until(request.To); len(rows.Orders) == 0 {
			return nil
		}
		read := rows.Columns
		rows.Columns = make([]*batch.Column, len(places))
		for i, place := range places {
			if place < 0 {
				rows.Columns[i] = batch.Repeat(schema.NullOf(request.Fields[i].Type), len(rows.Orders))
			} else {
				rows.Columns[i] = read[place]
			}
		}
		return emit(rows)
	})
	return err
}

// until returns the rows up to a sequence, 0 for all.
func (r *Rows) until(to uint64) *Rows {
	n := len(r.Orders)
	if to == 0 || n == 0 || Sequence(r.Orders[n-1]) <= to {
		return r
	}
	end, _ := slices.BinarySearch(r.Orders, Order(to+1, 0))
	return r.slice(end)
}

// rowCheck follows the rows of a part.
type rowCheck struct {
	entry entry
	rows  int64
	last  uint64
}

func (c *rowCheck) next(rows *Rows) error {
	for _, order := range rows.Orders {
		if s := Sequence(order); order <= c.last || s < c.entry.From || s > c.entry.To {
			return fmt.Errorf("a row of sequence %d is out of order", s)
		}
		c.last = order
	}
	c.rows += int64(len(rows.Orders))
	return nil
}

func (v *View) damage(e entry, reason error) error {
	return &DamageError{Source: v.source, File: e.name(), From: e.From, To: e.To, Reason: reason.Error()}
}

// read hands out the rows of a part with some of its columns. All of the file is in memory and was
// checked before: what a scan checks and what it decodes are the same bytes, whatever happens to the
// file meanwhile.
func (v *View) read(e entry, wanted []format.Wanted, emit func(*Rows) error) error {
	data, err := v.load(e)
	if err != nil {
		return err
	}
	memory := disk.NewMemory()
	memory.Add(e.name(), data)
	input, err := format.Open(memory, e.name(), format.Options{})
	if err != nil {
		return v.damage(e, err)
	}
	defer input.Close()
	if len(input.Columns()) != ownColumns+len(v.manifest.Layouts[e.Layout]) || input.Rows() != e.Rows {
		return v.damage(e, fmt.Errorf("it has %d columns and %d rows", len(input.Columns()), input.Rows()))
	}
	scan, err := input.Scan(wanted)
	if err != nil {
		return v.damage(e, err)
	}
	defer scan.Close()
	for {
		unit, err := scan.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return v.damage(e, err)
		}
		// An error of emit is returned as it is, one of the file as damage.
		var stopped error
		err = unit.Read(func(part *format.Part) error {
			stopped = v.hand(e, part, emit)
			return stopped
		})
		if stopped != nil {
			return stopped
		}
		if err != nil {
			return v.damage(e, err)
		}
	}
}

func (v *View) hand(e entry, part *format.Part, emit func(*Rows) error) error {
	if len(part.Bad) > 0 {
		bad := part.Bad[0]
		return v.damage(e, fmt.Errorf("row %d, %s: %s", bad.Row, bad.Field, bad.Message))
	}
	if part.NonFinite > 0 {
		return v.damage(e, fmt.Errorf("it has numbers that are not finite"))
	}
	rows, err := rowsOf(part.Batch)
	if err != nil {
		return v.damage(e, err)
	}
	return emit(rows)
}

// load reads the file of a part and compares it with the manifest.
func (v *View) load(e entry) ([]byte, error) {
	name := v.history.path(v.source, e.name())
	info, err := v.history.fs.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, v.damage(e, errors.New("it is missing"))
	}
	if err != nil {
		return nil, fmt.Errorf("history of source %s: %w", v.source, err)
	}
	if info.Size() != e.Bytes {
		return nil, v.damage(e, fmt.Errorf("it has %d bytes, not %d", info.Size(), e.Bytes))
	}
	data, err := readFile(v.history.fs, name)
	if err != nil {
		return nil, fmt.Errorf("history of source %s: %w", v.source, err)
	}
	if sum := crc32.Checksum(data, castagnoli()); int64(len(data)) != e.Bytes || sum != e.CRC32C {
		return nil, v.damage(e, errors.New("its checksum does not match"))
	}
	return data, nil
}
