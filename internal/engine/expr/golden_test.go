package expr_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/batch"
	"github.com/fettle-ml/fettle/internal/engine/expr"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
	"github.com/fettle-ml/fettle/internal/schema"
)

// asOf is the boundary of every vector.
const asOf = "2024-05-01T12:00:00Z"

// TestGolden reads testdata/*.test. A line is a call, an arrow, the value, and the name of the count
// it raises, if any:
//
//	add(1, 2.5) -> 3.5
//	add(9223372036854775807, 1) -> null overflow
//
// 12 is an int64, 1.5 a float64, 1.50m a decimal, 'x' a string, b'x' bytes, ts'..', date'..' and
// dur'..' times, json'..' JSON, [1, 2] a list, list<int64>[], map<int64>{a: 1} and
// vector(2)[1.0, 2.0] values of those types, null:int64 a typed null, cast:date(x) a cast. Each line
// is computed from constants, from plain columns, from columns with nulls between the rows, and from
// dictionaries.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.test")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for number, line := range strings.Split(string(text), "\n") {
			if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
				continue
			}
			place := fmt.Sprintf("%s:%d: %s", filepath.Base(file), number+1, line)
			checkLine(t, place, line, seen)
		}
	}
	for _, name := range expr.Names() {
		if !seen[name] {
			t.Errorf("function %s has no golden vector", name)
		}
	}
}

func checkLine(t *testing.T, place, line string, seen map[string]bool) {
	t.Helper()
	call, want, found := strings.Cut(line, " -> ")
	if !found {
		t.Fatalf("%s: no arrow", place)
	}
	want, count := splitCount(want)
	for _, m := range []mode{constants, columns, nullable, dictionaries} {
		p := &reader{text: call, mode: m, seen: seen}
		e, err := p.expression()
		if err != nil {
			t.Errorf("%s: %v", place, err)
			return
		}
		program, err := expr.Compile(e)
		if err != nil {
			t.Errorf("%s: mode %d: %v", place, m, err)
			return
		}
		var counts expr.Counts
		env := environment{rows: m.rows(), leaves: p.leaves, mode: m}
		column := program.Eval(env, &counts)
		expected, err := (&reader{text: want}).literal()
		if err != nil {
			t.Fatalf("%s: %v", place, err)
		}
		checkColumn(t, fmt.Sprintf("%s: mode %d", place, m), column, expected)
		if column.Length != env.rows || !column.Type.Equal(e.Type) {
			t.Errorf("%s: %d rows of %s", place, column.Length, column.Type)
		}
		if m != nullable && counts != times(count, env.rows) {
			t.Errorf("%s: mode %d: counts %+v", place, m, counts)
		}
	}
}

func checkColumn(t *testing.T, place string, column *batch.Column, want schema.Value) {
	t.Helper()
	for i := 0; i < column.Length; i += 2 {
		got := column.Value(i)
		if got.Null != want.Null || !got.Null && (got.String() != want.String() || !got.Type.Equal(want.Type)) {
			t.Errorf("%s: row %d is %s %s, want %s %s", place, i, got.Type, got, want.Type, want)
			return
		}
	}
}

func splitCount(want string) (string, expr.Counts) {
	for name, c := range map[string]expr.Counts{
		" overflow": {Overflow: 1}, " cast": {Cast: 1}, " nonfinite": {NonFinite: 1},
	} {
		if rest, is := strings.CutSuffix(want, name); is {
			return rest, c
		}
	}
	return want, expr.Counts{}
}

func times(c expr.Counts, n int) expr.Counts {
	k := int64(n)
	return expr.Counts{NonFinite: c.NonFinite * k, Overflow: c.Overflow * k, Cast: c.Cast * k}
}

// mode is how the literals of a vector reach the program.
type mode int

const (
	constants    mode = iota // as constants
	columns                  // as columns with the same value in each row
	nullable                 // the same, with a null in every odd row
	dictionaries             // text in dictionaries, where the row's entry stands among others
)

func (m mode) rows() int {
	if m == columns {
		return 3
	}
	return 40
}

// environment gives the literals that were turned into leaves, by index.
type environment struct {
	rows   int
	leaves []schema.Value
	mode   mode
}

func (e environment) Rows() int { return e.rows }

func (e environment) Leaf(leaf *plan.Expr) *batch.Column {
	if leaf.Op == plan.AsOf {
		t, _, _ := schema.ParseTime(asOf)
		return batch.Repeat(schema.Value{Type: schema.Of(schema.Timestamp), Int: t}, e.rows)
	}
	v := e.leaves[leaf.Index]
	b := batch.NewBuilder(v.Type)
	for i := range e.rows {
		if e.mode == nullable && i%2 == 1 {
			b.Append(schema.NullOf(v.Type))
			continue
		}
		b.Append(v)
	}
	c := b.Column()
	if v.Type.Kind == schema.String && !v.Null && (e.mode == dictionaries || e.mode == nullable) {
		return encoded(c, v.Text)
	}
	return c
}

// encoded returns the dictionary form of a column with one text.
func encoded(c *batch.Column, text string) *batch.Column {
	dict := batch.NewBuilder(c.Type)
	dict.Append(schema.StringValue(text))
	out := &batch.Column{Type: c.Type, Length: c.Length, Valid: c.Valid, Codes: make([]uint32, c.Length)}
	out.Dict = dict.Column()
	return out
}

// reader reads calls and literals.
type reader struct {
	text   string
	mode   mode
	leaves []schema.Value
	seen   map[string]bool
}

func (r *reader) next(prefix string) bool {
	rest, is := strings.CutPrefix(r.text, prefix)
	if is {
		r.text = strings.TrimLeft(rest, " ")
	}
	return is
}

func (r *reader) expression() (*plan.Expr, error) {
	end := strings.IndexFunc(r.text, func(c rune) bool {
		return (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') && c != ':'
	})
	name, target := "cast", ""
	if rest, is := strings.CutPrefix(r.text, "cast:"); is {
		target = typePrefix(rest)
		r.text = rest[len(target)+1:]
	} else {
		if end <= 0 || r.text[end] != '(' || r.isTyped() || r.text[0] >= '0' && r.text[0] <= '9' {
			return r.leaf(false)
		}
		name, r.text = r.text[:end], r.text[end+1:]
	}
	var args []*plan.Expr
	for !r.next(")") {
		constant := literalArgument(name, len(args))
		arg, err := r.expressionOr(constant)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		r.next(",")
		r.text = strings.TrimLeft(r.text, " ")
	}
	if r.seen != nil {
		r.seen[name] = true
	}
	return build(name, target, args, r)
}

func (r *reader) expressionOr(constant bool) (*plan.Expr, error) {
	if constant {
		return r.leaf(true)
	}
	return r.expression()
}

// literalArgument reports whether an argument must stay a literal.
func literalArgument(name string, i int) bool {
	switch name {
	case "date_trunc":
		return i != 1
	case "round", "bucket", "year", "month", "day", "hour", "minute", "date", "week", "is_weekend",
		"day_of_week", "day_of_year", "to_timestamp", "json_get",
		"regexp_matches", "regexp_extract", "normalize", "ngrams", "hash_mod", "sin_cycle", "cos_cycle":
		return i > 0
	case "like", "geohash":
		return i == 2
	default:
		return false
	}
}

func build(name, target string, args []*plan.Expr, r *reader) (*plan.Expr, error) {
	if name == "cast" {
		to, err := schema.ParseType(target)
		if err != nil {
			return nil, err
		}
		return plan.CallOf("cast", to, args...), nil
	}
	f, found := builtin.Lookup(name)
	if !found {
		return nil, fmt.Errorf("no function %s", name)
	}
	given := make([]builtin.Argument, len(args))
	for i, arg := range args {
		given[i].Type = arg.Type
		if arg.Op == plan.Const {
			given[i].Const = &arg.Value
		}
	}
	resolution, err := f.Resolve(given)
	if err != nil {
		return nil, err
	}
	for i, arg := range args {
		if to := resolution.Params[i]; !arg.Type.Equal(to) {
			args[i] = plan.CallOf("cast", to, arg)
		}
	}
	return plan.CallOf(name, resolution.Result, args...), nil
}

// leaf reads a literal and makes it a constant or a column.
func (r *reader) leaf(constant bool) (*plan.Expr, error) {
	v, err := r.literal()
	if err != nil {
		return nil, err
	}
	if constant || r.mode == constants || v.Type.Kind == schema.Null {
		return plan.Constant(v), nil
	}
	r.leaves = append(r.leaves, v)
	return &plan.Expr{Op: plan.ColumnOf, Type: v.Type, Index: len(r.leaves) - 1}, nil
}

func (r *reader) literal() (schema.Value, error) {
	if v, is, err := r.typedLiteral(); is {
		return v, err
	}
	for _, quoted := range []struct {
		prefix string
		kind   schema.Kind
	}{
		{"ts'", schema.Timestamp}, {"date'", schema.Date}, {"dur'", schema.Duration},
		{"b'", schema.Bytes}, {"json'", schema.JSON}, {"'", schema.String},
	} {
		if rest, is := strings.CutPrefix(r.text, quoted.prefix); is {
			text, after, _ := strings.Cut(rest, "'")
			r.text = after
			return quotedLiteral(quoted.kind, text)
		}
	}
	word := r.text
	if end := strings.IndexAny(r.text, ",)]} "); end >= 0 {
		word = r.text[:end]
	}
	if rest, is := strings.CutPrefix(r.text, "null:"); is {
		t := typePrefix(rest)
		word = "null:" + t
	}
	r.text = r.text[len(word):]
	return bareLiteral(word)
}

func quotedLiteral(kind schema.Kind, text string) (v schema.Value, err error) {
	v.Type = schema.Of(kind)
	switch kind {
	case schema.Timestamp:
		v.Int, _, err = schema.ParseTime(text)
	case schema.Date:
		v.Int, err = schema.ParseDate(text)
	case schema.Duration:
		negative := strings.HasPrefix(text, "-")
		v.Int, err = schema.ParseDuration(strings.TrimPrefix(text, "-"))
		if negative {
			v.Int = -v.Int
		}
	default:
		v.Text, err = strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
	}
	return v, err
}

func bareLiteral(word string) (schema.Value, error) {
	switch {
	case word == "true", word == "false":
		return schema.BoolValue(word == "true"), nil
	case word == "null":
		return schema.NullOf(schema.Type{}), nil
	case strings.HasPrefix(word, "null:"):
		typ, err := schema.ParseType(word[len("null:"):])
		return schema.NullOf(typ), err
	case strings.HasSuffix(word, "m"):
		digits := strings.TrimSuffix(word, "m")
		_, fraction, _ := strings.Cut(digits, ".")
		d, err := schema.ParseDecimal(digits, len(fraction))
		return schema.Value{Type: schema.DecimalOf(len(fraction)), Dec: d}, err
	case strings.ContainsAny(word, ".e"):
		x, err := strconv.ParseFloat(word, 64)
		return schema.FloatValue(x), err
	default:
		x, err := strconv.ParseInt(word, 10, 64)
		return schema.IntValue(x), err
	}
}

// TestNames compares the implementations with the table.
func TestNames(t *testing.T) {
	t.Parallel()
	ready := map[string]bool{}
	for _, f := range builtin.All() {
		if f.Ready && !f.Aggregate {
			ready[f.Name] = true
		}
	}
	for _, name := range expr.Names() {
		if !ready[name] {
			t.Errorf("%s is implemented and not ready in the table", name)
		}
		delete(ready, name)
	}
	for name := range ready {
		t.Errorf("%s is ready in the table and not implemented", name)
	}
}
