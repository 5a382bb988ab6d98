// Package clock is where Fettle reads the time: packages take a Clock, so that a test or a
// simulated server decides what the time is. Nothing else in the module calls time.Now for a value
// that is stored or returned.
//
// An instant is an int64, microseconds since the Unix epoch, UTC.
package clock
