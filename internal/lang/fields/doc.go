// Package fields is the one table of what a definition may say: the objects that definitions are
// made of, and the fields of each with its shape, its words and one sentence about it.
//
// The parser looks fields up here, so a field that is not in the table does not exist; the formatter
// takes their order from it, and the JSON Schema for editors is generated from it. The order of an
// object's fields is the canonical one. The package is data: it reads nothing and knows no values.
package fields
