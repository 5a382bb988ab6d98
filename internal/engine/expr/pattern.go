package expr

import (
	"regexp"

	"github.com/fettle-ml/fettle/internal/plan"
)

// bindPattern binds a function of a text and a regular expression, which is compiled once. The
// compiler has refused patterns that are none. A match takes time linear in the text, whatever the
// pattern.
func bindPattern(k func(pattern *regexp.Regexp) kernel) binder {
	return func(e *plan.Expr, args []evaluator) (evaluator, error) {
		if e.Args[1].Op != plan.Const {
			return nil, unsupported(e)
		}
		pattern, err := regexp.Compile(e.Args[1].Value.Text)
		if err != nil {
			return nil, err
		}
		return strict(args, e.Type, k(pattern)), nil
	}
}

func findPattern(pattern *regexp.Regexp) kernel {
	return func(c *call) {
		for i := range c.out.Bools {
			if !c.out.IsNull(i) {
				c.out.Bools[i] = pattern.MatchString(c.args[0].text(i))
			}
		}
	}
}

// extractPattern gives null, uncounted, where the group is not part of a match.
func extractPattern(pattern *regexp.Regexp) kernel {
	return textRows(func(c *call, dst []byte, i int) []byte {
		group := int64(0)
		if len(c.args) == 3 {
			group = c.args[2].col.Ints[i&c.args[2].mask]
		}
		text := c.args[0].text(i)
		places := pattern.FindStringSubmatchIndex(text)
		if places == nil || 2*group >= int64(len(places)) || places[2*group] < 0 {
			c.fail(i)
			return dst
		}
		return append(dst, text[places[2*group]:places[2*group+1]]...)
	})
}
