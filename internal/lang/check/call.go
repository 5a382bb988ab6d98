package check

import (
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
)

// clocks are functions of other languages that a feature cannot have: its value would depend on
// when it is computed.
var clocks = map[string]bool{
	"now": true, "today": true, "current_timestamp": true, "current_date": true,
	"current_time": true, "getdate": true, "sysdate": true, "localtimestamp": true,
	"random": true, "rand": true, "uuid": true, "gen_random_uuid": true,
}

// IsClock reports whether a name is that of a clock or of randomness elsewhere.
func IsClock(name string) bool { return clocks[strings.ToLower(name)] }

// ClockHint says what to write instead of a clock.
const ClockHint = "write as_of, the time the value is for"

// notYet reports whether an error says that the call is not available yet. Errors of the table have
// no codes, so it goes by the end of the text, which must stay as it is.
func notYet(err error) bool {
	return strings.HasSuffix(err.Error(), "is not available yet")
}

// call tells functions, aggregates and what is neither apart. An aggregate goes to the scope,
// which knows whether there are events to read; everything else is a function of its arguments
// alone.
func (c *Checker) call(e *ast.Call) *plan.Expr {
	f, found := builtin.Lookup(e.Name)
	if !found || f.Operator {
		c.unknownFunction(e)
		return nil
	}
	if !f.Ready {
		c.fail(e.Position(), diag.NotYet, e.Name+" is not available yet", "")
		return nil
	}
	if f.Aggregate {
		if e.Over == nil {
			c.fail(e.Position(), diag.NeedsWindow, e.Name+" is an aggregate and needs a window",
				"write "+e.Name+"(..) over 7d, or over all")
			return nil
		}
		return c.Names.Aggregate(e, f)
	}
	switch {
	case e.Over != nil || e.Where != nil:
		c.fail(e.Position(), diag.NotAnAggregate, e.Name+" is not an aggregate and takes no window",
			"remove over and where")
		return nil
	case e.Star || e.Distinct:
		c.fail(e.Position(), diag.BadArguments, "only count takes * or distinct", "")
		return nil
	}
	args, ok := c.all(e.Args)
	if !ok || f.ReadsAsOf && !c.Names.AsOf(e.Position(), e.Name) {
		return nil
	}
	return c.Resolve(e.Position(), f, args)
}

// unknownFunction reports a name that is not in the table. Clocks get a message of their own,
// because looking for a similar name would only mislead.
func (c *Checker) unknownFunction(e *ast.Call) {
	if IsClock(e.Name) {
		c.fail(e.Position(), diag.NoClock, e.Name+
			"() is not a function: expressions read no clock and no chance",
			ClockHint)
		return
	}
	var names []string
	for _, f := range builtin.All() {
		if !f.Operator {
			names = append(names, f.Name)
		}
	}
	hint := diag.DidYouMean(e.Name, names, "")
	if ours, known := foreignNames[strings.ToLower(e.Name)]; known {
		hint = "write " + ours
	}
	c.fail(e.Position(), diag.UnknownFunction, "there is no function "+e.Name, hint)
}

// foreignNames are what other languages call a function, where the nearest name would mislead.
var foreignNames = map[string]string{
	"mean": "avg(x)", "average": "avg(x)", "nunique": "count(distinct x)", "count_distinct": "count(distinct x)",
	"std": "stddev(x)", "variance": "var(x)", "len": "length(x)", "strlen": "length(x)", "isnull": "x is null",
	"notnull": "x is not null", "countif": "count_if(c)", "iif": "if(c, a, b)", "substring": "substr(x, start, length)",
	"ceiling": "ceil(x)", "dayofweek": "day_of_week(t)", "any_value": "last(x)", "log": "ln(x)",
}
