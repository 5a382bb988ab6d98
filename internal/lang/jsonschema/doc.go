// Package jsonschema writes the JSON Schema (2020-12) of definition files, for editors, and what they
// need to complete expressions. It is generated from the table of fields that the parser uses and
// from the table of functions, so it cannot say anything else than they do.
//
// The schema is no checker: it knows shapes, words and patterns of single documents, and nothing of
// names, types or expressions. It accepts whatever fettle lint accepts, as editors read YAML.
package jsonschema
