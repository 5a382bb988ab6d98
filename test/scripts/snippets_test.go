package scripts

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository.
const root = "../.."

// TestSnippets runs the shell snippets of the README and the pages under docs, each page from top
// to bottom in one shell, in a fresh copy of the repository. A text block right after a snippet is
// what it must print. The requests of docs/api.md are run where the API is tested.
func TestSnippets(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, filepath.Join(root, "README.md")) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		blocks := blocksOf(string(content))
		if !hasSnippet(blocks) || filepath.Base(page) == "api.md" {
			continue
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			printed := runSnippets(t, blocks)
			if *update {
				content := rewritten(string(content), blocks, printed)
				if err := os.WriteFile(page, []byte(content), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			for i, b := range blocks {
				if b.language == "text" && i > 0 && b.text != printed[i-1] {
					t.Errorf("line %d: the snippet prints\n%s\nthe page says\n%s", b.line, printed[i-1], b.text)
				}
			}
		})
	}
}

// block is a fenced block. A text block counts only right after a snippet.
type block struct {
	language string
	text     string
	line     int // of its first line, from 0
	lines    int
}

func blocksOf(page string) []block {
	var blocks []block
	lines := strings.SplitAfter(page, "\n")
	for i := 0; i < len(lines); i++ {
		language, fence := strings.CutPrefix(strings.TrimSpace(lines[i]), "```")
		if !fence {
			continue
		}
		b := block{language: language, line: i + 1}
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
			b.text += lines[i]
			b.lines++
		}
		expects := len(blocks) > 0 && blocks[len(blocks)-1].language == "sh" &&
			blocks[len(blocks)-1].line+blocks[len(blocks)-1].lines+3 >= b.line
		if language == "sh" || language == "text" && expects {
			blocks = append(blocks, b)
		}
	}
	return blocks
}

func hasSnippet(blocks []block) bool {
	for _, b := range blocks {
		if b.language == "sh" {
			return true
		}
	}
	return false
}

// runSnippets returns what each snippet prints to stdout.
func runSnippets(t *testing.T, blocks []block) []string {
	t.Helper()
	const mark = "----- end of snippet -----\n"
	var script strings.Builder
	script.WriteString("set -eu\n")
	for _, b := range blocks {
		if b.language == "sh" {
			script.WriteString(b.text)
		}
		fmt.Fprintf(&script, "printf '%%s' '%s'\n", mark)
	}
	command := exec.Command("bash", "-c", script.String())
	command.Dir = copyOfRepository(t)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, complaints.Bytes())
	}
	return strings.Split(string(out), mark)
}

// copyOfRepository copies what is or could be committed.
func copyOfRepository(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("list the repository: %v", err)
	}
	folder := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// rewritten is the page with what the snippets print.
func rewritten(page string, blocks []block, printed []string) string {
	lines := strings.SplitAfter(page, "\n")
	for i := len(blocks) - 1; i > 0; i-- {
		b := blocks[i]
		if b.language == "text" {
			rest := append([]string{printed[i-1]}, lines[b.line+b.lines:]...)
			lines = append(lines[:b.line:b.line], rest...)
		}
	}
	return strings.Join(lines, "")
}
