package parse

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/fields"
	"github.com/fettle-ml/fettle/internal/schema"
)

// reader reads fields of definitions. Its methods report what is wrong and return zero values then.
type reader struct {
	report *diag.List
}

// handlers are the fields of a mapping: what to do with the value of each.
type handlers map[string]func(*document.Node)

// fail reports an error; reading goes on with the next field.
func (r *reader) fail(at diag.Position, code diag.Code, message, hint string) {
	r.report.Report(at, code, message, hint)
}

// fields hands each value of a mapping to its handler. Fields that begin with x- are ignored. False
// means that it was no mapping at all, which was reported; one bad field does not make it false. A
// handler sees no value that could not be read.
func (r *reader) fields(n *document.Node, what string, known handlers) bool {
	if n.Broken || r.empty(n, what) {
		return false
	}
	if n.Kind != document.Mapping {
		r.fail(n.At, diag.WrongShape, what+" is "+n.Kind.String()+", not a mapping of fields",
			"write its fields as key: value")
		return false
	}
	object := fields.Of(what)
	for _, entry := range n.Entries {
		name := entry.Key.Text.String
		if strings.HasPrefix(name, "x-") {
			continue
		}
		handle := known[name]
		if handle == nil {
			names := slices.Sorted(slices.Values(object.Names()))
			r.fail(entry.Key.At, diag.UnknownField, what+" has no field "+name,
				diag.DidYouMean(name, names, "its fields are "+strings.Join(names, ", ")))
			continue
		}
		if field, _ := object.Field(name); field != nil && field.NoEffect {
			r.report.Warn(entry.Key.At, diag.NoEffectYet, name+": is understood and has no effect yet", "")
		}
		if !entry.Value.Broken {
			handle(entry.Value)
		}
	}
	return true
}

// empty reports a value that was left out.
func (r *reader) empty(n *document.Node, what string) bool {
	if n.IsEmpty() {
		r.fail(n.At, diag.MissingValue, what+" has no value", "write its fields, or remove it")
	}
	return n.IsEmpty()
}

// meta adds the handlers of what every kind may carry. It adds to the map it is given.
func (r *reader) meta(m *ast.Meta, known handlers) handlers {
	known["description"] = func(n *document.Node) { m.Description = r.text(n).Text }
	known["owner"] = func(n *document.Node) { m.Owner = r.word(n).Text }
	known["tags"] = func(n *document.Node) {
		for _, tag := range r.words(n) {
			m.Tags = append(m.Tags, tag.Text)
		}
	}
	known["pii"] = func(n *document.Node) { m.PII = r.flag(n) }
	return known
}

// require reports a field that was left out of what is declared at a place. One that is there and
// could not be read is present.
func (r *reader) require(at diag.Position, present bool, what, field string) {
	if !present {
		r.fail(at, diag.MissingField, what+" has no "+field, "add "+field+":")
	}
}

// requireAll reports the fields that an object of the table needs and that were left out. shown is
// what messages call this one.
func (r *reader) requireAll(n *document.Node, what, shown string) {
	for _, f := range fields.Of(what).Fields {
		if f.Required {
			r.require(n.At, hasField(n, f.Name), shown, f.Name)
		}
	}
}

// word reads a single value that is not empty.
func (r *reader) word(n *document.Node) ast.Word {
	w := r.text(n)
	if w.Quoted && w.Text == "" {
		r.fail(w.At, diag.MissingValue, "the field is empty", "write a value, or remove the field")
	}
	return w
}

// text reads a single value, which may be the empty text in quotes. Its place is that of the first
// character inside of the quotes, if escapes leave it known.
func (r *reader) text(n *document.Node) ast.Word {
	w := ast.Word{At: n.At}
	switch {
	case n.Broken:
	case n.Kind != document.Scalar:
		r.fail(n.At, diag.WrongShape, "expected a single value, found "+n.Kind.String(), "")
	case n.IsEmpty():
		r.fail(n.At, diag.MissingValue, "the field has no value", "write one, or remove the field")
	default:
		w.Text = n.Text.String
		w.Quoted = n.Style != document.Plain
		if !w.Quoted || !n.Inexact {
			w.At = n.Text.Position(0)
		}
		if n.Style == document.Literal || n.Style == document.Folded {
			w.Text = strings.TrimSpace(w.Text)
		}
	}
	return w
}

// words reads a list of single values, or one alone. Items that could not be read are left out.
func (r *reader) words(n *document.Node) []ast.Word {
	if n.Kind != document.Sequence {
		if w := r.word(n); w.Text != "" {
			return []ast.Word{w}
		}
		return nil
	}
	var all []ast.Word
	for _, item := range n.Items {
		if w := r.word(item); w.Text != "" {
			all = append(all, w)
		}
	}
	return all
}

// items returns the items of a list, or the one value that stands alone. So one value needs no
// brackets, whatever it is.
func items(n *document.Node) []*document.Node {
	if n.Kind == document.Sequence {
		return n.Items
	}
	return []*document.Node{n}
}

// name reads the name of a definition.
func (r *reader) name(n *document.Node) ast.Word {
	w := r.word(n)
	if w.Text != "" {
		r.checkName(w)
	}
	return w
}

// checkName reports a name that breaks the rules, with the one in lower case if that would do. Only
// the case of letters is mended, because any other change would be a guess.
func (r *reader) checkName(w ast.Word) {
	if err := schema.CheckName(w.Text); err != nil {
		hint := "rename it"
		if lower := strings.ToLower(w.Text); schema.CheckName(lower) == nil {
			hint = "write " + lower
		}
		r.fail(w.At, diag.BadName, "the name "+strconv.Quote(w.Text)+" is not valid: "+err.Error(), hint)
	}
}

// flag reads true or false.
func (r *reader) flag(n *document.Node) bool {
	return r.choice(n, "true", "false").Text == "true"
}

// choice reads one of a few words. What is not allowed gives an empty word, which stands for
// nothing given.
func (r *reader) choice(n *document.Node, allowed ...string) ast.Word {
	w := r.word(n)
	if w.Text != "" && !slices.Contains(allowed, w.Text) {
		r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not one of "+strings.Join(allowed, ", "),
			diag.DidYouMean(w.Text, allowed, ""))
		return ast.Word{At: w.At}
	}
	return w
}

// duration reads digits and a unit; -1 after an error. The result is in microseconds, and -1 if it
// was left out.
func (r *reader) duration(n *document.Node) int64 {
	w := r.word(n)
	if w.Text == "" {
		return -1
	}
	micros, err := schema.ParseDuration(w.Text)
	if err != nil {
		r.fail(w.At, diag.BadDuration, err.Error(), "")
		return -1
	}
	return micros
}

// integer reads a whole number from low on. It is 0 if nothing was read, and low if that was out of
// range.
func (r *reader) integer(n *document.Node, low int) int {
	w := r.word(n)
	x, err := strconv.Atoi(w.Text)
	if w.Text != "" && (err != nil || x < low) {
		r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not a whole number from "+
			strconv.Itoa(low)+" on", "")
		return low
	}
	return x
}

// fraction reads a number from 0 to 1.
func (r *reader) fraction(n *document.Node) float64 {
	w := r.word(n)
	x, err := strconv.ParseFloat(w.Text, 64)
	// The condition is negated because NaN, which ParseFloat reads, is in no order.
	if w.Text != "" && (err != nil || !(x >= 0 && x <= 1)) {
		r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not a number from 0 to 1", "")
		return 0
	}
	return x
}

// instant reads a time with a zone; nil after an error. The result is in microseconds. A time
// without a zone would depend on the machine.
func (r *reader) instant(n *document.Node) *int64 {
	w := r.word(n)
	if w.Text == "" {
		return nil
	}
	micros, zoned, err := schema.ParseTime(w.Text)
	if err == nil && zoned && schema.ValidTime(micros) {
		return &micros
	}
	r.fail(w.At, diag.BadTime, strconv.Quote(w.Text)+
		" is not a time with a zone in the years 1900 to 2200",
		"write it as 2024-05-01T12:30:00Z")
	return nil
}

// entries hands each key and value of a mapping over; names are checked if they are ours.
func (r *reader) entries(n *document.Node, what string, visit func(key ast.Word,
	value *document.Node)) {
	if r.empty(n, what) {
		return
	}
	if n.Kind != document.Mapping {
		r.fail(n.At, diag.WrongShape, what+" is "+n.Kind.String()+", not a mapping", "write key: value")
		return
	}
	for _, entry := range n.Entries {
		visit(r.word(entry.Key), entry.Value)
	}
}

// typed reads a mapping of names to types. ours tells names that this language rules from those of
// columns in files, which may be anything.
func (r *reader) typed(n *document.Node, what string, ours bool) []ast.Typed {
	var all []ast.Typed
	r.entries(n, what, func(key ast.Word, value *document.Node) {
		if ours {
			r.checkName(key)
		}
		all = append(all, ast.Typed{Name: key, Type: r.word(value)})
	})
	return all
}

// bound reads a mapping of names to expressions. The names are checked where it is known whose they
// are.
func (r *reader) bound(n *document.Node, what string) []ast.Bound {
	var all []ast.Bound
	r.entries(n, what, func(key ast.Word, value *document.Node) {
		all = append(all, ast.Bound{Name: key, Value: r.expression(value)})
	})
	return all
}

// pairs reads a mapping of names to single values; a value may be left out or null. A value keeps
// whether it was quoted, which tells the text null from no value.
func (r *reader) pairs(n *document.Node, what string) []ast.Pair {
	var all []ast.Pair
	r.entries(n, what, func(key ast.Word, value *document.Node) {
		pair := ast.Pair{Name: key, Value: ast.Word{At: value.At}}
		if !value.IsEmpty() {
			pair.Value = r.text(value)
		}
		all = append(all, pair)
	})
	return all
}
