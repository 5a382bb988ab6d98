package memory_test

import (
	"fmt"
	"testing"

	"github.com/fettle-ml/fettle/internal/store"
	"github.com/fettle-ml/fettle/internal/store/memory"
	"github.com/fettle-ml/fettle/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) store.Online { return memory.New() })
}

// rows fills a batch with keys in an order far from sorted.
func rows(c *store.Changes, from, count int) {
	c.Reset()
	for i := from; i < from+count; i++ {
		c.Set(fmt.Appendf(nil, "%08x", uint32(i)*2654435761), make([]byte, 100))
	}
}

func BenchmarkApply1000(b *testing.B) {
	db, c := memory.New(), &store.Changes{}
	for i := 0; b.Loop(); i++ {
		rows(c, i*1000, 1000)
		if err := db.Apply(b.Context(), c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	db, c := memory.New(), &store.Changes{}
	rows(c, 0, 200_000)
	if err := db.Apply(b.Context(), c); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := db.Get(b.Context(), fmt.Appendf(nil, "%08x", uint32(i%200_000)*2654435761)); err != nil {
			b.Fatal(err)
		}
	}
}
