package file

import (
	"slices"
	"strconv"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/schema"
)

// draft is a part on its way to a chunk: read and checked, duplicates not yet known.
type draft struct {
	file     *opened
	part     *format.Part
	times    []int64
	ids      []identity // nil: the source has no id
	corrects []bool     // rows that replace or delete; nil: none
	dropped  []bool     // rows that are left out; nil: none
	bad      []Bad
	report   Report
}

// draft checks the rows of a part.
func (r *run) draft(file *opened, part *format.Part) *draft {
	d := &draft{file: file, part: part}
	d.report.Rows, d.report.NonFinite = int64(part.Batch.Rows), part.NonFinite
	path := r.source.paths[file.index]
	for _, bad := range part.Bad {
		d.drop(int(bad.Row - part.First))
		d.bad = append(d.bad, Bad{File: file.index, Path: path, Row: bad.Row, Line: bad.Line,
			Field: bad.Field, Code: bad.Code, Message: bad.Message})
	}
	t := &times{source: r.source, part: part, report: &d.report}
	t.mark = func(row int, field, code, message string) {
		if code != NullTime || !d.listed(row, field) {
			d.mark(path, row, bad{field, code, message})
		}
	}
	if r.layout.zone >= 0 {
		t.zone = part.Batch.Columns[r.layout.zone]
	}
	for i, column := range part.Batch.Columns {
		if file.local[i] && column.Type.Kind == schema.Timestamp {
			t.localise(column, part.Batch.Fields[i].Name)
		}
	}
	d.times = t.eventTimes(part.Batch.Columns[r.layout.time], file.local[r.layout.time])
	if r.layout.id >= 0 {
		d.ids = r.seeds.identities(part.Batch.Columns[r.layout.id], d.times)
	}
	if r.layout.op >= 0 {
		r.readOps(d, path)
	}
	return d
}

// readOps finds the rows that correct others. A correction without an id corrects nothing, and a word
// that is no op would be taken for an event, so both are bad.
func (r *run) readOps(d *draft, path string) {
	ops, ids := d.part.Batch.Columns[r.layout.op], d.part.Batch.Columns[r.layout.id]
	field := r.source.config.Columns[*r.source.config.Op].Name
	for row := range d.times {
		if ops.IsNull(row) {
			continue
		}
		switch text := ops.Text(row); {
		case text == Insert:
		case text != Replace && text != Delete:
			d.mark(path, row, bad{field, BadOp, "it is " + strconv.Quote(text) + ", not insert, replace or delete"})
		case ids.IsNull(row):
			d.mark(path, row, bad{field, BadOp, "a row that is to " + text + " an event has no id"})
		default:
			if d.corrects == nil {
				d.corrects = make([]bool, len(d.times))
			}
			d.corrects[row] = true
		}
	}
}

type bad struct{ field, code, message string }

// listed reports whether a cell is known to be bad: it is null because of that.
func (d *draft) listed(row int, field string) bool {
	number := d.part.First + int64(row)
	return d.isDropped(row) && slices.ContainsFunc(d.part.Bad, func(b format.Bad) bool {
		return b.Row == number && (b.Field == field || b.Code == format.BadRecord)
	})
}

func (d *draft) isDropped(row int) bool { return d.dropped != nil && d.dropped[row] }

func (d *draft) drop(row int) {
	if d.dropped == nil {
		d.dropped = make([]bool, d.part.Batch.Rows)
	}
	if !d.dropped[row] {
		d.dropped[row] = true
		d.report.BadRows++
	}
}

func (d *draft) mark(path string, row int, b bad) {
	d.drop(row)
	d.bad = append(d.bad, Bad{File: d.file.index, Path: path, Row: d.part.First + int64(row),
		Field: b.field, Code: b.code, Message: b.message})
}

// unique drops the rows whose id is in the table and enters the others. Drafts come here one at a
// time, in the order of their rows.
func (r *run) unique(d *draft) {
	field := r.source.config.Columns[r.source.config.ID].Name
	for i := range d.ids {
		if d.isDropped(i) {
			d.ids[i] = identity{}
		}
	}
	r.table.add(d.ids, func(row int, v verdict) {
		if d.corrects != nil && d.corrects[row] {
			return // it is about an id that was there before, and no copy of it
		}
		if v == duplicate {
			d.drop(row)
			d.report.BadRows--
			d.report.Duplicates++
			return
		}
		ids := d.part.Batch.Columns[r.layout.id]
		d.mark(r.source.paths[d.file.index], row, bad{field, IDConflict,
			"the id " + ids.Value(row).String() + " was there before, with another event time"})
	})
}

// chunk leaves the dropped rows out.
func (r *run) chunk(d *draft) *Chunk {
	c := &Chunk{Ordinal: int64(d.file.index)<<40 | d.part.First, File: d.file.index,
		EventTime: d.times, first: d.part.First}
	for _, place := range r.layout.request {
		c.Columns = append(c.Columns, d.part.Batch.Columns[place])
	}
	if d.dropped == nil {
		return c
	}
	c.kept = make([]int32, 0, len(d.times))
	for i, dropped := range d.dropped {
		if !dropped {
			c.kept = append(c.kept, int32(i))
		}
	}
	c.EventTime = pick(c.EventTime, c.kept)
	for i, column := range c.Columns {
		c.Columns[i] = pickColumn(column, c.kept)
	}
	return c
}

func pick[T any](values []T, rows []int32) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = values[row]
	}
	return out
}

// pickColumn returns some rows of a column.
func pickColumn(c *batch.Column, rows []int32) *batch.Column {
	if c.Type.Nested() {
		places := make([]uint32, len(rows))
		for i, row := range rows {
			places[i] = uint32(row)
		}
		return batch.Gather(c, places)
	}
	out := &batch.Column{Type: c.Type, Length: len(rows), Valid: pick(c.Valid, rows),
		Bools: pick(c.Bools, rows), Ints: pick(c.Ints, rows), Floats: pick(c.Floats, rows),
		Decimals: pick(c.Decimals, rows), Codes: pick(c.Codes, rows), Dict: c.Dict}
	if c.Offsets != nil && c.Codes == nil {
		out.Offsets = make([]uint32, 1, len(rows)+1)
		for _, row := range rows {
			out.Data = append(out.Data, c.Data[c.Offsets[row]:c.Offsets[row+1]]...)
			out.Offsets = append(out.Offsets, uint32(len(out.Data)))
		}
	}
	return out
}
