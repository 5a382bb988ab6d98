package registry

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const proposalsFile = "testdata/proposals.txt"

// TestProposals changes the cards project one place at a time, and compares what is said about it.
// A case of the file is a title, pairs of quoted texts (what is replaced by what), and the proposal.
func TestProposals(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(proposalsFile)
	if err != nil {
		t.Fatal(err)
	}
	cases := strings.Split(string(golden), "=== ")[1:]
	if len(cases) < 20 {
		t.Fatalf("only %d cases", len(cases))
	}
	var rewritten strings.Builder
	for _, c := range cases {
		input, want, _ := strings.Cut(c, "---\n")
		lines := strings.Split(strings.TrimSuffix(input, "\n"), "\n")
		got := proposed(t, lines).Text()
		if got != want && !*update {
			t.Errorf("%s: got\n%s\nwant\n%s", lines[0], got, want)
		}
		if strings.Contains(got, "its compiled meaning changed") {
			t.Errorf("%s: a change that nobody can explain", lines[0])
		}
		rewritten.WriteString("=== " + input + "---\n" + got)
	}
	if *update {
		if err := os.WriteFile(proposalsFile, []byte(rewritten.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// proposed applies the cards project, unless the case begins with nothing, and proposes it changed.
func proposed(t *testing.T, lines []string) *Proposal {
	t.Helper()
	r := newRegistry(t)
	if lines[0] != "the first time" {
		apply(t, r, cards, 1)
	}
	text := cards
	for _, line := range lines[1:] {
		old, rest, _ := strings.Cut(line, " => ")
		from, errFrom := strconv.Unquote(old)
		to, errTo := strconv.Unquote(rest)
		if errFrom != nil || errTo != nil {
			t.Fatalf("%s: the line %s has no two quoted texts", lines[0], line)
		}
		text = replaced(t, text, from, to)
	}
	return r.Propose(compile(t, text))
}

// TestProposalJSON looks at what programs read: every list is there, and a proposal that was
// written and read says the same.
func TestProposalJSON(t *testing.T) {
	t.Parallel()
	for _, lines := range [][]string{
		{"nothing"}, {"the first time"}, {"broken", `"over 1d" => "over 2d"`},
	} {
		p := proposed(t, lines)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text, []byte("null")) {
			t.Errorf("%s: a list is null: %s", lines[0], text)
		}
		read := &Proposal{}
		if err := json.Unmarshal(text, read); err != nil {
			t.Fatal(err)
		}
		if read.Text() != p.Text() || read.ID != p.ID {
			t.Errorf("%s: read again it says\n%s", lines[0], read.Text())
		}
	}
}
