package cli

import "testing"

func TestParseSize(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		text string
		want int64 // -1: refused
	}{
		{"", 0}, {"512MB", 512 << 20}, {"4GB", 4 << 30}, {"1.5 GiB", 3 << 29}, {"64m", 64 << 20}, {"100b", 100},
		{"12", -1}, {"MB", -1}, {"-1MB", -1}, {"1e30TB", -1}, {"NaNMB", -1}, {"4XB", -1},
	} {
		got, err := parseSize(f.text)
		if f.want < 0 != (err != nil) || err == nil && got != f.want {
			t.Errorf("%q: %d, %v, want %d", f.text, got, err, f.want)
		}
	}
}
