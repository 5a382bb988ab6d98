// Package diag holds what the compiler says about definitions: positions, diagnostics and the one
// table of their codes.
//
// A diagnostic says where, what is wrong, and what to do. A List collects them from all stages, so
// that one run shows everything; it orders them by place and keeps one of each code at a place,
// because a definition that is expanded several times would otherwise repeat itself.
package diag
