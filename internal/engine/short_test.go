package engine

import (
	"math/rand/v2"
	"testing"
)

// TestShortKeys compares the table with a map: texts of every length, many of which differ in one
// byte or in their length alone.
func TestShortKeys(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 17))
	want, table := map[string]int32{}, &shortKeys{}
	missing := 0
	for range 50_000 {
		key := make([]byte, r.IntN(longestShort+1))
		for i := range key {
			key[i] = []byte{0, 0, 'a', 'b', 0xFF}[r.IntN(5)]
		}
		number, known := want[string(key)]
		if !known {
			number = noEntity
			missing++
		}
		if got := table.number(shortOf(string(key))); got != number {
			t.Fatalf("%q: %d, want %d", key, got, number)
		}
		if !known {
			want[string(key)] = int32(len(want))
			table.add(shortOf(string(key)), int32(len(want)-1))
		}
	}
	if t.Logf("%d keys", missing); missing < 10_000 {
		t.Error("too little was compared")
	}
}
