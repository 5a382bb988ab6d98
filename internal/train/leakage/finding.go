package leakage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Kind is what is suspicious about a feature.
type Kind string

// The kinds, in the order in which they are reported: what is nearest to a proof comes first.
const (
	Copy         Kind = "copy"
	Power        Kind = "power"
	Timing       Kind = "timing"
	After        Kind = "after"
	Availability Kind = "availability"
)

var kindOrder = []Kind{Copy, Power, Timing, After, Availability}

// Finding is one reason to look at a feature. Figure reached Threshold; Measure says what it is.
type Finding struct {
	Kind      Kind    `json:"kind"`
	Feature   string  `json:"feature"` // output column
	Measure   string  `json:"measure"`
	Figure    float64 `json:"figure"`
	Threshold float64 `json:"threshold"`
	// Class is the value of the target that the figure is about; "" for a number.
	Class string `json:"class,omitempty"`
	// Row is a label row, from 1, that shows it; 0: none.
	Row     int64    `json:"row,omitempty"`
	Sources []string `json:"sources,omitempty"` // that rely on the default availability
	Message string   `json:"message"`
	Hint    string   `json:"hint"`
}

// String returns the finding as it is printed.
func (f Finding) String() string { return f.Message + "; " + f.Hint }

// Report is what was looked at and what was found. Findings holds the first ones, of Total.
type Report struct {
	// Target is the column of the labels; "" if there is none, and then Note says why.
	Target string `json:"target,omitempty"`
	Note   string `json:"note,omitempty"`
	// Rows is how many label rows were looked at, Later how many also just after their time.
	Rows     int       `json:"rows"`
	Later    int       `json:"rows_later"`
	Total    int       `json:"total"`
	Findings []Finding `json:"findings"`
}

// Suspicious returns the findings that speak of values and not only of a declaration, up to a limit,
// and how many there are.
func (r *Report) Suspicious(limit int) ([]Finding, int) {
	var list []Finding
	for _, f := range r.Findings {
		if f.Kind != Availability {
			list = append(list, f)
		}
	}
	return list[:min(limit, len(list))], len(list)
}

// bound sorts the findings and keeps the first ones.
func (r *Report) bound() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind))
	})
	r.Total = len(r.Findings)
	r.Findings = r.Findings[:min(r.Total, mostFindings)]
}

// rounded cuts a figure to four digits, which are the same on every machine.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// why is the command that shows what is behind a value.
func (f Feature) why(row int64) string {
	return fmt.Sprintf("see what is behind it: fettle why %s KEY=VALUE --at TIME, with the key and time of label row %d",
		f.Reference, row)
}

// availability reports a feature whose sources do not say when their events can be known.
func (f Feature) availability(events, rows int) Finding {
	figure := 0.0
	if rows > 0 {
		figure = float64(events) / float64(rows)
	}
	return Finding{
		Kind: Availability, Feature: f.Name, Measure: "share of rows with a value from an event",
		Figure: rounded(figure), Sources: f.Default,
		Message: fmt.Sprintf("%s relies on the default availability of %s: an event counts from its own time on",
			f.Name, strings.Join(f.Default, ", ")),
		Hint: "say when its events can be known, such as available: event_time + 2m",
	}
}
