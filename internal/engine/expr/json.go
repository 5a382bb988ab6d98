package expr

import (
	"github.com/fettle-ml/fettle/internal/plan"
	"github.com/fettle-ml/fettle/internal/schema/jsontext"
)

// bindJSONGet binds json_get(x, path). The path is a literal, and read when the expression is
// compiled. The null of JSON is a null.
func bindJSONGet(e *plan.Expr, args []evaluator) (evaluator, error) {
	if e.Args[1].Op != plan.Const || e.Args[1].Value.Null {
		return nil, unsupported(e)
	}
	path, err := jsontext.ParsePath(e.Args[1].Value.Text)
	if err != nil {
		return nil, err
	}
	return strict(args[:1], e.Type, textRows(func(c *call, dst []byte, i int) []byte {
		part, found := path.Find(c.args[0].text(i))
		if !found || part == jsontext.Null {
			c.fail(i)
			return dst
		}
		return append(dst, part...)
	})), nil
}

// jsonString is null, and not counted, for what is no string.
func jsonString(c *call, dst []byte, i int) []byte {
	text, is := jsontext.Text(jsontext.Trim(c.args[0].text(i)))
	if !is {
		c.fail(i)
	}
	return append(dst, text...)
}

// jsonNumber is null for what is no number; only one beyond all float64 numbers is counted.
func jsonNumber(c *call) {
	for i := range c.out.Floats {
		if c.out.IsNull(i) {
			continue
		}
		x, is := jsontext.Number(jsontext.Trim(c.args[0].text(i)))
		if !is {
			c.fail(i)
			continue
		}
		c.out.Floats[i] = x
	}
	c.dropNonFinite()
}

// castToJSON is null for null, which is no value of json, and null and counted for what is no JSON.
func castToJSON(c *call, dst []byte, i int) []byte {
	text := jsontext.Trim(c.args[0].text(i))
	switch {
	case text == jsontext.Null:
		c.fail(i)
		return dst
	case jsontext.Check(text) != nil:
		c.misfit(i)
		return dst
	}
	return append(dst, text...)
}
