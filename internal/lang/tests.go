package lang

import (
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/document"
	"github.com/fettle-ml/fettle/internal/lang/format"
)

// The parts of a test that is to be written.
type (
	// NamedValue is a value under a name.
	NamedValue = format.Named
	// TestText is a test.
	TestText = format.Test
	// TestRows are the events of one source in it.
	TestRows = format.TestRows
)

// FormatTest writes a test as the text of a definition file.
func FormatTest(t *TestText) ([]byte, error) {
	return format.Source("test.yaml", t.Text(), &diag.List{})
}

// UpdateTest replaces values that a test of a file expects, and nothing else of the file.
func UpdateTest(f File, test string, values []NamedValue) ([]byte, error) {
	return format.Expect(f.Path, f.Text, test, values)
}

// TestPlace is where a test is declared.
type TestPlace struct {
	File int // index of the file
	Line int
}

// TestPlaces finds the tests of files by their names.
func TestPlaces(files []*File) map[string]TestPlace {
	places := map[string]TestPlace{}
	for i, f := range files {
		documents, _ := document.Parse(f.Path, f.Text, &diag.List{})
		for _, n := range documents {
			for _, entry := range n.Entries {
				if entry.Key.Text.String == "test" {
					places[entry.Value.Text.String] = TestPlace{File: i, Line: entry.Key.At.Line}
				}
			}
		}
	}
	return places
}
