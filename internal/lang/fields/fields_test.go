package fields

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// TestTable checks what the readers of the table rely on.
func TestTable(t *testing.T) {
	t.Parallel()
	count := 0
	for _, o := range Objects() {
		names := o.Names()
		slices.Sort(names)
		if len(slices.Compact(names)) != len(o.Fields) || Of(o.What) != o {
			t.Errorf("%s has a field twice, or is there twice", o.What)
		}
		for _, f := range o.Fields {
			count++
			nested := f.Shape == Nested || f.Shape == NestedList || f.Shape == NestedMap || f.Shape == Features
			if nested != (f.Of != "") || f.Of != "" && Of(f.Of) == nil {
				t.Errorf("%s.%s: shape %d of %q", o.What, f.Name, f.Shape, f.Of)
			}
			words := f.Shape == Choice || f.Shape == NestedList
			if words != (len(f.Values) > 0) || !strings.HasSuffix(f.Doc, ".") {
				t.Errorf("%s.%s: values %v, doc %q", o.What, f.Name, f.Values, f.Doc)
			}
		}
		for _, name := range o.OneOf {
			if _, found := o.Field(name); !found {
				t.Errorf("%s has no field %s", o.What, name)
			}
		}
	}
	if count < 110 {
		t.Errorf("only %d fields", count)
	}
}

// TestPatterns compares the patterns for editors with the rules of the language on random texts.
func TestPatterns(t *testing.T) {
	t.Parallel()
	const seed = 3
	r := rand.New(rand.NewPCG(seed, seed))
	compare := func(pattern, alphabet string, valid func(string) bool) {
		t.Helper()
		compiled := regexp.MustCompile(pattern)
		accepted := 0
		for range 5000 {
			var b strings.Builder
			for range r.IntN(6) {
				b.WriteByte(alphabet[r.IntN(len(alphabet))])
			}
			text := b.String()
			want := valid(text)
			if got := compiled.MatchString(text); got != want {
				t.Errorf("seed %d: %q: the pattern says %v, the language %v", seed, text, got, want)
			}
			if want {
				accepted++
			}
		}
		if accepted < 50 {
			t.Errorf("seed %d: only %d texts fit %s", seed, accepted, pattern)
		}
	}
	compare(NamePattern, "ab1_A", func(s string) bool { return schema.CheckName(s) == nil })
	compare(DurationPattern, "01smhdwu", func(s string) bool {
		_, err := schema.ParseDuration(s)
		return err == nil
	})
}
