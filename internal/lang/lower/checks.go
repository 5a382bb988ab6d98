package lower

import (
	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/check"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema"
)

// featureChecks compiles what is expected of a feature's values. The result has one check for each
// that was declared, in that order, even if its values could not be read.
func (c *compiler) featureChecks(f *feature) []plan.Check {
	var all []plan.Check
	for _, decl := range f.decl.Checks {
		out := plan.Check{Kind: decl.Kind, Severity: decl.Severity, Rate: decl.Rate}
		switch decl.Kind {
		case "between", "in":
			// A feature without an expression has no type, and its own error was reported.
			if f.plan.Expr != nil {
				out.Values = c.checkValues(decl, f.plan.Type)
			}
		case "expr":
			// The scope has no feature of its own: a check may read the feature it is on.
			out.Expr = c.checker(&valueScope{c: c, view: f.view}).Bool(decl.Value.Expr, "a check")
		default:
			out.Values = c.checkValues(decl, checkType(decl.Kind))
		}
		all = append(all, out)
	}
	return all
}

// sourceChecks compiles what is expected of a source's events.
func (c *compiler) sourceChecks(s *source) []plan.Check {
	var all []plan.Check
	for _, decl := range s.decl.Checks {
		out := plan.Check{Kind: decl.Kind, Severity: decl.Severity, Rate: decl.Rate}
		switch decl.Kind {
		case "expr":
			out.Expr = c.checker(&eventScope{c: c, source: s}).Bool(decl.Value.Expr, "a check")
		case "between", "in", "not_null", "regex", "unique":
			c.fail(decl.At, diag.BadValue, "the check "+decl.Kind+" is of a feature, not of a source",
				"write {expr: condition}, row_count, freshness or schema")
		default:
			out.Values = c.checkValues(decl, checkType(decl.Kind))
		}
		all = append(all, out)
	}
	return all
}

// checkType is the type of the values of a check that does not depend on a feature. The kinds
// between, in and expr must not come here.
func checkType(kind string) schema.Type {
	switch kind {
	case "row_count":
		return schema.Of(schema.Int64)
	case "freshness":
		return schema.Of(schema.Duration)
	}
	return schema.Of(schema.String)
}

// checkValues reads the values of a check as one type; nil after an error. A part of the values is
// never returned: a between with one bound would be another check.
func (c *compiler) checkValues(decl ast.Check, t schema.Type) []schema.Value {
	var values []schema.Value
	for _, w := range decl.Values {
		v, err := check.Value(w.Text, t)
		if err != nil {
			c.fail(w.At, diag.BadValue, "the check "+decl.Kind+": "+err.Error(), "")
			return nil
		}
		values = append(values, v)
	}
	return values
}
