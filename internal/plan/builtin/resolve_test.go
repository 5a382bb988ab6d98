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
		if text == "[]" {
			list.Type = schema.ListOf(schema.Of(schema.Null))
		}
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
		{"last int64; 5", "(int64, int64) list<int64>"},
		{"collect list<string>; 5", "(list<string>, int64) list<list<string>>"},
		{"percentile int64; 1", "(int64, float64) float64"},
		{"min_by string; decimal(2)", "(string, decimal(2)) string"},
		{"covar int64; decimal(2)", "(int64, decimal(2)) float64"},
		{"ewma decimal(2); 0.5", "(float64, float64) float64"},
		{"delta decimal(2)", "(decimal(2)) decimal(2)"},
		{"histogram decimal(2)", "(decimal(2)) map<int64>"},
		{"element_at list<string>; 1", "(list<string>, int64) string"},
		{"element_at map<list<int64>>; 'a'", "(map<list<int64>>, string) list<int64>"},
		{"element_at vector(3); -1", "(vector(3), int64) float64"},
		{"length list<json>", "(list<json>) int64"},
		{"contains list<int64>; 2.5", "(list<float64>, float64) bool"},
		{"contains []; 2", "(list<int64>, int64) bool"},
		{"contains string; 'a'", "(string, string) bool"},
		{"coalesce list<string>; []", "(list<string>, list<string>) list<string>"},
		{"coalesce list<int64>; list<float64>", "(list<float64>, list<float64>) list<float64>"},
		{"coalesce map<int64>; map<decimal(2)>", "(map<decimal(2)>, map<decimal(2)>) map<decimal(2)>"},
		{"slice null; 1", "error: slice: argument 1 (x) is null without a type; write cast(null as float64), " +
			"or the type that is meant"},
		{"sum_list list<decimal(2)>", "(list<decimal(2)>) decimal(2)"},
		{"avg_list list<decimal(2)>", "(list<decimal(2)>) decimal(8)"},
		{"avg_list list<int64>", "(list<int64>) float64"},
		{"max_list list<date>", "(list<date>) date"},
		{"list int64; 2.5", "(float64, float64) list<float64>"},
		{"map_keys map<bool>", "(map<bool>) list<string>"},
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
		{"exp string", "exp: argument 1 (x) must be a float64, given string"},
		{"sin_cycle float64; 0", "sin_cycle: argument 2 (period) must be a literal float64 from 1e-300 to 1e+300, given 0"},
		{"normalize string; 'nfc'", "normalize: argument 2 (form) must be one of 'NFC', 'NFD', 'NFKC', 'NFKD' in quotes, given nfc"},
		{"regexp_matches string; '('", "the pattern ( is not RE2: error parsing regexp: missing closing ): `(`"},
		{"regexp_matches string; '(ab|cd|ef){1,900}'", "the pattern compiles to 9901 instructions, and 2000 are allowed: " +
			"use smaller repetitions, or several patterns"},
		{"regexp_extract string; '(a)(b)'; 3", "the pattern (a)(b) has 2 groups, and group 3 is asked for"},
		{"regexp_matches string; string", "regexp_matches: argument 2 (pattern) must be a literal string, given string expression"},
		{"hash64 list<string>", "hash64: argument 1 (x) must be a scalar, given list<string>"},
		{"last int64; 10001", "last: argument 2 (n) must be a literal int64 from 1 to 10000, given 10001"},
		{"percentile int64; 1.5", "percentile: argument 2 (p) must be a literal float64 from 0 to 1, given 1.5"},
		{"histogram bytes", "histogram takes (string) or (bool) or (int64) or (decimal) or (float64) or (timestamp) or " +
			"(date) or (duration), given (bytes); write a cast if that is meant"},
		{"element_at string; 1", "[ ] takes (list<any type>, int64) or (vector, int64) or (map<any type>, string), " +
			"given (string, int64); write a cast if that is meant"},
		{"sort list<json>", "sort: argument 1 (x) must be a list<scalar>, given list<json>"},
		{"coalesce []; null", "coalesce: argument 1 (x) is a list without a type; write cast([] as list<string>), " +
			"or the type that is meant"},
		{"is_null []", "is null: argument 1 (x) is a list without a type; write cast([] as list<string>), " +
			"or the type that is meant"},
		{"dot vector(3); vector(4)", "dot takes two vectors of one dimension, given vector(3) and vector(4)"},
		{"dot vector(3); list<float64>", "dot: argument 2 (y) must be a vector, given list<float64>"},
		{"json_get json; 'a.b'", `the path "a.b" must begin with $, as $.name or $[0]`},
		{"json_get json; string", "json_get: argument 2 (path) must be a literal string, given string expression"},
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
		{"string", "json", true}, {"json", "string", true}, {"json", "list<string>", false},
		{"list<int64>", "vector(2)", true}, {"list<string>", "vector(2)", false}, {"[]", "list<date>", true},
		{"vector(2)", "list<float64>", true}, {"vector(2)", "vector(3)", false},
		{"map<int64>", "map<string>", true}, {"map<int64>", "list<int64>", false},
		{"list<list<int64>>", "list<list<string>>", true}, {"list<int64>", "list<list<int64>>", false},
	}
	for _, c := range cases {
		from, to := argument(t, c.from).Type, argument(t, c.to).Type
		if err := CheckCast(from, to); (err == nil) != c.fine {
			t.Errorf("cast %s to %s: %v", from, to, err)
		}
	}
}

func TestHalfLife(t *testing.T) {
	t.Parallel()
	f, _ := Lookup("decayed_count")
	for h, fine := range map[int64]bool{0: false, 1: true, 3660 * schema.Day: true, 3661 * schema.Day: false} {
		literal := schema.Value{Type: schema.Of(schema.Duration), Int: h}
		if _, err := f.Resolve([]Argument{{Type: literal.Type, Const: &literal}}); (err == nil) != fine {
			t.Errorf("a half-life of %s: %v", literal, err)
		}
	}
}
