// Package source is the root of where events come from. Each kind of source is a package below it:
// file reads tables in files that are referenced in place.
package source
