package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the family of a Type.
type Kind uint8

// The kinds of types, in the order of the language page. Null is the type of the literal null
// before it meets another type.
const (
	Null Kind = iota
	Bool
	Int64
	Float64
	Decimal
	String
	Bytes
	Timestamp
	Date
	Duration
	JSON
	Vector
	List
	Map
)

var kindNames = [...]string{
	"null", "bool", "int64", "float64", "decimal", "string", "bytes", "timestamp", "date",
	"duration", "json", "vector", "list", "map",
}

// String returns the name of the kind as the language writes it.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// MaxDecimalDigits is the number of digits a decimal holds at most.
const MaxDecimalDigits = 38

// MaxDimension is how many elements a vector has at most.
const MaxDimension = 1 << 16

// MaxNesting is how many lists, maps and vectors may lie in each other in a type.
const MaxNesting = 32

// Type is the type of a value. Size is the scale of a decimal or the dimension of a vector; Elem is
// the element of a list or the value of a map (map keys are strings).
type Type struct {
	Kind Kind
	Size int
	Elem *Type
}

// Of returns the type of a kind that needs no parameter.
func Of(k Kind) Type { return Type{Kind: k} }

// DecimalOf returns the decimal type with the given scale.
func DecimalOf(scale int) Type { return Type{Kind: Decimal, Size: scale} }

// ListOf returns the type of lists of elem.
func ListOf(elem Type) Type { return Type{Kind: List, Elem: &elem} }

// MapOf returns the type of maps from strings to elem.
func MapOf(elem Type) Type { return Type{Kind: Map, Elem: &elem} }

// Element returns the type of an element of a list or vector, or of a value of a map.
func (t Type) Element() Type {
	if t.Kind == Vector {
		return Of(Float64)
	}
	return *t.Elem
}

// Nested reports whether values have elements: lists, vectors and maps.
func (t Type) Nested() bool { return t.Kind == List || t.Kind == Vector || t.Kind == Map }

// Nesting counts the lists, maps and vectors that lie in each other.
func (t Type) Nesting() int {
	depth := 0
	for ; t.Elem != nil; t = *t.Elem {
		depth++
	}
	if t.Kind == Vector {
		depth++
	}
	return depth
}

// Settled reports whether the type is known in all its parts. That of null is not, nor are those of
// [] and [null].
func (t Type) Settled() bool {
	return t.Kind != Null && (t.Elem == nil || t.Elem.Settled())
}

// String returns the type as the language writes it, such as decimal(2) or list<string>.
func (t Type) String() string {
	switch t.Kind {
	case Decimal, Vector:
		return fmt.Sprintf("%s(%d)", t.Kind, t.Size)
	case List, Map:
		return fmt.Sprintf("%s<%s>", t.Kind, t.Elem)
	default:
		return t.Kind.String()
	}
}

// Equal reports whether two types are the same, parameters included.
func (t Type) Equal(other Type) bool {
	if t.Kind != other.Kind || t.Size != other.Size {
		return false
	}
	if t.Elem == nil || other.Elem == nil {
		return t.Elem == other.Elem
	}
	return t.Elem.Equal(*other.Elem)
}

// Numeric reports whether arithmetic is defined on the type: int64, float64 or decimal.
func (t Type) Numeric() bool { return t.Kind == Int64 || t.Kind == Float64 || t.Kind == Decimal }

// Ordered reports whether <, min and max are defined on the type.
func (t Type) Ordered() bool {
	switch t.Kind {
	case Bool, Int64, Float64, Decimal, String, Bytes, Timestamp, Date, Duration:
		return true
	default:
		return false
	}
}

// KeyType reports whether the type may be a column of an entity's key.
func (t Type) KeyType() bool {
	switch t.Kind {
	case Bool, Int64, String, Bytes, Date:
		return true
	default:
		return false
	}
}

// ParseType reads a type as the language writes it. Names are in lower case; spaces are allowed
// around parameters.
func ParseType(text string) (Type, error) {
	// Counted before anything recurses.
	if strings.Count(text, "<") > MaxNesting {
		return Type{}, fmt.Errorf("a type has at most %d lists and maps in each other", MaxNesting)
	}
	t, rest, err := parseType(strings.TrimSpace(text))
	if err != nil {
		return Type{}, err
	}
	if rest != "" {
		return Type{}, fmt.Errorf("unexpected %q after type %s", rest, t)
	}
	return t, nil
}

func parseType(text string) (Type, string, error) {
	end := strings.IndexAny(text, "(<>) ")
	if end < 0 {
		end = len(text)
	}
	name, rest := text[:end], strings.TrimSpace(text[end:])
	kind := kindByName(name)
	switch kind {
	case Decimal, Vector:
		return parseSized(kind, rest)
	case List, Map:
		return parseNested(kind, rest)
	case Null:
		return Type{}, "", fmt.Errorf("unknown type %q", name)
	default:
		return Of(kind), rest, nil
	}
}

func kindByName(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return Kind(k)
		}
	}
	return Null
}

func parseSized(kind Kind, rest string) (Type, string, error) {
	inner, after, found := strings.Cut(strings.TrimPrefix(rest, "("), ")")
	if !found || !strings.HasPrefix(rest, "(") {
		return Type{}, "", fmt.Errorf("%s needs a number in parentheses, such as %s(2)", kind, kind)
	}
	size, err := strconv.Atoi(strings.TrimSpace(inner))
	wrong := err != nil || size < 0 || kind == Decimal && size > MaxDecimalDigits ||
		kind == Vector && (size == 0 || size > MaxDimension)
	if wrong {
		return Type{}, "", fmt.Errorf("%s(%s): the size is not valid", kind, inner)
	}
	return Type{Kind: kind, Size: size}, strings.TrimSpace(after), nil
}

func parseNested(kind Kind, rest string) (Type, string, error) {
	if !strings.HasPrefix(rest, "<") {
		return Type{}, "", fmt.Errorf("%s needs an element type, such as %s<string>", kind, kind)
	}
	elem, rest, err := parseType(strings.TrimSpace(rest[1:]))
	if err != nil {
		return Type{}, "", err
	}
	if !strings.HasPrefix(rest, ">") {
		return Type{}, "", fmt.Errorf("%s<%s is not closed with >", kind, elem)
	}
	return Type{Kind: kind, Elem: &elem}, strings.TrimSpace(rest[1:]), nil
}

// Field is a named, typed column.
type Field struct {
	Name string
	Type Type
}
