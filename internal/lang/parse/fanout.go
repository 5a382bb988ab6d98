package parse

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// maxExpansion is how many features one declaration may stand for. It turns a slip in for: into an
// error before the features fill the memory.
const maxExpansion = 1000

// loop is one variable of for: with its values.
type loop struct {
	name   string
	values []string
}

// loops reads for: {w: [1h, 7d], c: [1, 2]}. failed means that a variable has no values. They keep
// the order of declaration, which is that of the features they make.
func (r *reader) loops(n *document.Node) (all []loop, failed bool) {
	r.entries(n, "for", func(key ast.Word, value *document.Node) {
		r.checkName(key)
		l := loop{name: key.Text}
		seen := map[string]bool{}
		for _, w := range r.words(value) {
			if seen[w.Text] {
				// The same value twice would give two features of one name.
				r.fail(w.At, diag.FanOut, "the value "+w.Text+" is there twice", "remove one")
				continue
			}
			seen[w.Text] = true
			l.values = append(l.values, w.Text)
		}
		if len(l.values) == 0 {
			r.fail(value.At, diag.FanOut, "the variable "+key.Text+" has no values",
				"write a list such as [1h, 7d]")
			failed = true
			return
		}
		all = append(all, l)
	})
	return all, failed
}

// combination returns the values of the variables in the i-th feature: the last varies fastest. i
// is less than the product of the numbers of values.
func combination(loops []loop, i int) map[string]string {
	values := map[string]string{}
	for j := len(loops) - 1; j >= 0; j-- {
		l := loops[j]
		values[l.name] = l.values[i%len(l.values)]
		i /= len(l.values)
	}
	return values
}

// substitute replaces {name} by the value of each variable, once from left to right. What was put
// in is not looked at again, so a value cannot name a variable. Braces around anything else stay,
// for the parser of expressions to report.
func substitute(text document.Text, values map[string]string) document.Text {
	if len(values) == 0 {
		return text
	}
	for offset := 0; ; {
		open := strings.IndexByte(text.String[offset:], '{')
		if open < 0 {
			return text
		}
		open += offset
		length := strings.IndexByte(text.String[open:], '}')
		if length < 0 {
			return text
		}
		value, found := values[text.String[open+1:open+length]]
		if !found {
			offset = open + 1
			continue
		}
		text = text.Replace(open, open+length+1, value)
		offset = open + len(value)
	}
}
