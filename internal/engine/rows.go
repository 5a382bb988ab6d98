package engine

import (
	"unsafe"

	"github.com/fettle-ml/fettle/internal/schema"
)

// columnList is the columns of events that are set, each by a pointer to its slice.
type columnList struct {
	entities  []*[]int32
	ints      []*[]int64
	words     []*[]uint64
	truths    []*[]bool
	floats    []*[]float64
	decimals  []*[]schema.Int128
	ids       []*[]eventID
	wideWords *[]uint64 // stride words an event; nil: there are none
}

// list returns the columns that are set, always in the same order.
func (r *eventRows) list() *columnList {
	l := &columnList{entities: []*[]int32{&r.entity}, ints: []*[]int64{&r.time}}
	for _, column := range []*[]int64{&r.ready, &r.visible, &r.sequence} {
		if *column != nil {
			l.ints = append(l.ints, column)
		}
	}
	if r.unsequenced != nil {
		l.truths = append(l.truths, &r.unsequenced)
	}
	if r.identity != nil {
		l.ids = append(l.ids, &r.identity)
	}
	if r.words != nil {
		l.wideWords = &r.words
	}
	if r.origin != nil {
		l.words = append(l.words, &r.origin)
	}
	for i := range r.ints {
		l.ints = append(l.ints, &r.ints[i])
	}
	for i := range r.floats {
		l.floats = append(l.floats, &r.floats[i])
	}
	for i := range r.decimals {
		l.decimals = append(l.decimals, &r.decimals[i])
	}
	return l
}

// bytes is what n events take, with every column rounded up to eight bytes.
func (r *eventRows) bytes(n int) int64 {
	l, rounded := r.list(), func(size int) int64 { return int64(n*size+7) &^ 7 }
	return rounded(4) + rounded(8)*int64(len(l.ints)+len(l.words)+len(l.floats)+r.stride) +
		rounded(1)*int64(len(l.truths)) + rounded(16)*int64(len(l.decimals)+len(l.ids))
}

// shaped returns rows with the same columns as these, without events.
func (r *eventRows) shaped() *eventRows {
	out := &eventRows{
		ints: make([][]int64, len(r.ints)), floats: make([][]float64, len(r.floats)),
		decimals: make([][]schema.Int128, len(r.decimals)), stride: r.stride,
	}
	if r.ready != nil {
		out.ready = []int64{}
	}
	if r.visible != nil {
		out.visible = []int64{}
	}
	if r.sequence != nil {
		out.sequence = []int64{}
	}
	if r.unsequenced != nil {
		out.unsequenced = []bool{}
	}
	if r.identity != nil {
		out.identity = []eventID{}
	}
	if r.words != nil {
		out.words = []uint64{}
	}
	if r.origin != nil {
		out.origin = []uint64{}
	}
	return out
}

// cut returns the events [from, to).
func (r *eventRows) cut(from, to int) *eventRows {
	out := *r
	out.ints, out.floats = append([][]int64(nil), r.ints...), append([][]float64(nil), r.floats...)
	out.decimals = append([][]schema.Int128(nil), r.decimals...)
	l := out.list()
	cutAll(l.entities, from, to)
	cutAll(l.ints, from, to)
	cutAll(l.words, from, to)
	cutAll(l.truths, from, to)
	cutAll(l.floats, from, to)
	cutAll(l.decimals, from, to)
	cutAll(l.ids, from, to)
	if l.wideWords != nil {
		*l.wideWords = (*l.wideWords)[from*r.stride : to*r.stride]
	}
	return &out
}

func cutAll[T any](columns []*[]T, from, to int) {
	for _, c := range columns {
		*c = (*c)[from:to]
	}
}

// picked returns the events at some places, in new memory.
func (r *eventRows) picked(rows []uint32) *eventRows {
	stride, order := r.stride, picked{rows: rows}
	out := *r
	out.ints, out.floats = append([][]int64(nil), r.ints...), append([][]float64(nil), r.floats...)
	out.decimals = append([][]schema.Int128(nil), r.decimals...)
	l := out.list()
	pickAll(l.entities, order)
	pickAll(l.ints, order)
	pickAll(l.words, order)
	pickAll(l.truths, order)
	pickAll(l.floats, order)
	pickAll(l.decimals, order)
	pickAll(l.ids, order)
	if l.wideWords != nil {
		words := make([]uint64, 0, len(rows)*stride)
		for _, row := range rows {
			words = append(words, r.words[int(row)*stride:(int(row)+1)*stride]...)
		}
		*l.wideWords = words
	}
	return &out
}

func pickAll[T any](columns []*[]T, order picked) {
	for _, c := range columns {
		*c = pick(*c, order)
	}
}

// columns hands out the memory of every column.
func (r *eventRows) columns(take func([]byte) error) error {
	l := r.list()
	err := giveAll(l.entities, take, nil)
	err = giveAll(l.ints, take, err)
	err = giveAll(l.words, take, err)
	err = giveAll(l.truths, take, err)
	err = giveAll(l.floats, take, err)
	err = giveAll(l.decimals, take, err)
	err = giveAll(l.ids, take, err)
	if l.wideWords != nil && err == nil {
		err = take(bytesOf(*l.wideWords))
	}
	return err
}

func giveAll[T number](columns []*[]T, take func([]byte) error, err error) error {
	for _, c := range columns {
		if err == nil {
			err = take(bytesOf(*c))
		}
	}
	return err
}

// place sets every column of shaped rows to memory for n events, in the order of columns.
func (r *eventRows) place(n int, next func(length int) []byte) {
	l := r.list()
	takeAll(l.entities, n, next)
	takeAll(l.ints, n, next)
	takeAll(l.words, n, next)
	takeAll(l.truths, n, next)
	takeAll(l.floats, n, next)
	takeAll(l.decimals, n, next)
	takeAll(l.ids, n, next)
	if l.wideWords != nil {
		*l.wideWords = valuesOf[uint64](next(8*n*r.stride), n*r.stride)
	}
}

func takeAll[T number](columns []*[]T, n int, next func(length int) []byte) {
	var one T
	for _, c := range columns {
		*c = valuesOf[T](next(n*int(unsafe.Sizeof(one))), n)
	}
}
