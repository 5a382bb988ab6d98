package schema

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"amount", "country", "merchant", "spend_7d", "spend_30d", "ts"}
	for name, want := range map[string]string{
		"amuont": "amount", "Amount": "amount", "cuntry": "country", "spend_8d": "spend_7d", "t": "ts",
		"zebra": "", "": "", "st": "ts",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}
