// Package jsontext reads the values of type json, which are kept as their text.
//
// A text is such a value if Check passes it: one value of RFC 8259 without white space around it,
// less what readers disagree about (a key twice in one object, halves of surrogate pairs, bytes that
// are not UTF-8), nested at most MaxDepth deep. Paths are the singular queries of RFC 9535.
//
// Find, Text and Number take a text that was checked. Of another they may give anything, but they
// end and do not panic. Nothing here decodes more than the part that is asked for.
package jsontext
