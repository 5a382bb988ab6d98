// Package storetest says what a store must do: Run is the suite of store.Online, which every
// backend passes. It tests what a caller may rely on and nothing else, against a sorted list as the
// oracle. What survives a crash is tested beside the backend that promises it.
package storetest
