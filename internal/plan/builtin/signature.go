package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/schema"
)

// The notation of signatures:
//
//	name(param: type, param: type) -> type
//
//	int64, string, list<T> ..  that type
//	number                     int64, decimal or float64, taken as it is
//	ordered                    a type with an order, taken as it is
//	any                        any type, taken as it is
//	decimal, vector            of any scale or dimension
//	N, O, T, U                 variables: a number, an ordered type, any types. Every use of a
//	                           variable is converted to the one type that holds all of them
//	zone                       a literal with the name of a time zone
//	literal int64 1..100       a literal, within the bounds
//	literal string one of a b  a literal, one of the words
//	x: T...                    repeated, once at least; neighbours repeat together
//	[x: T]                     may be left out, at the end
//	decimal(x+y), decimal(max(x,y)+6)
//	                           a result's scale, from those of parameters, 38 at most

// signature is one parsed line of Function.Signatures.
type signature struct {
	text   string
	params []param
	result pattern
	scale  string // of a decimal result: the rule, else ""
}

// param is one parameter.
type param struct {
	name     string
	pattern  pattern
	literal  bool
	bounds   bool
	low      float64
	high     float64
	words    []string
	optional bool
	repeated bool
}

// pattern is what a type must look like. class is a class or variable of the notation, or "" for
// exactly exact; elem is the element of a list or map whose element is a pattern.
type pattern struct {
	text  string
	class string
	exact schema.Type
	elem  *pattern
}

func parseSignature(text string) (signature, error) {
	s := signature{text: text}
	head, result, found := strings.Cut(text, ") -> ")
	_, inner, opened := strings.Cut(head, "(")
	if !found || !opened {
		return s, fmt.Errorf("signature %q has no (..) -> type", text)
	}
	if inner != "" {
		for _, part := range strings.Split(inner, ", ") {
			p, err := parseParam(part)
			if err != nil {
				return s, fmt.Errorf("signature %q: %w", text, err)
			}
			s.params = append(s.params, p)
		}
	}
	if rule, is := strings.CutPrefix(result, "decimal("); is {
		s.scale = strings.TrimSuffix(rule, ")")
		result = "decimal"
	}
	var err error
	s.result, err = parsePattern(result)
	return s, err
}

func parseParam(text string) (param, error) {
	var p param
	if strings.HasPrefix(text, "[") {
		p.optional = true
		text = strings.Trim(text, "[]")
	}
	text, p.repeated = strings.CutSuffix(text, "...")
	name, rest, found := strings.Cut(text, ": ")
	if !found {
		return p, fmt.Errorf("parameter %q has no type", text)
	}
	p.name = name
	rest, p.literal = strings.CutPrefix(rest, "literal ")
	kind, limit, limited := strings.Cut(rest, " ")
	var err error
	if p.pattern, err = parsePattern(kind); err != nil || !limited {
		p.literal = p.literal || kind == "zone"
		return p, err
	}
	if words, is := strings.CutPrefix(limit, "one of "); is {
		p.words = strings.Fields(words)
		return p, nil
	}
	low, high, _ := strings.Cut(limit, "..")
	p.bounds = true
	if p.low, err = strconv.ParseFloat(low, 64); err != nil {
		return p, fmt.Errorf("bounds %q: %w", limit, err)
	}
	if p.high, err = strconv.ParseFloat(high, 64); err != nil {
		return p, fmt.Errorf("bounds %q: %w", limit, err)
	}
	return p, nil
}

func parsePattern(text string) (pattern, error) {
	p := pattern{text: text}
	switch text {
	case "number", "ordered", "any", "decimal", "vector", "zone", "N", "O", "T", "U":
		p.class = text
		return p, nil
	}
	for _, nested := range []string{"list", "map"} {
		inner, is := strings.CutPrefix(text, nested+"<")
		if !is {
			continue
		}
		elem, err := parsePattern(strings.TrimSuffix(inner, ">"))
		p.class, p.elem = nested, &elem
		return p, err
	}
	t, err := schema.ParseType(text)
	p.exact = t
	return p, err
}

// expand returns the parameter of each of n arguments, or false if n arguments do not fit.
func (s *signature) expand(n int) ([]*param, bool) {
	var out []*param
	i := 0
	for i < len(s.params) && !s.params[i].repeated && !s.params[i].optional {
		out = append(out, &s.params[i])
		i++
	}
	first := i
	for i < len(s.params) && s.params[i].repeated {
		i++
	}
	if group := i - first; group > 0 {
		times := max(1, (n-len(out))/group)
		for range times {
			for j := first; j < i; j++ {
				out = append(out, &s.params[j])
			}
		}
	}
	for ; i < len(s.params) && len(out) < n; i++ {
		out = append(out, &s.params[i])
	}
	return out, len(out) == n
}

// describe names the type for an error message.
func (p *param) describe() string {
	kind := p.pattern.describe()
	switch {
	case p.pattern.class == "zone":
		return "the name of a time zone in quotes"
	case p.words != nil:
		return "one of '" + strings.Join(p.words, "', '") + "' in quotes"
	case p.bounds:
		low, high := strconv.FormatFloat(p.low, 'g', -1, 64), strconv.FormatFloat(p.high, 'g', -1, 64)
		return "a literal " + kind + " from " + low + " to " + high
	case p.literal:
		return "a literal " + kind
	default:
		return kind
	}
}

func (p pattern) describe() string {
	switch p.class {
	case "number", "N":
		return "number"
	case "ordered", "O":
		return "scalar"
	case "any", "T", "U":
		return "any type"
	case "zone":
		return "zone"
	case "list", "map":
		return p.class + "<" + p.elem.describe() + ">"
	case "":
		return p.exact.String()
	default:
		return p.class
	}
}
