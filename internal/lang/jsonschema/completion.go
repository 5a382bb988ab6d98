package jsonschema

import (
	"github.com/fettle-ml/fettle/internal/lang/fields"
	"github.com/fettle-ml/fettle/internal/lang/parse"
	"github.com/fettle-ml/fettle/internal/plan/builtin"
)

// entry is one function, aggregate or operator.
type entry struct {
	Name       string   `json:"name"`
	Symbol     string   `json:"symbol,omitempty"`
	Group      string   `json:"group"`
	Signatures []string `json:"signatures"`
	Doc        string   `json:"doc"`
	Nulls      string   `json:"nulls,omitempty"`
	Empty      string   `json:"empty,omitempty"`
	Ties       string   `json:"ties,omitempty"`
	Errors     string   `json:"errors,omitempty"`
	Example    string   `json:"example,omitempty"`
}

// form is something that is written in one way.
type form struct {
	Form string `json:"form"`
	Doc  string `json:"doc"`
}

// words is what an editor may offer inside of an expression.
type words struct {
	Keywords   []string `json:"keywords"`
	Types      []string `json:"types"`
	Units      []string `json:"units"`
	Windows    []form   `json:"windows"`
	Names      []form   `json:"names"`
	Aggregates []entry  `json:"aggregates"`
	Functions  []entry  `json:"functions"`
	Operators  []entry  `json:"operators"`
}

// Completion returns what can stand in an expression: keywords, types, windows, names, functions
// and aggregates with their signatures.
func Completion() []byte { return encode(completion()) }

// completion leaves out what the language will have and cannot compute yet.
func completion() words {
	w := words{
		Keywords: parse.Keywords(), Types: fields.TypeNames(), Units: parse.Units(),
		Windows: windows(), Names: names(),
		Aggregates: []entry{}, Functions: []entry{}, Operators: []entry{},
	}
	w.Types = append(w.Types, "decimal(2)", "vector(3)", "list<string>", "map<float64>")
	for _, f := range builtin.All() {
		if !f.Ready {
			continue
		}
		e := entry{
			Name: f.Name, Symbol: f.Symbol, Group: f.Group, Signatures: f.Signatures, Doc: f.Doc,
			Nulls: f.Nulls, Empty: f.Empty, Ties: f.Ties, Errors: f.Errors, Example: f.Example,
		}
		switch {
		case f.Aggregate:
			w.Aggregates = append(w.Aggregates, e)
		case f.Operator:
			w.Operators = append(w.Operators, e)
		default:
			w.Functions = append(w.Functions, e)
		}
	}
	return w
}

// windows are what may stand behind over. A test compiles every form.
func windows() []form {
	return []form{
		{"7d", "The events of the last 7 days: [b - 7d, b)."},
		{"7d offset 7d", "The 7 days before those."},
		{"30d hop 1d", "30 days whose ends are floored to the day."},
		{"all", "All events."},
		{"all since '2024-01-01'", "All events from that midnight UTC on."},
		{"last 20", "The newest 20 events that satisfy where."},
		{"last 20 offset 1", "The 20 events before the newest one."},
		{"session 30m", "The open session: events with gaps below 30 minutes."},
		{"session 30m max 24h", "The same, no longer than 24 hours."},
		{"session 30m offset 1", "The newest session that is closed."},
	}
}

// names are those that every expression may read somewhere.
func names() []form {
	return []form{
		{"event_time", "The time of the event."},
		{"received_at", "When a live event came; null for one of a file."},
		{"as_of", "The time that the value is of."},
		{"request.time", "The time of the request."},
		{"event.", "A column, where a feature has the same name."},
		{"this.", "A feature of this view, where a column has the same name."},
		{"request.", "A field of the request."},
	}
}
