package lang

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// TestDiagnostics compares what is said about wrong definitions.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	eachGolden(t, "diag", func(t *testing.T, g *golden) {
		g.check(t, lines(Compile(g.input).Diagnostics))
	})
}

var codeInLine = regexp.MustCompile(`(?m)^([^:\n]+):\d+:\d+: .* \[([a-z-]+)\]$`)

// TestEveryCodeHasACase looks for each code in the expected diagnostics, and counts the cases with
// several errors in one file.
func TestEveryCodeHasACase(t *testing.T) {
	if *update {
		t.Skip("the files are being rewritten")
	}
	t.Parallel()
	seen := map[diag.Code]bool{}
	several := map[string]bool{}
	eachGoldenFile(t, "diag", func(g *golden) {
		perFile := map[string]int{}
		for _, match := range codeInLine.FindAllStringSubmatch(g.want, -1) {
			seen[diag.Code(match[2])] = true
			if !strings.Contains(match[0], ": warning: ") {
				perFile[match[1]]++
			}
			several[g.path] = several[g.path] || perFile[match[1]] >= 3
		}
	})
	for _, entry := range diag.Table() {
		if !seen[entry.Code] {
			t.Errorf("no case in testdata/diag gives the code %s", entry.Code)
		}
	}
	count := 0
	for _, is := range several {
		if is {
			count++
		}
	}
	if count < 15 {
		t.Errorf("%d cases have three errors in one file, want 15", count)
	}
}
