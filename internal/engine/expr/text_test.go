package expr

import (
	"math/rand/v2"
	"testing"
)

// matches is like without an escape, as the definition reads: % is nothing, or one character and %.
func matches(text, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch {
	case pattern[0] == '%':
		return matches(text, pattern[1:]) || len(text) > 0 && matches(text[1:], pattern)
	case len(text) == 0:
		return false
	default:
		return (pattern[0] == '_' || pattern[0] == text[0]) && matches(text[1:], pattern[1:])
	}
}

func TestLike(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	word := func(letters []rune, most int) []rune {
		out := make([]rune, random.IntN(most+1))
		for i := range out {
			out[i] = letters[random.IntN(len(letters))]
		}
		return out
	}
	hits := 0
	for range 100_000 {
		text, pattern := word([]rune("abñ"), 8), word([]rune("abñ%%_"), 6)
		want := matches(text, pattern)
		if want {
			hits++
		}
		if got := like(string(text), string(pattern), -1); got != want {
			t.Fatalf("%q like %q is %v", string(text), string(pattern), got)
		}
	}
	if hits < 5000 {
		t.Errorf("only %d patterns matched", hits)
	}
}

func FuzzLike(f *testing.F) {
	f.Add("fettle", "%tt_e", "!")
	f.Add("\xff%", "!%\xff", "!")
	f.Fuzz(func(_ *testing.T, text, pattern, escape string) {
		if len(text)*len(pattern) < 1<<16 {
			like(text, pattern, []rune(escape + "!")[0])
		}
	})
}
