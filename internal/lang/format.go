package lang

import (
	"github.com/fettle-ml/fettle/internal/lang/diag"
	"github.com/fettle-ml/fettle/internal/lang/format"
	"github.com/fettle-ml/fettle/internal/lang/jsonschema"
)

// Format returns a definition file in canonical form, which means the same. There is no text if a
// diagnostic is an error. An error beside that is a bug of the formatter, and changes no file.
func Format(f File) ([]byte, []diag.Diagnostic, error) {
	report := &diag.List{}
	text, err := format.Source(f.Path, f.Text, report)
	return text, report.Sorted(), err
}

// JSONSchema returns the JSON Schema of one document of a definition file, for editors.
func JSONSchema() []byte { return jsonschema.Schema() }

// Completion returns what can stand in expressions, as JSON for editors.
func Completion() []byte { return jsonschema.Completion() }
