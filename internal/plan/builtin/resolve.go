package builtin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
	"github.com/fettle-ml/fettle/internal/schema/zone"
)

// Resolve settles the types of a call. The first signature that takes the arguments as they are
// wins, then the first that takes them with the implicit conversions. The error says what was given
// and what is wanted.
//
// The target of cast is not an argument: the compiler asks CheckCast.
func (f *Function) Resolve(args []Argument) (Resolution, error) {
	if !f.Ready {
		return Resolution{}, fmt.Errorf("%s is not available yet", f.display())
	}
	for _, strict := range []bool{true, false} {
		for i := range f.signatures {
			m := matcher{signature: &f.signatures[i], strict: strict}
			resolution, err := m.match(args)
			if err == nil {
				return resolution, f.check(args)
			}
		}
	}
	for i := range f.later {
		m := matcher{signature: &f.later[i]}
		if _, err := m.match(args); err == nil {
			return Resolution{}, fmt.Errorf("%s is not available yet", f.later[i].text)
		}
	}
	return Resolution{}, f.explain(args)
}

// check holds the rules that no signature can say.
func (f *Function) check(args []Argument) error {
	switch f.Name {
	case "decayed_sum", "decayed_count":
		return checkHalfLife(*args[len(args)-1].Const)
	case "bucket":
		return checkEdges(args[1].Const.Items)
	case "json_get":
		_, err := jsontext.ParsePath(args[1].Const.Text)
		return err
	case "regexp_matches", "regexp_extract":
		return checkPattern(args)
	case "dot", "cosine", "l2":
		x, y := args[0].Type, args[1].Type
		if x.Kind == y.Kind && x.Size != y.Size {
			return fmt.Errorf("%s takes two vectors of one dimension, given %s and %s", f.Name, x, y)
		}
	}
	return nil
}

func checkEdges(edges []schema.Value) error {
	if len(edges) == 0 {
		return errors.New("bucket needs at least one edge")
	}
	for i, edge := range edges {
		if edge.Null || i > 0 && number(edge) <= number(edges[i-1]) {
			return errors.New("the edges of bucket must be rising numbers, such as [0, 10, 100]")
		}
	}
	return nil
}

// explain writes the error of a call that no signature takes: precisely if only one signature has
// the right number of arguments, else with all of them.
func (f *Function) explain(args []Argument) error {
	var fitting []*signature
	for i := range f.signatures {
		if _, fits := f.signatures[i].expand(len(args)); fits {
			fitting = append(fitting, &f.signatures[i])
		}
	}
	if len(fitting) == 1 {
		m := matcher{signature: fitting[0]}
		_, err := m.match(args)
		return fmt.Errorf("%s: %w", f.display(), err)
	}
	if len(fitting) == 0 {
		return fmt.Errorf("%s takes %s, given %d", f.display(), f.counts(), len(args))
	}
	wanted := make([]string, len(fitting))
	for i, s := range fitting {
		params, _ := s.expand(len(args))
		names := make([]string, len(params))
		for j, p := range params {
			names[j] = p.describe()
		}
		wanted[i] = "(" + strings.Join(names, ", ") + ")"
	}
	given := make([]string, len(args))
	for i, arg := range args {
		given[i] = arg.Type.String()
	}
	return fmt.Errorf("%s takes %s, given (%s); write a cast if that is meant", f.display(),
		strings.Join(slices.Compact(wanted), " or "), strings.Join(given, ", "))
}

// counts says how many arguments the function takes.
func (f *Function) counts() string {
	var words []string
	for i := range f.signatures {
		words = append(words, f.signatures[i].counts())
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " or ")
}

func (s *signature) counts() string {
	least, most, open := 0, 0, false
	for _, p := range s.params {
		if most++; !p.optional {
			least++
		}
		open = open || p.repeated
	}
	switch {
	case open:
		return fmt.Sprintf("at least %d arguments", least)
	case most == 0:
		return "no argument"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	default:
		return fmt.Sprintf("%d to %d arguments", least, most)
	}
}

// display is the name as the user wrote it.
func (f *Function) display() string {
	if f.Symbol != "" {
		return f.Symbol
	}
	return f.Name
}

// matcher tries one signature.
type matcher struct {
	signature *signature
	strict    bool // no conversions
	variables map[string]schema.Type
}

func (m *matcher) match(args []Argument) (Resolution, error) {
	params, fits := m.signature.expand(len(args))
	if !fits {
		return Resolution{}, fmt.Errorf("takes %s, given %d", m.signature.counts(), len(args))
	}
	m.variables = map[string]schema.Type{}
	for i, arg := range args {
		if err := m.bind(params[i], arg); err != nil {
			return Resolution{}, fmt.Errorf("argument %d (%s) %w", i+1, params[i].name, err)
		}
	}
	r := Resolution{Params: make([]schema.Type, len(args))}
	for i, arg := range args {
		t, known := m.settle(params[i].pattern, arg.Type)
		if !known {
			return r, untyped(i, params[i], arg.Type)
		}
		r.Params[i] = t
	}
	r.Result = m.result(params, r.Params)
	return r, nil
}

// untyped is the error of a null, or of a list of nulls, that nothing gives a type.
func untyped(i int, p *param, t schema.Type) error {
	what, example := "null", "cast(null as float64)"
	if t.Kind != schema.Null {
		what, example = "a list", "cast([] as list<string>)"
	}
	return fmt.Errorf("argument %d (%s) is %s without a type; write %s, or the type that is meant",
		i+1, p.name, what, example)
}

// bind checks one argument against its parameter and widens the variable it stands for.
func (m *matcher) bind(p *param, arg Argument) error {
	if p.literal {
		if err := p.checkLiteral(arg); err != nil {
			return err
		}
	}
	bound, seen := m.variables[p.pattern.class]
	if !m.accept(p.pattern, arg.Type) {
		if seen {
			return fmt.Errorf("must be %s that agrees with %s, given %s",
				withArticle(p.describe()), bound, arg.Type)
		}
		return fmt.Errorf("must be %s, given %s", withArticle(p.describe()), arg.Type)
	}
	return nil
}

func (m *matcher) accept(p pattern, t schema.Type) bool {
	if t.Kind == schema.Null {
		return true
	}
	switch p.class {
	case "number":
		return t.Numeric()
	case "ordered":
		return t.Ordered()
	case "any":
		return true
	case "decimal":
		return t.Kind == schema.Decimal || !m.strict && t.Kind == schema.Int64
	case "vector":
		return t.Kind == schema.Vector
	case "zone":
		return t.Kind == schema.String
	case "list", "map":
		return t.Kind.String() == p.class && m.accept(*p.elem, *t.Elem)
	case "":
		return t.Equal(p.exact) || !m.strict && Convertible(t, p.exact)
	default:
		return m.acceptVariable(p.class, t)
	}
}

func (m *matcher) acceptVariable(name string, t schema.Type) bool {
	if name == "N" && !t.Numeric() || name == "O" && !t.Ordered() {
		return false
	}
	bound, seen := m.variables[name]
	if !seen {
		m.variables[name] = t
		return true
	}
	if m.strict {
		return bound.Equal(t)
	}
	joint, ok := Unify(bound, t)
	m.variables[name] = joint
	return ok
}

// settle returns the type an argument is converted to; false for a null nothing gives a type.
func (m *matcher) settle(p pattern, given schema.Type) (schema.Type, bool) {
	switch p.class {
	case "number", "ordered", "any", "vector":
		return given, given.Settled()
	case "decimal":
		if given.Kind != schema.Decimal {
			return schema.DecimalOf(0), true
		}
		return given, true
	case "zone":
		return schema.Of(schema.String), true
	case "list", "map":
		inner := schema.Type{}
		if given.Kind != schema.Null {
			inner = *given.Elem
		}
		elem, known := m.settle(*p.elem, inner)
		if p.class == "map" {
			return schema.MapOf(elem), known
		}
		return schema.ListOf(elem), known
	case "":
		return p.exact, true
	default:
		t, known := m.variables[p.class]
		return t, known && t.Settled()
	}
}

func (m *matcher) result(params []*param, types []schema.Type) schema.Type {
	s := m.signature
	switch {
	case s.scale != "":
		scales := map[string]int{}
		for i, p := range params {
			scales[p.name] = types[i].Size
			if types[i].Kind == schema.List {
				scales[p.name] = types[i].Elem.Size
			}
		}
		return schema.DecimalOf(min(scaleOf(s.scale, scales), schema.MaxDecimalDigits))
	default:
		t, _ := m.settle(s.result, schema.Type{})
		return t
	}
}

// scaleOf works out a rule such as x+y or max(x,y)+6.
func scaleOf(rule string, scales map[string]int) int {
	sum := 0
	for _, term := range strings.Split(rule, "+") {
		if inner, is := strings.CutPrefix(term, "max("); is {
			a, b, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
			sum += max(scales[a], scales[b])
		} else if n, err := strconv.Atoi(term); err == nil {
			sum += n
		} else {
			sum += scales[term]
		}
	}
	return sum
}

func (p *param) checkLiteral(arg Argument) error {
	given := arg.Type.String() + " expression"
	if arg.Const != nil {
		given = arg.Const.String()
	}
	wrong := fmt.Errorf("must be %s, given %s", withArticle(p.describe()), given)
	switch {
	case arg.Const == nil || arg.Const.Null:
		return wrong
	case p.pattern.class == "zone":
		if arg.Type.Kind != schema.String {
			return wrong
		}
		_, err := zone.Load(arg.Const.Text)
		return err
	case p.words != nil && !slices.Contains(p.words, arg.Const.Text):
		return wrong
	case p.bounds && (!arg.Type.Numeric() || number(*arg.Const) < p.low || number(*arg.Const) > p.high):
		return wrong
	default:
		return nil
	}
}

func withArticle(text string) string {
	switch {
	case strings.HasPrefix(text, "a "), strings.HasPrefix(text, "the "),
		strings.HasPrefix(text, "one "), strings.HasPrefix(text, "any "):
		return text
	case strings.HasPrefix(text, "int64"):
		return "an " + text
	default:
		return "a " + text
	}
}

// number is a numeric literal as a float64: near enough for bounds and order of literals.
func number(v schema.Value) float64 {
	switch v.Type.Kind {
	case schema.Float64:
		return v.Float
	case schema.Decimal:
		x, _ := strconv.ParseFloat(schema.FormatDecimal(v.Dec, v.Type.Size), 64)
		return x
	default:
		return float64(v.Int)
	}
}
