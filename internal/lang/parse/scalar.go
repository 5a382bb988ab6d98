package parse

import (
	"regexp"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// bareText is what was hardly meant as an expression in quotes, but as text. YAML takes the quotes
// of 'paid' away, and what is left would be read as a name.
var bareText = regexp.MustCompile(`^[\w .:-]*$`)

// expression reads an expression from a scalar. What cannot be one gets a question mark for its
// text, so that the field does not count as missing.
func (r *reader) expression(n *document.Node) ast.Expression {
	if !r.isExpression(n) {
		return ast.Expression{Text: "?", At: n.At}
	}
	return r.parseText(n, n.Text)
}

// isExpression refuses what cannot be an expression, or would lose its places. What it refuses
// would otherwise give errors about text that the writer never wrote.
func (r *reader) isExpression(n *document.Node) bool {
	switch {
	case n.Broken:
	case n.Kind == document.Mapping && n.At.Column > 0 && len(n.Entries) == 0:
		r.fail(n.At, diag.WrongShape, "expected an expression, found {}", "write it as a | block")
	case n.Kind != document.Scalar:
		r.fail(n.At, diag.WrongShape, "expected an expression, found "+n.Kind.String(),
			"an expression that begins with [ or { is written as a | block")
	case n.IsEmpty():
		r.fail(n.At, diag.MissingValue, "the expression is missing", "write one, or remove the field")
	case n.Style == document.Folded:
		r.fail(n.At, diag.ExpressionStyle, "an expression is not written as a folded > block",
			"write | instead of >")
	case n.Style != document.SingleQuoted && n.Style != document.DoubleQuoted:
		return true
	case n.Text.String == "":
		r.fail(n.At, diag.MissingValue, "the expression is empty", "for the empty text write ('')")
	case bareText.MatchString(n.Text.String):
		r.fail(n.At, diag.QuotesRemoved,
			"YAML takes the quotes around a whole value away, what is left is "+
				n.Text.String, "for the text write ('"+n.Text.String+"'), for a name no quotes")
	case n.Inexact:
		r.fail(n.At, diag.ExpressionStyle,
			"an expression in quotes with escapes or over lines loses its places",
			"leave the outer quotes out, or write it as a | block")
	default:
		return true
	}
	return false
}

// parseText parses the text of a node, which may be an expansion of the node's own. The node still
// tells which comment cut it.
func (r *reader) parseText(n *document.Node, text document.Text) ast.Expression {
	shown := strings.TrimSpace(text.String)
	return ast.Expression{
		Expr: Text(text, n.Cut, r.report), Text: shown, At: text.Position(0),
	}
}
