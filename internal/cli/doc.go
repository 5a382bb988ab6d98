// Package cli is the command line: it reads flags, calls package app or the API of a node, and writes
// what comes back.
//
// Commands that work on data have one road. A connection is a client of the API: of the server that
// has the project's data directory, if one answers, or else of the same handler in this process over
// the directory opened here. So a command cannot answer otherwise because a server happens to run.
// Only train and why also work on a project to which nothing was ever applied: they read its files
// and leave no trace. Train computes here when no server runs, through the same function as a
// server's job.
//
// Results go to stdout, progress and errors to stderr. With -o json a result is one object and an
// error is an object with the key error. Exit codes are those of package app; codes of the API are
// turned into them by one table. The package computes no value. It opens the files it is given to
// send, and writes plans and downloaded training sets whole or not at all.
package cli
