// Package memory is the store.Online that keeps everything in memory: for tests, and for projects
// that can be filled again from elsewhere. What Flush makes durable lives as long as the process.
//
// The map is a treap, a search tree whose shape follows from hashes of the keys. Nodes that a
// reader can see are never changed: an Apply copies the paths it touches and then publishes a new
// root, so a scan goes on with the root it began with.
//
// Refuses: bounds of memory; it holds what it is given.
package memory
