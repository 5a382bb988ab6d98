// Package client is the Go client of the HTTP API: a method for each endpoint, with the messages of
// package wire. An error that the server answered is an *Error with its code; others mean that the
// server was not reached.
//
// Only a GET is sent again, once, if the connection broke before an answer came: everything else might
// have had its effect. Events can be sent again by the caller, under the same Idempotency-Key.
package client
