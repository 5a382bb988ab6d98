// Package template holds the projects that fettle init writes: the definitions embedded from
// examples/, and the generator of the data of the cards example.
//
// The generated data is a function of the seed in the source: the same bytes on every machine and
// in every run. The generator therefore computes in integers and uses a random sequence of its
// own.
package template
