package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// inferRows is how many rows the types of a CSV file are inferred from.
const inferRows = 10_000

// guess is what the fields of a column have in common, so far: each flag says that all of them can
// be read so.
type guess struct {
	seen                                         bool
	notBool, notInt, notFloat, notDate, notZoned bool
	notWall                                      bool

	anyZoned, anyWall bool // of the cells that are times, whatever the others are

	cells, numbers, times int
	noNumber, noTime      string // the first cell that is none
}

// infer decides the types of the columns from the first rows. Rows that cannot be cut are left out
// here; a scan reports them.
func (c *csvInput) infer(blocks *textBlocks) error {
	guesses := make([]guess, len(c.columns))
	for rows := 0; rows < inferRows; {
		block, err := blocks.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		var cut cutter
		line := block.line
		for data := block.data; len(data) > 0 && rows < inferRows; rows++ {
			fields, n, problem := cut.next(data)
			if problem == "" && len(fields) == len(guesses) {
				for i, f := range fields {
					guesses[i].take(f, line)
				}
			}
			line += int64(bytes.Count(data[:n], []byte{'\n'}))
			data = data[n:]
		}
	}
	for i, g := range guesses {
		c.columns[i].Type, c.columns[i].Local = g.decide()
		if c.columns[i].Type.Kind == schema.String {
			c.columns[i].Odd = g.odd()
		}
	}
	return nil
}

// take adds a field, and counts what explains a column that turns out to be text.
func (g *guess) take(f csvField, line int64) {
	g.add(f)
	if f.null() {
		return
	}
	text := f.text()
	g.cells++
	if _, ok := parseFloat(text); ok {
		g.numbers++
	} else if g.noNumber == "" {
		g.noNumber = oddCell(line, text) + " is no number"
	}
	if _, _, ok := parseTime(text); ok {
		g.times++
	} else if g.noTime == "" {
		g.noTime = oddCell(line, text) + " is no time"
	}
}

func oddCell(line int64, text []byte) string {
	if len(text) > 40 {
		return fmt.Sprintf("line %d: %q", line, string(text[:40])+"..")
	}
	return fmt.Sprintf("line %d: %q", line, text)
}

// odd names the first cell that keeps a column from being numbers or times, if at least half of its
// cells are: fewer, and it is text on purpose.
func (g *guess) odd() string {
	switch {
	case 2*g.numbers >= g.cells:
		return g.noNumber
	case 2*g.times >= g.cells:
		return g.noTime
	default:
		return ""
	}
}

// add takes a field into account. Empty ones say nothing.
func (g *guess) add(f csvField) {
	if f.null() {
		return
	}
	text := f.text()
	g.seen = true
	if !g.notBool {
		_, ok := parseBool(text)
		g.notBool = !ok
	}
	if !g.notInt {
		_, ok := parseInt(text)
		g.notInt = !ok || padded(text)
	}
	if !g.notFloat {
		_, ok := parseFloat(text)
		g.notFloat = !ok || padded(text) || longInteger(text)
	}
	if !g.notDate {
		_, ok := parseDate(text)
		g.notDate = !ok
	}
	_, zoned, ok := parseTime(text)
	g.anyZoned, g.anyWall = g.anyZoned || ok && zoned, g.anyWall || ok && !zoned
	g.notZoned, g.notWall = g.notZoned || !ok || !zoned, g.notWall || !ok || zoned
}

// padded reports whether a number begins with zeros, as codes do that are not numbers: read as a
// number, 00501 would lose them.
func padded(text []byte) bool {
	digits := strings.TrimLeft(view(text), "+-")
	return len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9'
}

// longInteger reports whether an integer is beyond int64: most likely an identifier, which a
// float64 would round.
func longInteger(text []byte) bool {
	if strings.Trim(view(text), "+-0123456789") != "" {
		return false
	}
	_, ok := parseInt(text)
	return !ok
}

// decide returns the narrowest type that all fields can be read as.
func (g *guess) decide() (t schema.Type, local bool) {
	switch {
	case !g.seen:
		return schema.Of(schema.Null), false
	case !g.notBool:
		return schema.Of(schema.Bool), false
	case !g.notInt:
		return schema.Of(schema.Int64), false
	case !g.notFloat:
		return schema.Of(schema.Float64), false
	case !g.notDate:
		return schema.Of(schema.Date), true // read as times, dates are midnights without a zone
	case !g.notZoned:
		return schema.Of(schema.Timestamp), false
	case !g.notWall:
		return schema.Of(schema.Timestamp), true
	default:
		// A cell that is no time must not change how the others are read where times are declared.
		return schema.Of(schema.String), g.anyWall && !g.anyZoned
	}
}
