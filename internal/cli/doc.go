// Package cli is the command line: it reads flags, calls package app, and writes what comes back.
//
// Results go to stdout, progress and errors to stderr. With -o json a result is one object and an
// error is an object with the key error. Exit codes are those of package app. The package computes
// nothing and opens no file but the streams it is given.
package cli
