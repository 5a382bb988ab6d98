package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/fettle-ml/fettle/internal/app"
)

// color is the parameter of a terminal's escape sequence.
type color string

// The colours, for what needs a look and what could.
const (
	red    color = "31"
	yellow color = "33"
)

// paint colours text when stderr is a terminal and nobody said no. Results on stdout are never
// coloured: they are read by programs as often as by people.
func (s *session) paint(c color, text string) string {
	if s.noColor || os.Getenv("NO_COLOR") != "" || !isTerminal(s.streams.Err) {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}

// isTerminal reports whether a person watches the stream.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && isDevice(file)
}

// isTerminalInput reports whether a person can be asked.
func isTerminalInput(r io.Reader) bool {
	file, ok := r.(*os.File)
	return ok && isDevice(file)
}

// isDevice reports whether a file is a terminal, as far as its kind tells.
func isDevice(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	// The null device is a character device too.
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// problemLine is a problem as text. Only the word warning is coloured: lines must stay readable for
// editors that jump to file:line:column.
func (s *session) problemLine(p app.Problem) string {
	line := p.String()
	if p.Severity == app.SeverityWarning {
		return strings.Replace(line, "warning:", s.paint(yellow, "warning:"), 1)
	}
	return line
}

// writeJSON writes one object on one line. Encoding cannot fail for the types of results.
func (s *session) writeJSON(w io.Writer, value any) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		fmt.Fprintf(s.streams.Err, "error: write the result: %v\n", err)
		s.code = app.ExitUnavailable
	}
}

// table writes rows in aligned columns, without space at line ends. Trailing space would be
// invisible in a terminal and a difference in every text that is compared.
func table(w io.Writer, rows [][]string) {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush() // a strings.Builder takes everything
	for line := range strings.Lines(b.String()) {
		fmt.Fprintln(w, strings.TrimRight(line, " \n"))
	}
}

// plural writes a number and its noun. It knows the nouns of this package: those in y become ies,
// all others take an s.
func plural[N int | int64](n N, noun string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, noun)
	}
	if before, found := strings.CutSuffix(noun, "y"); found {
		return fmt.Sprintf("%d %sies", n, before)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
