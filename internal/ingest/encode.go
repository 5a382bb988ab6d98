package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// payloadVersion is the version of the format of payloads.
const payloadVersion = 1

// The flags of a payload.
const (
	flagMore  = 1 << iota // the next record goes on with the request
	flagKey               // a key and a hash follow
	flagRetry             // a list of settled rows follows
	flagBad               // a list of quarantined rows follows
	flagRest              // the record before it is of the same request
	flagsKnown
)

// The encodings of a column.
const (
	plainInts = iota // each as a varint
	deltaInts        // the difference to the one before as a varint
	plainText        // each with its length
	codedText        // a dictionary, then codes
	fixed            // as many bits for each
	itemized         // elements as a column of their own
)

var errOneRow = errors.New("one row is larger than a record can be")

// encodeRequest encodes a request into the payloads of as many records as it needs, each of at most
// limit bytes. The rows of the record itself are not looked at.
func encodeRequest(r *Record, s selection, limit int) ([][]byte, error) {
	if len(s.rows) <= maxRecordRows {
		payload, err := appendPayload(nil, r, s)
		if err != nil {
			return nil, err
		}
		if len(payload) <= limit {
			return [][]byte{payload}, nil
		}
	}
	if len(s.rows) < 2 {
		return nil, errOneRow
	}
	first, rest := *r, Record{Key: r.Key, Body: r.Body, More: r.More, Rest: true}
	first.More = true
	left, right := s, s
	half := len(s.rows) / 2
	left.rows, right.rows = s.rows[:half], s.rows[half:]
	payloads, err := encodeRequest(&first, left, limit)
	if err != nil {
		return nil, err
	}
	more, err := encodeRequest(&rest, right, limit)
	return append(payloads, more...), err
}

// selection is some rows of some columns. Columns that are nil are not stored.
type selection struct {
	times   []int64
	columns []*batch.Column
	rows    []uint32
}

// appendPayload encodes one record. What is needed of every record after a start, the key and the
// quarantined rows, stands before the rows, which are not.
func appendPayload(dst []byte, r *Record, s selection) ([]byte, error) {
	flags := byte(0)
	set := func(flag byte, on bool) {
		if on {
			flags |= flag
		}
	}
	set(flagMore, r.More)
	set(flagKey, r.Key != "")
	set(flagRetry, r.Retry)
	set(flagBad, len(r.Bad) > 0)
	set(flagRest, r.Rest)
	dst = append(dst, payloadVersion, flags)
	dst = binary.AppendUvarint(dst, uint64(len(s.rows)))
	dst = binary.AppendUvarint(dst, uint64(r.Duplicates))
	dst = binary.AppendUvarint(dst, uint64(r.Quarantined))
	if r.Key != "" {
		dst = appendText(dst, r.Key)
		dst = append(dst, r.Body[:]...)
	}
	if r.Retry {
		dst = binary.AppendUvarint(dst, uint64(len(r.Resolved)))
		for _, id := range r.Resolved {
			dst = binary.AppendUvarint(dst, id.Sequence)
			dst = binary.AppendUvarint(dst, uint64(id.Row))
		}
	}
	if len(r.Bad) > 0 {
		dst = appendBad(dst, r)
	}
	return appendRows(dst, s)
}

func appendText[T ~string | ~[]byte](dst []byte, text T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

func appendBad(dst []byte, r *Record) []byte {
	dst = appendText(dst, r.Format)
	dst = appendText(dst, r.Header)
	dst = binary.AppendUvarint(dst, uint64(len(r.Bad)))
	for _, b := range r.Bad {
		dst = binary.AppendUvarint(dst, uint64(b.Row))
		dst = binary.AppendUvarint(dst, uint64(b.Line))
		cut := byte(0)
		if b.Cut {
			cut = 1
		}
		dst = append(dst, cut)
		dst = appendText(dst, b.Text)
		dst = binary.AppendUvarint(dst, uint64(len(b.Problems)))
		for _, p := range b.Problems {
			dst = appendText(dst, p.Field)
			dst = appendText(dst, p.Code)
			dst = appendText(dst, p.Message)
		}
	}
	return dst
}

// appendRows encodes the accepted rows. A request without any has no columns either.
func appendRows(dst []byte, s selection) ([]byte, error) {
	if len(s.rows) == 0 {
		return dst, nil
	}
	dst = appendInts(dst, func(i int) int64 { return s.times[s.rows[i]] }, len(s.rows))
	count := 0
	for _, c := range s.columns {
		if c != nil {
			count++
		}
	}
	dst = binary.AppendUvarint(dst, uint64(count))
	for _, c := range s.columns {
		if c == nil {
			continue
		}
		var err error
		if dst, err = appendColumn(dst, c, s.rows); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// appendColumn leaves out the values of nulls: their slots hold anything, and equal events must give
// equal bytes.
func appendColumn(dst []byte, c *batch.Column, rows []uint32) ([]byte, error) {
	dst = append(dst, byte(c.Type.Kind))
	if c.Type.Kind == schema.Decimal {
		dst = binary.AppendUvarint(dst, uint64(c.Type.Size))
	}
	set := rows
	if c.Valid != nil {
		set = slices.DeleteFunc(slices.Clone(rows), func(row uint32) bool { return !c.Valid[row] })
	}
	if len(set) == len(rows) {
		dst = append(dst, 0)
	} else {
		dst = append(dst, 1)
		dst = appendBits(dst, len(rows), func(i int) bool { return c.Valid[rows[i]] })
	}
	switch c.Type.Kind {
	case schema.Bool:
		dst = append(dst, fixed)
		return appendBits(dst, len(set), func(i int) bool { return c.Bools[set[i]] }), nil
	case schema.Int64, schema.Timestamp, schema.Date, schema.Duration:
		return appendInts(dst, func(i int) int64 { return c.Ints[set[i]] }, len(set)), nil
	case schema.Float64:
		dst = append(dst, fixed)
		for _, row := range set {
			dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(c.Floats[row]))
		}
		return dst, nil
	case schema.Decimal:
		dst = append(dst, fixed)
		for _, row := range set {
			dst = binary.LittleEndian.AppendUint64(dst, c.Decimals[row].Lo)
			dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Decimals[row].Hi))
		}
		return dst, nil
	case schema.String, schema.Bytes, schema.JSON:
		return appendTexts(dst, c, set), nil
	case schema.List, schema.Vector, schema.Map:
		return appendItems(dst, c, set)
	default:
		return nil, fmt.Errorf("a column of type %s cannot be pushed", c.Type)
	}
}

func appendBits(dst []byte, count int, bit func(i int) bool) []byte {
	for i := 0; i < count; i += 8 {
		b := byte(0)
		for k := i; k < min(i+8, count); k++ {
			if bit(k) {
				b |= 1 << (k - i)
			}
		}
		dst = append(dst, b)
	}
	return dst
}

// appendInts writes values or differences, whatever is shorter.
func appendInts(dst []byte, value func(i int) int64, count int) []byte {
	plain, delta, last := 0, 0, int64(0)
	for i := range count {
		v := value(i)
		plain += varintLength(v)
		delta += varintLength(v - last) // wraps around, and back when it is read
		last = v
	}
	if plain <= delta {
		dst = append(dst, plainInts)
		for i := range count {
			dst = binary.AppendVarint(dst, value(i))
		}
		return dst
	}
	dst = append(dst, deltaInts)
	last = 0
	for i := range count {
		v := value(i)
		dst = binary.AppendVarint(dst, v-last)
		last = v
	}
	return dst
}

func varintLength(v int64) int {
	u := uint64(v)<<1 ^ uint64(v>>63)
	n := 1
	for ; u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

// appendTexts writes the words and a code for each row if there are few different ones, else the
// words row by row.
func appendTexts(dst []byte, c *batch.Column, rows []uint32) []byte {
	words, codes := dictionary(c, rows)
	if words == nil {
		dst = append(dst, plainText)
		for _, row := range rows {
			dst = appendText(dst, c.Text(int(row)))
		}
		return dst
	}
	dst = append(dst, codedText)
	dst = binary.AppendUvarint(dst, uint64(len(words)))
	for _, word := range words {
		dst = appendText(dst, word)
	}
	for _, code := range codes {
		dst = binary.AppendUvarint(dst, code)
	}
	return dst
}

// dictionary returns the different texts and the place of each row's among them; nothing if there
// are not at least twice as many rows.
func dictionary(c *batch.Column, rows []uint32) (words []string, codes []uint64) {
	known := map[string]uint64{}
	for _, row := range rows {
		text := c.Text(int(row))
		code, found := known[text]
		if !found {
			if code = uint64(len(words)); 2*(code+1) > uint64(len(rows)) {
				return nil, nil
			}
			known[text] = code
			words = append(words, text)
		}
		codes = append(codes, code)
	}
	return words, codes
}
