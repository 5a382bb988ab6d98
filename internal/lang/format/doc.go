// Package format writes definition files in their canonical form: fields in the order of the table
// of fields, two spaces of indentation, expressions as parse.Spell writes them. Comments stay with
// what they stand above or behind, and one blank line between two things stays one.
//
// Nothing is changed that could mean something: scalars keep their quotes, lists and mappings their
// brackets unless a comment is inside of them, and names their order wherever order matters. What
// was formatted is read again and compared with what it was; a difference is an error, never a
// file. A file with errors is not formatted at all.
package format
