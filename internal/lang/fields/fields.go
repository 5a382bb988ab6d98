package fields

import "github.com/fettle-ml/fettle/internal/schema"

// Shape is what may stand as the value of a field.
type Shape uint8

// The shapes. Those whose name ends in s are lists, of which one item may stand without brackets.
const (
	Text        Shape = iota // any single value
	Name                     // a name of this language
	Expression               // an expression
	Duration                 // digits and a unit
	Flag                     // true or false
	Integer                  // a whole number from 1 on
	Fraction                 // a number from 0 to 1
	Choice                   // one of Values
	Instant                  // a time with a zone
	Day                      // a date, or a time with a zone
	Size                     // memory or disk
	Freshness                // when a view is refreshed
	Words                    // single values
	Values                   // a mapping of names to values of data
	Types                    // a mapping of names to types
	Expressions              // a mapping of names to expressions
	Loops                    // a mapping of variables to lists of words
	Fallbacks                // rungs of a ladder
	Rows                     // a list of mappings of columns to values of data
	Nested                   // the object that Of names
	NestedList               // a list of objects, or of one of Values
	NestedMap                // a mapping of names to objects
	Features                 // a mapping of names to expressions or objects
	Selection                // features of a model: words, or {name: as}
	Anything                 // what is not looked at
)

// Field is one field of an object.
type Field struct {
	Name     string
	Shape    Shape
	Doc      string   // what it says, with the default in parentheses
	Values   []string // of a Choice: all it may be; of a NestedList: the words for common objects
	Of       string   // the object of a nested shape
	Short    bool     // a nested object may also be written as the single value that matters most
	Required bool
	NoEffect bool // it is checked, and nothing follows from it yet
}

// Object is a mapping with fields of its own: a definition, or a part of one.
type Object struct {
	What   string // as messages call it: a view
	Doc    string
	Fields []Field
	OneOf  []string // at least one of these fields is needed
}

// Field returns the field of a name.
func (o *Object) Field(name string) (*Field, bool) {
	for i := range o.Fields {
		if o.Fields[i].Name == name {
			return &o.Fields[i], true
		}
	}
	return nil, false
}

// Names returns the names of the fields in their order.
func (o *Object) Names() []string {
	names := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		names[i] = f.Name
	}
	return names
}

// Of returns the object that messages call by that name. The names are constants of the compiler,
// so one that is missing is a bug.
func Of(what string) *Object {
	for i := range objects {
		if objects[i].What == what {
			return &objects[i]
		}
	}
	panic("BUG: no object " + what + " in the table of fields")
}

// Objects returns all objects; they must not be changed.
func Objects() []*Object {
	all := make([]*Object, len(objects))
	for i := range objects {
		all[i] = &objects[i]
	}
	return all
}

// Choices returns the words that a field of an object may be.
func Choices(what, field string) []string {
	f, found := Of(what).Field(field)
	if !found {
		panic("BUG: " + what + " has no field " + field)
	}
	return f.Values
}

// Kind is a kind of definition that can be written.
type Kind struct {
	Key  string // the field that makes a document one of this kind
	What string // its object
}

// Kinds returns the kinds of definitions in the order in which their keys are looked for: a view
// has fields named entity and source too, so the first key that a document has decides.
func Kinds() []Kind {
	return []Kind{
		{"project", "a project"}, {"test", "a test"}, {"model", "a model"}, {"view", "a view"},
		{"source", "a source"}, {"entity", "an entity"},
	}
}

// Patterns of single values, as regular expressions that editors understand.
const (
	NamePattern     = `^[a-z][a-z0-9]*(_[a-z0-9]+)*_?$`
	DurationPattern = `^[0-9]+(us|ms|s|m|h|d|w)$`
	InstantPattern  = `^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})$`
	DayPattern      = `^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?$`
	SizePattern     = `^[0-9.]+([KMGT]i?B|%|B)?$`
	FreshPattern    = `^(realtime|static|hourly|(daily|weekly)( at [0-9]{2}:[0-9]{2})?|[0-9]+(us|ms|s|m|h|d|w))$`
	FallbackPattern = `^(last [0-9]+(us|ms|s|m|h|d|w)|median|default|error)$`
)

// TypeNames are the names of types that stand for themselves.
func TypeNames() []string {
	var names []string
	for _, k := range []schema.Kind{
		schema.Bool, schema.Int64, schema.Float64, schema.String, schema.Bytes, schema.Timestamp,
		schema.Date, schema.Duration, schema.JSON,
	} {
		names = append(names, schema.Of(k).String())
	}
	return names
}
