package pebble_test

import (
	"encoding/binary"
	"testing"

	"github.com/fettle-ml/fettle/internal/disk"
	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/pebble"
)

const benchmarkRows = 1_000_000

// rowKey spreads row numbers over the key space, as entities are.
func rowKey(i int) []byte {
	return binary.BigEndian.AppendUint64([]byte("rows/"), uint64(i)*0x9e3779b97f4a7c15)
}

func applyRows(b *testing.B, db *pebble.Store, c *store.Changes, from, count int) {
	b.Helper()
	c.Reset()
	value := make([]byte, 100)
	for i := from; i < from+count; i++ {
		binary.BigEndian.PutUint64(value, uint64(i)*0xbf58476d1ce4e5b9)
		c.Set(rowKey(i), value)
	}
	if err := db.Apply(b.Context(), c); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkApply is 1,000 rows of about 100 bytes in one batch, with the flushes they cause.
func BenchmarkApply(b *testing.B) {
	db, c := open(b, disk.OS{}, b.TempDir(), pebble.Options{}), &store.Changes{}
	n := 0
	for b.Loop() {
		applyRows(b, db, c, n*1000, 1000)
		n++
	}
	b.ReportMetric(float64(n)*1000/b.Elapsed().Seconds(), "rows/s")
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}

func filled(b *testing.B) *pebble.Store {
	b.Helper()
	db, c := open(b, disk.OS{}, b.TempDir(), pebble.Options{}), &store.Changes{}
	for i := 0; i < benchmarkRows; i += 10_000 {
		applyRows(b, db, c, i, 10_000)
	}
	if err := db.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func BenchmarkGet(b *testing.B) {
	db, n := filled(b), 0
	for b.Loop() {
		if _, err := db.Get(b.Context(), rowKey(n*7919%benchmarkRows)); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

func BenchmarkScan100(b *testing.B) {
	db, n := filled(b), 0
	for b.Loop() {
		rows := 0
		err := db.Scan(b.Context(), rowKey(n*7919%(benchmarkRows/2)), nil, func(_, _ []byte) error {
			if rows++; rows == 100 {
				return store.ErrStop
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
}
