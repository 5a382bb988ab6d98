package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/fettle-ml/fettle/internal/schema"
)

// maxInferred is how many columns are inferred at most. More are not fields but data.
const maxInferred = 10_000

// jsonGuess is what the values of a field have in common, so far.
type jsonGuess struct {
	bools, numbers, texts, others bool // which kinds there are
	notInt, notFloat              bool // of the numbers
	notDate                       bool // of the texts
	zoned, wall, notTime          bool // which kinds of times there are; whether other texts
	times                         bool // whether times are looked for even behind other texts
}

// infer reads the first rows: for the types of all fields, unless they are declared, and for
// whether times have a zone.
func (in *jsonlInput) infer(blocks *textBlocks) error {
	names := in.names()
	guesses := make([]jsonGuess, len(names))
	for i, c := range in.columns {
		guesses[i].times = c.Type.Kind == schema.Timestamp
	}
	declared := len(names) > 0
	err := firstObjects(blocks, newObjects(names), func(o *jsonObjects) error {
		if !declared && len(o.names) > maxInferred {
			return fmt.Errorf("%s: more than %d different fields in the first %d rows; "+
				"are values written as keys?", in.name, maxInferred, inferRows)
		}
		if !declared {
			names = o.names
			guesses = append(guesses, make([]jsonGuess, len(names)-len(guesses))...)
		}
		for _, id := range o.order[:o.fields] {
			if !declared || id < len(guesses) && guesses[id].times {
				guesses[id].add(o.value[id])
			}
		}
		return nil
	})
	for i, g := range guesses {
		switch {
		case !declared:
			c := Column{Name: names[i]}
			c.Type, c.Local = g.decide()
			in.columns = append(in.columns, c)
		case g.times:
			in.columns[i].Local = g.wall && !g.zoned
		}
	}
	return err
}

// firstObjects calls found for the first rows. Lines that are no objects are left out here; a scan
// reports them.
func firstObjects(blocks *textBlocks, o *jsonObjects, found func(*jsonObjects) error) error {
	for rows := 0; rows < inferRows; {
		block, err := blocks.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for data := block.data; len(data) > 0 && rows < inferRows; {
			var line []byte
			line, data, _ = bytes.Cut(data, []byte{'\n'})
			if blank(line) {
				continue
			}
			rows++
			if o.next(line) != "" {
				continue
			}
			if err := found(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes a value into account. Nulls say nothing.
func (g *jsonGuess) add(v jsonValue) {
	switch v.kind {
	case 'n':
	case 't', 'f':
		g.bools = true
	case 0:
		g.numbers = true
		_, ok := parseInt(v.raw)
		g.notInt = g.notInt || !v.integer || !ok
		_, float := parseFloat(v.raw)
		g.notFloat = g.notFloat || !float || v.integer && !ok
	case '"':
		g.texts = true
		g.addText(v)
	default:
		g.others = true
	}
}

func (g *jsonGuess) addText(v jsonValue) {
	if g.notTime && !g.times {
		return
	}
	text, _ := v.text(nil)
	_, isDate := parseDate(text)
	g.notDate = g.notDate || !isDate
	_, zoned, ok := parseTime(text)
	g.zoned = g.zoned || ok && zoned
	g.wall = g.wall || ok && !zoned
	g.notTime = g.notTime || !ok
}

// decide returns the narrowest type that all values can be read as. Numbers beyond int64 are most
// likely identifiers, which a float64 would round; values of several kinds have no other type than
// JSON.
func (g *jsonGuess) decide() (t schema.Type, local bool) {
	kinds := 0
	for _, there := range []bool{g.bools, g.numbers, g.texts, g.others} {
		if there {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		return schema.Of(schema.Null), false
	case kinds > 1 || g.others || g.numbers && g.notInt && g.notFloat:
		return schema.Of(schema.JSON), false
	case g.bools:
		return schema.Of(schema.Bool), false
	case g.numbers && !g.notInt:
		return schema.Of(schema.Int64), false
	case g.numbers:
		return schema.Of(schema.Float64), false
	case !g.notDate:
		return schema.Of(schema.Date), true // read as times, dates are midnights without a zone
	case !g.notTime && g.zoned != g.wall:
		return schema.Of(schema.Timestamp), g.wall
	default:
		return schema.Of(schema.String), false
	}
}
