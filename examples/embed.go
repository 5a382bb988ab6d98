// Package examples carries the projects that lie beside it, so that the binary can write them.
package examples

import "embed"

// Files holds each project under its name: its definitions, its README, its scripts. The data is
// generated or fetched.
//
//go:embed empty cards/*.yaml cards/*.md cards/features flights/*.yaml flights/*.md flights/*.sh
//go:embed flights/features
var Files embed.FS
