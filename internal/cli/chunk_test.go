package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestChunker cuts texts at every size and demands that the parts hold the same records, whole, and
// that their lines can be found in the file.
func TestChunker(t *testing.T) {
	t.Parallel()
	parts := 0
	f := func(text string, csv bool, records int) {
		t.Helper()
		for size := 1; size <= len(text)+2; size++ {
			c, err := newChunker(strings.NewReader(text), csv, size)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			header := string(c.header)
			joined, seen := header, 0
			for {
				body, line, err := c.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%q, size %d: %v", text, size, err)
				}
				parts++
				rest, found := strings.CutPrefix(string(body), header)
				if !found {
					t.Fatalf("%q, size %d: the part %q lacks the header", text, size, body)
				}
				before := strings.Count(joined, "\n") - strings.Count(header, "\n")
				if line != int64(before) {
					t.Fatalf("%q, size %d: the part %q begins %d lines on, want %d", text, size, body, line, before)
				}
				joined += rest
				if rest != "" {
					seen++
				}
			}
			want := text
			if csv && !strings.Contains(text, "\n") && text != "" {
				want += "\n"
			}
			if joined != want {
				t.Fatalf("%q, size %d: the parts give %q", text, size, joined)
			}
			if size == 1 && seen != records {
				t.Fatalf("%q: %d records, want %d", text, seen, records)
			}
		}
	}
	f("", false, 0)
	f("{}\n{}\n", false, 2)
	f("{}\r\n\r\n{\"a\":\"\\\"\"}", false, 3)
	f("", true, 0)
	f("a,b", true, 0)
	f("a,b\n1,2\n3,4\n", true, 2)
	f("a,b\n1,\"x\ny\"\n3,\"\"\"\n\"\n5,6", true, 3)
	f("\"a\nb\",c\n1,2\n\"3\n\",4\n", true, 2)
	if parts < 100 {
		t.Errorf("only %d parts", parts)
	}
	t.Logf("%d parts", parts)
}

// TestChunkerLongRecord sends a record that is longer than a part, and than the buffer, whole.
func TestChunkerLongRecord(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3<<20)
	c, err := newChunker(strings.NewReader("a\n1\n"+long+"\n2\n"), true, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		body, line, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(len(body), " ", line))
	}
	want := fmt.Sprint(len("a\n1\n")+len(long)+1, " 0;", len("a\n2\n"), " 2")
	if strings.Join(got, ";") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func FuzzChunker(f *testing.F) {
	f.Add("a,b\n1,\"x\ny\"\n", true, 3)
	f.Add("{}\n\n{}", false, 1)
	f.Add("\"", true, 1)
	f.Fuzz(func(t *testing.T, text string, csv bool, size int) {
		c, err := newChunker(strings.NewReader(text), csv, max(1, size%100))
		if err != nil {
			return
		}
		joined := len(c.header)
		for range len(text) + 2 {
			body, _, err := c.next()
			if errors.Is(err, io.EOF) {
				if joined != len(text) && joined != len(text)+1 {
					t.Fatalf("%d bytes went out of %d", joined, len(text))
				}
				return
			}
			if err != nil {
				return
			}
			joined += len(body) - len(c.header)
		}
		t.Fatal("the parts do not end")
	})
}
