package parse

import (
	"strconv"
	"strings"

	"github.com/fettle-ml/fettle/internal/lang/ast"
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
)

// source reads the declaration of a source. A duration of -1 was left out, so that 0 can be told
// from it. Columns are named by the files, so any name will do for them.
func (r *reader) source(n *document.Node) *ast.Source {
	s := &ast.Source{Name: ast.Word{At: n.At}, MaxFuture: -1, Dedup: -1, Heartbeat: -1, Retention: -1}
	known := r.meta(&s.Meta, handlers{
		"source":      func(n *document.Node) { s.Name = r.name(n) },
		"mode":        func(n *document.Node) { s.Mode = r.mode(n) },
		"path":        func(n *document.Node) { s.Paths = r.paths(n) },
		"format":      func(n *document.Node) { s.Format = r.choice(n, "parquet", "arrow", "csv", "jsonl") },
		"push":        func(n *document.Node) { s.Push = r.flag(n) },
		"fields":      func(n *document.Node) { s.Fields = r.typed(n, "fields", false) },
		"event_time":  func(n *document.Node) { s.EventTime = r.eventTime(n) },
		"available":   func(n *document.Node) { s.Available = r.expression(n) },
		"sequence":    func(n *document.Node) { s.Sequence = r.word(n) },
		"id":          func(n *document.Node) { s.ID = r.word(n) },
		"op":          func(n *document.Node) { s.Op = r.word(n) },
		"key":         func(n *document.Node) { s.Key = r.words(n) },
		"delete_when": func(n *document.Node) { s.DeleteWhen = r.expression(n) },
		"where":       func(n *document.Node) { s.Where = r.expression(n) },
		"columns":     func(n *document.Node) { s.Columns = r.bound(n, "columns") },
		"edge":        func(n *document.Node) { s.Edge = r.choice(n, "before", "at") },
		"max_future":  func(n *document.Node) { s.MaxFuture = r.duration(n) },
		"dedup":       func(n *document.Node) { s.Dedup = r.duration(n) },
		"heartbeat":   func(n *document.Node) { s.Heartbeat = r.duration(n) },
		"retention":   func(n *document.Node) { s.Retention = r.duration(n) },
		"cutover":     func(n *document.Node) { s.Cutover = r.instant(n) },
		"checks":      func(n *document.Node) { s.Checks = r.checks(n) },
		"feeds": func(n *document.Node) {
			r.fail(n.At, diag.NotYet, "feeds are not available yet", "use path, push or both")
		},
	})
	r.fields(n, "a source", known)
	r.require(n.At, hasField(n, "path") || hasField(n, "feeds") || pushes(n), "the source",
		"path or push")
	r.require(n.At, hasField(n, "event_time"), "the source", "event_time")
	r.liveRules(n)
	return s
}

// pushes reports whether a source has a live feed, or a push that could not be read: that was
// reported, and is not missing as well.
func pushes(n *document.Node) bool {
	for _, entry := range n.Entries {
		if entry.Key.Text.String == "push" {
			return entry.Value.Kind != document.Scalar || entry.Value.Text.String != "false"
		}
	}
	return false
}

// liveRules warns about rules for live events where there are none. Ids of files count for ever, so
// dedup there would be taken for a bound that is none.
func (r *reader) liveRules(n *document.Node) {
	for _, entry := range n.Entries {
		name := entry.Key.Text.String
		switch {
		case name != "max_future" && name != "dedup":
		case !pushes(n):
			r.report.Warn(entry.Key.At, diag.NoEffectYet,
				name+": is for live events, and the source has none", "add push: true, or remove it")
		case name == "dedup" && !hasField(n, "id"):
			r.report.Warn(entry.Key.At, diag.NoEffectYet,
				"dedup: is how long ids are remembered, and the events have none",
				"add id: with the column that identifies an event, or remove it")
		}
	}
}

// mode reads events or table; lookup is a word kept for later.
func (r *reader) mode(n *document.Node) ast.Word {
	if n.Kind == document.Scalar && n.Text.String == "lookup" {
		r.fail(n.At, diag.Reserved, "mode: lookup is reserved for later", "use mode: table")
		return ast.Word{}
	}
	return r.choice(n, "events", "table")
}

// paths reads where the files are. They stay inside of the project, so that a definition means the
// same on every machine.
func (r *reader) paths(n *document.Node) []ast.Word {
	paths := r.words(n)
	for _, path := range paths {
		r.inside(path)
	}
	return paths
}

// eventTime reads a column name, or {column, timezone, unit}. A timezone may be {column: NAME}. In
// the second form each row names the zone of its own times.
func (r *reader) eventTime(n *document.Node) ast.EventTime {
	t := ast.EventTime{At: n.At}
	if n.Kind == document.Scalar {
		t.Column = r.word(n)
		return t
	}
	ok := r.fields(n, "event_time", handlers{
		"column": func(n *document.Node) { t.Column = r.word(n) },
		"timezone": func(n *document.Node) {
			if n.Kind == document.Scalar {
				t.Timezone = r.word(n)
				return
			}
			r.fields(n, "timezone", handlers{"column": func(n *document.Node) { t.ZoneColumn = r.word(n) }})
		},
		"unit": func(n *document.Node) { t.Unit = r.choice(n, "s", "ms", "us", "ns") },
	})
	r.require(n.At, !ok || hasField(n, "column"), "event_time", "column")
	return t
}

// checks reads a list of checks: words, or mappings of a check with its bounds. A check only warns,
// and asks for every value, unless it says otherwise.
func (r *reader) checks(n *document.Node) []ast.Check {
	var all []ast.Check
	for _, item := range items(n) {
		c := ast.Check{At: item.At, Severity: "warn", Rate: 1}
		if item.Kind == document.Scalar {
			c.Kind = r.choice(item, "not_null", "unique", "schema").Text
		} else {
			r.check(item, &c)
		}
		if c.Kind != "" {
			all = append(all, c)
		}
	}
	return all
}

// check reads a check that has bounds: one field names the check, severity and rate say how
// serious it is.
func (r *reader) check(n *document.Node, c *ast.Check) {
	values := func(kind string, least, most int) func(*document.Node) {
		return func(n *document.Node) {
			c.Kind, c.Values = kind, r.words(n)
			if len(c.Values) < least || len(c.Values) > most {
				r.fail(n.At, diag.BadValue, kind+" takes another number of values",
					"write {between: [0, 100]}, {in: [a, b]} or {regex: text}")
			}
		}
	}
	rate := func(kind string) func(*document.Node) {
		return func(n *document.Node) { c.Kind, c.Rate = kind, r.fraction(n) }
	}
	// A longer list of values is data, and belongs into a source.
	const many = 10_000
	ok := r.fields(n, "a check", handlers{
		"not_null": rate("not_null"), "unique": rate("unique"),
		"between": values("between", 2, 2), "in": values("in", 1, many), "regex": values("regex", 1, 1),
		"row_count": values("row_count", 1, 2), "freshness": values("freshness", 1, 1),
		"expr": func(n *document.Node) { c.Kind, c.Value = "expr", r.expression(n) },
		"severity": func(n *document.Node) {
			c.Severity = r.choice(n, "warn", "block",
				"quarantine").Text
		},
		"rate": func(n *document.Node) { c.Rate = r.fraction(n) },
	})
	if ok && c.Kind == "" && len(n.Entries) == 0 {
		r.fail(n.At, diag.MissingField, "the check says nothing", "write not_null or {between: [0, 100]}")
	}
}

// fallbacks reads [last 1h, median, default, error]. They are tried in this order.
func (r *reader) fallbacks(n *document.Node) []ast.Fallback {
	var all []ast.Fallback
	for _, w := range r.words(n) {
		age, aged := strings.CutPrefix(w.Text, "last ")
		micros, err := parseAge(age, aged)
		switch {
		case aged && err == nil:
			all = append(all, ast.Fallback{Kind: "last", Age: micros})
		case w.Text == "median" || w.Text == "default" || w.Text == "error":
			all = append(all, ast.Fallback{Kind: w.Text})
		default:
			r.fail(w.At, diag.BadValue, strconv.Quote(w.Text)+" is not a fallback",
				"write last 1h, median, default or error")
		}
	}
	return all
}
