package lang

import (
	"bytes"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/fettle-ml/fettle/internal/schema"
)

// lockedSources is what testdata/lock/v1.lock holds. That file is never rewritten: it shows that
// later releases read what the first one wrote.
var lockedSources = []PinnedSource{
	{
		Name: "transactions",
		Files: SourceFiles{Name: "transactions", Paths: []string{"data/2024 \"old\"/*.csv",
			"data/*.csv.gz"}, Format: "csv"},
		Columns: []Column{
			{Name: "Order Date", Type: schema.Of(schema.Timestamp), Local: true},
			{Name: "amount", Type: schema.DecimalOf(2)},
			{Name: "tags", Type: schema.ListOf(schema.MapOf(schema.Of(schema.Int64)))},
			{Name: "line\nbreak", Type: schema.Type{Kind: schema.Vector, Size: 3}},
		},
	},
	{Name: "empty", Files: SourceFiles{Name: "empty", Paths: []string{"b.parquet"}}},
}

func TestLockSample(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/lock/v1.lock")
	if err != nil {
		t.Fatal(err)
	}
	sources, diagnostics := ParseLock(File{Path: LockFile, Text: text})
	if len(diagnostics) > 0 || !reflect.DeepEqual(sources, lockedSources) {
		t.Errorf("got %+v\n%s", sources, lines(diagnostics))
	}
	if got := FormatLock(lockedSources); !bytes.Equal(got, text) {
		t.Errorf("writes\n%s\nnot the sample\n%s", got, text)
	}
}

// TestDamagedLock changes each byte of a lock in turn: none of the changes is taken for a lock.
func TestDamagedLock(t *testing.T) {
	t.Parallel()
	text := FormatLock(lockedSources)
	for i := range text {
		damaged := bytes.Clone(text)
		damaged[i] ^= 1
		if sources, diagnostics := ParseLock(File{Path: LockFile, Text: damaged}); sources != nil ||
			len(diagnostics) != 1 {
			t.Fatalf("byte %d changed from %q: %v", i, text[i], diagnostics)
		}
		if sources, _ := ParseLock(File{Path: LockFile, Text: text[:i]}); sources != nil {
			t.Fatalf("cut after %d bytes: %v", i, sources)
		}
	}
}

// TestWrongLock signs lines that no lock has.
func TestWrongLock(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"column \"a\" int64\n":                         "before the first source",
		"source Sales\n":                               "not valid",
		"source a\nsource a\n":                         "not valid",
		"source a\n  colour \"a\" int64\n":             "unknown line",
		"source a\ncolumn \"a\" int64\n":               "unknown line",
		"source a\n  column a int64\n":                 "no quoted name",
		"source a\n  column \"a\" integer\n":           "unknown type",
		"source a\n  path a.csv\n":                     "not quoted",
		"source a\n  column \"a\" int64\n\nsource b\n": "unknown line",
	} {
		text := lockHeader + "\n" + body
		_, diagnostics := ParseLock(File{Path: LockFile, Text: []byte(text + checksumLine(text))})
		if got := lines(diagnostics); !strings.Contains(got, want) || !strings.Contains(got,
			"fettle lint --pin") {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
}

func TestLockOnWindows(t *testing.T) {
	t.Parallel()
	text := bytes.ReplaceAll(FormatLock(lockedSources), []byte("\n"), []byte("\r\n"))
	if sources, diagnostics := ParseLock(File{Path: LockFile, Text: text}); len(sources) != 2 {
		t.Errorf("line ends of Windows: %s", lines(diagnostics))
	}
}

// FuzzParseLock looks for panics, and for locks that do not come back from what they hold.
func FuzzParseLock(f *testing.F) {
	f.Add(FormatLock(lockedSources))
	f.Add(FormatLock(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		// The checksum is made to fit, so that mutations reach the lines.
		if end := bytes.LastIndex(text, []byte("sha256 ")); end > 0 {
			text = append(bytes.Clone(text[:end]), checksumLine(string(text[:end]))...)
		}
		sources, diagnostics := ParseLock(File{Path: LockFile, Text: text})
		if len(diagnostics) > 0 {
			return
		}
		again, diagnostics := ParseLock(File{Path: LockFile, Text: FormatLock(sources)})
		if len(diagnostics) > 0 || !reflect.DeepEqual(sources, again) {
			t.Errorf("%+v came back as %+v, %s", sources, again, lines(diagnostics))
		}
	})
}
