package format

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
)

// text decodes strings, bytes and JSON. As long as every page refers to the dictionary, the column
// keeps codes; at the first page that does not, what was collected is written out.
type text struct {
	stored *stored
	wanted schema.Kind

	validity
	codes        []uint32
	coded        bool
	offsets      []uint32
	data         []byte
	specials     []special
	dict         *batch.Column
	dictSpecials []special
}

// nullJSON is the problem of a JSON text that is the value null: there is none, it is a null.
const nullJSON = "null"

var errTooMuchText = errors.New("more than 4 GiB of text in one part of a column")

// begin starts with codes: whether the pages have them shows soon.
func (t *text) begin(rows int) {
	t.validity.begin(rows)
	t.codes, t.offsets, t.data, t.specials = make([]uint32, 0, rows), nil, nil, nil
	t.coded = true
}

// add takes a segment in whichever way its page stores it.
func (t *text) add(s *segment) error {
	start := t.validity.rows
	var specials []special
	var err error
	switch {
	case s.dict != nil && t.coded:
		specials, err = t.addCodes(s)
	case s.dict != nil:
		specials, err = t.addLookedUp(s)
	default:
		specials, err = t.addPlain(s)
	}
	if err != nil {
		return err
	}
	t.validity.add(s)
	for _, special := range specials {
		special.at = start + s.rowOf(special.at)
		t.specials = append(t.specials, special)
	}
	return nil
}

// addCodes keeps the codes of a page as they are.
func (t *text) addCodes(s *segment) ([]special, error) {
	codes, err := s.codes()
	if err != nil {
		return nil, err
	}
	if err := t.loadDict(s); err != nil {
		return nil, err
	}
	start := len(t.codes)
	t.codes = t.codes[:start+s.rows]
	dst := t.codes[start:]
	for i, code := range codes {
		dst[i] = uint32(code)
	}
	if s.levels != nil {
		spread(dst, s)
		for i, level := range s.levels {
			if level != s.max {
				dst[i] = 0
			}
		}
	}
	return specialsOf(codes, t.dictSpecials), nil
}

// loadDict copies the dictionary, once in a row group.
func (t *text) loadDict(s *segment) error {
	if t.dict != nil {
		return nil
	}
	n := s.dict.Len()
	dict := &batch.Column{Type: schema.Of(t.wanted), Length: n, Offsets: make([]uint32, 1, n+1)}
	values := s.dict.Page().Data()
	var err error
	dict.Data, dict.Offsets, err = t.appendValues(nil, dict.Offsets, &values, 0, n)
	if err != nil {
		return err
	}
	dict.Data = t.trim(dict.Data, dict.Offsets)
	t.dict, t.dictSpecials = dict, t.check(dict.Data, dict.Offsets)
	return nil
}

// addLookedUp writes the texts of codes out, because an earlier page had none.
func (t *text) addLookedUp(s *segment) ([]special, error) {
	codes, err := s.codes()
	if err != nil {
		return nil, err
	}
	if err := t.loadDict(s); err != nil {
		return nil, err
	}
	next := 0
	for i := range s.rows {
		if s.levels == nil || s.levels[i] == s.max {
			code := codes[next]
			next++
			t.data = append(t.data, t.dict.Data[t.dict.Offsets[code]:t.dict.Offsets[code+1]]...)
		}
		t.offsets = append(t.offsets, uint32(len(t.data)))
	}
	if len(t.data) > math.MaxUint32 {
		return nil, errTooMuchText
	}
	return specialsOf(codes, t.dictSpecials), nil
}

// addPlain copies texts that are stored one after another.
func (t *text) addPlain(s *segment) ([]special, error) {
	t.flatten()
	start := len(t.offsets)
	var err error
	t.data, t.offsets, err = t.appendValues(t.data, t.offsets, &s.values, s.from, s.count)
	if err != nil {
		return nil, err
	}
	t.data = t.trim(t.data, t.offsets[start-1:])
	specials := t.check(t.data, t.offsets[start-1:])
	if s.levels != nil {
		t.spreadOffsets(start, s)
	}
	return specials, nil
}

// spreadOffsets gives each null of a segment, whose first row ends at offsets[start], an empty
// text.
func (t *text) spreadOffsets(start int, s *segment) {
	before := t.offsets[start-1]
	t.offsets = append(t.offsets, make([]uint32, s.rows-s.count)...)
	ends, j := t.offsets[start:], s.count
	for i := s.rows - 1; i >= 0; i-- {
		end := before
		if j > 0 {
			end = ends[j-1]
		}
		ends[i] = end
		if s.levels[i] == s.max {
			j--
		}
	}
}

// flatten writes codes out as text.
func (t *text) flatten() {
	if !t.coded {
		return
	}
	t.coded = false
	t.offsets = append(make([]uint32, 0, t.capacity+1), 0)
	for i, code := range t.codes {
		if t.valid == nil || t.valid[i] {
			t.data = append(t.data, t.dict.Data[t.dict.Offsets[code]:t.dict.Offsets[code+1]]...)
		}
		t.offsets = append(t.offsets, uint32(len(t.data)))
	}
}

// appendValues appends n values, beginning at from, and where each of them ends.
func (t *text) appendValues(
	data []byte, offsets []uint32, values *encoding.Values, from, n int,
) ([]byte, []uint32, error) {
	if t.stored.kind == parquet.FixedLenByteArray {
		return t.appendFixed(data, offsets, values, from, n)
	}
	all, ends := values.ByteArray()
	if n == 0 {
		return data, offsets, nil
	}
	ends, err := take(ends, from, n+1)
	if err != nil {
		return nil, nil, err
	}
	first, last := ends[0], ends[n]
	if first > last || int(last) > len(all) {
		return nil, nil, errShortPage
	}
	shift := uint32(len(data)) - first
	if len(data)+int(last-first) > math.MaxUint32 {
		return nil, nil, errTooMuchText
	}
	data = append(data, all[first:last]...)
	for i, end := range ends[1:] {
		if end < ends[i] || end > last {
			return nil, nil, errShortPage
		}
		offsets = append(offsets, end+shift)
	}
	return data, offsets, nil
}

// appendFixed appends values of a fixed size; UUIDs in their usual form.
func (t *text) appendFixed(
	data []byte, offsets []uint32, values *encoding.Values, from, n int,
) ([]byte, []uint32, error) {
	all, size := values.FixedLenByteArray()
	if size <= 0 || len(all) < (from+n)*size {
		return nil, nil, errShortPage
	}
	for i := from; i < from+n; i++ {
		value := all[i*size : (i+1)*size]
		if t.stored.uuid && t.wanted != schema.Bytes {
			data = appendUUID(data, value)
		} else {
			data = append(data, value...)
		}
		offsets = append(offsets, uint32(len(data)))
	}
	if len(data) > math.MaxUint32 {
		return nil, nil, errTooMuchText
	}
	return data, offsets, nil
}

func appendUUID(data, id []byte) []byte {
	for i, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		if i > 0 {
			data = append(data, '-')
		}
		data = hex.AppendEncode(data, part)
	}
	return data
}

// trim takes the white space around values of JSON off, in place. offsets are as for check; the values
// are the last ones of data, which is returned.
func (t *text) trim(data []byte, offsets []uint32) []byte {
	if t.wanted != schema.JSON {
		return data
	}
	from, end := offsets[0], offsets[0]
	for i, to := range offsets[1:] {
		end += uint32(copy(data[end:], bytes.Trim(data[from:to], jsonSpace)))
		from, offsets[i+1] = to, end
	}
	return data[:end]
}

// check names the values that are no text or no JSON. offsets has one entry more than values.
func (t *text) check(data []byte, offsets []uint32) (specials []special) {
	if t.wanted == schema.Bytes || t.wanted == schema.String && ascii(data[offsets[0]:]) {
		return nil
	}
	for i := range len(offsets) - 1 {
		value := data[offsets[i]:offsets[i+1]]
		if !utf8.Valid(value) {
			specials = append(specials, special{i, fmt.Sprintf("%q is not valid UTF-8", clip(value))})
		} else if t.wanted != schema.JSON {
			continue
		} else if err := jsontext.Check(view(value)); err != nil {
			specials = append(specials, special{i, misfit(value, "valid JSON: "+err.Error())})
		} else if isNullJSON(value) {
			specials = append(specials, special{i, nullJSON})
		}
	}
	return specials
}

// ascii reports whether all bytes are ASCII: then they are valid UTF-8, however they are cut.
func ascii(data []byte) bool {
	for _, c := range data {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// clip shortens a value for a message.
func clip(value []byte) []byte {
	if len(value) > 40 {
		return append(append([]byte{}, value[:40]...), "..."...)
	}
	return value
}

// finish returns codes with their dictionary, or the texts themselves.
func (t *text) finish(as schema.Type) (*batch.Column, []special) {
	for _, special := range t.specials {
		t.need()
		t.valid[special.at] = false
	}
	rows := t.validity.rows
	// A dictionary longer than the part would cost its readers more than it saves.
	if t.coded && t.dict != nil && t.dict.Length > rows {
		t.flatten()
	}
	c := &batch.Column{Type: as, Length: rows, Valid: t.valid}
	if !t.coded {
		c.Offsets, c.Data = t.offsets, t.data
		return c, t.specials
	}
	c.Codes, c.Dict = t.codes, t.dict
	if c.Dict == nil {
		c.Dict = &batch.Column{Type: as, Offsets: []uint32{0}}
	}
	return c, t.specials
}
