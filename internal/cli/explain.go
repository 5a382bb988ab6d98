package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/fettle-ml/fettle/internal/wire"
)

// printExplanation prints one feature as a block of lines.
func printExplanation(out io.Writer, e *wire.Explanation) {
	fmt.Fprintf(out, "%s  %s, %s, %s\n", e.Feature, e.Layer, e.Type, e.Freshness)
	rows := [][]string{{"  served", e.Served}, {"  trained", e.Trained}}
	if len(e.Columns) > 0 {
		rows = append(rows, []string{"  columns", strings.Join(e.Columns, ", ") + " of " + e.Source})
	}
	for i, lane := range e.Lanes {
		name, text := "", lane.Reads
		if i == 0 {
			name = "  lanes"
		}
		if lane.Shared > 0 {
			text += fmt.Sprintf(", shared with %s", plural(int64(lane.Shared), "feature"))
		}
		rows = append(rows, []string{name, text})
	}
	if len(e.References) > 0 {
		rows = append(rows, []string{"  reads", strings.Join(e.References, ", ")})
	}
	if len(e.Request) > 0 {
		rows = append(rows, []string{"  request", strings.Join(e.Request, ", ")})
	}
	if e.PerEvent.Bytes > 0 {
		rows = append(rows, []string{"  an event", fmt.Sprintf("%s evaluated, about %s kept",
			plural(int64(e.PerEvent.Filters), "filter"), plural(int64(e.PerEvent.Bytes), "byte"))})
	}
	var read []string
	switch {
	case e.PerRead.Windows == 0:
	case e.PerRead.Reach == "all":
		read = append(read, plural(int64(e.PerRead.Windows), "window")+", the longest without end")
	default:
		read = append(read, fmt.Sprintf("%s, the longest of %s", plural(int64(e.PerRead.Windows), "window"), e.PerRead.Reach))
	}
	if e.PerRead.Newest {
		read = append(read, "the newest row")
	}
	if len(read) > 0 {
		rows = append(rows, []string{"  a read", strings.Join(read, "; ")})
	}
	table(out, rows)
	fmt.Fprintln(out)
}
