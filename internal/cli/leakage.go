package cli

import (
	"fmt"

	"github.com/fettle-ml/fettle/internal/wire"
)

// mostLeaks is how many findings are printed; the manifest lists more.
const mostLeaks = 10

// reliance is the kind of findings that warnings about sources have said already.
const reliance = "availability"

// leaks writes the findings of a report as warnings, the gravest first.
func leaks(r *wire.Leakage) []string {
	var list []string
	more := 0
	if r == nil {
		return nil
	}
	for _, f := range r.Findings {
		switch {
		case f.Kind == reliance:
		case len(list) == mostLeaks:
			more++
		default:
			list = append(list, fmt.Sprintf("leakage (%s): %s; %s", f.Kind, f.Message, f.Hint))
		}
	}
	if more > 0 {
		list = append(list, fmt.Sprintf("leakage: %s in the manifest", plural(more, "more finding")))
	}
	return list
}

// leakageLine sums the report up: that nothing was found says something only with what was looked at.
func leakageLine(r *wire.Leakage) string {
	if r == nil {
		return ""
	}
	suspicious := 0
	for _, f := range r.Findings {
		if f.Kind != reliance {
			suspicious++
		}
	}
	reliant := r.Total - suspicious // which come last, so that they alone may be cut off
	line := "leakage  not looked at"
	switch {
	case r.Target != "" && r.Note == "":
		line = fmt.Sprintf("leakage  %s about %s in %s", plural(suspicious, "suspicious finding"), r.Target,
			plural(r.Rows, "row"))
	case r.Note != "":
		line += ": " + r.Note
	}
	if reliant > 0 {
		line += fmt.Sprintf("; %s on the default availability", relying(reliant))
	}
	return line + "\n"
}

// relying counts the features that rely on something.
func relying(n int) string {
	if n == 1 {
		return "1 feature relies"
	}
	return plural(n, "feature") + " rely"
}
