package api_test

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/api"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

// anyID is what request ids are replaced with.
var anyID = regexp.MustCompile(`"request_id":"[0-9a-f]{24}"`)

// TestAnswers sends the requests of testdata/*.txt and compares the answers written below each. A
// case begins with == and a name; the answer follows a line of dashes. Requests carry the token and
// the content type of JSON unless they say otherwise.
func TestAnswers(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	handler, cases := api.New(newNode(t), options()), 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var rewritten strings.Builder
		for i, block := range strings.Split("\n"+string(text), "\n== ") {
			if i == 0 {
				rewritten.WriteString(strings.TrimPrefix(block, "\n"))
				continue
			}
			sent, want, _ := strings.Cut(block, "\n----\n")
			sent, want = strings.TrimRight(sent, "\n"), strings.TrimRight(want, "\n")
			got := strings.TrimRight(answerTo(t, handler, sent), "\n")
			if cases++; got != want && !*update {
				t.Errorf("%s: %s\n-- got --\n%s\n-- want --\n%s", file, sent, got, want)
			}
			fmt.Fprintf(&rewritten, "== %s\n----\n%s\n\n", sent, got)
		}
		if *update {
			out := strings.TrimRight(rewritten.String(), "\n") + "\n"
			if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if cases < 60 {
		t.Errorf("only %d cases", cases)
	}
}

// answerTo sends a request written as: a name, the request line, headers, an empty line, the body.
func answerTo(t *testing.T, handler http.Handler, text string) string {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	lines.Scan()
	lines.Scan()
	method, path, _ := strings.Cut(lines.Text(), " ")
	r := request(method, path, "application/json", body)
	r.RequestURI = ""
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch {
		case name == "Host":
			r.Host = value
		case value == "-":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var b strings.Builder
	fmt.Fprintln(&b, w.Code)
	for _, name := range []string{"Allow", "Retry-After", "Www-Authenticate", "Location", "Content-Type"} {
		if value := w.Header().Get(name); value != "" && value != "application/json" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteString(anyID.ReplaceAllString(w.Body.String(), `"request_id":"ID"`))
	return b.String()
}
