package lang

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/lang/diag"
)

// TestPageExamples compiles the YAML blocks of each page of the language, one project a page.
func TestPageExamples(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/language/*.md")
	if err != nil {
		t.Fatal(err)
	}
	compiled := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var blocks []string
		for i, part := range strings.Split(string(text), "```yaml\n") {
			if block, _, closed := strings.Cut(part, "```"); i > 0 && closed {
				blocks = append(blocks, block)
			}
		}
		if len(blocks) == 0 {
			continue
		}
		compiled += len(blocks)
		result := Compile(Input{
			Project: File{Path: ProjectFile, Text: []byte("project: pages\n")},
			Files:   []File{{Path: "features/page.yaml", Text: []byte(strings.Join(blocks, "---\n"))}},
		})
		for _, d := range result.Diagnostics {
			if d.Code == diag.NoEffectYet {
				continue
			}
			t.Errorf("%s: %s", filepath.Base(page), d)
		}
	}
	if compiled < 7 {
		t.Errorf("only %d blocks on %d pages", compiled, len(pages))
	}
}
