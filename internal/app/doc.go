// Package app assembles Fettle: it opens projects, joins the language, the engine, sources and
// flows, and turns what goes wrong into errors that a user can act on. It holds no rule of its own:
// what a definition means is the language's, what a value is the engine's.
package app
