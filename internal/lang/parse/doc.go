// Package parse turns definition files into ast.Definitions: it knows the fields of every kind, the
// grammar of expressions, and fan-out, and nothing of names or types.
//
// An expression is read from the text of its YAML scalar, character for character, so every error
// points into the file. Reading goes on after an error with the next field.
package parse
