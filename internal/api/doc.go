// Package api serves the HTTP API of a node: it reads requests strictly, asks the flows, and writes
// answers and errors in the form of package wire. It computes nothing itself.
//
// A request passes, in this order: an id and a recover from panics; the check of its Host, which
// stops a page in a browser from reaching a server on the loopback by a name of its own; the token,
// without which nothing but health is told apart, neither what exists nor what does not; its route
// and method; its body, with a bound on size, on time and on the memory of all bodies together; an
// execution slot, waited for briefly and then refused with 429; and its handler.
//
// Invariants:
//   - an error is always a wire.Failure, with the status of its code; texts of unknown errors and of
//     panics go to the observer and never to the client;
//   - an answer begins only when it is known to be whole, or else the connection is broken: half an
//     answer cannot be taken for one;
//   - no request waits without a deadline.
//
// The package declares what it needs of a node as small interfaces (Node); assembly fills them.
package api
