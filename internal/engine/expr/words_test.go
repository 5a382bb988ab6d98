package expr_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// TestUnicode fails if a build would change the tables that lower, tokens, normalize and
// strip_accents read, and so the meaning of features.
func TestUnicode(t *testing.T) {
	t.Parallel()
	const documented = "15.0.0"
	if norm.Version != documented || unicode.Version != documented {
		t.Errorf("Unicode %s and %s, documented is %s", norm.Version, unicode.Version, documented)
	}
}

// TestStreamSafe holds what a long run of combining characters becomes.
func TestStreamSafe(t *testing.T) {
	t.Parallel()
	const accent, joiner = "\u0301", "\u034f"
	x := plan.Constant(schema.StringValue("x" + strings.Repeat(accent, 65)))
	v, _, err := expr.EvalConst(call("normalize", schema.String, x, plan.Constant(schema.StringValue("NFC"))))
	run := strings.Repeat(accent, 30)
	if want := "x" + run + joiner + run + joiner + strings.Repeat(accent, 5); err != nil || v.Text != want {
		t.Errorf("%q, %v", v.Text, err)
	}
}

// TestLongTexts puts texts together up to the bound and one byte beyond it. Thirty doublings of a
// text would need more memory than there is.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	const longest = 1 << 20
	text := func(s string) *plan.Expr { return plan.Constant(schema.StringValue(s)) }
	half := strings.Repeat("a", longest/2)
	for name, f := range map[string]func(last string) *plan.Expr{
		"concat": func(last string) *plan.Expr {
			return call("concat", schema.String, text(half), text(half[1:]), text(last))
		},
		"join": func(last string) *plan.Expr {
			return call("join", schema.String, plan.Constant(texts(half, half[2:], last)), text("b"))
		},
		"replace": func(last string) *plan.Expr {
			return call("replace", schema.String, text("xx"+last), text("x"), text(half[1:]))
		},
	} {
		fits, beyond := "a", "aa"
		switch name {
		case "replace":
			fits, beyond = "aa", "aaa"
		case "join":
			fits, beyond = "", "a"
		}
		v, counts, err := expr.EvalConst(f(fits))
		if err != nil || len(v.Text) != longest || counts.Overflow != 0 {
			t.Errorf("%s: %d bytes, %+v, %v", name, len(v.Text), counts, err)
		}
		v, counts, err = expr.EvalConst(f(beyond))
		if err != nil || !v.Null || counts.Overflow != 1 {
			t.Errorf("%s: beyond the bound %d bytes, %+v, %v", name, len(v.Text), counts, err)
		}
	}
	x := text("ab")
	for range 64 {
		x = call("concat", schema.String, x, x)
		v, _, err := expr.EvalConst(x)
		if err != nil {
			t.Fatal(err)
		}
		x = plan.Constant(v)
	}
}

// TestLargeLists doubles lists until they are too large. The text's bytes count too.
func TestLargeLists(t *testing.T) {
	t.Parallel()
	many := schema.Value{Type: schema.ListOf(schema.Of(schema.Int64))}
	many.Items = slices.Repeat([]schema.Value{schema.IntValue(1)}, 1<<17)
	for _, c := range []struct {
		first schema.Value
		fits  int // doublings
	}{{many, 3}, {schema.StringValue(strings.Repeat("a", 1<<17)), 3}} {
		x, typ := plan.Constant(c.first), c.first.Type
		for n := range c.fits + 1 {
			typ = schema.ListOf(typ)
			v, counts, err := expr.EvalConst(&plan.Expr{Op: plan.Call, Func: "list", Type: typ, Args: []*plan.Expr{x, x}})
			if err != nil || v.Null != (n == c.fits) || counts.Overflow != int64(n/c.fits) {
				t.Fatalf("%d doublings: null %v, %+v, %v", n+1, v.Null, counts, err)
			}
			x = plan.Constant(v)
		}
	}
}

// texts gives a list of texts as a value.
func texts(items ...string) schema.Value {
	list := schema.Value{Type: schema.ListOf(schema.Of(schema.String))}
	for _, item := range items {
		list.Items = append(list.Items, schema.StringValue(item))
	}
	return list
}

// naiveText computes the functions of two texts as their pages read. The second text is the
// separator, the pattern or the other word.
func naiveText(name, x, y string) schema.Value {
	runes := []rune(x)
	switch name {
	case "split":
		return texts(strings.Split(x, y)...)
	case "tokens":
		var words []string
		for _, word := range strings.FieldsFunc(x, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r)
		}) {
			words = append(words, strings.Map(unicode.ToLower, word))
		}
		return texts(words...)
	case "ngrams":
		var parts []string
		for i := 0; i+2 <= len(runes); i++ {
			parts = append(parts, string(runes[i:i+2]))
		}
		return texts(parts...)
	case "regexp_matches":
		return schema.BoolValue(strings.ContainsAny(x, "ab"))
	case "regexp_extract":
		if i := strings.IndexAny(x, "ab"); i >= 0 {
			rest := x[i:]
			return schema.StringValue(rest[:len(rest)-len(strings.TrimLeft(rest, "ab"))])
		}
		return schema.NullOf(schema.Of(schema.String))
	case "strip_accents":
		return schema.StringValue(norm.NFC.String(strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(x))))
	default:
		return schema.IntValue(int64(naiveDistance(runes, []rune(y), map[[2]int]int{})))
	}
}

// naiveDistance is the definition of the edit distance: what is done to the last code points.
func naiveDistance(x, y []rune, known map[[2]int]int) int {
	if len(x) == 0 || len(y) == 0 {
		return len(x) + len(y)
	}
	at := [2]int{len(x), len(y)}
	if d, is := known[at]; is {
		return d
	}
	shorterX, shorterY := x[:len(x)-1], y[:len(y)-1]
	replaced := naiveDistance(shorterX, shorterY, known)
	if x[len(x)-1] != y[len(y)-1] {
		replaced++
	}
	d := min(replaced, 1+naiveDistance(shorterX, y, known), 1+naiveDistance(x, shorterY, known))
	known[at] = d
	return d
}

// textCalls are calls over two columns of texts.
func textCalls() map[string]*plan.Expr {
	x, y := leaf(0, schema.String), leaf(1, schema.String)
	list := schema.ListOf(schema.Of(schema.String))
	pattern := plan.Constant(schema.StringValue("[ab]+"))
	return map[string]*plan.Expr{
		"split": plan.CallOf("split", list, x, y), "tokens": plan.CallOf("tokens", list, x),
		"ngrams":         plan.CallOf("ngrams", list, x, plan.Constant(schema.IntValue(2))),
		"regexp_matches": call("regexp_matches", schema.Bool, x, pattern),
		"regexp_extract": call("regexp_extract", schema.String, x, pattern),
		"strip_accents":  call("strip_accents", schema.String, x),
		"levenshtein":    call("levenshtein", schema.Int64, x, y),
	}
}

// TestTextFunctions compares whole columns, plain and in dictionaries, with nulls, with the naive
// functions.
func TestTextFunctions(t *testing.T) {
	t.Parallel()
	const seed, rows = 11, 400
	random := rand.New(rand.NewPCG(seed, 0))
	letters := []rune("ab ,-éÉß日ñ\u0301\u0308²9_\U0001f600")
	word := func(most int) schema.Value {
		if random.IntN(8) == 0 {
			return schema.NullOf(schema.Of(schema.String))
		}
		out := make([]rune, random.IntN(most+1))
		for i := range out {
			out[i] = letters[random.IntN(len(letters))]
		}
		return schema.StringValue(string(out))
	}
	values, checked := [2][]schema.Value{}, 0
	columns := make([]*batch.Column, 2)
	for k, most := range []int{12, 2} {
		b := batch.NewBuilder(schema.Of(schema.String))
		for range 40 {
			values[k] = append(values[k], word(most))
		}
		for i := range rows {
			b.Append(values[k][i*(k+3)%40])
		}
		columns[k] = b.Column()
	}
	for name, e := range textCalls() {
		program, err := expr.Compile(e)
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range []table{{rows, columns}, {rows, []*batch.Column{coded(columns[0]), coded(columns[1])}}} {
			var counts expr.Counts
			got := program.Eval(env, &counts)
			for i := range rows {
				x, y := columns[0].Value(i), columns[1].Value(i)
				want := schema.NullOf(e.Type)
				if !x.Null && (!y.Null || e.Args[len(e.Args)-1].Index == 0) {
					want = naiveText(name, x.Text, y.Text)
				}
				checked++
				if v := got.Value(i); v.Null != want.Null || !v.Null && v.String() != want.String() {
					t.Fatalf("seed %d: %s(%s, %s) is %s, want %s", seed, name, x, y, v, want)
				}
			}
		}
	}
	if checked < 14*rows {
		t.Errorf("%d rows checked", checked)
	}
}

// coded returns a column as codes of a dictionary.
func coded(c *batch.Column) *batch.Column {
	out := &batch.Column{Type: c.Type, Length: c.Length, Valid: c.Valid}
	var entries []string
	dict := batch.NewBuilder(c.Type)
	for i := range c.Length {
		at := slices.Index(entries, c.Text(i))
		if at < 0 {
			at = len(entries)
			entries = append(entries, string([]byte(c.Text(i))))
			dict.Append(schema.StringValue(entries[at]))
		}
		out.Codes = append(out.Codes, uint32(at))
	}
	out.Dict = dict.Column()
	return out
}

// FuzzText looks for panics on any bytes, and for texts that grow without bound.
func FuzzText(f *testing.F) {
	f.Add("Crème, brûlée", ", ")
	f.Add("\xff\u0301a", "\xff")
	f.Add("", "")
	programs := map[string]*expr.Program{}
	calls := textCalls()
	for _, form := range []string{"NFC", "NFD", "NFKC", "NFKD"} {
		literal := plan.Constant(schema.StringValue(form))
		calls[form] = call("normalize", schema.String, leaf(0, schema.String), literal)
	}
	calls["join"] = call("join", schema.String, calls["split"], leaf(1, schema.String))
	calls["hash64"] = call("hash64", schema.Int64, leaf(0, schema.String))
	for name, e := range calls {
		program, err := expr.Compile(e)
		if err != nil {
			f.Fatal(err)
		}
		programs[name] = program
	}
	f.Fuzz(func(t *testing.T, x, y string) {
		columns := make([]*batch.Column, 2)
		for k, text := range []string{x, y} {
			b := batch.NewBuilder(schema.Of(schema.String))
			b.Append(schema.StringValue(text))
			columns[k] = b.Column()
		}
		for name, program := range programs {
			var counts expr.Counts
			v := program.Eval(table{1, columns}, &counts).Value(0)
			if name == "join" && y != "" && v.Text != x {
				t.Errorf("split and joined by %q: %q is %q", y, x, v.Text)
			}
		}
	})
}
