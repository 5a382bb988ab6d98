package parse

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

func TestSpell(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		lines, ok := Spell(document.TextAt(text, diag.Position{Line: 1, Column: 1}),
			Spelling{Template: strings.Contains(text, "{")})
		if got := strings.Join(lines, "\n"); !ok || got != want {
			t.Errorf("Spell(%q) = %q, %v, want %q", text, got, ok, want)
		}
	}
	f("a+b", "a + b")
	f("(a+b)*c", "(a + b) * c")
	f("(a*b)+c", "a * b + c")
	f("a-(b-c)", "a - (b - c)")
	f("((a))", "a")
	f("-(5)", "-(5)")
	f("-(-x)", "- -x")
	f("- -x", "- -x")
	f("- x", "-x")
	f("a and(b and c)", "a and (b and c)")
	f("NOT(a = b)", "not a = b")
	f("a!=b", "a <> b")
	f("COUNT(*)   OVER LAST 20", "COUNT(*) over last 20")
	f("sum( amount )WHERE status='paid'   over 7d  OFFSET 7d", "sum(amount) where status = 'paid' over 7d offset 7d")
	f("(sum(x) over 7d)/7", "sum(x) over 7d / 7")
	f("count() over ALL SINCE '2024-01-01'", "count() over all since '2024-01-01'")
	f("count() over SESSION 30m MAX 24h", "count() over session 30m max 24h")
	f("CAST(x AS List< Int64 >)", "cast(x as list<Int64>)")
	f("x :: DECIMAL( 2 )", "x::decimal(2)")
	f("x::list<list<int64>> = y", "x::list<list<int64>> = y")
	f("a<b", "a < b")
	f("a DIV(b+c)", "a div (b + c)")
	f("x is not Distinct From -y", "x is not distinct from -y")
	f("tags[ -1 ]", "tags[-1]")
	f("f([1,2 ,3])[0]", "f([1, 2, 3])[0]")
	f("x in('a','b')", "x in ('a', 'b')")
	f("x LIKE 'a%' ESCAPE '!'", "x like 'a%' escape '!'")
	f("DATE '2024-01-01'", "date '2024-01-01'")
	f("case when a then b\nelse c\nEND", "case when a then b\n  else c\nend")
	f("greatest(\na,\nb\n)", "greatest(\n  a,\n  b\n)")
	f("sum(amount)   over {w}", "sum(amount) over {w}")
	f("spend_{w}/{w}h+1", "spend_{w} / {w}h + 1")
	f("request . amount", "request.amount")
	f("1E3+48h", "1E3 + 48h")
	for _, text := range []string{"a -- why\n+ b", "a +", "a # b"} {
		if lines, ok := Spell(document.TextAt(text, diag.Position{Line: 1, Column: 1}), Spelling{}); ok {
			t.Errorf("Spell(%q) = %q", text, lines)
		}
	}
}
