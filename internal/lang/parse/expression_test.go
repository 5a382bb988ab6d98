package parse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/schema"
)

// show writes an expression as nested lists.
func show(e ast.Expr) string {
	list := func(name string, args ...ast.Expr) string {
		parts := []string{name}
		for _, arg := range args {
			parts = append(parts, show(arg))
		}
		return "(" + strings.Join(parts, " ") + ")"
	}
	switch e := e.(type) {
	case nil:
		return "?"
	case *ast.Literal:
		if e.Value.Type.Kind == schema.String {
			return "'" + e.Value.Text + "'"
		}
		return e.Value.String()
	case *ast.Path:
		var names []string
		for _, part := range e.Parts {
			names = append(names, part.Name)
		}
		return strings.Join(names, ".")
	case *ast.Operation:
		return list(e.Name, e.Args...)
	case *ast.Cast:
		return list("cast:"+e.Type.String(), e.X)
	case *ast.List:
		return list("list", e.Items...)
	case *ast.Case:
		var args []ast.Expr
		for _, when := range e.Whens {
			args = append(args, when.If, when.Then)
		}
		return list("case", append(append([]ast.Expr{e.Of}, args...), e.Else)...)
	case *ast.Call:
		return showCall(e, list)
	}
	return fmt.Sprintf("%T", e)
}

func showCall(e *ast.Call, list func(string, ...ast.Expr) string) string {
	text := e.Name
	if e.Star {
		text += "*"
	}
	if e.Distinct {
		text += " distinct"
	}
	text = list(text, e.Args...)
	if e.Where != nil {
		text += " where " + show(e.Where)
	}
	if w := e.Over; w != nil {
		text += fmt.Sprintf(" over{%d %s", w.Kind, schema.FormatDuration(w.Length))
		for i, value := range []int64{w.Count, w.Max, w.Offset, w.Hop} {
			if value != 0 {
				text += fmt.Sprintf(" %s=%d", [...]string{"count", "max", "offset", "hop"}[i], value)
			}
		}
		if w.Since != nil {
			text += " since " + schema.FormatTime(*w.Since)
		}
		text += "}"
	}
	return text
}

func parseOne(text string) (ast.Expr, *diag.List) {
	report := &diag.List{}
	at := diag.Position{File: "a.yaml", Line: 1, Column: 1}
	return Text(document.TextAt(text, at), diag.Position{}, report), report
}

func TestGrammar(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		e, report := parseOne(text)
		if got := show(e); got != want || report.Errors() > 0 {
			t.Errorf("%s\n got %s %v\nwant %s", text, got, report.Sorted(), want)
		}
	}
	f("1 + 2 * 3 - 4", "(sub (add 1 (mul 2 3)) 4)")
	f("a or b and not c = d", "(or a (and b (not (eq c d))))")
	f("not not a", "(not (not a))")
	f("-a * -2 - -3.5", "(sub (mul (neg a) -2) -3.5)")
	f("-9223372036854775808", "-9223372036854775808")
	f("- 2::string", "(neg (cast:string 2))")
	f("a || b || 'c''d'", "(concat (concat a b) 'c'd')")
	f("a div b % c / d", "(divide (mod (div a b) c) d)")
	f("A Div B", "(div A B)")
	f("div + 1", "(add div 1)")
	f("a <> b", "(ne a b)")
	f("a != b", "(ne a b)")
	f("a + 1 >= b || c", "(ge (add a 1) (concat b c))")
	f("a is null and b IS NOT NULL", "(and (is_null a) (not (is_null b)))")
	f("a is distinct from b", "(is_distinct a b)")
	f("a is not distinct from b + 1", "(not (is_distinct a (add b 1)))")
	f("a in (1, 2) or b not in ('x')", "(or (in a 1 2) (not (in b 'x')))")
	f("a like 'x%' and b not like 'y!%' escape '!'", "(and (like a 'x%') (not (like b 'y!%' '!')))")
	f("a between 1 and 2 and b", "(and (between a 1 2) b)")
	f("a not between 1 and 2", "(not (between a 1 2))")
	f("case when a then 1 when b then 2 else 3 end", "(case ? a 1 b 2 3)")
	f("case x when 1 then 'a' end", "(case x 1 'a' ?)")
	f("cast(a as decimal(2)) + b::list<map<int64>>",
		"(add (cast:decimal(2) a) (cast:list<map<int64>> b))")
	f("CAST(a AS Float64)", "(cast:float64 a)")
	f("a::int64 > b", "(gt (cast:int64 a) b)")
	f("x[0][-1]", "(element_at (element_at x 0) -1)")
	f("[1, 2.5, -3]", "(list 1 2.5 -3)")
	f("event.a + this.\"B c\" + group.view.end", "(add (add event.a this.B c) group.view.end)")
	f("\"Order Date\"", "Order Date")
	f("date '2024-05-01' < date(ts)", "(lt 2024-05-01 (date ts))")
	f("timestamp '2024-05-01T12:00:00+02:00'", "2024-05-01T10:00:00.000000Z")
	f("date + timestamp", "(add date timestamp)")
	f("ts + 2m - 250ms", "(sub (add ts 2m) 250ms)")
	f("1e3 + 1.5E-2", "(add 1000.0 0.015)")
	f("if(a, b, c)", "(if a b c)")
	f("a # comment\n + b -- more", "(add a b)")
	f("((a))", "a")
}

func TestWindows(t *testing.T) {
	t.Parallel()
	f := func(text, want string) {
		t.Helper()
		e, report := parseOne(text)
		if got := show(e); got != want || report.Errors() > 0 {
			t.Errorf("%s\n got %s %v\nwant %s", text, got, report.Sorted(), want)
		}
	}
	f("count() over 7d / 7", "(divide (count) over{0 7d} 7)")
	f("count(*) over 7d", "(count*) over{0 7d}")
	f("count(distinct x) over 7d", "(count distinct x) over{0 7d}")
	f("count() where f(x) over 7d", "(count) where (f x) over{0 7d}")
	f("count() where a and f(x) over 7d / 7", "(divide (count) where (and a (f x)) over{0 7d} 7)")
	f("count() where f(sum(x) over 1d) over 7d", "(count) where (f (sum x) over{0 1d}) over{0 7d}")
	f("sum(x) where a or b over 30d offset 7d",
		"(sum x) where (or a b) over{0 30d offset=604800000000}")
	f("SUM(x) OVER ALL", "(SUM x) over{1 0s}")
	f("last(x) over all since '2024-01-01'", "(last x) over{1 0s since 2024-01-01T00:00:00.000000Z}")
	f("last(x, 5) over last 20 offset 1", "(last x 5) over{2 0s count=20 offset=1}")
	f("count() over session 30m", "(count) over{3 30m}")
	f("avg(x) over 30d hop 1d", "(avg x) over{0 30d hop=86400000000}")
	f("any(true) over next 30d", "(any true) over{4 30d}")
}

// FuzzText looks for panics and for places outside of the text.
func FuzzText(f *testing.F) {
	for _, text := range []string{
		"sum(x) where status = 'paid' over 7d offset 7d / 7", "case x when 1 then a else b end",
		"a.b.\"c\"[0]::list<int64>",
		"x not between 1 and 2 or y is not distinct from null",
		"count(distinct a) over session 30m max 24h hop 1d", "1e9 - -5w",
		"timestamp '2024-05-01' {w} == && ((", "cast(a as map<",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, report := parseOne(text)
		if (e == nil) != (report.Errors() > 0) {
			t.Errorf("%q: %v and %v", text, e, report.Sorted())
		}
		for _, d := range report.Sorted() {
			if d.Column < 1 || d.Column > len(text)+1 {
				t.Errorf("%q: a place outside of the text: %s", text, d)
			}
		}
	})
}
