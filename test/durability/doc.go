// Package durability kills the real binary with SIGKILL while clients push and read over HTTP, starts
// it again, and holds it to the clients' own journals: what was acknowledged is there, once; what was
// not is there whole or not at all; values are what the definitions say; and what was served before
// is served again as of its time.
//
// The journals share no code with the product: maps, slices, exact sums of math/big, and an HTTP
// client of their own. What power losses do is tested where the disk is a double, in internal/app.
package durability
