package format

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/schema"
)

// arrowText returns what reads the texts of an array, and how many bytes they have together at most:
// more means that offsets of a damaged file point at the same bytes again and again. Views may do so
// on purpose.
func arrowText(values arrow.Array) (text func(i int) []byte, limit int, err error) {
	const mostOfViews = 1 << 30
	switch values := values.(type) {
	case *array.String:
		return func(i int) []byte { return bytesOf(values.Value(i)) }, arrowBytes(values), nil
	case *array.LargeString:
		return func(i int) []byte { return bytesOf(values.Value(i)) }, arrowBytes(values), nil
	case *array.Binary:
		return values.Value, arrowBytes(values), nil
	case *array.LargeBinary:
		return values.Value, arrowBytes(values), nil
	case *array.FixedSizeBinary:
		return values.Value, math.MaxUint32, nil
	case *array.StringView:
		return func(i int) []byte { return bytesOf(values.Value(i)) }, mostOfViews, nil
	case *array.BinaryView:
		return values.Value, mostOfViews, nil
	default:
		return nil, 0, errArray(values)
	}
}

// bytesOf views a text as bytes, which are only read.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// arrowBytes returns the length of the texts of an array.
func arrowBytes(values arrow.Array) int {
	buffers := values.Data().Buffers()
	if len(buffers) < 3 || buffers[2] == nil {
		return 0
	}
	return buffers[2].Len()
}

// arrowItems converts lists of every kind, and maps.
func arrowItems(s *stored, values arrow.Array, as schema.Type) (*batch.Column, []flaw, error) {
	c := &batch.Column{Type: as, Length: values.Len(), Valid: arrowValid(values)}
	elem, _ := s.elementOf(as)
	list, ok := values.(array.ListLike)
	if !ok {
		return nil, nil, errArray(values)
	}
	var items arrow.Array
	from, to, err := arrowOffsets(c, list)
	if err != nil {
		return nil, nil, err
	}
	var flaws []flaw
	pairs, isMap := values.(*array.Map)
	switch {
	case isMap:
		keys := array.NewSlice(pairs.Keys(), from, to)
		if c.Keys, flaws, err = arrowColumn(s.key, keys, schema.Of(schema.String)); err != nil {
			return nil, nil, err
		}
		items = pairs.Items()
	case s.key != nil:
		return nil, nil, errArray(values)
	default:
		items = list.ListValues()
	}
	child, more, err := arrowColumn(s.child, array.NewSlice(items, from, to), elem)
	if err != nil {
		return nil, nil, err
	}
	c.Child = child
	return c, outward(c, append(flaws, more...)), nil
}

// arrowOffsets fills in how many elements each slot has, and returns between which elements all of
// them lie. Views of lists are taken only as other lists are: one after the other.
func arrowOffsets(c *batch.Column, list array.ListLike) (from, to int64, err error) {
	length := int64(list.ListValues().Len())
	c.Offsets = make([]uint32, 1, c.Length+1)
	for i := range c.Length {
		begin, end := list.ValueOffsets(i)
		if i == 0 {
			from, to = begin, begin
		}
		switch list.(type) {
		case *array.ListView, *array.LargeListView:
			if c.IsNull(i) || begin == end {
				begin, end = to, to // an empty view may lie anywhere
			}
			if begin != to {
				return 0, 0, fmt.Errorf("its elements are not in the order of its lists; write it as a list")
			}
		}
		if begin != to || end < begin || end > length || end-from > math.MaxUint32 {
			return 0, 0, fmt.Errorf("elements %d to %d of %d", begin, end, length)
		}
		to = end
		c.Offsets = append(c.Offsets, uint32(end-from))
	}
	return from, to, nil
}

// arrowDictionary looks values up. Texts keep their codes and their dictionary.
func arrowDictionary(s *stored, values *array.Dictionary, as schema.Type) (*batch.Column, []flaw, error) {
	dict, flaws, err := arrowColumn(s, values.Dictionary(), as)
	if err != nil {
		return nil, nil, err
	}
	problems := map[uint32]string{}
	for _, f := range flaws {
		problems[uint32(f.at)] = f.problem
	}
	codes := make([]uint32, values.Len())
	flaws = nil
	for i := range codes {
		if values.IsNull(i) {
			codes[i] = batch.NoRow
			continue
		}
		code := values.GetValueIndex(i)
		if code < 0 || code >= dict.Length {
			return nil, nil, fmt.Errorf("place %d of a dictionary of %d", code, dict.Length)
		}
		codes[i] = uint32(code)
		if problem, found := problems[codes[i]]; found {
			flaws = append(flaws, flaw{i, problem})
		}
	}
	textual := as.Kind == schema.String || as.Kind == schema.Bytes || as.Kind == schema.JSON
	if !textual || dict.Valid != nil || dict.Dict != nil || dict.Length > len(codes) {
		return batch.Gather(dict, codes), flaws, nil
	}
	c := &batch.Column{Type: as, Length: len(codes), Valid: arrowValid(values), Codes: codes, Dict: dict}
	for i := range codes {
		if c.IsNull(i) {
			codes[i] = 0
		}
	}
	return c, flaws, nil
}
