package builtin

import (
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// argument reads "int64", "null" or a literal such as 5, 0.5, 'text' or [1 2].
func argument(t *testing.T, text string) Argument {
	t.Helper()
	literal := func(v schema.Value) Argument { return Argument{Type: v.Type, Const: &v} }
	switch {
	case text == "null":
		return literal(schema.NullOf(schema.Of(schema.Null)))
	case text[0] == '\'':
		return literal(schema.StringValue(strings.Trim(text, "'")))
	case text[0] == '[':
		list := schema.Value{Type: schema.ListOf(schema.Of(schema.Int64))}
		for _, item := range strings.Fields(strings.Trim(text, "[]")) {
			list.Items = append(list.Items, *argument(t, item).Const)
		}
		return literal(list)
	case strings.ContainsAny(text[:1], "-0123456789"):
		if strings.Contains(text, ".") {
			d, err := schema.ParseDecimal(text, 3)
			if err != nil {
				t.Fatal(err)
			}
			return literal(schema.FloatValue(number(schema.Value{Type: schema.DecimalOf(3), Dec: d})))
		}
		d, err := schema.ParseDecimal(text, 0)
		if err != nil {
			t.Fatal(err)
		}
		return literal(schema.IntValue(int64(d.Lo)))
	default:
		typ, err := schema.ParseType(text)
		if err != nil {
			t.Fatal(err)
		}
		return Argument{Type: typ}
	}
}

func resolve(t *testing.T, call string) string {
	t.Helper()
	name, rest, _ := strings.Cut(call, " ")
	f, found := Lookup(name)
	if !found {
		t.Fatalf("no function %q", name)
	}
	var args []Argument
	if rest != "" {
		for _, text := range strings.Split(rest, "; ") {
			args = append(args, argument(t, text))
		}
	}
	r, err := f.Resolve(args)
	if err != nil {
		return "error: " + err.Error()
	}
	var params []string
	for _, p := range r.Params {
		params = append(params, p.String())
	}
	return "(" + strings.Join(params, ", ") + ") " + r.Result.String()
}

func TestResolve(t *testing.T) {
	t.Parallel()
	cases := []struct{ call, want string }{
		{"add int64; int64", "(int64, int64) int64"},
		{"add int64; float64", "(float64, float64) float64"},
		{"add int64; decimal(2)", "(decimal(2), decimal(2)) decimal(2)"},
		{"add decimal(3); decimal(2)", "(decimal(3), decimal(3)) decimal(3)"},
		{"add decimal(3); float64", "(float64, float64) float64"},
		{"add null; decimal(2)", "(decimal(2), decimal(2)) decimal(2)"},
		{"add timestamp; duration", "(timestamp, duration) timestamp"},
		{"sub timestamp; timestamp", "(timestamp, timestamp) duration"},
		{"mul int64; decimal(2)", "(decimal(0), decimal(2)) decimal(2)"},
		{"mul decimal(30); decimal(20)", "(decimal(30), decimal(20)) decimal(38)"},
		{"mul duration; float64", "(duration, float64) duration"},
		{"divide int64; int64", "(int64, int64) float64"},
		{"divide decimal(2); int64", "(decimal(2), decimal(0)) decimal(8)"},
		{"divide float64; decimal(2)", "(float64, float64) float64"},
		{"eq int64; float64", "(int64, float64) bool"},
		{"eq decimal(2); decimal(5)", "(decimal(2), decimal(5)) bool"},
		{"eq string; null", "(string, string) bool"},
		{"eq null; float64", "(float64, float64) bool"},
		{"in string; 'a'; 'b'; null", "(string, string, string, string) bool"},
		{"in int64; 1; 2.5", "(int64, int64, float64) bool"},
		{"case bool; int64; bool; float64", "(bool, float64, bool, float64) float64"},
		{"case bool; int64; null", "(bool, int64, int64) int64"},
		{"coalesce null; int64; 0.5", "(float64, float64, float64) float64"},
		{"nullif float64; 0", "(float64, float64) float64"},
		{"bucket decimal(2); [1 10 100]", "(decimal(2), list<int64>) int64"},
		{"round float64; -2", "(float64, int64) float64"},
		{"date_trunc 'month'; timestamp", "(string, timestamp) timestamp"},
		{"date_trunc 'month'; date", "(string, date) date"},
		{"date_trunc 'hour'; timestamp; 'Europe/Paris'", "(string, timestamp, string) timestamp"},
		{"hour timestamp; 'Asia/Tokyo'", "(timestamp, string) int64"},
		{"sqrt int64", "(float64) float64"},
		{"count", "() int64"},
		{"count json", "(json) int64"},
		{"sum decimal(2)", "(decimal(2)) decimal(2)"},
		{"avg decimal(2)", "(decimal(2)) decimal(8)"},
		{"avg decimal(35)", "(decimal(35)) decimal(38)"},
		{"avg int64", "(int64) float64"},
		{"last list<string>", "(list<string>) list<string>"},
	}
	for _, c := range cases {
		if got := resolve(t, c.call); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.call, got, c.want)
		}
	}
}

func TestResolveErrors(t *testing.T) {
	t.Parallel()
	cases := []struct{ call, want string }{
		{"sum string", "sum: argument 1 (x) must be a number, given string"},
		{"sum", "sum takes 1 argument, given 0"},
		{"count_if int64", "count_if: argument 1 (c) must be a bool, given int64"},
		{"add string; int64", "+ takes (number, number) or (timestamp, duration) or (duration, timestamp) or " +
			"(duration, duration), given (string, int64); write a cast if that is meant"},
		{"eq timestamp; string", "= takes (number, number) or (scalar, scalar), given (timestamp, string); " +
			"write a cast if that is meant"},
		{"coalesce null; null", "coalesce: argument 1 (x) is null without a type; write cast(null as float64), " +
			"or the type that is meant"},
		{"coalesce string; int64", "coalesce: argument 2 (x) must be any type that agrees with string, given int64"},
		{"round float64; int64", "round: argument 2 (n) must be a literal int64 from -38 to 38, given int64 expression"},
		{"round float64; 99", "round: argument 2 (n) must be a literal int64 from -38 to 38, given 99"},
		{"bucket float64; [3 2]", "the edges of bucket must be rising numbers, such as [0, 10, 100]"},
		{"exp float64", "exp is not available yet"},
		{"last int64; 5", "last(x: T, n: literal int64 1..10000) -> list<T> is not available yet"},
		{"length list<string>", "length(x: list<T>) -> int64 is not available yet"},
		{"element_at list<string>; 1", "[ ] is not available yet"},
		{"substr string", "substr takes 2 to 3 arguments, given 1"},
	}
	for _, c := range cases {
		if got := resolve(t, c.call); got != "error: "+c.want {
			t.Errorf("%s\n got %s\nwant error: %s", c.call, got, c.want)
		}
	}
	if got := resolve(t, "date_trunc 'eon'; timestamp"); !strings.Contains(got, "one of 'second', 'minute'") {
		t.Error(got)
	}
	if got := resolve(t, "hour timestamp; 'Mars/Base'"); !strings.Contains(got, "Mars/Base") {
		t.Error(got)
	}
}

func TestCheckCast(t *testing.T) {
	t.Parallel()
	cases := []struct {
		from, to string
		fine     bool
	}{
		{"int64", "string", true}, {"string", "timestamp", true}, {"timestamp", "date", true},
		{"timestamp", "int64", false}, {"json", "int64", false}, {"bool", "decimal(2)", true},
		{"list<int64>", "list<float64>", true}, {"list<int64>", "string", false},
	}
	for _, c := range cases {
		from, to := argument(t, c.from).Type, argument(t, c.to).Type
		if err := CheckCast(from, to); (err == nil) != c.fine {
			t.Errorf("cast %s to %s: %v", from, to, err)
		}
	}
}
