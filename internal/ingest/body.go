package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/format"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/source/file"
	"github.com/fettle-ml/fettle/internal/state"
)

// readBody parses and types a body. It holds no lock.
func readBody(source *plan.Source, request *PushRequest, limit int) (*file.Body, error) {
	body, err := file.ReadBody(configOf(source), request.Format, request.Body, limit)
	switch {
	case errors.Is(err, file.ErrTooManyRows):
		return nil, fmt.Errorf("%w: %w", ErrTooLarge, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return body, nil
}

// configOf says how a source's events are read. A computed column keeps its place without a name.
func configOf(source *plan.Source) file.Config {
	rule := source.EventTime
	config := file.Config{Name: source.Name, ID: -1, EventTime: file.EventTime{
		Column: rule.Column, Zone: rule.Zone, ZoneColumn: rule.ZoneColumn, Unit: rule.Unit}}
	for _, column := range source.Columns {
		field := schema.Field{Name: column.Name, Type: column.Type}
		if column.Expr != nil {
			field.Name = ""
		}
		config.Columns = append(config.Columns, field)
	}
	return config
}

// storedFields returns the stored columns of a source: those that records have.
func storedFields(source *plan.Source) []schema.Field {
	var fields []schema.Field
	for _, column := range source.Columns {
		if column.Expr == nil {
			fields = append(fields, schema.Field{Name: column.Name, Type: column.Type})
		}
	}
	return fields
}

// problems takes over what parsing found, by row, within the bounds of a record.
func problems(found []file.Bad) []BadRow {
	var rows []BadRow
	for _, bad := range found {
		if n := len(rows); n == 0 || rows[n-1].Row != bad.Row {
			rows = append(rows, BadRow{Row: bad.Row, Line: bad.Line})
		}
		row := &rows[len(rows)-1]
		if len(row.Problems) < maxProblems {
			row.Problems = append(row.Problems, newProblem(bad.Field, bad.Code, bad.Message))
		}
	}
	return rows
}

func newProblem(field, code, message string) Problem {
	return Problem{Field: shorten(field, maxFieldName), Code: code,
		Message: shorten(message, maxMessage)}
}

// shorten cuts text off before a rune that would go beyond a limit.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return strings.Clone(text[:limit])
}

// keepTexts adds to quarantined rows what they were written as, and their lines. It returns the
// header of the body. rows are in order.
func keepTexts(rows []BadRow, source *plan.Source, request *PushRequest, body *file.Body) []byte {
	if len(rows) == 0 {
		return nil
	}
	left := maxTexts
	keep := func(row *BadRow, text []byte) {
		n := min(len(text), maxText, left)
		row.Text, row.Cut = bytes.Clone(text[:n]), n < len(text)
		left -= n
	}
	if !request.Format.IsText() {
		for i := range rows {
			if body.BadRows == nil || !body.BadRows[rows[i].Row-1] {
				keep(&rows[i], rowAsJSON(source, body, int(rows[i].Row-1)))
			}
		}
		return nil
	}
	next := 0
	header := format.Records(request.Format, request.Body, func(row, line int64, text []byte) bool {
		if row == rows[next].Row {
			keep(&rows[next], text)
			rows[next].Line = line
			next++
		}
		return next < len(rows)
	})
	if len(header) > maxText {
		return nil
	}
	return bytes.Clone(header)
}

// rowAsJSON writes a row whose cells are all good.
func rowAsJSON(source *plan.Source, body *file.Body, row int) []byte {
	var fields []schema.Field
	var columns []*batch.Column
	for i, column := range body.Columns {
		if column != nil {
			fields = append(fields, schema.Field{Name: source.Columns[i].Name, Type: column.Type})
			columns = append(columns, batch.Gather(column, []uint32{uint32(row)}))
		}
	}
	var text bytes.Buffer
	output, err := format.Create(&text, format.JSONL, fields)
	if err == nil {
		err = errors.Join(output.Write(batch.New(fields, columns)), output.Close())
	}
	if err != nil {
		return nil // the row is listed without its text
	}
	return bytes.TrimSpace(text.Bytes())
}

// textFormat is the format of the texts of quarantined rows.
func textFormat(kind format.Format) string {
	if !kind.IsText() {
		return string(format.JSONL)
	}
	return string(kind)
}

// listed flattens quarantined rows to one entry per problem.
func listed(rows []BadRow) []Quarantined {
	var list []Quarantined
	for _, row := range rows {
		for _, p := range row.Problems {
			list = append(list, Quarantined{Row: row.Row, Line: row.Line, Field: p.Field, Code: p.Code,
				Message: p.Message})
		}
	}
	return list
}

// identities returns the id of each good row as state knows it; empty: it has none. A source without
// ids has no list.
func identities(source *plan.Source, body *file.Body) []string {
	if source.ID < 0 || body.Rows == 0 {
		return nil
	}
	ids := state.IDs(body.Columns[source.ID])
	for i := range body.BadRows {
		if body.BadRows[i] {
			ids[i] = ""
		}
	}
	return ids
}
